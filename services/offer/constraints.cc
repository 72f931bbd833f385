#include "services/offer/constraints.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "services/offer/pricing.h"
#include "services/offer/reasons.h"

namespace campaign::offer {
namespace {

void CheckMargin(const CompiledAction& action, Loss& loss) {
  if (!action.margin_loss) return;
  if (loss.Add()) loss.reason() = *action.margin_loss;
  loss.AddChange(kChangeConstraint, "margin_percent", action.margin_floor_percent).append(action.margin_change);
}

// Stock and caps: `given` has reached `bound`.
bool Reached(const absl::optional<int64_t>& bound, int64_t given) { return bound && given >= *bound; }

void ExplainCount(absl::string_view code, std::string text, absl::string_view bound_name, int64_t bound, int64_t given,
                  v1::Reason& reason) {
  SetReason(reason, code, std::move(text));
  AddFact(reason, bound_name, absl::AlphaNum(bound).Piece());
  AddFact(reason, "given", absl::AlphaNum(given).Piece());
}

// "1 more piece": as many as one more takes.
void AddCountChange(absl::string_view name, int64_t given, absl::string_view words, Loss& loss) {
  loss.AddChange(kChangeConstraint, name, absl::AlphaNum(given + 1).Piece()).append(words.data(), words.size());
}

void CheckStock(const CompiledAction& action, int64_t given, Loss& loss) {
  if (!Reached(action.inventory, given)) return;
  if (loss.Add()) {
    ExplainCount(kOutOfStock, absl::StrCat("all ", *action.inventory, " pieces are given or reserved"), "inventory",
                 *action.inventory, given, loss.reason());
  }
  AddCountChange("inventory", given, "1 more piece in stock", loss);
}

void CheckCaps(const CompiledAction& action, int64_t given_today, int64_t given_to_customer, Loss& loss) {
  if (Reached(action.daily_cap, given_today)) {
    if (loss.Add()) {
      ExplainCount(kDailyCapReached, absl::StrCat("all ", *action.daily_cap, " of this day are given or reserved"),
                   "daily_cap", *action.daily_cap, given_today, loss.reason());
    }
    AddCountChange("daily_cap", given_today, "a daily cap higher by 1, or the next day", loss);
  }
  if (Reached(action.customer_cap, given_to_customer)) {
    if (loss.Add()) {
      ExplainCount(kCustomerCapReached,
                   absl::StrCat("given to this customer ", given_to_customer, " times, at most ", *action.customer_cap),
                   "customer_cap", *action.customer_cap, given_to_customer, loss.reason());
    }
    AddCountChange("customer_cap", given_to_customer, "a customer's cap higher by 1", loss);
  }
}

// "2026-06-15 12:00 UTC" of "2026-06-15T12:00:00+00:00".
std::string MinuteText(absl::string_view rfc3339) {
  return absl::StrCat(rfc3339.substr(0, 10), " ", rfc3339.substr(11, 5), " UTC");
}

void CheckCooldown(const CompiledAction& action, absl::Time last_given, absl::Time now, Loss& loss) {
  const absl::Time end = last_given + action.cooldown;
  if (now >= end) return;
  const std::string until = absl::FormatTime(absl::RFC3339_sec, end, absl::UTCTimeZone());
  const std::string until_minute = MinuteText(until);
  if (loss.Add()) {
    const std::string given = absl::FormatTime(absl::RFC3339_sec, last_given, absl::UTCTimeZone());
    SetReason(loss.reason(), kInCooldown,
              absl::StrCat("given on ", MinuteText(given), "; not again before ", until_minute));
    AddFact(loss.reason(), "last_given", given);
    AddFact(loss.reason(), "until", until);
  }
  absl::StrAppend(&loss.AddChange(kWait, "until", until), "cooldown ends ", until_minute);
}

struct Budget {
  absl::string_view name;
  int64_t bound_minor;
  int64_t spent_minor;
};

void ExplainBudget(const CompiledAction& action, const Budget& budget, absl::string_view currency, v1::Reason& reason) {
  const auto money = [&](int64_t minor_units) { return FormatMoney(static_cast<double>(minor_units), currency); };
  SetReason(reason, kBudgetExhausted,
            absl::StrCat(budget.name, " budget of ", money(budget.bound_minor), " has ",
                         money(std::max<int64_t>(0, budget.bound_minor - budget.spent_minor)), " left, this needs ",
                         money(action.spend_minor)));
  AddFact(reason, "budget_minor", absl::AlphaNum(budget.bound_minor).Piece());
  AddFact(reason, "spent_minor", absl::AlphaNum(budget.spent_minor).Piece());
  AddFact(reason, "needed_minor", absl::AlphaNum(action.spend_minor).Piece());
}

void CheckBudget(const CompiledAction& action, const Budget& budget, absl::string_view currency, Loss& loss) {
  // Not spent + spend > bound: that could overflow.
  const int64_t missing_minor = action.spend_minor - (budget.bound_minor - budget.spent_minor);
  if (action.spend_minor == 0 || missing_minor <= 0) return;
  if (loss.Add()) ExplainBudget(action, budget, currency, loss.reason());
  absl::StrAppend(
      &loss.AddChange(kChangeConstraint, "budget_minor", absl::AlphaNum(budget.bound_minor + missing_minor).Piece()),
      FormatMoney(static_cast<double>(missing_minor), currency), " more of the ", budget.name, " budget");
}

void CheckBudgets(const CompiledAction& action, const v1::OfferConfig& config, const Standing& standing, Loss& loss) {
  if (config.has_daily_budget_minor()) {
    CheckBudget(action, {"daily", config.daily_budget_minor(), standing.spent_today_minor}, config.currency_code(),
                loss);
  }
  if (config.has_total_budget_minor()) {
    CheckBudget(action, {"total", config.total_budget_minor(), standing.spent_minor}, config.currency_code(), loss);
  }
}

}  // namespace

void Standing::Reset(size_t action_count) {
  spent_today_minor = 0;
  spent_minor = 0;
  given.assign(action_count, 0);
  given_today.assign(action_count, 0);
  given_to_customer.assign(action_count, 0);
  last_given.assign(action_count, absl::InfinitePast());
}

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

void CheckConstraints(const CompiledOffers& offers, size_t index, const Standing& standing, absl::Time now,
                      Loss& loss) {
  const CompiledAction& action = offers.actions[index];
  CheckMargin(action, loss);
  CheckStock(action, standing.given[index], loss);
  CheckCaps(action, standing.given_today[index], standing.given_to_customer[index], loss);
  CheckCooldown(action, standing.last_given[index], now, loss);
  CheckBudgets(action, *offers.config, standing, loss);
}

}  // namespace campaign::offer
