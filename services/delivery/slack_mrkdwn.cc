#include "services/delivery/slack_mrkdwn.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace campaign::delivery {
namespace {

// What is longer or deeper is text: finding where its marks end would take the square of its length.
constexpr size_t kMaxLineBytes = 4096;
constexpr int kMaxDepth = 8;
constexpr absl::string_view kEscapes = "\\`*_{}[]()#+-.!~>|";

bool IsWordCharacter(char c) { return absl::ascii_isalnum(c) || (static_cast<unsigned char>(c) & 0x80) != 0; }

// "|" and ">" end a link's address in Slack's markup.
std::string EscapeLink(absl::string_view url) { return absl::StrReplaceAll(EscapeSlack(url), {{"|", "%7C"}}); }

bool IsLink(absl::string_view url) {
  const auto has = [&](absl::string_view scheme) { return absl::StartsWithIgnoreCase(url, scheme); };
  return (has("https://") || has("http://") || has("mailto:") || has("tel:")) &&
         std::none_of(url.begin(), url.end(), [](char c) { return absl::ascii_isspace(c) || c == '<' || c == '>'; });
}

// Reads one line. What it does not understand is text.
class LineReader {
 public:
  explicit LineReader(absl::string_view line, int depth = 0) : line_(line), depth_(depth) {}

  std::string Read() {
    if (line_.size() > kMaxLineBytes || depth_ > kMaxDepth) return EscapeSlack(line_);
    while (at_ < line_.size()) {
      if (!(ReadEscape() || ReadCode() || ReadLink() || ReadEmphasis())) ReadText();
    }
    return std::move(out_);
  }

 private:
  absl::string_view rest() const { return line_.substr(at_); }

  bool ReadEscape() {
    if (line_[at_] != '\\' || at_ + 1 == line_.size()) return false;
    if (!absl::StrContains(kEscapes, line_.substr(at_ + 1, 1))) return false;
    ++at_;
    ReadText();
    return true;
  }

  bool ReadCode() {
    if (line_[at_] != '`') return false;
    const size_t end = line_.find('`', at_ + 1);
    if (end == absl::string_view::npos) return false;
    absl::StrAppend(&out_, "`", EscapeSlack(line_.substr(at_ + 1, end - at_ - 1)), "`");
    at_ = end + 1;
    return true;
  }

  bool ReadLink() {
    if (line_[at_] != '[') return false;
    const size_t middle = line_.find("](", at_);
    const size_t end = middle == absl::string_view::npos ? middle : line_.find(')', middle);
    if (end == absl::string_view::npos) return false;
    const std::string text = LineReader(line_.substr(at_ + 1, middle - at_ - 1), depth_ + 1).Read();
    const absl::string_view url = line_.substr(middle + 2, end - middle - 2);
    absl::StrAppend(&out_, IsLink(url) ? absl::StrCat("<", EscapeLink(url), "|", text, ">") : text);
    at_ = end + 1;
    return true;
  }

  // A mark opens before a character that is no space, and closes after one. An underscore within a word is none.
  bool ReadEmphasis() {
    for (const auto& [markdown, mrkdwn] : std::initializer_list<std::pair<absl::string_view, absl::string_view>>{
             {"**", "*"}, {"__", "*"}, {"~~", "~"}, {"*", "_"}, {"_", "_"}}) {
      if (!absl::StartsWith(rest(), markdown)) continue;
      const size_t begin = at_ + markdown.size();
      const size_t end = FindClosing(markdown, begin);
      if (end == absl::string_view::npos) continue;
      absl::StrAppend(&out_, mrkdwn, LineReader(line_.substr(begin, end - begin), depth_ + 1).Read(), mrkdwn);
      at_ = end + markdown.size();
      return true;
    }
    return false;
  }

