#include "services/delivery/mail_part.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace campaign::delivery {
namespace {

constexpr size_t kMaxFields = 200;
constexpr size_t kMaxParts = 16;
// RFC 2046 section 5.1.1.
constexpr size_t kMaxBoundary = 70;

bool IsFolded(absl::string_view text) { return !text.empty() && (text[0] == ' ' || text[0] == '\t'); }

// Takes a parameter's value, quoted or not, off the front.
std::string TakeValue(absl::string_view& text) {
  std::string value;
  const bool quoted = absl::ConsumePrefix(&text, "\"");
  while (!text.empty()) {
    const char c = text[0];
    if (quoted ? c == '"' : c == ';') break;
    if (quoted && c == '\\' && text.size() > 1) text.remove_prefix(1);
    value.push_back(text[0]);
    text.remove_prefix(1);
  }
  text.remove_prefix(std::min(text.find(';'), text.size()));
  return quoted ? value : std::string(absl::StripAsciiWhitespace(value));
}

enum class Delimiter { kNone, kNext, kLast };

// RFC 2046: a delimiter may have blanks behind it.
Delimiter DelimiterOf(absl::string_view line, absl::string_view boundary) {
  if (!absl::ConsumePrefix(&line, "--") || !absl::ConsumePrefix(&line, boundary)) return Delimiter::kNone;
  const bool last = absl::ConsumePrefix(&line, "--");
  if (!absl::StripAsciiWhitespace(line).empty()) return Delimiter::kNone;
  return last ? Delimiter::kLast : Delimiter::kNext;
}

}  // namespace

absl::string_view TakeLine(absl::string_view& text) {
  const size_t end = text.find('\n');
  absl::string_view line = text.substr(0, end);
  text.remove_prefix(end == absl::string_view::npos ? text.size() : end + 1);
  absl::ConsumeSuffix(&line, "\r");
  return line;
}

MailFields MailFields::Take(absl::string_view& text) {
  MailFields fields;
  while (!text.empty()) {
    const absl::string_view line = TakeLine(text);
    if (line.empty()) break;
    const size_t colon = line.find(':');
    std::string value(colon == absl::string_view::npos ? "" : line.substr(colon + 1));
    while (IsFolded(text)) absl::StrAppend(&value, TakeLine(text));
    if (colon == absl::string_view::npos || fields.fields_.size() == kMaxFields) continue;
    absl::StripAsciiWhitespace(&value);
    fields.fields_.emplace_back(absl::StripAsciiWhitespace(line.substr(0, colon)), std::move(value));
  }
  return fields;
}

absl::string_view MailFields::Find(absl::string_view name) const {
  for (const auto& [key, value] : fields_) {
    if (absl::EqualsIgnoreCase(key, name)) return value;
  }
  return "";
}

MailPart MailPart::Read(absl::string_view text) {
  MailPart part;
  part.fields = MailFields::Take(text);
  part.body = text;
  return part;
}

std::string MailPart::type() const {
  const absl::string_view value = fields.Find("Content-Type");
  const absl::string_view type = absl::StripAsciiWhitespace(value.substr(0, value.find(';')));
  return type.empty() ? "text/plain" : absl::AsciiStrToLower(type);
}

std::vector<MailPart> MailPart::Parts() const {
  const std::string boundary = MailParameter(fields.Find("Content-Type"), "boundary");
  std::vector<MailPart> parts;
  if (!absl::StartsWith(type(), "multipart/") || boundary.empty() || boundary.size() > kMaxBoundary) return parts;
  absl::string_view rest = body;
  const char* start = nullptr;  // Of the part that is being read; null before the first.
  while (!rest.empty() && parts.size() < kMaxParts) {
    const char* const line_start = rest.data();
    const Delimiter delimiter = DelimiterOf(TakeLine(rest), boundary);
    if (delimiter == Delimiter::kNone) continue;
    if (start != nullptr) parts.push_back(Read({start, static_cast<size_t>(line_start - start)}));
    start = rest.data();
    if (delimiter == Delimiter::kLast) return parts;
  }
  if (start != nullptr && parts.size() < kMaxParts) {
    parts.push_back(Read({start, static_cast<size_t>(body.data() + body.size() - start)}));
  }
  return parts;
}

std::string MailParameter(absl::string_view value, absl::string_view name) {
  value.remove_prefix(std::min(value.find(';'), value.size()));
  while (absl::ConsumePrefix(&value, ";")) {
    const size_t equals = value.find_first_of("=;");
    if (equals == absl::string_view::npos) return "";
    const absl::string_view key = absl::StripAsciiWhitespace(value.substr(0, equals));
    value.remove_prefix(equals);
    if (!absl::ConsumePrefix(&value, "=")) continue;
    value = absl::StripLeadingAsciiWhitespace(value);
    std::string parameter = TakeValue(value);
    if (absl::EqualsIgnoreCase(key, name)) return parameter;
  }
  return "";
}

}  // namespace campaign::delivery
