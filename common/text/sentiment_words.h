#pragma once

#include <string_view>

#include "absl/types/span.h"

namespace campaign::text {

// A word or phrase of the lexicon: lower case, words separated by single spaces, umlauts as ae, oe, ue, ss.
struct SentimentWord {
  // What it does: says a mood, or changes what stands beside it in the clause.
  enum Kind {
    kMood,
    kNegation,          // of up to four words that follow
    kNegationOfNoun,    // of up to two: "no", "without"
    kNegationBothWays,  // of those that follow or, where none does, of the last one before: "nicht"
    kNegationStops,     // right behind a negation takes it back: "only"
    kNegationGoesOn,    // between two words lets the negation of one reach the other: "or"
    kStrengthens,
    kWeakens,
    kTurns,     // what follows counts for more than what went before: "but"
    kSupposes,  // what follows may not be so: "if"
    kAsksWhy,   // a question with it is no mere question
  };
  // Abseil's own string_view cannot be sorted at compile time.
  std::string_view text;
  // Of moods, from -4 to 4: what it says, and what its negation says.
  double plain = 0;
  double negated = 0;
  Kind kind = kMood;
};

// The lexicon, by text, ascending, so that phrases follow their first word.
absl::Span<const SentimentWord> SentimentWords();

}  // namespace campaign::text
