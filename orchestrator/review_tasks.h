#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "campaign/v1/campaigns.pb.h"
#include "campaign/v1/orchestrator.pb.h"
#include "campaign/v1/reviews.pb.h"
#include "common/database.h"
#include "orchestrator/batch.h"
#include "orchestrator/review_store.h"
#include "orchestrator/run_store.h"

// The life of a review task: OPEN → CLAIMED → APPROVED | MODIFIED | REJECTED, or EXPIRED, CANCELLED. Each function runs
// in a transaction of the writer.
namespace campaign::orchestrator {

// The task for a member whose check asks for review; not stored yet, without an id.
ReviewRow NewReviewTask(const v1::Campaign& campaign, const Member& member, absl::Time now);

// Stores it under an id of its own.
void OpenReviewTask(Connection& connection, ReviewRow task, absl::Time now);

// Ends the waiting task of a customer run without a decision (`state`: EXPIRED or CANCELLED); returns the record that
// goes into the journal.
v1::StepRecord CloseReviewTask(Connection& connection, int64_t customer_run, v1::ReviewState state,
                               absl::string_view code, absl::string_view text, absl::Time now);

// NOT_FOUND; ABORTED as in the proto.
absl::StatusOr<v1::ReviewTask> ClaimReview(Connection& connection, const v1::ClaimReviewRequest& request,
                                           absl::Time now);

// A decision taken: the task as it now is, and the journal's record. `repeated`: the same request was decided before,
// there is nothing to do.
struct Decided {
  v1::ReviewTask task;
  bool repeated = false;
  int64_t customer_run = 0;
  v1::StepRecord record;
};

// NOT_FOUND; ABORTED, INVALID_ARGUMENT as in the proto; ALREADY_EXISTS: the request_id came with another body before.
// `accepted_before`: red flags that earlier reviews of this customer run accepted.
absl::StatusOr<Decided> DecideReview(Connection& connection, const v1::DecideReviewRequest& request,
                                     const std::vector<std::string>& accepted_before, absl::Time now);

// The task as it is to be seen at `now`: a claim that has run out is none.
v1::ReviewTask ViewTask(const ReviewRow& row, absl::Time now);

}  // namespace campaign::orchestrator
