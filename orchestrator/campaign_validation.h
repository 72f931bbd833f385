#pragma once

#include "absl/status/status.h"
#include "campaign/v1/campaigns.pb.h"

namespace campaign::orchestrator {

// Checks a campaign whose goal defaults are filled in: field limits, names, every rule (also those that services
// evaluate), the route, and the references between actions, templates, experiments and channels.
// INVALID_ARGUMENT "campaign.<field path>: <value> <bound>" for the first violation.
absl::Status ValidateCampaign(const v1::Campaign& campaign);

}  // namespace campaign::orchestrator
