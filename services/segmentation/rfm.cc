#include "services/segmentation/rfm.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "common/rules/phrases.h"
#include "common/status.h"
#include "services/segmentation/names.h"

namespace campaign::segmentation {
namespace {

constexpr int kBounds = 4;
constexpr int kBestScore = 5;

using Bounds = google::protobuf::RepeatedField<double>;

absl::Status CheckBounds(const Bounds& bounds, const std::string& field_path) {
  if (bounds.size() != kBounds) return InvalidField(field_path, bounds.size(), "elements is not 4");
  for (int i = 0; i < bounds.size(); ++i) {
    const std::string path = absl::StrCat(field_path, "[", i, "]");
    if (!std::isfinite(bounds[i])) return InvalidField(path, bounds[i], "is not finite");
    if (i > 0 && bounds[i] < bounds[i - 1]) {
      return InvalidField(path, bounds[i], absl::StrCat("is below the bound before it, ", bounds[i - 1]));
    }
  }
  return absl::OkStatus();
}

int Quintile(double value, const Bounds& bounds) {
  return 1 + static_cast<int>(std::lower_bound(bounds.begin(), bounds.end(), value) - bounds.begin());
}

// "last bought 3 days ago: recency 5 of 5".
void AddScoreReason(const char* code, const rules::Feature& feature, const v1::Profile& profile,
                    absl::string_view score_name, int score, v1::SegmentResult& result) {
  v1::Reason& reason = *result.add_reasons();
  feature.Describe(rules::Subject{profile}, reason);
  reason.set_code(code);
  absl::StrAppend(reason.mutable_text(), ": ", score_name, " ", score, " of 5");
  AddFact("score", absl::StrCat(score), reason);
}

}  // namespace

absl::Status CheckCutoffs(const v1::RfmCutoffs& cutoffs, absl::string_view field_path) {
  if (!HasCutoffs(cutoffs)) return absl::OkStatus();
  RETURN_IF_ERROR(CheckBounds(cutoffs.recency_days(), absl::StrCat(field_path, ".recency_days")));
  RETURN_IF_ERROR(CheckBounds(cutoffs.frequency_orders(), absl::StrCat(field_path, ".frequency_orders")));
  return CheckBounds(cutoffs.monetary(), absl::StrCat(field_path, ".monetary"));
}

bool HasCutoffs(const v1::RfmCutoffs& cutoffs) {
  return !cutoffs.recency_days().empty() || !cutoffs.frequency_orders().empty() || !cutoffs.monetary().empty();
}

absl::optional<v1::RfmScore> ScoreRfm(const v1::Profile& profile, const v1::RfmCutoffs& cutoffs) {
  if (!profile.has_days_since_last_purchase() || !HasCutoffs(cutoffs)) return absl::nullopt;
  const double spend = rules::MajorUnits(profile.spend_total_minor(), profile.customer().currency_code());
  v1::RfmScore score;
  score.set_recency(kBestScore + 1 - Quintile(profile.days_since_last_purchase(), cutoffs.recency_days()));
  score.set_frequency(Quintile(profile.orders_total(), cutoffs.frequency_orders()));
  score.set_monetary(Quintile(spend, cutoffs.monetary()));
  return score;
}

absl::StatusOr<Rfm> Rfm::Compile(const v1::RfmConfig& config, absl::string_view field_path) {
  RETURN_IF_ERROR(CheckCutoffs(config.cutoffs(), absl::StrCat(field_path, ".cutoffs")));
  Rfm rfm;
  rfm.cutoffs_ = config.cutoffs();
  ASSIGN_OR_RETURN(rfm.table_, RfmTable::Compile(config, field_path));
  ASSIGN_OR_RETURN(rfm.recency_, rules::Feature::Resolve("days_since_last_purchase", field_path));
  ASSIGN_OR_RETURN(rfm.frequency_, rules::Feature::Resolve("orders_total", field_path));
  ASSIGN_OR_RETURN(rfm.monetary_, rules::Feature::Resolve("spend_total", field_path));
  return rfm;
}

const v1::RfmCutoffs& Rfm::Cutoffs(const v1::RfmCutoffs& overall) const {
  return HasCutoffs(cutoffs_) ? cutoffs_ : overall;
}

bool Rfm::Answer(const v1::Profile& profile, v1::SegmentResult& result) const {
  if (!result.has_rfm()) {
    const bool bought = profile.has_days_since_last_purchase();
    AddHop(v1::STRATEGY_RFM, bought ? kNoRfmCutoffs : kNoPurchases,
           bought ? "too few customers have bought to compare this one with" : "the customer has never bought", result);
    return false;
  }
  const v1::RfmScore& score = result.rfm();
  const RfmTable::Name& name = table_.Find(score);
  AddReasons(profile, result);
  const double sum = score.recency() + score.frequency() + score.monetary();
  SetAnswer(v1::STRATEGY_RFM, name.segment, name.label, (sum - 3) / 12, result);
  return true;
}

void Rfm::AddReasons(const v1::Profile& profile, v1::SegmentResult& result) const {
  struct Part {
    const char* code;
    const rules::Feature* feature;
    const char* name;
    int score;
  };
  const v1::RfmScore& score = result.rfm();
  std::array<Part, 3> parts = {{{kRfmRecency, &recency_, "recency", score.recency()},
                                {kRfmFrequency, &frequency_, "frequency", score.frequency()},
                                {kRfmMonetary, &monetary_, "monetary value", score.monetary()}}};
  // Furthest from the middle score first: that part says most about the customer.
  std::stable_sort(parts.begin(), parts.end(),
                   [](const Part& a, const Part& b) { return std::abs(a.score - 3) > std::abs(b.score - 3); });
  for (const Part& part : parts) {
    AddScoreReason(part.code, *part.feature, profile, part.name, part.score, result);
  }
}

}  // namespace campaign::segmentation
