#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace campaign::generator {

// How a variable's value enters a text.
enum class Insertion {
  kVerbatim,
  // Control characters and line breaks become spaces.
  kOneLine,
  // For what becomes a header of an e-mail: a value with a control character or line break is refused.
  kHeader,
  // & < > " ' are escaped.
  kHtml,
  // What Markdown would read as markup is escaped with a backslash; control characters and line breaks become spaces.
  kMarkdown,
  // As kHtml and kMarkdown, of several lines: in HTML each ends in <br>. For what a language model writes.
  kHtmlLines,
  kMarkdownLines,
  // For a value in a link's query: all but RFC 3986's unreserved characters become %XX.
  kPercent,
};

// Appends `value` to `output`. False: it must not be there; `output` is then of no use.
[[nodiscard]] bool AppendValue(absl::string_view value, Insertion insertion, std::string& output);

// Appends `text` with & < > " ' escaped.
void AppendHtml(absl::string_view text, std::string& output);

// The bytes of the control character or line separator (C0, C1, DEL, U+2028, U+2029) that `text` starts with; 0 if it
// starts with another.
size_t ControlLength(absl::string_view text);

bool HasControlCharacter(absl::string_view text);

}  // namespace campaign::generator
