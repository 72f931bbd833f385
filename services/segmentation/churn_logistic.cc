#include "services/segmentation/churn_logistic.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "common/rules/phrases.h"
#include "common/status.h"
#include "services/segmentation/names.h"

namespace campaign::segmentation {
namespace {

struct ShippedTerm {
  const char* feature;
  double weight, cap, missing;
};

// The shipped model, set by hand so that a steady customer is near 10 %, one who fades and ignores a feature update is
// above 60 %, and one who has been away for four months too. Weights are log-odds at the cap.
constexpr double kShippedIntercept = -1.8;
constexpr ShippedTerm kShippedTerms[] = {
    {"activity_change", -2.5, 1, 0},
    // Someone who was never active is judged like someone who was away for a month.
    {"days_since_last_activity", 2.5, 120, 30},
    {"last_announcement_ignored", 1.2, 1, 0},
    {"days_since_last_purchase", 0.8, 365, 180},
    {"orders_90d", -0.8, 3, 0},
    {"tickets_90d", 0.8, 5, 0},
    {"messages_ignored_30d", 0.6, 5, 0},
    {"complaints_365d", 0.5, 2, 0},
};

constexpr size_t kMaxReasons = 5;
// Log-odds; less than this moves the probability by at most one point in a hundred.
constexpr double kNegligible = 0.05;

// Features that segmentation itself is about to find.
bool IsOutcome(absl::string_view feature) {
  constexpr absl::string_view kOutcomes[] = {"churn_probability",  "segment_score",  "p_alive",
                                             "expected_purchases", "expected_order", "expected_lifetime_value"};
  return std::count(std::begin(kOutcomes), std::end(kOutcomes), feature) > 0;
}

v1::ChurnConfig ShippedModel() {
  v1::ChurnConfig config;
  config.set_intercept(kShippedIntercept);
  for (const ShippedTerm& shipped : kShippedTerms) {
    v1::ChurnTerm& term = *config.add_terms();
    term.set_feature(shipped.feature);
    term.set_weight(shipped.weight);
    term.set_cap(shipped.cap);
    term.set_missing(shipped.missing);
  }
  return config;
}

absl::Status CheckFinite(double value, const std::string& field_path) {
  return std::isfinite(value) ? absl::OkStatus() : InvalidField(field_path, value, "is not finite");
}

}  // namespace

absl::StatusOr<LogisticChurn> LogisticChurn::Compile(const v1::ChurnConfig& config, absl::string_view field_path) {
  if (config.terms().empty() && config.intercept() != 0) {
    return InvalidField(absl::StrCat(field_path, ".intercept"), config.intercept(), "needs terms beside it");
  }
  const v1::ChurnConfig model = config.terms().empty() ? ShippedModel() : config;
  RETURN_IF_ERROR(CheckFinite(model.intercept(), absl::StrCat(field_path, ".intercept")));
  LogisticChurn compiled;
  compiled.intercept_ = model.intercept();
  for (int i = 0; i < model.terms_size(); ++i) {
    ASSIGN_OR_RETURN(Term term, CompileTerm(model.terms(i), absl::StrCat(field_path, ".terms[", i, "]")));
    compiled.terms_.push_back(std::move(term));
  }
  RETURN_IF_ERROR(compiled.CompileCalibration(config, field_path));
  return compiled;
}

absl::StatusOr<LogisticChurn::Term> LogisticChurn::CompileTerm(const v1::ChurnTerm& term,
                                                               const std::string& field_path) {
  ASSIGN_OR_RETURN(rules::Feature feature, rules::Feature::Resolve(term.feature(), field_path + ".feature"));
  if (feature.type() != rules::Feature::Type::kNumber && feature.type() != rules::Feature::Type::kTruth) {
    return InvalidField(field_path + ".feature", term.feature(), "is neither a number nor a truth");
  }
  if (IsOutcome(term.feature())) {
    return InvalidField(field_path + ".feature", term.feature(), "is not known before segmentation");
  }
  RETURN_IF_ERROR(CheckFinite(term.weight(), field_path + ".weight"));
  RETURN_IF_ERROR(CheckFinite(term.missing(), field_path + ".missing"));
  RETURN_IF_ERROR(CheckFinite(term.cap(), field_path + ".cap"));
  if (term.cap() < 0) return InvalidField(field_path + ".cap", term.cap(), "is below 0");
  return Term{std::move(feature), term.weight(), term.cap() == 0 ? 1 : term.cap(), term.missing()};
}

absl::Status LogisticChurn::CompileCalibration(const v1::ChurnConfig& config, absl::string_view field_path) {
  if (!config.has_calibration()) return absl::OkStatus();
  const std::string path = absl::StrCat(field_path, ".calibration");
  const v1::ChurnCalibration& calibration = config.calibration();
  RETURN_IF_ERROR(CheckFinite(calibration.slope(), path + ".slope"));
  RETURN_IF_ERROR(CheckFinite(calibration.offset(), path + ".offset"));
  if (!(calibration.slope() > 0)) return InvalidField(path + ".slope", calibration.slope(), "is not above 0");
  for (Term& term : terms_) term.weight *= calibration.slope();
  intercept_ = calibration.slope() * intercept_ + calibration.offset();
  return absl::OkStatus();
}

double LogisticChurn::Contribution(const Term& term, const rules::Subject& subject) {
  const double value = term.feature.Number(subject).value_or(term.missing);
  return term.weight * std::clamp(value, -term.cap, term.cap) / term.cap;
}

void LogisticChurn::Score(const v1::Profile& profile, v1::SegmentResult& result) const {
  const rules::Subject subject{profile, &result};
  double log_odds = intercept_;
  for (const Term& term : terms_) log_odds += Contribution(term, subject);
  result.set_churn_probability(1 / (1 + std::exp(-log_odds)));
}

void LogisticChurn::AddReasons(const v1::Profile& profile, v1::SegmentResult& result) const {
  const rules::Subject subject{profile, &result};
  std::vector<std::pair<double, const Term*>> strongest;
  for (const Term& term : terms_) {
    const double contribution = Contribution(term, subject);
    if (std::abs(contribution) >= kNegligible) strongest.emplace_back(contribution, &term);
  }
  std::stable_sort(strongest.begin(), strongest.end(),
                   [](const auto& a, const auto& b) { return std::abs(a.first) > std::abs(b.first); });
  if (strongest.size() > kMaxReasons) strongest.resize(kMaxReasons);
  for (const auto& [contribution, term] : strongest) {
    v1::Reason& reason = *result.add_reasons();
    term->feature.Describe(subject, reason);
    AddFact("contribution", rules::NumberText(contribution), reason);
  }
}

}  // namespace campaign::segmentation
