#pragma once

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "campaign/v1/offers.pb.h"
#include "services/offer/candidate.h"
#include "services/offer/compiled_offers.h"
#include "services/offer/offer_draw.h"

namespace campaign::offer {

// Why an action lost, beside those of candidate.h, channel_choice.h and constraints.h.
// Another action is worth more; of equal ones the first configured wins.
constexpr absl::string_view kLowerValue = "LOWER_VALUE";
// Another action was drawn.
constexpr absl::string_view kNotDrawn = "NOT_DRAWN";
// It is the fallback, and something else was left.
constexpr absl::string_view kFallbackNotNeeded = "FALLBACK_NOT_NEEDED";

// Why the decision is what it is.
constexpr absl::string_view kNothingEligible = "NOTHING_ELIGIBLE";
constexpr absl::string_view kWonByValue = "WON_BY_VALUE";
constexpr absl::string_view kDrawn = "DRAWN";
constexpr absl::string_view kFallback = "FALLBACK";
constexpr absl::string_view kPropensityAdjusted = "PROPENSITY_ADJUSTED";
constexpr absl::string_view kContextWeighed = "CONTEXT_WEIGHED";
constexpr absl::string_view kAffinity = "AFFINITY";
// By the campaign's priority; or by what the customer has responded to.
constexpr absl::string_view kChannelChosen = "CHANNEL_CHOSEN";
constexpr absl::string_view kChannelByResponses = "CHANNEL_BY_RESPONSES";

// Chooses the action of the greatest priority (priority.h) among those that pass their three stages of rules, have a
// channel and meet the constraints; ties go to the first configured, and where none is left, to the fallback. Writes
// winner, its channels, reasons, factors and every losing candidate, in order of configuration, to `decision`;
// ACTION_KIND_NONE if none is left. Returns the winner, or null. Reserves nothing.
// With `draw`, the campaign's, the action is drawn among those of a priority above 0, whichever is the greatest.
const CompiledAction* Arbitrate(const CompiledOffers& offers, const Case& subject_case, absl::Time now, OfferDraw* draw,
                                v1::ActionDecision& decision);

}  // namespace campaign::offer
