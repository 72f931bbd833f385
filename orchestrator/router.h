#pragma once

#include "campaign/v1/campaigns.pb.h"
#include "campaign/v1/orchestrator.pb.h"
#include "campaign/v1/profile.pb.h"

namespace campaign::orchestrator {

// Puts into `result` the campaign's enabled strategies for which the customer has data, in the campaign's order, and a
// reason for each that is left out.
void ChooseStrategies(const v1::Campaign& campaign, const v1::Profile& profile, v1::RouterResult& result);

}  // namespace campaign::orchestrator
