#include "services/segmentation/segmentor.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace campaign::segmentation {
namespace {

void SetError(const char* reason, const char* message, v1::SegmentItemResult& result) {
  v1::ItemError& error = *result.mutable_error();
  error.set_code(static_cast<int>(absl::StatusCode::kInvalidArgument));
  error.set_reason(reason);
  error.set_message(message);
}

}  // namespace

absl::StatusOr<Segmentor> Segmentor::Compile(const v1::SegmentationConfig& config) {
  for (int i = 0; i < config.enabled_strategies_size(); ++i) {
    if (config.enabled_strategies(i) == v1::STRATEGY_UNSPECIFIED) {
      return InvalidField(absl::StrCat("config.enabled_strategies[", i, "]"), "STRATEGY_UNSPECIFIED",
                          "is not a strategy");
    }
  }
  Segmentor segmentor;
  ASSIGN_OR_RETURN(segmentor.behavioral_,
                   RuleSegments::Compile(v1::STRATEGY_BEHAVIORAL, config.behavioral(), "config.behavioral"));
  ASSIGN_OR_RETURN(segmentor.personas_,
                   RuleSegments::Compile(v1::STRATEGY_PROFILE, config.personas(), "config.personas"));
  ASSIGN_OR_RETURN(segmentor.learnt_personas_, Personas::Compile(config.persona_model(), "config.persona_model"));
  ASSIGN_OR_RETURN(segmentor.rfm_, Rfm::Compile(config.rfm(), "config.rfm"));
  ASSIGN_OR_RETURN(segmentor.churn_, Churn::Compile(config.churn(), "config.churn"));
  ASSIGN_OR_RETURN(segmentor.intent_, IntentStrategy::Compile(config.intent(), "config.intent"));
  return segmentor;
}

void Segmentor::Segment(const v1::SegmentItem& item, const v1::RfmCutoffs& overall, const text::IntentModel& intents,
                        v1::SegmentItemResult& result) const {
  if (!item.has_profile()) return SetError(kProfileMissing, "profile: missing", result);
  const auto& strategies = item.strategies();
  if (strategies.empty() || std::count(strategies.begin(), strategies.end(), v1::STRATEGY_UNSPECIFIED) > 0) {
    return SetError(kStrategyMissing, "strategies: missing or unspecified", result);
  }
  v1::SegmentResult& segment = *result.mutable_segment();
  const v1::Profile& profile = item.profile();
  if (absl::optional<v1::RfmScore> score = ScoreRfm(profile, rfm_.Cutoffs(overall))) *segment.mutable_rfm() = *score;
  churn_.Score(profile, segment);
  for (const int strategy : strategies) {
    if (Answer(static_cast<v1::Strategy>(strategy), profile, intents, segment)) return;
  }
  segment.set_segment(kUnknownSegment);
  segment.set_label("Unknown");
}

bool Segmentor::Answer(v1::Strategy strategy, const v1::Profile& profile, const text::IntentModel& intents,
                       v1::SegmentResult& result) const {
  switch (strategy) {
    case v1::STRATEGY_BEHAVIORAL:
      return behavioral_.Answer(profile, result);
    case v1::STRATEGY_RFM:
      return rfm_.Answer(profile, result);
    case v1::STRATEGY_PROFILE:
      return AnswerProfile(profile, result);
    case v1::STRATEGY_INTENT:
      return intent_.Answer(profile, intents, result);
    case v1::STRATEGY_CHURN:
      return churn_.Answer(profile, result);
    default:
      return false;
  }
}

bool Segmentor::AnswerProfile(const v1::Profile& profile, v1::SegmentResult& result) const {
  if (learnt_personas_.empty()) return personas_.Answer(profile, result);
  if (!personas_.empty() && personas_.Answer(profile, result)) return true;
  learnt_personas_.Answer(profile, result);
  return true;
}

}  // namespace campaign::segmentation
