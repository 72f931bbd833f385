#include "services/delivery/clean_text.h"

#include <unicode/utf8.h>

#include <algorithm>

#include "absl/strings/ascii.h"

namespace campaign::delivery {
namespace {

bool IsKept(UChar32 character) {
  if (character == '\n' || character == '\t') return true;
  return character >= 0x20 && (character < 0x7F || character > 0x9F);
}

}  // namespace

std::string CleanText(absl::string_view text, size_t limit) {
  std::string clean;
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  for (size_t next = 0; next < text.size();) {
    UChar32 character = 0;
    U8_NEXT_OR_FFFD(bytes, next, text.size(), character);
    if (!IsKept(character)) continue;
    uint8_t encoded[U8_MAX_LENGTH];
    size_t length = 0;
    U8_APPEND_UNSAFE(encoded, length, character);
    if (clean.size() + length > limit) break;
    clean.append(reinterpret_cast<const char*>(encoded), length);
  }
  return clean;
}

std::string CleanName(absl::string_view text, size_t limit) {
  if (text.size() > limit || std::any_of(text.begin(), text.end(), absl::ascii_isspace)) return "";
  std::string clean = CleanText(text, limit);
  return clean == text ? clean : "";
}

}  // namespace campaign::delivery
