#include "services/offer/constraints.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "services/offer/pricing.h"
#include "services/offer/reasons.h"

namespace campaign::offer {
namespace {

bool InStock(const CompiledAction& action, int64_t given, v1::Reason& loss) {
  if (!action.inventory || given < *action.inventory) return true;
  SetReason(loss, kOutOfStock, absl::StrCat("all ", *action.inventory, " pieces are given or reserved"));
  AddFact(loss, "inventory", absl::StrCat(*action.inventory));
  AddFact(loss, "given", absl::StrCat(given));
  return false;
}

bool CooledDown(const CompiledAction& action, absl::Time last_given, absl::Time now, v1::Reason& loss) {
  const absl::Time until = last_given + action.cooldown;
  if (now >= until) return true;
  const auto text = [](absl::Time time) { return absl::FormatTime("%Y-%m-%d %H:%M UTC", time, absl::UTCTimeZone()); };
  SetReason(loss, kInCooldown, absl::StrCat("given on ", text(last_given), "; not again before ", text(until)));
  AddFact(loss, "last_given", absl::FormatTime(absl::RFC3339_sec, last_given, absl::UTCTimeZone()));
  AddFact(loss, "until", absl::FormatTime(absl::RFC3339_sec, until, absl::UTCTimeZone()));
  return false;
}

struct Budget {
  absl::string_view name;
  int64_t bound_minor;
  int64_t spent_minor;
};

bool FitsBudget(const CompiledAction& action, const Budget& budget, absl::string_view currency, v1::Reason& loss) {
  // Not spent + spend > bound: that could overflow.
  if (action.spend_minor == 0 || action.spend_minor <= budget.bound_minor - budget.spent_minor) return true;
  const auto money = [&](int64_t minor_units) { return FormatMoney(static_cast<double>(minor_units), currency); };
  SetReason(loss, kBudgetExhausted,
            absl::StrCat(budget.name, " budget of ", money(budget.bound_minor), " has ",
                         money(std::max<int64_t>(0, budget.bound_minor - budget.spent_minor)), " left, this needs ",
                         money(action.spend_minor)));
  AddFact(loss, "budget_minor", absl::StrCat(budget.bound_minor));
  AddFact(loss, "spent_minor", absl::StrCat(budget.spent_minor));
  AddFact(loss, "needed_minor", absl::StrCat(action.spend_minor));
  return false;
}

bool FitsBudgets(const CompiledAction& action, const v1::OfferConfig& config, const Standing& standing,
                 v1::Reason& loss) {
  if (config.has_daily_budget_minor() &&
      !FitsBudget(action, {"daily", config.daily_budget_minor(), standing.spent_today_minor}, config.currency_code(),
                  loss)) {
    return false;
  }
  return !config.has_total_budget_minor() ||
         FitsBudget(action, {"total", config.total_budget_minor(), standing.spent_minor}, config.currency_code(), loss);
}

}  // namespace

absl::optional<v1::Reason> MarginLoss(const v1::Action& action, const v1::OfferConfig& config) {
  if (action.price_minor() == 0) return absl::nullopt;
  const double margin_bps = DiscountedMarginBps(action);
  if (margin_bps >= config.margin_floor_bps()) return absl::nullopt;
  v1::Reason loss;
  SetReason(loss, kMarginBelowFloor,
            absl::StrCat("margin after discount is ", FormatPercent(margin_bps), " %, the campaign's floor is ",
                         FormatPercent(config.margin_floor_bps()), " %"));
  AddFact(loss, "margin_percent", FormatPercent(margin_bps));
  AddFact(loss, "margin_floor_percent", FormatPercent(config.margin_floor_bps()));
  return loss;
}

bool MeetsConstraints(const CompiledOffers& offers, size_t index, const Standing& standing, absl::Time now,
                      v1::Reason& loss) {
  const CompiledAction& action = offers.actions[index];
  if (action.margin_loss) {
    loss = *action.margin_loss;
    return false;
  }
  return InStock(action, standing.given[index], loss) && CooledDown(action, standing.last_given[index], now, loss) &&
         FitsBudgets(action, *offers.config, standing, loss);
}

}  // namespace campaign::offer
