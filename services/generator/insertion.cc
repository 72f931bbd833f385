#include "services/generator/insertion.h"

#include <algorithm>

namespace campaign::generator {
namespace {

void AppendOneLine(absl::string_view text, std::string& output) {
  while (!text.empty()) {
    const size_t control = ControlLength(text);
    output.push_back(control > 0 ? ' ' : text[0]);
    text.remove_prefix(std::max<size_t>(control, 1));
  }
}

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

}  // namespace

size_t ControlLength(absl::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  if (byte(0) < 0x20 || byte(0) == 0x7F) return 1;
  if (byte(0) == 0xC2 && byte(1) >= 0x80 && byte(1) <= 0x9F) return 2;
  if (byte(0) == 0xE2 && byte(1) == 0x80 && (byte(2) == 0xA8 || byte(2) == 0xA9)) return 3;
  return 0;
}

void AppendValue(absl::string_view value, Insertion insertion, std::string& output) {
  switch (insertion) {
    case Insertion::kVerbatim:
      output.append(value.data(), value.size());
      return;
    case Insertion::kOneLine:
      return AppendOneLine(value, output);
    case Insertion::kHtml:
      return AppendHtml(value, output);
  }
}

}  // namespace campaign::generator
