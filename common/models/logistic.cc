#include "common/models/logistic.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace campaign::models {
namespace {

constexpr int kMaxIterations = 50;
constexpr double kTolerance = 1e-10;

double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

absl::Status Check(absl::Span<const LabelledRow> rows, double ridge) {
  if (!(ridge >= 0 && std::isfinite(ridge))) return InvalidField("ridge", ridge, "is not a number from 0 on");
  for (size_t i = 0; i < rows.size(); ++i) {
    const std::string path = absl::StrCat("rows[", i, "].features");
    if (rows[i].features.size() != rows[0].features.size()) {
      return InvalidField(path, rows[i].features.size(), absl::StrCat("are not ", rows[0].features.size()));
    }
    for (const double feature : rows[i].features) {
      if (!std::isfinite(feature)) return InvalidField(path, feature, "is not finite");
    }
  }
  return absl::OkStatus();
}

template <class Targets>
absl::Status CheckBothOutcomes(const Targets& outcomes) {
  const auto happened = std::count(outcomes.begin(), outcomes.end(), true);
  if (happened > 0 && happened < static_cast<int64_t>(outcomes.size())) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("the outcome is the same for all ", outcomes.size(), " rows"));
}

// The fit proper, to targets between 0 and 1. The first column of `design` is the intercept's.
absl::StatusOr<Eigen::VectorXd> Newton(const Eigen::MatrixXd& design, const Eigen::VectorXd& targets, double ridge) {
  Eigen::VectorXd penalty = Eigen::VectorXd::Constant(design.cols(), ridge);
  penalty(0) = 0;
  Eigen::VectorXd weights = Eigen::VectorXd::Zero(design.cols());
  for (int iteration = 0; iteration < kMaxIterations; ++iteration) {
    const Eigen::VectorXd odds = design * weights;
    const Eigen::VectorXd expected = odds.unaryExpr(&Sigmoid);
    const Eigen::VectorXd variance = expected.array() * (1 - expected.array());
    Eigen::MatrixXd hessian = design.transpose() * variance.asDiagonal() * design;
    hessian.diagonal() += penalty;
    const Eigen::VectorXd gradient =
        design.transpose() * (targets - expected) - Eigen::VectorXd(penalty.cwiseProduct(weights));
    const Eigen::VectorXd step = hessian.ldlt().solve(gradient);
    if (!step.allFinite()) break;
    weights += step;
    if (step.norm() <= kTolerance * (1 + weights.norm())) return weights;
  }
  return absl::FailedPreconditionError(
      "no best weights: a feature tells the outcome alone, or two features say the same; raise the ridge");
}

}  // namespace

absl::StatusOr<LogisticParameters> FitLogistic(absl::Span<const LabelledRow> rows, double ridge) {
  RETURN_IF_ERROR(Check(rows, ridge));
  std::vector<bool> outcomes;
  for (const LabelledRow& row : rows) outcomes.push_back(row.outcome);
  RETURN_IF_ERROR(CheckBothOutcomes(outcomes));
  const auto count = static_cast<Eigen::Index>(rows.size());
  const auto features = static_cast<Eigen::Index>(rows[0].features.size());
  Eigen::MatrixXd design(count, features + 1);
  Eigen::VectorXd targets(count);
  for (Eigen::Index i = 0; i < count; ++i) {
    design(i, 0) = 1;
    for (Eigen::Index j = 0; j < features; ++j) design(i, j + 1) = rows[i].features[j];
    targets(i) = rows[i].outcome ? 1 : 0;
  }
  ASSIGN_OR_RETURN(const Eigen::VectorXd weights, Newton(design, targets, ridge));
  return LogisticParameters{weights(0), std::vector<double>(weights.data() + 1, weights.data() + weights.size())};
}

double LogOdds(const LogisticParameters& parameters, absl::Span<const double> features) {
  double log_odds = parameters.intercept;
  for (size_t i = 0; i < parameters.weights.size(); ++i) log_odds += parameters.weights[i] * features[i];
  return log_odds;
}

absl::StatusOr<PlattScaling> FitPlatt(absl::Span<const double> log_odds, const std::vector<bool>& outcomes) {
  RETURN_IF_ERROR(CheckBothOutcomes(outcomes));
  const auto count = static_cast<Eigen::Index>(log_odds.size());
  const auto happened = static_cast<double>(std::count(outcomes.begin(), outcomes.end(), true));
  Eigen::MatrixXd design(count, 2);
  Eigen::VectorXd targets(count);
  for (Eigen::Index i = 0; i < count; ++i) {
    design(i, 0) = 1;
    design(i, 1) = log_odds[i];
    const double others = static_cast<double>(count) - happened;
    targets(i) = outcomes[i] ? (happened + 1) / (happened + 2) : 1 / (others + 2);
  }
  ASSIGN_OR_RETURN(const Eigen::VectorXd weights, Newton(design, targets, 0));
  if (!(weights(1) > 0)) {
    return absl::FailedPreconditionError("the model tells nothing: what it holds likelier comes true no more often");
  }
  return PlattScaling{weights(1), weights(0)};
}

double Calibrated(const PlattScaling& scaling, double log_odds) {
  return Sigmoid(scaling.slope * log_odds + scaling.offset);
}

}  // namespace campaign::models
