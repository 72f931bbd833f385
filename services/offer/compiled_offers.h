#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "campaign/v1/offers.pb.h"
#include "common/rules/rule.h"
#include "services/offer/variables.h"

namespace campaign::offer {

struct CompiledAdjustment {
  rules::CompiledRule when;
  double multiplier = 1;
};

// An action with everything worked out that does not depend on the customer.
struct CompiledAction {
  // The decision where this action wins and no experiment touches it: identity, template, variables with prices.
  v1::ActionDecision decision;
  // Laid over the variables of a variant once more: a variant cannot name a false price.
  Variables price_variables;
  rules::CompiledRule eligibility;
  std::vector<CompiledAdjustment> adjustments;
  double propensity = 0;
  // What one response is worth before cost, minor units.
  double worth_minor = 0;
  int64_t cost_minor = 0;
  // Discount and cost: what acting takes from the budgets, minor units.
  int64_t spend_minor = 0;
  absl::optional<int64_t> inventory;
  absl::Duration cooldown;
  // Campaign's preference, without those that the action may not use. Never empty.
  std::vector<v1::Channel> channels;
  bool needs_consent = true;
  // Set where the discounted price breaks the campaign's margin floor: the action then never wins.
  absl::optional<v1::Reason> margin_loss;
  // Experiments about it, in order.
  std::vector<const v1::Experiment*> experiments;

  // Acting uses up something that another customer or a later run may want.
  bool NeedsReservation() const { return inventory || cooldown > absl::ZeroDuration() || spend_minor > 0; }
};

// What a campaign may offer, compiled once for each configuration version. Immutable, so thread-safe.
struct CompiledOffers {
  // Holds the experiments that the actions point at; they stay where they are when this moves.
  std::unique_ptr<const v1::OfferConfig> config;
  std::vector<CompiledAction> actions;
  bool any_cooldown = false;
};

// INVALID_ARGUMENT "config.actions[2].discount_bps: 1500 must be 0 for ACTION_KIND_EDUCATION": the first field that
// cannot be.
absl::StatusOr<CompiledOffers> CompileOffers(const v1::OfferConfig& config);

}  // namespace campaign::offer
