#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace campaign::delivery {

// Text with &, < and > as Slack wants them: "&amp;", "&lt;", "&gt;". So "<!channel>" in it calls nobody.
std::string EscapeSlack(absl::string_view text);

// Markdown in Slack's own markup: "**bold**" and "__bold__" become "*bold*", "*italic*" and "_italic_" "_italic_",
// "~~struck~~" "~struck~", "[text](https://url)" "<https://url|text>", "# Heading" "*Heading*", "- item" a bullet. Code
// stays as it is. All else is escaped, and links with another scheme than http, https, mailto and tel keep their text
// alone. Source of the markup: Slack, "Formatting text for app surfaces".
std::string MarkdownToMrkdwn(absl::string_view markdown);

// The text in pieces of at most `max_bytes` (at least 16), parted at paragraphs, else lines, else words, else anywhere
// but within a character or an "&amp;".
std::vector<std::string> SplitText(absl::string_view text, size_t max_bytes);

}  // namespace campaign::delivery
