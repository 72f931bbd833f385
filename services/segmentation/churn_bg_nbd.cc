#include "services/segmentation/churn_bg_nbd.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/rules/phrases.h"
#include "common/status.h"
#include "services/segmentation/names.h"

namespace campaign::segmentation {
namespace {

// Money that comes within a month is discounted by one factor; at 10 % a year that errs by less than a thousandth.
constexpr double kDiscountDays = 30;
constexpr double kYearDays = 365;
constexpr double kDefaultUnitDays = 7;
constexpr double kDefaultHorizonDays = 365;
constexpr double kMostMinorUnits = 9e18;

absl::Status CheckAbove(double value, double bound, const std::string& path) {
  if (value > bound && std::isfinite(value)) return absl::OkStatus();
  return InvalidField(path, value, absl::StrCat("is not above ", bound));
}

absl::StatusOr<models::GammaGammaParameters> CompileSpend(const v1::GammaGammaConfig& spend, const std::string& path) {
  RETURN_IF_ERROR(CheckAbove(spend.p(), 0, path + ".p"));
  RETURN_IF_ERROR(CheckAbove(spend.q(), 1, path + ".q"));
  RETURN_IF_ERROR(CheckAbove(spend.v(), 0, path + ".v"));
  return models::GammaGammaParameters{spend.p(), spend.q(), spend.v()};
}

// "1.2", "0.04": two digits that say something, for people.
std::string Few(double number) {
  return number < 0.1 ? absl::StrFormat("%.2f", number) : absl::StrFormat("%.1f", number);
}

int64_t ToMinor(double minor_units) { return std::llround(std::min(minor_units, kMostMinorUnits)); }

void DescribePAlive(const v1::Profile& profile, double p_alive, v1::Reason& reason) {
  const std::string last = absl::StrCat(rules::DaysPhrase(profile.days_since_last_purchase()), " ago");
  const int repeats = profile.orders_total() - 1;
  if (repeats == 0) {
    reason.set_code(kPAliveUnknownable);
    reason.set_text(
        absl::StrCat("counts as a customer: one order, ", last, "; the model has nobody leave before the second"));
  } else {
    reason.set_code(kPAlive);
    reason.set_text(absl::StrCat(rules::PercentPhrase(p_alive), " likely still a customer: ",
                                 rules::CountPhrase(repeats, "repeat order"), ", last one ", last));
  }
  AddFact("p_alive", rules::NumberText(p_alive), reason);
  AddFact("repeat_orders", absl::StrCat(repeats), reason);
  AddFact("days_since_last_purchase", rules::NumberText(profile.days_since_last_purchase()), reason);
  AddFact("days_since_first_purchase", rules::NumberText(profile.days_since_first_purchase()), reason);
}

}  // namespace

absl::StatusOr<BgNbdChurn> BgNbdChurn::Compile(const v1::BgNbdConfig& config, const std::string& field_path) {
  RETURN_IF_ERROR(CheckAbove(config.r(), 0, field_path + ".r"));
  RETURN_IF_ERROR(CheckAbove(config.alpha(), 0, field_path + ".alpha"));
  RETURN_IF_ERROR(CheckAbove(config.a(), 0, field_path + ".a"));
  RETURN_IF_ERROR(CheckAbove(config.b(), 0, field_path + ".b"));
  for (const auto& [name, share] : {std::pair{".unit_days", config.unit_days()},
                                    {".horizon_days", config.horizon_days()},
                                    {".margin_share", config.margin_share()},
                                    {".annual_discount_rate", config.annual_discount_rate()}}) {
    if (!(share >= 0 && std::isfinite(share)))
      return InvalidField(field_path + name, share, "is not a number from 0 on");
  }
  BgNbdChurn compiled;
  compiled.parameters_ = {config.r(), config.alpha(), config.a(), config.b()};
  compiled.unit_days_ = config.unit_days() == 0 ? kDefaultUnitDays : config.unit_days();
  compiled.horizon_days_ = config.horizon_days() == 0 ? kDefaultHorizonDays : config.horizon_days();
  compiled.margin_share_ = config.margin_share() == 0 ? 1 : config.margin_share();
  compiled.annual_discount_rate_ = config.annual_discount_rate();
  if (config.has_spend()) {
    ASSIGN_OR_RETURN(compiled.spend_, CompileSpend(config.spend(), field_path + ".spend"));
    compiled.currency_code_ = config.spend().currency_code();
  }
  return compiled;
}

models::PurchaseHistory BgNbdChurn::HistoryOf(const v1::Profile& profile) const {
  const double age = profile.days_since_first_purchase() / unit_days_;
  const double since_last = profile.days_since_last_purchase() / unit_days_;
  const int32_t repeats = profile.orders_total() - 1;
  return {repeats, repeats == 0 ? 0 : std::max(0.0, age - since_last), age};
}

bool BgNbdChurn::PaysInTheModelsCurrency(const v1::Profile& profile) const {
  return currency_code_.empty() || profile.customer().currency_code() == currency_code_;
}

double BgNbdChurn::DiscountedPurchases(const models::PurchaseHistory& history) const {
  double discounted = 0, before = 0;
  for (double from = 0; from < horizon_days_; from += kDiscountDays) {
    const double to = std::min(from + kDiscountDays, horizon_days_);
    const double until = models::ExpectedPurchases(parameters_, history, to / unit_days_);
    discounted += (until - before) * std::pow(1 + annual_discount_rate_, -(from + to) / 2 / kYearDays);
    before = until;
  }
  return discounted;
}

void BgNbdChurn::ScoreValue(const v1::Profile& profile, const models::PurchaseHistory& history,
                            v1::SegmentResult& result) const {
  const double minor = 1 / rules::MajorUnits(1, profile.customer().currency_code());
  const double mean = static_cast<double>(profile.spend_total_minor()) / profile.orders_total();
  const double order =
      models::ExpectedAmount({spend_->p, spend_->q, spend_->v * minor}, {profile.orders_total(), mean});
  const double purchases = annual_discount_rate_ == 0 ? result.expected_purchases() : DiscountedPurchases(history);
  result.set_expected_order_minor(ToMinor(order));
  result.set_expected_lifetime_value_minor(ToMinor(order * purchases * margin_share_));
}

void BgNbdChurn::Score(const v1::Profile& profile, v1::SegmentResult& result) const {
  if (profile.orders_total() < 1 || !profile.has_days_since_first_purchase()) return;
  const models::PurchaseHistory history = HistoryOf(profile);
  const double p_alive = models::ProbabilityAlive(parameters_, history);
  result.set_p_alive(p_alive);
  result.set_churn_probability(1 - p_alive);
  result.set_expected_purchases(models::ExpectedPurchases(parameters_, history, horizon_days_ / unit_days_));
  if (spend_.has_value() && PaysInTheModelsCurrency(profile)) ScoreValue(profile, history, result);
}

void BgNbdChurn::AddReasons(const v1::Profile& profile, v1::SegmentResult& result) const {
  DescribePAlive(profile, result.p_alive(), *result.add_reasons());
  const std::string horizon = absl::StrCat("in the next ", rules::DaysPhrase(horizon_days_));
  v1::Reason& purchases = *result.add_reasons();
  purchases.set_code(kExpectedPurchases);
  purchases.set_text(absl::StrCat(Few(result.expected_purchases()), " orders expected ", horizon));
  AddFact("expected_purchases", rules::NumberText(result.expected_purchases()), purchases);
  AddFact("horizon_days", rules::NumberText(horizon_days_), purchases);
  if (!result.has_expected_lifetime_value_minor()) return;
  const std::string& currency = profile.customer().currency_code();
  const auto money = [&](int64_t minor) { return rules::MoneyPhrase(rules::MajorUnits(minor, currency), currency); };
  v1::Reason& value = *result.add_reasons();
  value.set_code(kExpectedLifetimeValue);
  value.set_text(absl::StrCat(margin_share_ < 1 ? "margin of " : "worth ",
                              money(result.expected_lifetime_value_minor()), " ", horizon, ", at ",
                              money(result.expected_order_minor()), " an order"));
  AddFact("expected_lifetime_value_minor", absl::StrCat(result.expected_lifetime_value_minor()), value);
  AddFact("expected_order_minor", absl::StrCat(result.expected_order_minor()), value);
}

void BgNbdChurn::AddHop(v1::SegmentResult& result) const {
  segmentation::AddHop(v1::STRATEGY_CHURN, kNoPurchases,
                       "has never bought, which is all that this churn model looks at", result);
}

}  // namespace campaign::segmentation
