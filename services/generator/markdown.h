#pragma once

#include <vector>

#include "services/generator/template_parser.h"

namespace campaign::generator {

// The same text for where Markdown is not shown: without marks of emphasis, code, headings and quotes; a link as its
// words and then its address in parentheses. Variables are inserted as they are, for what they hold is no markup.
std::vector<Token> WithoutMarkdown(std::vector<Token> tokens);

}  // namespace campaign::generator
