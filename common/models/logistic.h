#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace campaign::models {

// Logistic regression: probability = 1 / (1 + exp(-(intercept + sum of weight * feature))).
struct LogisticParameters {
  double intercept = 0;
  std::vector<double> weights;
};

// What was seen of one customer: features, all rows as many, and whether what the model foretells came true.
struct LabelledRow {
  std::vector<double> features;
  bool outcome = false;
};

// Weights of the least penalized deviance: iteratively reweighted least squares, which is Newton's method (Hastie,
// Tibshirani, Friedman: The Elements of Statistical Learning, 2009, section 4.4.1), with `ridge` times the sum of
// squared weights over two added, the intercept excepted (le Cessie, van Houwelingen 1992). Features should be of one
// scale. INVALID_ARGUMENT: rows of different length, a feature not finite, a ridge below 0. FAILED_PRECONDITION: only
// one outcome, or no convergence (separable data without ridge).
absl::StatusOr<LogisticParameters> FitLogistic(absl::Span<const LabelledRow> rows, double ridge);

double LogOdds(const LogisticParameters& parameters, absl::Span<const double> features);

// Maps a model's log-odds to a probability that is right on average: 1 / (1 + exp(-(slope * log-odds + offset))).
struct PlattScaling {
  double slope = 1;
  double offset = 0;
};

// Fits on rows that the model was not fitted to (Platt 1999: Probabilistic Outputs for Support Vector Machines, with
// its smoothed targets). FAILED_PRECONDITION: only one outcome, or a slope not above 0: higher log-odds then mean less.
absl::StatusOr<PlattScaling> FitPlatt(absl::Span<const double> log_odds, const std::vector<bool>& outcomes);

double Calibrated(const PlattScaling& scaling, double log_odds);

}  // namespace campaign::models
