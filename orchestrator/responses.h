#pragma once

#include "campaign/v1/analytics.pb.h"
#include "campaign/v1/offers.pb.h"

namespace campaign::orchestrator {

using VariantResponses = google::protobuf::RepeatedPtrField<v1::VariantResponses>;

using ActionResponses = google::protobuf::RepeatedPtrField<v1::ActionResponses>;

// Whether an experiment of the campaign chooses by what analytics counted.
bool LearnsFromResponses(const v1::OfferConfig& config);

// What a report by variant says of the variants that Thompson sampling chooses among: runs delivered, and those with
// the rewarded response. A run delivered a moment ago counts as a failure until its response comes; where responses
// take long, all variants look worse alike.
VariantResponses ResponsesOf(const v1::OfferConfig& config, const v1::GetReportResponse& report);

// The same of the actions, by a report by offer; for a campaign that draws its actions.
ActionResponses ActionResponsesOf(const v1::OfferConfig& config, const v1::GetReportResponse& report);

}  // namespace campaign::orchestrator
