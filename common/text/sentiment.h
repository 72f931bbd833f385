#pragma once

#include "absl/strings/string_view.h"

namespace campaign::text {

// What a text says about its writer's mood.
struct Sentiment {
  // From -1, very unhappy, to 1, very happy. 0: nothing was said either way.
  double score = 0;
  // They are not satisfied with something: score is at most kComplaintScore.
  bool complaint = false;
};

// Of one clear word of dissatisfaction, such as "problem", with nothing good beside it.
inline constexpr double kComplaintScore = -0.35;

// The sentiment of an English or German text, by a lexicon (sentiment_words.cc) and rules in the manner of VADER (Hutto
// & Gilbert, "VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media Text", 2014): words that
// strengthen and weaken, "but", and the normalization x / sqrt(x^2 + 15). Negation has a scope: it reaches over a few
// words of its clause, in German also back ("gefällt mir nicht"), and every word of the lexicon knows what its negation
// means: "not happy" is a complaint, "not bad" is none, "not working" is one although "working" says nothing. Pure;
// does not allocate; a microsecond for twenty words.
Sentiment SentimentOf(absl::string_view text);

}  // namespace campaign::text
