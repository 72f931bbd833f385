#pragma once

#include "campaign/v1/campaigns.pb.h"

namespace campaign::orchestrator {

// Fills in what the campaign leaves to its goal, the route and the enabled strategies, and what one part leaves to
// another: where links may lead. The result is what is hashed and
// stored, so a version keeps its meaning when the defaults change.
void FillGoalDefaults(v1::Campaign& campaign);

}  // namespace campaign::orchestrator
