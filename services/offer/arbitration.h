#pragma once

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "campaign/v1/offers.pb.h"
#include "services/offer/compiled_offers.h"
#include "services/offer/constraints.h"

namespace campaign::offer {

// Why an action lost, beside those of channel_choice.h and constraints.h.
// The eligibility rule does not hold; text and facts are the first comparison's against it.
constexpr absl::string_view kNotEligible = "NOT_ELIGIBLE";
// Acting costs at least what a response is likely to bring.
constexpr absl::string_view kNoExpectedValue = "NO_EXPECTED_VALUE";
// Another action is worth more; of equal ones the first configured wins.
constexpr absl::string_view kLowerValue = "LOWER_VALUE";
// This customer run has already sent another action.
constexpr absl::string_view kAlreadyCommitted = "ALREADY_COMMITTED";

// Why the decision is what it is.
constexpr absl::string_view kNothingEligible = "NOTHING_ELIGIBLE";
constexpr absl::string_view kWonByValue = "WON_BY_VALUE";
constexpr absl::string_view kPropensityAdjusted = "PROPENSITY_ADJUSTED";
constexpr absl::string_view kChannelChosen = "CHANNEL_CHOSEN";

// One customer's decision to make.
struct Case {
  const v1::SelectItem& item;
  const Standing& standing;
  // The action that this run has already sent and still holds. It alone may win, and what it holds is not asked for
  // again.
  absl::optional<absl::string_view> committed_action_id;
};

// Chooses the action of the greatest expected value, propensity (adjusted) × worth of a response - cost, among those
// that are eligible, have a channel and meet the constraints; ties go to the first configured. Writes winner, reasons
// and every losing candidate, in order of configuration, to `decision`; ACTION_KIND_NONE if none is left.
// Returns the winner, or null. Reserves nothing.
const CompiledAction* Arbitrate(const CompiledOffers& offers, const Case& subject_case, absl::Time now,
                                v1::ActionDecision& decision);

}  // namespace campaign::offer
