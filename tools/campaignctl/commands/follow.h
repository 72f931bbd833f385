#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "campaign/v1/orchestrator.pb.h"
#include "tools/campaignctl/command.h"

namespace campaign::ctl {

// Follows a run until it settles or `wait` is over, showing progress. Gives the run as last seen. With `json_lines`
// every update goes to `out`. A connection that is lost is taken up again, as runs outlive the server.
absl::StatusOr<v1::CampaignRun> FollowRun(Context& context, const std::string& campaign_run_id, absl::Duration wait,
                                          bool json_lines);

// The table of states, and for a run of few customers each one's outcome with its reasons.
absl::Status PrintOutcome(Context& context, const v1::CampaignRun& run);

// The customer runs of a run of few customers; none of a larger one.
absl::StatusOr<v1::ListCustomerRunsResponse> FewCustomerRuns(Context& context, const v1::CampaignRun& run);

// "hero-churn  DELIVERED  cr-1" and the reasons below.
std::string OutcomeText(const v1::CustomerRunSummary& summary);

}  // namespace campaign::ctl
