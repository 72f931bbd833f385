#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "campaign/v1/orchestrator.pb.h"
#include "common/database.h"

namespace campaign::orchestrator {

// A call of RunCampaign that waits for its run to settle.
struct Waiter {
  int64_t id = 0;
  std::string request_id;
  v1::RunCampaignResponse* response = nullptr;
  std::function<void(absl::Status)> done;
};

// Calls that wait for runs. Not thread-safe.
class Waiters {
 public:
  // An answer that is made in a transaction and given after it.
  struct Answer {
    int64_t run_number;
    v1::RunCampaignResponse response;
  };

  // Returns the waiter's id.
  int64_t Add(int64_t run_number, Waiter waiter);
  std::vector<int64_t> Runs() const;
  bool Waits(int64_t run_number) const { return waiters_.contains(run_number); }

  // In a transaction: makes the answers for those of `run_numbers` that somebody waits for and that have settled
  // (`even_if_unsettled`: all of them), and keeps each as the first answer to its request_id.
  std::vector<Answer> Make(Connection& connection, const std::vector<int64_t>& run_numbers,
                           bool even_if_unsettled) const;
  // After it.
  void Give(const std::vector<Answer>& answers);
  // One waiter alone, whose time is up; nothing where it was answered.
  void Give(const Answer& answer, int64_t waiter_id);

 private:
  int64_t next_id_ = 1;
  absl::flat_hash_map<int64_t, std::vector<Waiter>> waiters_;  // By run.
};

}  // namespace campaign::orchestrator
