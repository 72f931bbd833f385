#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "campaign/v1/segmentation.pb.h"
#include "common/text/intent_model.h"
#include "services/segmentation/churn.h"
#include "services/segmentation/intent.h"
#include "services/segmentation/personas.h"
#include "services/segmentation/rfm.h"
#include "services/segmentation/rule_segments.h"

namespace campaign::segmentation {

// Segment of a customer for whom no strategy had an answer.
inline constexpr char kUnknownSegment[] = "unknown";
// Codes of item errors.
inline constexpr char kProfileMissing[] = "PROFILE_MISSING";
inline constexpr char kStrategyMissing[] = "STRATEGY_MISSING";

// A campaign's segmentation, compiled: every strategy, ready to be asked. Immutable, so thread-safe.
class Segmentor {
 public:
  // INVALID_ARGUMENT with the path of the offending field, such as "config.behavioral[3].when.compare.feature: ...".
  static absl::StatusOr<Segmentor> Compile(const v1::SegmentationConfig& config);

  // Asks the item's strategies in order; the first answer wins, those without one leave a hop in the reasons. The RFM
  // score and churn probability are filled in whichever strategy answers, because later rules may ask for them.
  // `overall` are the quintile bounds over all customers. An item without profile or strategy: its own error.
  void Segment(const v1::SegmentItem& item, const v1::RfmCutoffs& overall, const text::IntentModel& intents,
               v1::SegmentItemResult& result) const;

 private:
  bool Answer(v1::Strategy strategy, const v1::Profile& profile, const text::IntentModel& intents,
              v1::SegmentResult& result) const;

  // Rules before what was learnt.
  bool AnswerProfile(const v1::Profile& profile, v1::SegmentResult& result) const;

  RuleSegments behavioral_;
  RuleSegments personas_;
  Personas learnt_personas_;
  Rfm rfm_;
  Churn churn_;
  IntentStrategy intent_;
};

}  // namespace campaign::segmentation
