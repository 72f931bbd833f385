#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "campaign/v1/segmentation.pb.h"
#include "common/rules/rule.h"

namespace campaign::rules {

// A feature as personas see it, the same where they are learnt and where they are assigned. A value type.
class PersonaDimension {
 public:
  // INVALID_ARGUMENT: no such feature, neither number nor truth, or found by segmentation itself; `missing` not finite.
  static absl::StatusOr<PersonaDimension> Resolve(const v1::PersonaFeature& feature, absl::string_view field_path);

  // The value before scaling: of the feature, its logarithm ln(1 + value) where asked for, or `missing`. Finite. Does
  // not allocate.
  double Value(const v1::Profile& profile) const;

  const Feature& feature() const { return feature_; }

 private:
  Feature feature_;
  bool logarithm_ = false;
  double missing_ = 0;
};

}  // namespace campaign::rules
