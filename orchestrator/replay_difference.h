#pragma once

#include "absl/types/optional.h"
#include "campaign/v1/orchestrator.pb.h"

namespace campaign::orchestrator {

// The first field in which what was recorded and what the replay decided differ, by field number, depth first; nullopt
// where they are the same. Times, attempts and what the step was asked with are not compared. Names the state that
// moved on where that explains the difference. `step_index` is the caller's to set.
absl::optional<v1::ReplayDifference> FirstDifference(const v1::StepRecord& recorded, const v1::StepRecord& replayed);

// IDENTICAL without differences, STATE_MOVED where state explains each, else DIFFERENT.
v1::ReplayOutcome OutcomeOf(const v1::ReplayCustomerRunResponse& response);

}  // namespace campaign::orchestrator
