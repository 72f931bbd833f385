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

struct StandardSegment {
  const char* segment;
  const char* label;
  int recency_min, recency_max, value_min, value_max;
};

// The first row that fits wins; together they cover all scores.
constexpr StandardSegment kStandardSegments[] = {
    {"champions", "Champions", 4, 5, 4, 5},
    {"need_attention", "Need attention", 3, 3, 2, 3},
    {"loyal_customers", "Loyal customers", 3, 5, 3, 5},
    {"potential_loyalists", "Potential loyalists", 4, 5, 2, 2},
    {"new_customers", "New customers", 5, 5, 1, 1},
    {"promising", "Promising", 4, 4, 1, 1},
    {"about_to_sleep", "About to sleep", 3, 3, 1, 1},
    {"cannot_lose_them", "Cannot lose them", 1, 1, 4, 5},
    {"at_risk", "At risk", 1, 2, 3, 5},
    {"hibernating", "Hibernating", 2, 2, 1, 2},
    {"lost", "Lost", 1, 1, 1, 2},
};

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

absl::Status CheckRange(int min, int max, const std::string& field_path) {
  if (min < 0 || min > kBestScore) return InvalidField(field_path + "_min", min, "is not between 0 and 5");
  if (max < 0 || max > kBestScore) return InvalidField(field_path + "_max", max, "is not between 0 and 5");
  if (max != 0 && max < min) return InvalidField(field_path + "_max", max, absl::StrCat("is below the minimum ", min));
  return absl::OkStatus();
}

std::vector<v1::RfmSegment> StandardSegments() {
  std::vector<v1::RfmSegment> segments;
  for (const StandardSegment& standard : kStandardSegments) {
    v1::RfmSegment& segment = segments.emplace_back();
    segment.set_segment(standard.segment);
    segment.set_label(standard.label);
    segment.set_recency_min(standard.recency_min);
    segment.set_recency_max(standard.recency_max);
    segment.set_value_min(standard.value_min);
    segment.set_value_max(standard.value_max);
  }
  return segments;
}

bool Within(int score, int min, int max) { return score >= min && (max == 0 || score <= max); }

bool Fits(const v1::RfmSegment& segment, const v1::RfmScore& score) {
  return Within(score.recency(), segment.recency_min(), segment.recency_max()) &&
         Within((score.frequency() + score.monetary()) / 2, segment.value_min(), segment.value_max());
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
  for (int i = 0; i < config.segments_size(); ++i) {
    const v1::RfmSegment& segment = config.segments(i);
    const std::string path = absl::StrCat(field_path, ".segments[", i, "]");
    RETURN_IF_ERROR(CheckRange(segment.recency_min(), segment.recency_max(), path + ".recency"));
    RETURN_IF_ERROR(CheckRange(segment.value_min(), segment.value_max(), path + ".value"));
  }
  Rfm rfm;
  rfm.cutoffs_ = config.cutoffs();
  rfm.segments_ = config.segments().empty()
                      ? StandardSegments()
                      : std::vector<v1::RfmSegment>(config.segments().begin(), config.segments().end());
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
  auto segment = std::find_if(segments_.begin(), segments_.end(), [&](const auto& row) { return Fits(row, score); });
  if (segment == segments_.end()) {
    AddHop(v1::STRATEGY_RFM, kNoRfmSegment, "no RFM segment of the campaign fits the customer's scores", result);
    return false;
  }
  AddReasons(profile, result);
  const double sum = score.recency() + score.frequency() + score.monetary();
  SetAnswer(v1::STRATEGY_RFM, segment->segment(), segment->label(), (sum - 3) / 12, result);
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
