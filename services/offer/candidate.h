#pragma once

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "campaign/v1/offers.pb.h"
#include "services/offer/channel_choice.h"
#include "services/offer/compiled_offers.h"
#include "services/offer/constraints.h"
#include "services/offer/priority.h"

namespace campaign::offer {

// Why an action is out, beside the codes of channel_choice.h and constraints.h.
// A stage of its rules does not hold; text and facts are of the comparison against it.
constexpr absl::string_view kNotEligible = "NOT_ELIGIBLE";
constexpr absl::string_view kNotApplicable = "NOT_APPLICABLE";
constexpr absl::string_view kNotSuitable = "NOT_SUITABLE";
// This customer run has already sent another action.
constexpr absl::string_view kAlreadyCommitted = "ALREADY_COMMITTED";
// Acting costs at least what a response is likely to bring.
constexpr absl::string_view kNoExpectedValue = "NO_EXPECTED_VALUE";
// Propensity, context weight or lever is 0.
constexpr absl::string_view kNoPriority = "NO_PRIORITY";

// One customer's decision to make.
struct Case {
  const v1::SelectItem& item;
  const Standing& standing;
  // The action that this run has already sent and still holds. It alone may win, and what it holds is not asked for
  // again.
  absl::optional<absl::string_view> committed_action_id;
};

// A customer, with what is asked of them for every action worked out once.
struct Customer {
  const Case& facts;
  rules::Subject subject;
  ChannelSet consented;
  ChannelSet reachable;
  PastResponses responses;
  double interest;
};

Customer CustomerOf(const CompiledOffers& offers, const Case& facts);

// Channels that the customer may be sent this action on: by consent, or all where it needs none.
ChannelSet AllowedChannels(const CompiledAction& action, const Customer& customer);

// How far one action got.
struct Candidate {
  // Nothing stands against it. Of the fallback, its priority does not count.
  bool viable = false;
  // It could not have won whatever its priority.
  bool hopeless = false;
  Priority priority;
};

// Takes the action through stages of rules, channel, constraints and value, in this order. `losing` gets the first that
// stops it as reason, what all that stop it would need as smallest change, and the factors of its priority.
Candidate Evaluate(const CompiledOffers& offers, size_t index, const Customer& customer, absl::Time now,
                   v1::LosingCandidate& losing);

// Adds to the smallest change of `losing` what its priority lacks to reach `target`, or, if `strict`, to pass it.
// Nothing where it lacks nothing.
void ExplainRise(const CompiledOffers& offers, const Candidate& candidate, double target, bool strict,
                 v1::LosingCandidate& losing);

}  // namespace campaign::offer
