#pragma once

#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"

namespace campaign::text {

// Hands out the sentences of a text as folded words: lower case, umlauts as ae, oe, ue, ss, typographic apostrophes as
// plain ones, words each followed by a space, and clauses (what a comma, colon, semicolon, dash, quote or parenthesis
// separates) by a comma behind it: "Größe, isn't it?" is "groesse ,isn't it ". `question`: it ends with a question
// mark. Does not allocate; `words` live as long as the call.
void ForEachSentence(absl::string_view text, absl::FunctionRef<void(std::string_view words, bool question)> visit);

}  // namespace campaign::text
