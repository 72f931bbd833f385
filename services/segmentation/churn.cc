#include "services/segmentation/churn.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/rules/phrases.h"
#include "common/status.h"
#include "services/segmentation/churn_bg_nbd.h"
#include "services/segmentation/churn_logistic.h"
#include "services/segmentation/names.h"

namespace campaign::segmentation {
namespace {

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

// The model that the campaign chose. Both are compiled, so that a mistake in the other does not wait for the switch.
absl::StatusOr<std::unique_ptr<const ChurnModel>> CompileModel(const v1::ChurnConfig& config,
                                                               absl::string_view field_path) {
  std::unique_ptr<const ChurnModel> bg_nbd;
  if (config.has_bg_nbd()) {
    ASSIGN_OR_RETURN(BgNbdChurn compiled, BgNbdChurn::Compile(config.bg_nbd(), absl::StrCat(field_path, ".bg_nbd")));
    bg_nbd = std::make_unique<BgNbdChurn>(compiled);
  }
  ASSIGN_OR_RETURN(LogisticChurn logistic, LogisticChurn::Compile(config, field_path));
  switch (config.model()) {
    case v1::CHURN_MODEL_UNSPECIFIED:
    case v1::CHURN_MODEL_LOGISTIC:
      return std::make_unique<LogisticChurn>(std::move(logistic));
    case v1::CHURN_MODEL_BG_NBD:
      if (bg_nbd == nullptr) {
        return InvalidField(absl::StrCat(field_path, ".model"), "bg_nbd", "needs parameters in bg_nbd beside it");
      }
      return bg_nbd;
    default:
      return InvalidField(absl::StrCat(field_path, ".model"), static_cast<int>(config.model()), "is not a model");
  }
}

}  // namespace

absl::StatusOr<Churn> Churn::Compile(const v1::ChurnConfig& config, absl::string_view field_path) {
  Churn churn;
  ASSIGN_OR_RETURN(churn.model_, CompileModel(config, field_path));
  RETURN_IF_ERROR(churn.CompileBands(config, field_path));
  return churn;
}

absl::Status Churn::CompileBands(const v1::ChurnConfig& config, absl::string_view field_path) {
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

bool Churn::Answer(const v1::Profile& profile, v1::SegmentResult& result) const {
  if (!result.has_churn_probability()) {
    model_->AddHop(result);
    return false;
  }
  const double probability = result.churn_probability();
  auto band = std::find_if(bands_.begin(), bands_.end(),
                           [&](const auto& candidate) { return probability >= candidate.min_probability(); });
  if (band == bands_.end()) {
    AddHop(v1::STRATEGY_CHURN, kNoChurnBand,
           absl::StrCat(rules::PercentPhrase(probability), " probability of leaving is below every band"), result);
    return false;
  }
  model_->AddReasons(profile, result);
  SetAnswer(v1::STRATEGY_CHURN, band->segment(), band->label(), probability, result);
  return true;
}

}  // namespace campaign::segmentation