  size_t FindClosing(absl::string_view mark, size_t begin) const {
    if (begin >= line_.size() || absl::ascii_isspace(line_[begin])) return absl::string_view::npos;
    if (mark[0] == '_' && at_ > 0 && IsWordCharacter(line_[at_ - 1])) return absl::string_view::npos;
    for (size_t end = line_.find(mark, begin + 1); end != absl::string_view::npos; end = line_.find(mark, end + 1)) {
      const char next = end + mark.size() < line_.size() ? line_[end + mark.size()] : ' ';
      if (absl::ascii_isspace(line_[end - 1])) continue;
      if (mark[0] == '_' && IsWordCharacter(next)) continue;
      // Part of a longer mark: of three, the last ones close what was opened first.
      if (next == mark[0] || (mark.size() == 1 && line_[end - 1] == mark[0])) continue;
      return end;
    }
    return absl::string_view::npos;
  }

  void ReadText() {
    absl::StrAppend(&out_, EscapeSlack(line_.substr(at_, 1)));
    ++at_;
  }

  const absl::string_view line_;
  const int depth_;
  size_t at_ = 0;
  std::string out_;
};

std::string ConvertLine(absl::string_view line) {
  const absl::string_view text = absl::StripLeadingAsciiWhitespace(line);
  const absl::string_view indent = line.substr(0, line.size() - text.size());
  const size_t hashes = std::min(text.find_first_not_of('#'), text.size());
  if (hashes >= 1 && hashes <= 6 && hashes < text.size() && text[hashes] == ' ') {
    const absl::string_view heading = absl::StripAsciiWhitespace(text.substr(hashes));
    return absl::StrCat("*", EscapeSlack(absl::StrReplaceAll(heading, {{"*", ""}, {"`", ""}})), "*");
  }
  if (absl::StartsWith(text, "- ") || absl::StartsWith(text, "* ") || absl::StartsWith(text, "+ ")) {
    return absl::StrCat(indent, "• ", LineReader(text.substr(2)).Read());
  }
  // A quotation keeps its mark, the one ">" that Slack reads.
  if (absl::StartsWith(text, "> ")) return absl::StrCat("> ", LineReader(text.substr(2)).Read());
  return absl::StrCat(indent, LineReader(text).Read());
}

// How many of the first `max_bytes` make a piece.
size_t PieceBytes(absl::string_view text, size_t max_bytes) {
  const absl::string_view head = text.substr(0, max_bytes);
  for (const absl::string_view separator : {"\n\n", "\n", " "}) {
    const size_t found = head.rfind(separator);
    if (found != absl::string_view::npos && found > 0) return found;
  }
  size_t end = max_bytes;
  while (end > 1 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  const size_t entity = text.substr(0, end).rfind('&');
  if (entity != absl::string_view::npos && entity > 0 && end - entity < 5) end = entity;
  return end;
}

}  // namespace

std::string EscapeSlack(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}});
}

std::string MarkdownToMrkdwn(absl::string_view markdown) {
  std::string out;
  bool in_code = false;
  for (const absl::string_view line : absl::StrSplit(absl::StripTrailingAsciiWhitespace(markdown), '\n')) {
    const bool is_fence = absl::StartsWith(absl::StripLeadingAsciiWhitespace(line), "```");
    if (!out.empty()) out += '\n';
    absl::StrAppend(&out, is_fence ? "```" : in_code ? EscapeSlack(line) : ConvertLine(line));
    in_code ^= is_fence;
  }
  return out;
}

std::vector<std::string> SplitText(absl::string_view text, size_t max_bytes) {
  std::vector<std::string> pieces;
  text = absl::StripAsciiWhitespace(text);
  while (text.size() > max_bytes) {
    const size_t bytes = PieceBytes(text, max_bytes);
    pieces.emplace_back(absl::StripTrailingAsciiWhitespace(text.substr(0, bytes)));
    text = absl::StripLeadingAsciiWhitespace(text.substr(bytes));
  }
  if (!text.empty()) pieces.emplace_back(text);
  return pieces;
}

}  // namespace campaign::delivery
