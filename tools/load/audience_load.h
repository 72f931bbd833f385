#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/clock.h"
#include "tools/campaignctl/clients.h"
#include "tools/load/machine.h"

namespace campaign::load {

// What one run over everybody took.
struct AudienceResult {
  std::string campaign_run_id;
  int64_t customer_count = 0;
  // By state, such as "DELIVERED".
  std::map<std::string, int64_t> states;
  // From the call until the last customer's outcome was committed.
  absl::Duration elapsed;
  // By process, and growth by database.
  std::map<std::string, absl::Duration> cpu;
  std::map<std::string, int64_t> stored_bytes;
  // Serialized size of a message, the mean over the run's first customers; see MeasureMessages.
  double message_bytes = 0;
};

// Runs `campaign` for its whole audience and waits until every customer has an outcome or waits for a review.
// DEADLINE_EXCEEDED: not within `timeout`. FAILED_PRECONDITION: the run was cancelled.
absl::StatusOr<AudienceResult> RunAudience(ctl::Clients& clients, const std::string& campaign, const std::string& dir,
                                           const Pids& pids, absl::Duration timeout, const Clock& clock);

// Fills in message_bytes. Apart from the run, so that reading customer runs back is in no measurement of it.
absl::Status MeasureMessages(ctl::Clients& clients, AudienceResult& result);

}  // namespace campaign::load
