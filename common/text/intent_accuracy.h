#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "common/text/phrases.h"

namespace campaign::text {

// How a model does on phrases that it was not trained on.
struct IntentAccuracy {
  int trained = 0;
  int held_out = 0;
  // Of those held out: the best intent is the right one, however sure.
  int right = 0;
  // Of those held out: the model is sure enough for an intent; and it is the right one.
  int answered = 0;
  int answered_right = 0;
};

// A fifth of the phrases, and the others. Which one a phrase belongs to is told by its normalized text alone (FNV-1a,
// 64 bits), so it stays there when phrases are added, and the same phrase is never in both.
struct HeldOutSplit {
  std::vector<LabelledPhrase> training;
  std::vector<LabelledPhrase> held_out;
};
HeldOutSplit HoldOutAFifth(const std::vector<LabelledPhrase>& phrases);

// Trains on four fifths of the phrases and asks about the rest. INVALID_ARGUMENT: too few phrases for two intents in
// each part.
absl::StatusOr<IntentAccuracy> MeasureAccuracy(const std::vector<LabelledPhrase>& phrases, double min_confidence);

}  // namespace campaign::text
