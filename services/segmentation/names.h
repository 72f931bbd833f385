#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "campaign/v1/segmentation.pb.h"

namespace campaign::segmentation {

// "behavioral" of STRATEGY_BEHAVIORAL, for reasons.
std::string StrategyName(v1::Strategy strategy);

// "Billing problem" of "billing_problem", where nobody gave a segment a label.
std::string LabelOf(absl::string_view segment);

// Fills in the answer of `strategy`; an empty label becomes LabelOf(segment).
void SetAnswer(v1::Strategy strategy, absl::string_view segment, absl::string_view label, double score,
               v1::SegmentResult& result);

// Says why `strategy` has no answer, as a hop in the result's reasons.
void AddHop(v1::Strategy strategy, absl::string_view code, absl::string_view text, v1::SegmentResult& result);

void AddFact(absl::string_view name, absl::string_view value, v1::Reason& reason);

}  // namespace campaign::segmentation
