#pragma once

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "campaign/v1/offers.pb.h"
#include "services/offer/assignment_store.h"
#include "services/offer/compiled_offers.h"

namespace campaign::offer {

// A variant changed the decision.
constexpr absl::string_view kExperimentVariant = "EXPERIMENT_VARIANT";

// Puts the customers of one request into the experiments about the actions that won. References must outlive it.
//
// What is recorded stays: for an experiment with weights for every later run of the customer, as long as there is such
// a variant; for Thompson sampling, which chooses afresh for each run, for that run.
class Assigner {
 public:
  // Records nothing in a dry run.
  Assigner(const v1::SelectActionsRequest& request, absl::Time now, AssignmentLedger& ledger)
      : request_(request), now_(now), ledger_(ledger) {}

  // Assigns the item's customer, and lays template and variables of their variants over the decision for `action`.
  // Where two of them set the same thing, the later experiment's counts; none may change a price.
  void Assign(const v1::SelectItem& item, const CompiledAction& action, v1::ActionDecision& decision);

 private:
  struct Choice {
    const v1::Variant* variant = nullptr;  // None: takes no part.
    double probability = 0;
    bool kept = false;
  };

  Choice Choose(const v1::SelectItem& item, const v1::Experiment& experiment);
  Choice Recorded(const v1::SelectItem& item, const v1::Experiment& experiment);
  Choice ChooseNew(const v1::SelectItem& item, const v1::Experiment& experiment);
  const std::vector<double>& ProbabilitiesOf(const v1::Experiment& experiment);

  const v1::SelectActionsRequest& request_;
  const absl::Time now_;
  AssignmentLedger& ledger_;
  // Thompson sampling's, the same for all customers of the request.
  absl::flat_hash_map<const v1::Experiment*, std::vector<double>> probabilities_;
};

}  // namespace campaign::offer
