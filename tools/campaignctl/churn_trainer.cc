#include "tools/campaignctl/churn_trainer.h"

#include <algorithm>
#include <random>

#include "absl/container/btree_map.h"
#include "absl/strings/str_cat.h"
#include "common/models/bg_nbd_fit.h"
#include "common/models/gamma_gamma_fit.h"
#include "common/models/quality.h"
#include "common/rules/phrases.h"
#include "common/status.h"

namespace campaign::ctl {
namespace {

constexpr double kRidge = 1;
constexpr int64_t kLeastCustomers = 200;

struct TermSpec {
  const char* feature;
  double cap, missing;
};

// What is known of most shops' customers, and where each stops to matter.
constexpr TermSpec kTerms[] = {
    {"days_since_last_purchase", 365, 365},
    {"days_since_last_activity", 120, 120},
    {"activity_change", 1, 0},
    {"activity_30d", 30, 0},
    {"orders_90d", 3, 0},
    {"orders_365d", 12, 0},
    {"tickets_90d", 5, 0},
    {"messages_ignored_30d", 5, 0},
    {"complaints_365d", 2, 0},
    {"last_announcement_ignored", 1, 0},
};

int64_t CountUntil(const CustomerPurchases& customer, absl::Time until) {
  return std::count_if(customer.purchases.begin(), customer.purchases.end(),
                       [&](const auto& purchase) { return purchase.time <= until; });
}

// The histories of those who had bought by `as_of`.
std::vector<models::PurchaseHistory> HistoriesOf(const ShopPurchases& shop, absl::Time as_of, double unit_days) {
  const absl::Duration unit = unit_days * absl::Hours(24);
  std::vector<models::PurchaseHistory> histories;
  for (const CustomerPurchases& customer : shop.customers) {
    const int64_t count = CountUntil(customer, as_of);
    if (count == 0) continue;
    const absl::Time first = customer.purchases[0].time;
    const absl::Time last = customer.purchases[count - 1].time;
    histories.push_back({static_cast<int32_t>(count - 1), absl::FDivDuration(last - first, unit),
                         absl::FDivDuration(as_of - first, unit)});
  }
  return histories;
}

// The currency that most buyers pay in.
std::string MainCurrency(const ShopPurchases& shop) {
  absl::btree_map<std::string, int64_t> counts;
  for (const CustomerPurchases& customer : shop.customers) ++counts[customer.currency_code];
  const auto main =
      std::max_element(counts.begin(), counts.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  return main == counts.end() ? "" : main->first;
}

// What those who pay in `currency` spent by `as_of`, major units. Who paid nothing says nothing of amounts.
std::vector<models::SpendHistory> SpendOf(const ShopPurchases& shop, absl::Time as_of, const std::string& currency) {
  std::vector<models::SpendHistory> histories;
  for (const CustomerPurchases& customer : shop.customers) {
    if (customer.currency_code != currency) continue;
    const int64_t count = CountUntil(customer, as_of);
    int64_t sum = 0;
    for (int64_t i = 0; i < count; ++i) sum += customer.purchases[i].amount_minor;
    if (sum <= 0) continue;
    histories.push_back({static_cast<int32_t>(count), rules::MajorUnits(sum, currency) / static_cast<double>(count)});
  }
  return histories;
}

void FitSpend(const ShopPurchases& shop, absl::Time as_of, BgNbdTraining& training) {
  const std::string currency = MainCurrency(shop);
  const auto fit = models::FitGammaGamma(SpendOf(shop, as_of, currency));
  if (!fit.ok()) {
    training.no_spend = std::string(fit.status().message());
    return;
  }
  v1::GammaGammaConfig& spend = *training.config.mutable_bg_nbd()->mutable_spend();
  spend.set_p(fit->parameters.p);
  spend.set_q(fit->parameters.q);
  spend.set_v(fit->parameters.v);
  spend.set_currency_code(currency);
  training.spend_customers = fit->customers;
  training.spend_log_likelihood = fit->log_likelihood;
}

absl::optional<BgNbdTraining::Check> CheckModel(const ShopPurchases& shop, absl::Time as_of, double unit_days,
                                                absl::Duration held_out) {
  const absl::Time until = as_of - held_out;
  const std::vector<models::PurchaseHistory> histories = HistoriesOf(shop, until, unit_days);
  const auto fit = models::FitBgNbd(histories);
  if (!fit.ok()) return absl::nullopt;
  BgNbdTraining::Check check;
  const double horizon = absl::FDivDuration(held_out, unit_days * absl::Hours(24));
  for (const models::PurchaseHistory& history : histories) {
    check.expected += models::ExpectedPurchases(fit->parameters, history, horizon);
  }
  for (const CustomerPurchases& customer : shop.customers) {
    const int64_t before = CountUntil(customer, until);
    if (before > 0) check.actual += CountUntil(customer, as_of) - before;
  }
  return check;
}

// Six digits that count: more than the data knows.
std::string Digits(double number) { return absl::StrCat(number); }

std::string BgNbdYaml(const v1::BgNbdConfig& config) {
  std::string text =
      absl::StrCat("    bg_nbd:\n      r: ", Digits(config.r()), "\n      alpha: ", Digits(config.alpha()),
                   "\n      a: ", Digits(config.a()), "\n      b: ", Digits(config.b()),
                   "\n      unit_days: ", Digits(config.unit_days()), "\n");
  if (!config.has_spend()) return text;
  const v1::GammaGammaConfig& spend = config.spend();
  absl::StrAppend(&text, "      spend: {p: ", Digits(spend.p()), ", q: ", Digits(spend.q()),
                  ", v: ", Digits(spend.v()));
  if (!spend.currency_code().empty()) absl::StrAppend(&text, ", currency_code: ", spend.currency_code());
  return text + "}\n";
}

std::string LogisticYaml(const v1::ChurnConfig& config) {
  std::string text = absl::StrCat("    intercept: ", Digits(config.intercept()), "\n    terms:\n");
  for (const v1::ChurnTerm& term : config.terms()) {
    absl::StrAppend(&text, "      - {feature: ", term.feature(), ", weight: ", Digits(term.weight()),
                    ", cap: ", Digits(term.cap()), ", missing: ", Digits(term.missing()), "}\n");
  }
  absl::StrAppend(&text, "    calibration: {slope: ", Digits(config.calibration().slope()),
                  ", offset: ", Digits(config.calibration().offset()), "}\n");
  return text;
}

// The fifths `from` to `to` of the customers, cut by chance but always the same: their order may have a pattern.
std::vector<models::LabelledRow> Fifths(const std::vector<models::LabelledRow>& rows, uint32_t from, uint32_t to) {
  std::mt19937 random(1);
  std::vector<models::LabelledRow> some;
  for (const models::LabelledRow& row : rows) {
    const uint32_t fifth = random() % 5;
    if (from <= fifth && fifth <= to) some.push_back(row);
  }
  return some;
}

// The model's log-odds, and the outcomes, of some rows.
struct Foretold {
  Foretold(const models::LogisticParameters& model, const std::vector<models::LabelledRow>& rows) {
    for (const models::LabelledRow& row : rows) {
      log_odds.push_back(models::LogOdds(model, row.features));
      outcomes.push_back(row.outcome);
    }
  }

  std::vector<double> log_odds;
  std::vector<bool> outcomes;
};

void Measure(const models::PlattScaling& scaling, const Foretold& foretold, LogisticTrainer::Trained& trained) {
  std::vector<double> probabilities;
  for (const double log_odds : foretold.log_odds) probabilities.push_back(models::Calibrated(scaling, log_odds));
  trained.area_under_curve = models::AreaUnderCurve(probabilities, foretold.outcomes);
  trained.brier_score = models::BrierScore(probabilities, foretold.outcomes);
  const double share = static_cast<double>(trained.left) / static_cast<double>(trained.customers);
  trained.base_brier_score = models::BrierScore(std::vector<double>(probabilities.size(), share), foretold.outcomes);
}

}  // namespace

absl::StatusOr<BgNbdTraining> TrainBgNbd(const ShopPurchases& shop, absl::Time as_of, double unit_days,
                                         absl::Duration held_out) {
  ASSIGN_OR_RETURN(const models::BgNbdFit fit, models::FitBgNbd(HistoriesOf(shop, as_of, unit_days)));
  BgNbdTraining training{.customers = fit.customers, .repeaters = fit.repeaters, .log_likelihood = fit.log_likelihood};
  training.config.set_model(v1::CHURN_MODEL_BG_NBD);
  v1::BgNbdConfig& config = *training.config.mutable_bg_nbd();
  config.set_r(fit.parameters.r);
  config.set_alpha(fit.parameters.alpha);
  config.set_a(fit.parameters.a);
  config.set_b(fit.parameters.b);
  config.set_unit_days(unit_days);
  FitSpend(shop, as_of, training);
  if (held_out > absl::ZeroDuration()) training.check = CheckModel(shop, as_of, unit_days, held_out);
  return training;
}

LogisticTrainer::LogisticTrainer() {
  for (const TermSpec& spec : kTerms) {
    // The table's names are the vocabulary's; a test holds them to it.
    terms_.push_back({rules::Feature::Resolve(spec.feature, "").value(), spec.cap, spec.missing});
  }
}

void LogisticTrainer::Add(const v1::Profile& profile, bool left) {
  models::LabelledRow row;
  for (const Term& term : terms_) {
    const double value = term.feature.Number(rules::Subject{profile}).value_or(term.missing);
    row.features.push_back(std::clamp(value, -term.cap, term.cap) / term.cap);
  }
  row.outcome = left;
  rows_.push_back(std::move(row));
}

absl::StatusOr<LogisticTrainer::Trained> LogisticTrainer::Train() const {
  Trained trained{.customers = static_cast<int64_t>(rows_.size())};
  if (trained.customers < kLeastCustomers) {
    return absl::FailedPreconditionError(absl::StrCat("only ", trained.customers, " customers had bought by then; at ",
                                                      "least ", kLeastCustomers, " are needed"));
  }
  for (const models::LabelledRow& row : rows_) trained.left += row.outcome ? 1 : 0;
  ASSIGN_OR_RETURN(const models::LogisticParameters model, models::FitLogistic(Fifths(rows_, 0, 2), kRidge));
  const Foretold calibration(model, Fifths(rows_, 3, 3));
  ASSIGN_OR_RETURN(const models::PlattScaling scaling, models::FitPlatt(calibration.log_odds, calibration.outcomes));
  Measure(scaling, Foretold(model, Fifths(rows_, 4, 4)), trained);
  trained.config.set_model(v1::CHURN_MODEL_LOGISTIC);
  trained.config.set_intercept(model.intercept);
  for (size_t i = 0; i < terms_.size(); ++i) {
    v1::ChurnTerm& term = *trained.config.add_terms();
    term.set_feature(terms_[i].feature.name());
    term.set_weight(model.weights[i]);
    term.set_cap(terms_[i].cap);
    term.set_missing(terms_[i].missing);
  }
  trained.config.mutable_calibration()->set_slope(scaling.slope);
  trained.config.mutable_calibration()->set_offset(scaling.offset);
  return trained;
}

std::string ChurnYaml(const v1::ChurnConfig& config) {
  const bool bg_nbd = config.model() == v1::CHURN_MODEL_BG_NBD;
  return absl::StrCat("segmentation:\n  churn:\n    model: ", bg_nbd ? "bg_nbd\n" : "logistic\n",
                      bg_nbd ? BgNbdYaml(config.bg_nbd()) : LogisticYaml(config));
}

}  // namespace campaign::ctl
