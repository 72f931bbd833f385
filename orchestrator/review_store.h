#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "campaign/v1/reviews.pb.h"
#include "common/database.h"

namespace campaign::orchestrator {

// A task with what the API does not show.
struct ReviewRow {
  // Order of creation; page tokens.
  int64_t number = 0;
  int64_t customer_run = 0;
  absl::Duration claim_for;
  v1::ReviewTask task;
};

// Every SQL statement on review tasks, their history and the memos of decisions. A view of a connection.
class ReviewStore {
 public:
  explicit ReviewStore(Connection& connection) : connection_(connection) {}

  static const char* Schema();

  void Insert(const ReviewRow& row);
  absl::optional<ReviewRow> Find(const std::string& task_id);
  // The task of a customer run that is open or claimed.
  absl::optional<ReviewRow> FindWaiting(int64_t customer_run);
  // How many tasks a customer run has had.
  int CountOf(int64_t customer_run);
  // Oldest first, after `after_number`. Unspecified state: open and claimed. Empty campaign: all.
  std::vector<ReviewRow> List(v1::ReviewState state, const std::string& campaign, int64_t after_number, int page_size);

  // Stores `row.task` with the next revision if the stored one still has `row.task.revision()`; false where another was
  // faster. Fills in the new revision.
  bool CompareAndSet(ReviewRow& row);

  // Appends to the task's history.
  void AddEvent(const std::string& task_id, absl::Time now, const std::string& actor, v1::ReviewState state,
                const std::string& comment);
  std::vector<v1::ReviewEvent> History(const std::string& task_id);

  // The task as answered to the first decision with this request_id, and that request's fingerprint.
  struct DecisionMemo {
    std::string fingerprint;
    v1::ReviewTask task;
  };
  absl::optional<DecisionMemo> FindMemo(const std::string& request_id);
  void InsertMemo(const std::string& request_id, const DecisionMemo& memo, absl::Time now);

 private:
  Connection& connection_;
};

}  // namespace campaign::orchestrator
