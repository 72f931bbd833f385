#include "common/text/intent_accuracy.h"

#include <cstdint>

#include "common/status.h"
#include "common/text/intent_model.h"

namespace campaign::text {
namespace {

constexpr uint64_t kParts = 5;

uint64_t Fnv1a64(absl::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

void Count(const IntentModel& model, const LabelledPhrase& phrase, double min_confidence, IntentAccuracy& accuracy) {
  const IntentModel::Intent best = model.Classify(phrase.phrase, 0);
  const bool right = best.name == phrase.intent;
  const bool answered = best.name != kOutOfScope && best.confidence >= min_confidence;
  accuracy.right += right ? 1 : 0;
  accuracy.answered += answered ? 1 : 0;
  accuracy.answered_right += answered && right ? 1 : 0;
}

}  // namespace

HeldOutSplit HoldOutAFifth(const std::vector<LabelledPhrase>& phrases) {
  HeldOutSplit split;
  for (const LabelledPhrase& phrase : phrases) {
    const bool held_out = Fnv1a64(NormalizeText(phrase.phrase)) % kParts == 0;
    (held_out ? split.held_out : split.training).push_back(phrase);
  }
  return split;
}

absl::StatusOr<IntentAccuracy> MeasureAccuracy(const std::vector<LabelledPhrase>& phrases, double min_confidence) {
  const HeldOutSplit split = HoldOutAFifth(phrases);
  if (IntentCount(split.training) < 2 || IntentCount(split.held_out) < 2) {
    return InvalidField("phrases", phrases.size(), "phrases are too few to hold some out");
  }
  ASSIGN_OR_RETURN(const auto model, IntentModel::Train(split.training));
  IntentAccuracy accuracy{.trained = static_cast<int>(split.training.size()),
                          .held_out = static_cast<int>(split.held_out.size())};
  for (const LabelledPhrase& phrase : split.held_out) Count(*model, phrase, min_confidence, accuracy);
  return accuracy;
}

}  // namespace campaign::text
