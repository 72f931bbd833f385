#pragma once

#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "campaign/v1/offers.pb.h"
#include "services/offer/compiled_offers.h"
#include "services/offer/loss.h"

namespace campaign::offer {

// The discounted price leaves less margin than the campaign's floor.
constexpr absl::string_view kMarginBelowFloor = "MARGIN_BELOW_FLOOR";
// All pieces are given or reserved.
constexpr absl::string_view kOutOfStock = "OUT_OF_STOCK";
// The campaign has given or reserved as many as it may on one day.
constexpr absl::string_view kDailyCapReached = "DAILY_CAP_REACHED";
// The customer was given it as often as they may be.
constexpr absl::string_view kCustomerCapReached = "CUSTOMER_CAP_REACHED";
// The customer got this action, from any campaign, too short a time ago.
constexpr absl::string_view kInCooldown = "IN_COOLDOWN";
// The campaign's daily or total budget has not enough left for discount and cost.
constexpr absl::string_view kBudgetExhausted = "BUDGET_EXHAUSTED";

// What has been reserved or given so far, as one customer's decision sees it.
struct Standing {
  // Discounts and costs of the campaign, minor units: of this day in the campaign's time zone, and in all.
  int64_t spent_today_minor = 0;
  int64_t spent_minor = 0;
  // By action: pieces given, by all campaigns; how many the campaign gave on this day; how often and when last the
  // customer was given it, by all campaigns.
  std::vector<int64_t> given;
  std::vector<int64_t> given_today;
  std::vector<int64_t> given_to_customer;
  std::vector<absl::Time> last_given;

  // Nothing given of `action_count` actions, nothing spent.
  void Reset(size_t action_count);
};

// The loss of an action whose discounted price breaks the margin floor. Depends on configuration alone.
absl::optional<v1::Reason> MarginLoss(const v1::Action& action, const v1::OfferConfig& config);

// Whether action number `index` may be given now: margin floor, inventory, daily cap, customer cap, cooldown, daily and
// total budget, in this order. Everything that says no is added to `loss`.
void CheckConstraints(const CompiledOffers& offers, size_t index, const Standing& standing, absl::Time now, Loss& loss);

}  // namespace campaign::offer
