#include "common/models/logistic.h"

#include <cmath>
#include <random>

#include "common/models/quality.h"
#include "common/testing/testing.h"

namespace campaign::models {
namespace {

using ::campaign::testing::StatusIs;

// Outcomes drawn from a logistic model of these parameters.
std::vector<LabelledRow> Draw(const LogisticParameters& truth, int count) {
  std::mt19937 random(7);
  std::uniform_real_distribution<double> share(-1, 1);
  std::vector<LabelledRow> rows;
  for (int i = 0; i < count; ++i) {
    LabelledRow row;
    for (size_t j = 0; j < truth.weights.size(); ++j) row.features.push_back(share(random));
    row.outcome = (share(random) + 1) / 2 < 1 / (1 + std::exp(-LogOdds(truth, row.features)));
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<bool> OutcomesOf(const std::vector<LabelledRow>& rows) {
  std::vector<bool> outcomes;
  for (const LabelledRow& row : rows) outcomes.push_back(row.outcome);
  return outcomes;
}

TEST(Logistic, FindsTheModelThatTheDataWasDrawnFrom) {
  const LogisticParameters truth{-0.8, {2.0, -1.2, 0.0}};
  ASSERT_OK_AND_ASSIGN(const LogisticParameters fit, FitLogistic(Draw(truth, 40'000), 1e-3));
  EXPECT_NEAR(fit.intercept, -0.8, 0.06);
  EXPECT_NEAR(fit.weights[0], 2.0, 0.08);
  EXPECT_NEAR(fit.weights[1], -1.2, 0.08);
  EXPECT_NEAR(fit.weights[2], 0.0, 0.08);
}

TEST(Logistic, AtTheMaximumWhatIsForetoldSumsUpToWhatHappened) {
  const std::vector<LabelledRow> rows = Draw({0.3, {1.0, 1.0}}, 500);
  ASSERT_OK_AND_ASSIGN(const LogisticParameters fit, FitLogistic(rows, 0));
  double residual = 0, against_first = 0;
  for (const LabelledRow& row : rows) {
    const double difference = (row.outcome ? 1 : 0) - 1 / (1 + std::exp(-LogOdds(fit, row.features)));
    residual += difference;
    against_first += difference * row.features[0];
  }
  EXPECT_NEAR(residual, 0, 1e-6);
  EXPECT_NEAR(against_first, 0, 1e-6);
}

TEST(Logistic, RidgeShrinksWeightsAndTamesSeparableData) {
  std::vector<LabelledRow> rows;
  for (int i = -10; i <= 10; ++i) rows.push_back({{i / 10.0}, i > 0});
  EXPECT_THAT(FitLogistic(rows, 0), StatusIs(absl::StatusCode::kFailedPrecondition, "raise the ridge"));
  ASSERT_OK_AND_ASSIGN(const LogisticParameters loose, FitLogistic(rows, 0.01));
  ASSERT_OK_AND_ASSIGN(const LogisticParameters tight, FitLogistic(rows, 1));
  EXPECT_GT(loose.weights[0], tight.weights[0]);
  EXPECT_GT(tight.weights[0], 0);
}

TEST(Logistic, RefusesWhatItCannotFit) {
  EXPECT_THAT(FitLogistic({{{1}, true}, {{2}, true}}, 1),
              StatusIs(absl::StatusCode::kFailedPrecondition, "the same for all 2 rows"));
  EXPECT_THAT(FitLogistic({{{1}, true}, {{2, 3}, false}}, 1),
              StatusIs(absl::StatusCode::kInvalidArgument, "rows[1].features: 2 are not 1"));
  EXPECT_THAT(FitLogistic({{{1}, true}, {{NAN}, false}}, 1),
              StatusIs(absl::StatusCode::kInvalidArgument, "rows[1].features: nan is not finite"));
  EXPECT_THAT(FitLogistic({{{1}, true}}, -1), StatusIs(absl::StatusCode::kInvalidArgument, "ridge: -1"));
}

TEST(Logistic, PlattScalingRepairsAnOverconfidentModelAndLowersItsBrierScore) {
  const LogisticParameters truth{-0.5, {1.5}};
  const std::vector<LabelledRow> rows = Draw(truth, 20'000);
  std::vector<double> overconfident, before, after;
  for (const LabelledRow& row : rows) overconfident.push_back(3 * LogOdds(truth, row.features) + 1);
  ASSERT_OK_AND_ASSIGN(const PlattScaling scaling, FitPlatt(overconfident, OutcomesOf(rows)));
  EXPECT_NEAR(scaling.slope, 1.0 / 3, 0.02);
  EXPECT_NEAR(scaling.offset, -1.0 / 3, 0.04);
  for (const double log_odds : overconfident) {
    before.push_back(Calibrated({}, log_odds));
    after.push_back(Calibrated(scaling, log_odds));
  }
  const std::vector<bool> outcomes = OutcomesOf(rows);
  EXPECT_LT(BrierScore(after, outcomes), BrierScore(before, outcomes) - 0.01);
  EXPECT_NEAR(AreaUnderCurve(after, outcomes), AreaUnderCurve(before, outcomes), 1e-9);
}

TEST(Logistic, PlattScalingRefusesAModelThatPointsTheWrongWay) {
  EXPECT_THAT(FitPlatt({-1, -0.5, 0.5, 1, -0.2, 0.2}, {true, true, false, false, false, true}),
              StatusIs(absl::StatusCode::kFailedPrecondition, "tells nothing"));
}

TEST(Quality, BrierScoreIsTheMeanSquaredDifference) {
  EXPECT_NEAR(BrierScore({0.9, 0.2, 0.5}, {true, false, true}), (0.01 + 0.04 + 0.25) / 3, 1e-12);
  EXPECT_EQ(BrierScore({}, {}), 0);
}

TEST(Quality, AreaUnderTheCurveCountsPairsWithTiesHalf) {
  EXPECT_EQ(AreaUnderCurve({0.1, 0.4, 0.35, 0.8}, {false, false, true, true}), 0.75);
  EXPECT_EQ(AreaUnderCurve({0.5, 0.5, 0.5}, {true, false, true}), 0.5);
  EXPECT_EQ(AreaUnderCurve({0.1, 0.9}, {true, true}), 0.5);
}

}  // namespace
}  // namespace campaign::models
