#pragma once

#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "campaign/v1/offers.pb.h"
#include "common/database.h"

namespace campaign::offer {

// The tables; for Database::Open, beside kReservationSchema.
extern const char* const kAssignmentSchema;

// What stands recorded for a customer in an experiment.
struct RecordedAssignment {
  std::string variant_id;
  // The run that it was recorded by.
  std::string customer_run_id;
  // With which the variant was chosen then.
  double probability = 0;
  absl::Time time;
};

// The customer runs that a request settles.
using RunIds = absl::flat_hash_set<absl::string_view>;

// Assignments of customers in experiments of a campaign, as one transaction sees them. Lives within one Database write
// or read, on its thread. `scope` is the customer run that an assignment is for, or empty where it is for all runs.
class AssignmentLedger {
 public:
  // `campaign` must outlive it.
  AssignmentLedger(Connection& connection, const std::string& campaign)
      : connection_(connection), campaign_(campaign) {}
  AssignmentLedger(const AssignmentLedger&) = delete;
  AssignmentLedger& operator=(const AssignmentLedger&) = delete;

  const std::string& campaign() const { return campaign_; }

  absl::optional<RecordedAssignment> Find(const std::string& customer_id, const std::string& experiment_id,
                                          const std::string& scope);

  // Stores it, unless there is one: then false.
  bool RecordNew(const std::string& customer_id, const std::string& experiment_id, const std::string& scope,
                 const RecordedAssignment& assignment);

  // Stores it in the place of the one that is there; then nothing is exposed yet.
  void Replace(const std::string& customer_id, const std::string& experiment_id, const std::string& scope,
               const RecordedAssignment& assignment);

  // Notes when a customer first saw the variant that they are assigned to, for all runs or for one of `runs`.
  void RecordExposure(const v1::Exposure& exposure, const RunIds& runs, absl::Time now);

 private:
  // Of RecordExposure: assignments for single runs.
  void RecordExposureOfRuns(const v1::Exposure& exposure, const RunIds& runs, absl::Time now);

  // The experiment's number; `add` gives it one where it has none, else that is 0.
  int64_t NumberOf(const std::string& experiment_id, bool add);

  Connection& connection_;
  const std::string& campaign_;
  absl::flat_hash_map<std::string, int64_t> numbers_;
};

}  // namespace campaign::offer
