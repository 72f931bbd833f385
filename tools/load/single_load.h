#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/clock.h"
#include "tools/campaignctl/clients.h"

namespace campaign::load {

// What calls for single customers took.
struct SingleResult {
  // Of each call, by order of start.
  std::vector<absl::Duration> latencies;
  int64_t delivered_count = 0;
  // From the first start to the last end.
  absl::Duration elapsed;
};

// Which calls: RunCampaign, waiting for the outcome, for shop customers [first_customer, first_customer + call_count),
// `in_flight` at a time, each with a request_id of its own.
struct SingleLoad {
  std::string campaign;
  int64_t first_customer = 0;
  int64_t call_count = 0;
  int in_flight = 1;
};

// Makes the calls. An error of any call is the whole's error; a customer who is not delivered is none.
absl::StatusOr<SingleResult> RunSingles(ctl::Clients& clients, const SingleLoad& load, const Clock& clock);

}  // namespace campaign::load
