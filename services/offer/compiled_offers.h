#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "campaign/v1/offers.pb.h"
#include "common/rules/rule.h"
#include "services/offer/priority.h"
#include "services/offer/variables.h"

namespace campaign::offer {

// A multiplier of the propensity or of the context weight.
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
  // Eligibility, applicability, suitability.
  std::array<rules::CompiledRule, 3> stages;
  std::vector<CompiledAdjustment> adjustments;
  std::vector<CompiledAdjustment> context_weights;
  double propensity = 0;
  absl::optional<double> uplift;
  double lever = 1;
  std::vector<std::string> categories;
  // What one response is worth before cost, minor units.
  double worth_minor = 0;
  int64_t cost_minor = 0;
  // Discount and cost: what acting takes from the budgets, minor units.
  int64_t spend_minor = 0;
  absl::optional<int64_t> inventory;
  absl::optional<int64_t> daily_cap;
  absl::optional<int64_t> customer_cap;
  absl::Duration cooldown;
  // Campaign's preference, without those that the action may not use. Never empty.
  std::vector<v1::Channel> channels;
  bool needs_consent = true;
  // Set where the discounted price breaks the campaign's margin floor: the action then never wins.
  absl::optional<v1::Reason> margin_loss;
  // What would have to change then: "margin 5 points short of the floor of 25 %", and the floor.
  std::string margin_change;
  std::string margin_floor_percent;
  // Experiments about it, in order.
  std::vector<const v1::Experiment*> experiments;

  // Acting uses up something that another customer or a later run may want.
  bool NeedsReservation() const {
    return inventory || daily_cap || customer_cap || cooldown > absl::ZeroDuration() || spend_minor > 0;
  }
};

// What a campaign may offer, compiled once for each configuration version. Immutable, so thread-safe.
struct CompiledOffers {
  // Holds the experiments that the actions point at; they stay where they are when this moves.
  std::unique_ptr<const v1::OfferConfig> config;
  std::vector<CompiledAction> actions;
  Weighing weighing;
  // Of the action that is done where nothing else is left.
  absl::optional<size_t> fallback;
  // Where the campaign's days begin.
  absl::TimeZone time_zone = absl::UTCTimeZone();
  // A cooldown or a customer's cap: what the customer was given before has to be read.
  bool any_history = false;
};

// INVALID_ARGUMENT "config.actions[2].discount_bps: 1500 must be 0 for ACTION_KIND_EDUCATION": the first field that
// cannot be.
absl::StatusOr<CompiledOffers> CompileOffers(const v1::OfferConfig& config);

}  // namespace campaign::offer
