#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "campaign/v1/orchestrator.pb.h"
#include "common/database.h"
#include "orchestrator/run_store.h"

// What the API shows of the run store.
namespace campaign::orchestrator {

v1::CampaignRun ViewRun(const CampaignRunRow& run);
v1::CustomerRunSummary ViewCustomerRun(const CampaignRunRow& run, const CustomerRunRow& row);

// A run's answer to RunCampaign: the run, and for one customer or a list its first 100 customer runs.
v1::RunCampaignResponse ViewResponse(Connection& connection, const CampaignRunRow& run);

// Every customer run is terminal or waits.
bool IsSettled(const CampaignRunRow& run);

// The customer's steps in `batch`, in order, each with its times.
std::vector<v1::StepRecord> StepsOf(const BatchRow& batch, int32_t slot);
std::vector<v1::StepRecord> StepsOf(absl::Span<const JournalEntry* const> entries, int32_t slot);

// Everything about a customer run. NOT_FOUND; INVALID_ARGUMENT for a malformed id.
absl::StatusOr<v1::CustomerRun> LoadCustomerRun(Connection& connection, const std::string& customer_run_id);

}  // namespace campaign::orchestrator
