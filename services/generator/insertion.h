#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace campaign::generator {

// How a variable's value enters a text.
enum class Insertion {
  kVerbatim,
  // Control characters and line breaks become spaces, so that a value cannot add a header.
  kOneLine,
  // & < > " ' are escaped.
  kHtml,
};

// Appends `value` to `output`.
void AppendValue(absl::string_view value, Insertion insertion, std::string& output);

// The bytes of the control character or line separator (C0, C1, DEL, U+2028, U+2029) that `text` starts with; 0 if it
// starts with another.
size_t ControlLength(absl::string_view text);

}  // namespace campaign::generator
