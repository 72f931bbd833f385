#pragma once

#include "absl/strings/string_view.h"
#include "campaign/v1/offers.pb.h"

namespace campaign::offer {

// In the campaign's own control group.
constexpr absl::string_view kHoldout = "HOLDOUT";
// In the control group that campaigns share.
constexpr absl::string_view kGlobalHoldout = "GLOBAL_HOLDOUT";

// Asks the global control group, then the campaign's. True where the customer is in one: the decision is written then
// (nothing, held out, and why) and no experiment may count them.
bool DecideHoldout(const v1::OfferConfig& config, absl::string_view campaign, absl::string_view customer_id,
                   v1::ActionDecision& decision);

}  // namespace campaign::offer
