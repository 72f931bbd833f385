#pragma once

#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "campaign/v1/offers.pb.h"
#include "services/offer/compiled_offers.h"

namespace campaign::offer {

// The discounted price leaves less margin than the campaign's floor.
constexpr absl::string_view kMarginBelowFloor = "MARGIN_BELOW_FLOOR";
// All pieces are given or reserved.
constexpr absl::string_view kOutOfStock = "OUT_OF_STOCK";
// The customer got this action, from any campaign, too short a time ago.
constexpr absl::string_view kInCooldown = "IN_COOLDOWN";
// The campaign's daily or total budget has not enough left for discount and cost.
constexpr absl::string_view kBudgetExhausted = "BUDGET_EXHAUSTED";

// What has been reserved or given so far, as one customer's decision sees it.
struct Standing {
  // Discounts and costs of the campaign, minor units: of this UTC day, and in all.
  int64_t spent_today_minor = 0;
  int64_t spent_minor = 0;
  // By action: pieces given, by all campaigns; when the customer was last given it.
  std::vector<int64_t> given;
  std::vector<absl::Time> last_given;
};

// The loss of an action whose discounted price breaks the margin floor. Depends on configuration alone.
absl::optional<v1::Reason> MarginLoss(const v1::Action& action, const v1::OfferConfig& config);

// Whether action number `index` may be given now: margin floor, inventory, cooldown, daily and total budget, in this
// order. If not, `loss` says what stopped it first.
bool MeetsConstraints(const CompiledOffers& offers, size_t index, const Standing& standing, absl::Time now,
                      v1::Reason& loss);

}  // namespace campaign::offer
