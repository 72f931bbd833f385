#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "campaign/v1/segmentation.pb.h"
#include "common/rules/rule.h"

namespace campaign::segmentation {

// The probability lies below the campaign's lowest band.
inline constexpr char kNoChurnBand[] = "NO_CHURN_BAND";

// Probability that the customer leaves: logistic regression over features of the rule vocabulary, and bands that name
// it. Immutable, so thread-safe.
class ChurnModel {
 public:
  // Without terms: the shipped model. Bands may stand in any order. INVALID_ARGUMENT: a feature that is no number or
  // truth, or comes of segmentation itself; a weight, missing or cap that is not finite; a negative cap; an intercept
  // without terms; two bands from the same probability.
  static absl::StatusOr<ChurnModel> Compile(const v1::ChurnConfig& config, absl::string_view field_path);

  // 0 to 1. Does not allocate.
  double Probability(const rules::Subject& subject) const;

  // The band of `result.churn_probability`, with the terms that weigh most as reasons, each with its contribution to
  // the log-odds as a fact. Below the lowest band: a hop, and false.
  bool Answer(const v1::Profile& profile, v1::SegmentResult& result) const;

 private:
  struct Term {
    rules::Feature feature;
    double weight;
    double cap;
    double missing;
  };

  static absl::StatusOr<Term> CompileTerm(const v1::ChurnTerm& term, const std::string& field_path);
  static double Contribution(const Term& term, const rules::Subject& subject);
  absl::Status CompileBands(const v1::ChurnConfig& config, absl::string_view field_path);
  void AddReasons(const rules::Subject& subject, v1::SegmentResult& result) const;

  double intercept_ = 0;
  std::vector<Term> terms_;
  std::vector<v1::ChurnBand> bands_;  // Highest first.
};

}  // namespace campaign::segmentation
