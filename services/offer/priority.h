#pragma once

#include "absl/types/optional.h"
#include "campaign/v1/offers.pb.h"
#include "common/rules/rule.h"

namespace campaign::offer {

struct CompiledAction;

// How a campaign weighs its actions; v1::ArbitrationConfig with its defaults.
struct Weighing {
  // Which factors count. One that does not counts as 1.
  bool propensity = false;
  bool context_weight = true;
  bool value = true;
  bool lever = true;
  double affinity_weight = 0;
  double view_weight = 0.1;
};

// Where the arbitration names no factors, `config` decides by whether any action has an uplift of its own.
Weighing WeighingOf(const v1::OfferConfig& config);

// The factors that count, in the order of the formula.
void WriteCounted(const Weighing& weighing, v1::ActionDecision& decision);

// An action's priority for one customer: propensity × context weight × value × lever, where value is the expected
// incremental margin, uplift × margin after discount - cost.
struct Priority {
  double propensity = 0;
  double uplift = 0;
  double context_weight = 1;
  absl::optional<double> affinity;
  double value_minor = 0;
  double lever = 1;
  // Product of the counted factors, with the value and without.
  double total = 0;
  double without_value = 0;
};

// What the customer ordered (365 days) and looked at (30 days), a view counting `view_weight`: the whole that
// affinities are shares of.
double InterestOf(const v1::Profile& profile, double view_weight);

// `interest` is InterestOf the subject's profile; only read where affinity has a weight.
Priority PriorityOf(const Weighing& weighing, const CompiledAction& action, const rules::Subject& subject,
                    double interest);

// What differs from the defaults that v1::PriorityFactors documents.
void WriteFactors(const CompiledAction& action, const Priority& priority, v1::PriorityFactors& factors);

}  // namespace campaign::offer
