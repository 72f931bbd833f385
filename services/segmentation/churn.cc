#include "services/segmentation/churn.h"

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

struct ShippedBand {
  double min_probability;
  const char* segment;
  const char* label;
};

constexpr ShippedBand kShippedBands[] = {
    {0.6, "high_churn_risk", "High churn risk"},
    {0.3, "medium_churn_risk", "Medium churn risk"},
    {0, "low_churn_risk", "Low churn risk"},
};

constexpr size_t kMaxReasons = 5;
// Log-odds; less than this moves the probability by at most one point in a hundred.
constexpr double kNegligible = 0.05;

// Features that segmentation itself is about to find.
bool IsOutcome(absl::string_view feature) { return feature == "churn_probability" || feature == "segment_score"; }

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

std::vector<v1::ChurnBand> ShippedBands() {
  std::vector<v1::ChurnBand> bands;
  for (const ShippedBand& shipped : kShippedBands) {
    v1::ChurnBand& band = bands.emplace_back();
    band.set_min_probability(shipped.min_probability);
    band.set_segment(shipped.segment);
    band.set_label(shipped.label);
  }
  return bands;
}

absl::Status CheckFinite(double value, const std::string& field_path) {
  return std::isfinite(value) ? absl::OkStatus() : InvalidField(field_path, value, "is not finite");
}

}  // namespace

absl::StatusOr<ChurnModel> ChurnModel::Compile(const v1::ChurnConfig& config, absl::string_view field_path) {
  if (config.terms().empty() && config.intercept() != 0) {
    return InvalidField(absl::StrCat(field_path, ".intercept"), config.intercept(), "needs terms beside it");
  }
  const v1::ChurnConfig model = config.terms().empty() ? ShippedModel() : config;
  RETURN_IF_ERROR(CheckFinite(model.intercept(), absl::StrCat(field_path, ".intercept")));
  ChurnModel compiled;
  compiled.intercept_ = model.intercept();
  for (int i = 0; i < model.terms_size(); ++i) {
    ASSIGN_OR_RETURN(Term term, CompileTerm(model.terms(i), absl::StrCat(field_path, ".terms[", i, "]")));
    compiled.terms_.push_back(std::move(term));
  }
  RETURN_IF_ERROR(compiled.CompileBands(config, field_path));
  return compiled;
}

absl::StatusOr<ChurnModel::Term> ChurnModel::CompileTerm(const v1::ChurnTerm& term, const std::string& field_path) {
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

absl::Status ChurnModel::CompileBands(const v1::ChurnConfig& config, absl::string_view field_path) {
  bands_ = config.bands().empty() ? ShippedBands()
                                  : std::vector<v1::ChurnBand>(config.bands().begin(), config.bands().end());
  for (size_t i = 0; i < bands_.size(); ++i) {
    const double probability = bands_[i].min_probability();
    const std::string path = absl::StrCat(field_path, ".bands[", i, "].min_probability");
    if (!(probability >= 0 && probability <= 1)) return InvalidField(path, probability, "is not between 0 and 1");
    for (size_t j = 0; j < i; ++j) {
      if (bands_[j].min_probability() == probability) {
        return InvalidField(path, probability, absl::StrCat("is where band ", j, " starts already"));
      }
    }
  }
  std::sort(bands_.begin(), bands_.end(),
            [](const auto& a, const auto& b) { return a.min_probability() > b.min_probability(); });
  return absl::OkStatus();
}

double ChurnModel::Contribution(const Term& term, const rules::Subject& subject) {
  const double value = term.feature.Number(subject).value_or(term.missing);
  return term.weight * std::clamp(value, -term.cap, term.cap) / term.cap;
}

double ChurnModel::Probability(const rules::Subject& subject) const {
  double log_odds = intercept_;
  for (const Term& term : terms_) log_odds += Contribution(term, subject);
  return 1 / (1 + std::exp(-log_odds));
}

bool ChurnModel::Answer(const v1::Profile& profile, v1::SegmentResult& result) const {
  const double probability = result.churn_probability();
  auto band = std::find_if(bands_.begin(), bands_.end(),
                           [&](const auto& candidate) { return probability >= candidate.min_probability(); });
  if (band == bands_.end()) {
    AddHop(v1::STRATEGY_CHURN, kNoChurnBand,
           absl::StrCat(rules::PercentPhrase(probability), " probability of leaving is below every band"), result);
    return false;
  }
  AddReasons(rules::Subject{profile, &result}, result);
  SetAnswer(v1::STRATEGY_CHURN, band->segment(), band->label(), probability, result);
  return true;
}

void ChurnModel::AddReasons(const rules::Subject& subject, v1::SegmentResult& result) const {
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
