#include "services/generator/insertion.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace campaign::generator {
namespace {

void AppendOneLine(absl::string_view text, std::string& output) {
  while (!text.empty()) {
    const size_t control = ControlLength(text);
    output.push_back(control > 0 ? ' ' : text[0]);
    text.remove_prefix(std::max<size_t>(control, 1));
  }
}

void AppendPercent(absl::string_view text, std::string& output) {
  constexpr char kHex[] = "0123456789ABCDEF";
  for (const char c : text) {
    if (absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      output.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      output.append({'%', kHex[byte >> 4], kHex[byte & 15]});
    }
  }
}

// An underscore within a word is no markup, and links hold them.
bool IsWithinWord(absl::string_view text, size_t i) {
  return i > 0 && i + 1 < text.size() && absl::ascii_isalnum(text[i - 1]) && absl::ascii_isalnum(text[i + 1]);
}

// CommonMark 0.30: what starts or ends inline markup; at the start of a line also what starts a block.
bool IsMarkup(absl::string_view text, size_t i, size_t digits) {
  switch (text[i]) {
    case '\\':
    case '`':
    case '*':
    case '[':
    case ']':
    case '<':
    case '>':
    case '~':
    case '|':
      return true;
    case '_':
      return !IsWithinWord(text, i);
    case '#':
    case '+':
    case '-':
    case '=':
      return i == 0;
    case '.':
    case ')':
      return i > 0 && i == digits;
    default:
      return false;
  }
}

void AppendMarkdown(absl::string_view text, std::string& output) {
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  for (size_t i = 0; i < text.size();) {
    const size_t control = ControlLength(text.substr(i));
    if (control == 0 && IsMarkup(text, i, digits)) output.push_back('\\');
    output.push_back(control > 0 ? ' ' : text[i]);
    i += std::max<size_t>(control, 1);
  }
}

// Line by line, with `line_end` in place of each line break.
void AppendLines(absl::string_view text, absl::string_view line_end, void (*append)(absl::string_view, std::string&),
                 std::string& output) {
  for (size_t end = text.find('\n'); end != text.npos; end = text.find('\n')) {
    append(text.substr(0, end), output);
    output.append(line_end.data(), line_end.size());
    text.remove_prefix(end + 1);
  }
  append(text, output);
}

}  // namespace

void AppendHtml(absl::string_view text, std::string& output) {
  for (const char c : text) {
    switch (c) {
      case '&':
        output.append("&amp;");
        break;
      case '<':
        output.append("&lt;");
        break;
      case '>':
        output.append("&gt;");
        break;
      case '"':
        output.append("&quot;");
        break;
      case '\'':
        output.append("&#39;");
        break;
      default:
        output.push_back(c);
    }
  }
}

namespace {

// Nearly no byte of a text may, so that few are looked at together with those behind them.
bool MayBeginControl(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7F || byte == 0xC2 || byte == 0xE2;
}

}  // namespace

size_t ControlLength(absl::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  if (byte(0) < 0x20 || byte(0) == 0x7F) return 1;
  if (byte(0) == 0xC2 && byte(1) >= 0x80 && byte(1) <= 0x9F) return 2;
  if (byte(0) == 0xE2 && byte(1) == 0x80 && (byte(2) == 0xA8 || byte(2) == 0xA9)) return 3;
  return 0;
}

bool HasControlCharacter(absl::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (MayBeginControl(text[i]) && ControlLength(text.substr(i)) > 0) return true;
  }
  return false;
}

bool AppendValue(absl::string_view value, Insertion insertion, std::string& output) {
  switch (insertion) {
    case Insertion::kVerbatim:
      output.append(value.data(), value.size());
      return true;
    case Insertion::kOneLine:
      AppendOneLine(value, output);
      return true;
    case Insertion::kHeader:
      output.append(value.data(), value.size());
      return !HasControlCharacter(value);
    case Insertion::kHtml:
      AppendHtml(value, output);
      return true;
    case Insertion::kMarkdown:
      AppendMarkdown(value, output);
      return true;
    case Insertion::kHtmlLines:
      AppendLines(value, "<br>\n", AppendHtml, output);
      return true;
    case Insertion::kMarkdownLines:
      AppendLines(value, "\n", AppendMarkdown, output);
      return true;
    case Insertion::kPercent:
      AppendPercent(value, output);
      return true;
  }
  return false;
}

}  // namespace campaign::generator
