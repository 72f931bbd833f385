#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "campaign/v1/delivery.grpc.pb.h"
#include "common/database.h"
#include "orchestrator/calls.h"
#include "orchestrator/runner.h"

namespace campaign::orchestrator {

// Looks whether somebody has said what became of the dispatches that customer runs wait for (Delivery.ResolveUnknown,
// or a receipt that came in after all), and lets those runs go on. Reads the ledger only: what is to be sent again goes
// through compliance and Deliver like any other message. Costs nothing while nobody waits. For one thread at a time.
class Resolutions {
 public:
  // Database and runner must outlive it.
  Resolutions(Database& database, Runner& runner, const std::string& delivery_target);

  // One look; false: all that is known has been taken up. UNAVAILABLE and the like: delivery does not answer.
  absl::StatusOr<bool> Look();

  // Breaks off what is on its way; from any thread.
  void Stop() { calls_.Stop(); }

 private:
  struct Waiting {
    int64_t key;
    std::string customer_run_id;
  };

  absl::StatusOr<std::vector<Waiting>> ReadWaiting();
  // Takes those out of `waiting` whose dispatch is still in doubt.
  absl::Status DropUnresolved(std::vector<Waiting>& waiting);
  absl::Status Resolve(const Waiting& waiting);
  absl::StatusOr<v1::ListDeliveriesResponse> List(const v1::ListDeliveriesRequest& request);

  Database& database_;
  Runner& runner_;
  const std::unique_ptr<v1::Delivery::Stub> delivery_;
  BlockingCalls calls_;
};

}  // namespace campaign::orchestrator
