#include "tools/campaignctl/words.h"

#include <algorithm>
#include <cmath>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "common/nearest_name.h"

namespace campaign::ctl {
namespace {

using google::protobuf::EnumDescriptor;

// "CUSTOMER_RUN_STATE_", from the name of the zero value.
absl::string_view Prefix(const EnumDescriptor& type) { return absl::StripSuffix(type.value(0)->name(), "UNSPECIFIED"); }

// Of one unit; zero where `unit` is none.
absl::Duration UnitOf(absl::string_view unit) {
  if (unit == "w") return absl::Hours(24 * 7);
  if (unit == "d") return absl::Hours(24);
  if (unit == "h") return absl::Hours(1);
  if (unit == "m") return absl::Minutes(1);
  if (unit == "s") return absl::Seconds(1);
  if (unit == "ms") return absl::Milliseconds(1);
  return absl::ZeroDuration();
}

// Takes what `is_wanted` accepts from the front of `text`.
absl::string_view TakeWhile(absl::string_view& text, bool (*is_wanted)(unsigned char)) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_wanted);
  const absl::string_view taken = text.substr(0, end - text.begin());
  text.remove_prefix(taken.size());
  return taken;
}

// Bytes of the UTF-8 sequence that starts with `lead`.
size_t SequenceBytes(unsigned char lead) { return lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4; }

uint32_t CodePoint(absl::string_view sequence) {
  const auto lead = static_cast<unsigned char>(sequence[0]);
  if (sequence.size() == 1) return lead;
  uint32_t code = lead & (0xFF >> (sequence.size() + 1));
  for (const char byte : sequence.substr(1)) code = code << 6 | (byte & 0x3F);
  return code;
}

bool MayMoveText(uint32_t code) {
  if (code < 0x20) return code != '\n' && code != '\t';
  return (code >= 0x7F && code < 0xA0) || (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

}  // namespace

std::string NearestOrKnown(absl::string_view name, const std::vector<std::string>& candidates) {
  const std::string nearest = NearestName(name, candidates);
  if (nearest.empty()) return absl::StrCat("; known: ", absl::StrJoin(candidates, ", "));
  return absl::StrCat("; nearest is '", nearest, "'");
}

std::string EnumText(const EnumDescriptor& type, int value) {
  const auto* known = type.FindValueByNumber(value);
  if (known == nullptr) return absl::StrCat(value);
  return std::string(absl::StripPrefix(known->name(), Prefix(type)));
}

std::vector<std::string> EnumNames(const EnumDescriptor& type) {
  std::vector<std::string> names;
  for (int i = 1; i < type.value_count(); ++i) {
    names.push_back(absl::AsciiStrToLower(absl::StripPrefix(type.value(i)->name(), Prefix(type))));
  }
  return names;
}

absl::StatusOr<int> ParseEnum(const EnumDescriptor& type, absl::string_view text) {
  const std::string upper = absl::AsciiStrToUpper(text);
  const auto* value = type.FindValueByName(absl::StrCat(Prefix(type), upper));
  if (value == nullptr) value = type.FindValueByName(upper);
  if (value != nullptr && value->number() != 0) return value->number();
  return absl::InvalidArgumentError(
      absl::StrCat("'", text, "' is not known; known: ", absl::StrJoin(EnumNames(type), ", ")));
}

absl::StatusOr<absl::Duration> ParseDurationText(absl::string_view text) {
  const absl::Status error =
      absl::InvalidArgumentError(absl::StrCat("'", text, "' is no duration; write it as 30d, 72h, 15m, 45s or 1d12h"));
  absl::Duration sum;
  absl::string_view rest = text;
  while (!rest.empty()) {
    const absl::string_view digits =
        TakeWhile(rest, [](unsigned char c) { return absl::ascii_isdigit(c) || c == '.'; });
    const absl::Duration unit = UnitOf(TakeWhile(rest, absl::ascii_isalpha));
    double number = 0;
    if (!absl::SimpleAtod(digits, &number) || unit == absl::ZeroDuration()) return error;
    sum += number * unit;
  }
  if (text.empty() || sum == absl::InfiniteDuration()) return error;
  return sum;
}

std::string Printable(absl::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const size_t bytes = std::min(SequenceBytes(text[0]), text.size());
    const absl::string_view sequence = text.substr(0, bytes);
    const uint32_t code = CodePoint(sequence);
    if (MayMoveText(code)) {
      absl::StrAppendFormat(&result, "<U+%04X>", code);
    } else {
      absl::StrAppend(&result, sequence);
    }
    text.remove_prefix(bytes);
  }
  return result;
}

}  // namespace campaign::ctl
