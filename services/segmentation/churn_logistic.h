#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/rules/rule.h"
#include "services/segmentation/churn_model.h"

namespace campaign::segmentation {

// Logistic regression over features of the rule vocabulary, calibrated by Platt scaling (Platt 1999) where the campaign
// says how.
class LogisticChurn : public ChurnModel {
 public:
  // Without terms: the shipped model. INVALID_ARGUMENT: a feature that is no number or truth, or comes of segmentation
  // itself; a weight, missing or cap that is not finite; a negative cap; an intercept without terms; a calibration
  // whose slope is not above 0.
  static absl::StatusOr<LogisticChurn> Compile(const v1::ChurnConfig& config, absl::string_view field_path);

  void Score(const v1::Profile& profile, v1::SegmentResult& result) const override;

  // The terms that weigh most, each with its contribution to the (calibrated) log-odds as a fact.
  void AddReasons(const v1::Profile& profile, v1::SegmentResult& result) const override;

  // Never called: features without a value count as what the term says.
  void AddHop(v1::SegmentResult&) const override {}

 private:
  struct Term {
    rules::Feature feature;
    double weight;
    double cap;
    double missing;
  };

  static absl::StatusOr<Term> CompileTerm(const v1::ChurnTerm& term, const std::string& field_path);
  absl::Status CompileCalibration(const v1::ChurnConfig& config, absl::string_view field_path);
  static double Contribution(const Term& term, const rules::Subject& subject);

  // Calibration is multiplied in.
  double intercept_ = 0;
  std::vector<Term> terms_;
};

}  // namespace campaign::segmentation
