#include "services/segmentation/intent.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/rules/phrases.h"
#include "common/status.h"
#include "services/segmentation/names.h"

namespace campaign::segmentation {
namespace {

const char* SourcePhrase(v1::TextSource source) {
  switch (source) {
    case v1::TEXT_SOURCE_TICKET:
      return "wrote in a ticket";
    case v1::TEXT_SOURCE_CHAT:
      return "wrote in a chat";
    case v1::TEXT_SOURCE_SEARCH:
      return "searched";
    default:
      return "wrote";
  }
}

// Never the customer's own words: what they are about is all that later steps need.
v1::Reason RecognizedReason(const v1::CustomerText& text, const text::IntentModel::Intent& intent) {
  v1::Reason reason;
  reason.set_code(kIntentRecognized);
  reason.set_text(absl::StrCat(SourcePhrase(text.source()), " ", rules::DaysPhrase(text.days_ago()),
                               " ago about: ", absl::StrReplaceAll(intent.name, {{"_", " "}}), " (",
                               rules::PercentPhrase(intent.confidence), " sure)"));
  AddFact("intent", intent.name, reason);
  AddFact("confidence", rules::NumberText(intent.confidence), reason);
  return reason;
}

}  // namespace

absl::StatusOr<IntentStrategy> IntentStrategy::Compile(const v1::IntentConfig& config, absl::string_view field_path) {
  const double min_confidence = config.min_confidence();
  if (!(min_confidence >= 0 && min_confidence <= 1)) {
    return InvalidField(absl::StrCat(field_path, ".min_confidence"), min_confidence, "is not between 0 and 1");
  }
  IntentStrategy strategy;
  strategy.min_confidence_ = min_confidence == 0 ? text::kDefaultMinConfidence : min_confidence;
  return strategy;
}

bool IntentStrategy::Answer(const v1::Profile& profile, const text::IntentModel& model,
                            v1::SegmentResult& result) const {
  if (profile.recent_texts().empty()) {
    AddHop(v1::STRATEGY_INTENT, kNoRecentTexts, "the customer has written nothing lately", result);
    return false;
  }
  for (const v1::CustomerText& text : profile.recent_texts()) {
    const text::IntentModel::Intent intent = model.Classify(text.text(), min_confidence_);
    if (intent.name == text::kOutOfScope) continue;
    *result.add_reasons() = RecognizedReason(text, intent);
    result.set_intent(intent.name);
    result.set_model_version(model.version());
    SetAnswer(v1::STRATEGY_INTENT, absl::StrCat("intent_", intent.name), LabelOf(intent.name), intent.confidence,
              result);
    return true;
  }
  result.set_intent(text::kOutOfScope);
  AddHop(v1::STRATEGY_INTENT, kIntentOutOfScope, "what the customer wrote lately is about nothing we know", result);
  // The strategy that answers in its place may have a model of its own.
  AddFact("model_version", model.version(), *result.mutable_reasons()->rbegin());
  return false;
}

}  // namespace campaign::segmentation
