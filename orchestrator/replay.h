#pragma once

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "campaign/v1/orchestrator.pb.h"
#include "orchestrator/campaign_plan.h"
#include "orchestrator/steps.h"

namespace campaign::orchestrator {

// Codes of steps that are not decided again.
inline constexpr char kDecidedByPerson[] = "DECIDED_BY_PERSON";
inline constexpr char kAnsweredByChannel[] = "ANSWERED_BY_CHANNEL";
inline constexpr char kWrittenByModel[] = "WRITTEN_BY_MODEL";
inline constexpr char kCallHadFailed[] = "CALL_HAD_FAILED";
inline constexpr char kStoppedFromOutside[] = "STOPPED_FROM_OUTSIDE";

// Decides the steps of a recorded customer run again, all at once, each from the recorded results of those before it,
// and compares (replay_difference.h). Services are asked as in a dry run and as of the step's recorded time, so that
// nothing is sent, reserved or written. `plan` is that of the run's version. `done` once, on a thread of gRPC's or on
// this one: the first error of a service that does not answer, else the comparison.
void ReplayCustomerRun(Steps& steps, std::shared_ptr<const CampaignPlan> plan, v1::CustomerRun run,
                       std::function<void(absl::StatusOr<v1::ReplayCustomerRunResponse>)> done);

}  // namespace campaign::orchestrator
