#pragma once

#include "absl/types/optional.h"
#include "services/offer/arbitration.h"
#include "services/offer/offer_testing.h"

namespace campaign::offer::testing {

// Decides for `item`, with nothing given or spent so far but what `change` makes of the standing.
template <class Change>
v1::ActionDecision Decide(const v1::OfferConfig& config, const v1::SelectItem& item, Change change,
                          absl::optional<absl::string_view> committed_action_id = absl::nullopt) {
  auto offers = CompileOffers(config);
  EXPECT_THAT(offers, campaign::testing::IsOk());
  v1::ActionDecision decision;
  if (!offers.ok()) return decision;
  Standing standing;
  standing.Reset(offers->actions.size());
  change(standing);
  Arbitrate(*offers, {item, standing, committed_action_id}, campaign::testing::Utc("2026-06-15 12:00:00"), nullptr,
            decision);
  return decision;
}

inline v1::ActionDecision Decide(const v1::OfferConfig& config, const v1::SelectItem& item = ItemFor("run", "ada")) {
  return Decide(config, item, [](Standing&) {});
}

inline const v1::Reason& LossOf(const v1::ActionDecision& decision, int index = 0) {
  return decision.losing_candidates(index).reason();
}

}  // namespace campaign::offer::testing
