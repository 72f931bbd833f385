#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace campaign::delivery {

// What somebody else wrote, as it may stand in our messages: UTF-8 of at most `limit` bytes, cut between characters.
// Bytes that are no UTF-8 become U+FFFD; control characters but for line feeds and tabs are left out.
std::string CleanText(absl::string_view text, size_t limit);

// `text` if it can be an address or a name: 1 to `limit` bytes of UTF-8 without blanks and control characters. Else
// empty: half an address is another one.
std::string CleanName(absl::string_view text, size_t limit);

}  // namespace campaign::delivery
