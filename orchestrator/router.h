#pragma once

#include "campaign/v1/orchestrator.pb.h"
#include "campaign/v1/profile.pb.h"
#include "orchestrator/campaign_plan.h"

namespace campaign::orchestrator {

// A strategy has nothing to go on for this customer, so that the next one of the chain is asked.
inline constexpr char kStrategyLacksData[] = "STRATEGY_LACKS_DATA";
// The campaign's rule for such customers names a strategy that the campaign has not enabled.
inline constexpr char kStrategySwitchedOff[] = "STRATEGY_SWITCHED_OFF";

// Puts the customer's chain of strategies into `result`: segmentation asks them in order until one answers. The order
// is that of the campaign's first strategy rule that holds for the customer, or of its enabled strategies, which are
// the goal's (goals.cc) where the campaign names none. Nothing that is not enabled is ever in it, nor what the customer
// has no data for. Each hop has a reason: "no purchases on record: churn -> rfm -> profile".
void ChooseStrategies(const CampaignPlan& plan, const v1::Profile& profile, v1::RouterResult& result);

}  // namespace campaign::orchestrator
