#pragma once

#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "campaign/v1/offers.pb.h"
#include "services/offer/compiled_offers.h"
#include "services/offer/thompson.h"

namespace campaign::offer {

// A set of actions of a configuration: bit i is the action at i. A configuration has at most 64.
using ActionSet = uint64_t;

// What was drawn among the actions that took part.
struct Drawn {
  size_t winner = 0;
  // Of each action of the configuration; 0 for those that took no part.
  const std::vector<double>* probabilities = nullptr;
  // The number from 0 to 1 that decided: each action in order of configuration takes its probability's share.
  double uniform = 0;
};

// Draws actions for the customers of one request by Thompson sampling: with the probability that each brings the
// greatest margin, given the responses so far. The same request draws the same. References must outlive it. Not
// thread-safe.
class OfferDraw {
 public:
  // The configuration must have arbitration.thompson_sampling.
  OfferDraw(const CompiledOffers& offers, const v1::SelectActionsRequest& request);

  // `taking_part` must not be empty. The result's pointer holds until the next call.
  Drawn Draw(ActionSet taking_part, absl::string_view customer_run_id);

 private:
  std::vector<double> Compute(ActionSet taking_part) const;

  const v1::ThompsonSampling& sampling_;
  const std::string& config_version_;
  // Of every action, in order.
  std::vector<Arm> arms_;
  // What customers may be given repeats itself: an integral for each set is enough.
  absl::flat_hash_map<ActionSet, std::vector<double>> probabilities_;
};

}  // namespace campaign::offer
