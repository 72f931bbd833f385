#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace campaign::text {

// What is none of the shop's business, or cannot be told.
inline constexpr char kOutOfScope[] = "out_of_scope";

// A phrase and the intent it is an example of.
struct LabelledPhrase {
  std::string intent;
  std::string phrase;
};

// Reads a phrase file: "[intent]" lines, each followed by one phrase a line; "#" lines and empty ones are skipped.
// INVALID_ARGUMENT "line 12: ...": an intent that is not [a-z][a-z0-9_]* of at most 57 characters, a phrase before the
// first intent, a phrase without a letter; fewer than two intents.
absl::StatusOr<std::vector<LabelledPhrase>> ParsePhrases(absl::string_view text);

// Reads a table (CSV, RFC 4180) whose first line names its columns: "text" is the phrase, "intent", "category" or
// "label" its intent; other columns are left out. Labels become intents' names: "Card arrived?" is "card_arrived".
// INVALID_ARGUMENT as above, and: a column missing or named twice, a quote that is not closed.
absl::StatusOr<std::vector<LabelledPhrase>> ParsePhraseTable(absl::string_view text);

// A phrase file or, if its name ends in ".csv", a table. The message names the file. NOT_FOUND: it cannot be read.
absl::StatusOr<std::vector<LabelledPhrase>> ReadPhrases(const std::string& path);

// How many intents there are examples of.
int IntentCount(const std::vector<LabelledPhrase>& phrases);

// Lower-case words, separated by single spaces: how phrases and customers' texts reach the model.
std::string NormalizeText(absl::string_view text);

// The bytes of a file. NOT_FOUND names it.
absl::StatusOr<std::string> ReadFile(const std::string& path);

}  // namespace campaign::text
