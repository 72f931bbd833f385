#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace campaign::compliance {

// How to read a text before folding it.
enum class Markup {
  kPlain,
  // HTML as a reader sees it: no tags, no comments, entities decoded. A tag stands for a space.
  kVisible,
  // HTML with its tags (and so its links) but no comments, entities decoded.
  kWithTags,
};

// Folds `text` so that two texts which a reader takes for the same are equal byte for byte: lower case (Latin, Greek,
// Cyrillic), a run of white space as one space, typographic quotes, dashes and full-width letters as their ASCII
// forms, invisible characters left out. Replaces `folded`, which is never longer than `text`. With `sources`: for each
// byte of it the position in `text` that it comes from.
void FoldText(absl::string_view text, Markup markup, std::string& folded, std::vector<uint32_t>* sources = nullptr);

std::string FoldedText(absl::string_view text, Markup markup = Markup::kPlain);

// Whether a byte of folded text belongs to a word: ASCII letters and digits, and all letters beyond ASCII.
inline bool IsWordByte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte >= 0x80;
}

}  // namespace campaign::compliance
