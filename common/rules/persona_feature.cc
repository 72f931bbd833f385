#include "common/rules/persona_feature.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace campaign::rules {
namespace {

// What segmentation itself finds: it is not known yet while personas are assigned, and not at all when they are learnt.
constexpr absl::string_view kOutcomes[] = {
    "churn_probability", "p_alive",     "expected_purchases", "expected_order", "expected_lifetime_value",
    "segment_score",     "rfm_recency", "rfm_frequency",      "rfm_monetary"};

}  // namespace

absl::StatusOr<PersonaDimension> PersonaDimension::Resolve(const v1::PersonaFeature& feature,
                                                           absl::string_view field_path) {
  const std::string path = absl::StrCat(field_path, ".feature");
  PersonaDimension dimension;
  ASSIGN_OR_RETURN(dimension.feature_, Feature::Resolve(feature.feature(), path));
  const Feature::Type type = dimension.feature_.type();
  if (type != Feature::Type::kNumber && type != Feature::Type::kTruth) {
    return InvalidField(path, feature.feature(), "is neither a number nor a truth");
  }
  if (std::find(std::begin(kOutcomes), std::end(kOutcomes), feature.feature()) != std::end(kOutcomes)) {
    return InvalidField(path, feature.feature(), "is not known before segmentation");
  }
  if (!std::isfinite(feature.missing())) {
    return InvalidField(absl::StrCat(field_path, ".missing"), feature.missing(), "is not finite");
  }
  dimension.logarithm_ = feature.logarithm();
  dimension.missing_ = feature.missing();
  return dimension;
}

double PersonaDimension::Value(const v1::Profile& profile) const {
  const absl::optional<double> value = feature_.Number(Subject{profile});
  if (!value) return missing_;
  return logarithm_ ? std::log1p(std::max(0.0, *value)) : *value;
}

}  // namespace campaign::rules
