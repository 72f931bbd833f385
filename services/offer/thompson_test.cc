#include "services/offer/thompson.h"

#include <cmath>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "common/testing/testing.h"

namespace campaign::offer {
namespace {

using campaign::testing::ParseProto;
using Responses = google::protobuf::RepeatedPtrField<v1::VariantResponses>;

// Miller's closed form of the probability that B's rate is above A's; whole numbers only.
double ClosedForm(int alpha_a, int beta_a, int alpha_b, int beta_b) {
  const auto log_beta = [](double a, double b) { return std::lgamma(a) + std::lgamma(b) - std::lgamma(a + b); };
  double sum = 0;
  for (int i = 0; i < alpha_b; ++i) {
    sum += std::exp(log_beta(alpha_a + i, beta_a + beta_b) - std::log(beta_b + i) - log_beta(1 + i, beta_b) -
                    log_beta(alpha_a, beta_a));
  }
  return sum;
}

v1::Experiment TwoArms(const std::string& sampling) {
  return ParseProto<v1::Experiment>(
      absl::StrCat("experiment_id: 'x' variants { variant_id: 'a' } variants "
                   "{ variant_id: 'b' } thompson_sampling { ",
                   sampling, " }"));
}

Responses ResponsesOf(int64_t exposures_a, int64_t successes_a, int64_t exposures_b, int64_t successes_b) {
  Responses responses;
  const auto add = [&](const char* variant, int64_t exposures, int64_t successes) {
    v1::VariantResponses& one = *responses.Add();
    one.set_experiment_id("x");
    one.set_variant_id(variant);
    one.set_exposure_count(exposures);
    one.set_success_count(successes);
  };
  add("a", exposures_a, successes_a);
  add("b", exposures_b, successes_b);
  return responses;
}

TEST(ProbabilitiesOfBeingBest, AreMillersClosedFormForTwoArms) {
  const int cases[][4] = {{1, 1, 1, 1},      {1, 1, 2, 1},       {21, 81, 31, 71},         {121, 881, 146, 856},
                          {1, 1001, 3, 999}, {2, 2, 5001, 4001}, {901, 99101, 1001, 99001}};
  for (const auto& c : cases) {
    const std::vector<double> best =
        ProbabilitiesOfBeingBest({{double(c[0]), double(c[1])}, {double(c[2]), double(c[3])}});
    EXPECT_NEAR(best[1], ClosedForm(c[0], c[1], c[2], c[3]), 0.001)
        << c[0] << " " << c[1] << " " << c[2] << " " << c[3];
  }
}

TEST(ProbabilitiesOfBeingBest, OfUniformAgainstBeta21IsTwoThirds) {
  EXPECT_NEAR(ProbabilitiesOfBeingBest({{1, 1}, {2, 1}})[1], 2.0 / 3, 1e-4);
}

TEST(ProbabilitiesOfBeingBest, OfEqualArmsAreEqual) {
  const std::vector<double> best = ProbabilitiesOfBeingBest({{3, 50}, {3, 50}, {3, 50}, {3, 50}, {3, 50}});
  for (const double probability : best) EXPECT_NEAR(probability, 0.2, 1e-9);
}

// 2U > V, 1U > V / 2 and U - 0.5 > V for U and V uniform: areas of the unit square.
TEST(ProbabilitiesOfBeingBest, WeighWhatAResponseIsWorthAndCosts) {
  EXPECT_NEAR(ProbabilitiesOfBeingBest({{1, 1, 2, 0}, {1, 1, 1, 0}})[0], 0.75, 1e-4);
  EXPECT_NEAR(ProbabilitiesOfBeingBest({{1, 1, 1, 0}, {1, 1, 0.5, 0}})[0], 0.75, 1e-4);
  EXPECT_NEAR(ProbabilitiesOfBeingBest({{1, 1, 1, 0.5}, {1, 1, 1, 0}})[0], 0.125, 1e-4);
}

// X > a Y for X of Beta(2, 1) and Y uniform: 1 - a^2 / 3 for a of at most 1.
TEST(ProbabilitiesOfBeingBest, WeighWorthWithUnequalRates) {
  EXPECT_NEAR(ProbabilitiesOfBeingBest({{2, 1, 1, 0}, {1, 1, 0.5, 0}})[0], 1 - 0.25 / 3, 1e-4);
}

TEST(ProbabilitiesOfBeingBest, OfArmsThatNeverMeetAreZeroAndOne) {
  const std::vector<double> best = ProbabilitiesOfBeingBest({{1, 1, 100, 0}, {1, 1, 100, 1000}});
  EXPECT_NEAR(best[0], 1, 1e-9);
  EXPECT_NEAR(best[1], 0, 1e-9);
}

TEST(ProbabilitiesOfBeingBest, StayFiniteWithMillionsOfResponses) {
  const std::vector<double> best = ProbabilitiesOfBeingBest({{5e6, 1e8}, {5.01e6, 1e8}, {1, 1e8}, {1, 1}});
  EXPECT_NEAR(std::accumulate(best.begin(), best.end(), 0.0), 1, 1e-9);
  // Nobody has seen the fourth: it is better than 5 % with probability 0.95.
  EXPECT_NEAR(best[3], 0.952, 0.003);
  EXPECT_LT(best[0] + best[2], 0.001);
}

TEST(VariantProbabilities, KeepTheExplorationFloor) {
  const std::vector<double> probabilities =
      VariantProbabilities(TwoArms("exploration_floor_bps: 1000"), ResponsesOf(1000, 10, 1000, 200));
  EXPECT_NEAR(probabilities[0], 0.1, 1e-6);
  EXPECT_NEAR(probabilities[1], 0.9, 1e-6);
}

TEST(VariantProbabilities, AreEvenBeforeTheFirstResponse) {
  EXPECT_NEAR(VariantProbabilities(TwoArms(""), {})[0], 0.5, 1e-9);
}

TEST(VariantProbabilities, AStrongPriorOutweighsFewResponses) {
  const Responses few = ResponsesOf(10, 0, 10, 3);
  const double weak = VariantProbabilities(TwoArms("exploration_floor_bps: 0"), few)[1];
  const double strong =
      VariantProbabilities(TwoArms("exploration_floor_bps: 0 prior_successes: 500 prior_failures: 9500"), few)[1];
  EXPECT_GT(weak, 0.95);
  EXPECT_NEAR(strong, 0.5, 0.06);
}

TEST(VariantProbabilities, MoreSuccessesThanExposuresAreNoError) {
  const std::vector<double> probabilities = VariantProbabilities(TwoArms(""), ResponsesOf(1, 5, 0, 0));
  EXPECT_GT(probabilities[0], probabilities[1]);
}

TEST(UniformOf, IsTheSameForTheSameNamesAndTellsThemApart) {
  EXPECT_EQ(UniformOf("v1", "x", "run-1"), UniformOf("v1", "x", "run-1"));
  EXPECT_NE(UniformOf("v1", "x", "run-1"), UniformOf("v2", "x", "run-1"));
  EXPECT_NE(UniformOf("v1", "x", "run-1"), UniformOf("v1", "y", "run-1"));
  EXPECT_NE(UniformOf("v1", "x", "run-1"), UniformOf("v1", "xr", "un-1"));
}

TEST(Draw, FollowsTheProbabilitiesByChiSquare) {
  const std::vector<double> probabilities = {0.05, 0.15, 0.3, 0.5};
  constexpr int kRuns = 100'000;
  std::vector<int> counts(probabilities.size());
  for (int i = 0; i < kRuns; ++i) ++counts[Draw(probabilities, UniformOf("version", "x", absl::StrCat("run-", i)))];
  double chi_square = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    const double expected = kRuns * probabilities[i];
    chi_square += (counts[i] - expected) * (counts[i] - expected) / expected;
  }
  // 0.999 quantile of chi-square with 3 degrees of freedom.
  EXPECT_LT(chi_square, 16.27);
}

// Runs the bandit in rounds against known rates; what it logs is enough to value policies that it did not follow.
TEST(Draw, LearnsTheBestVariantAndItsLogValuesOtherPolicies) {
  const double rates[] = {0.05, 0.10};
  const v1::Experiment experiment = TwoArms("exploration_floor_bps: 1000");
  int64_t exposures[2] = {}, successes[2] = {};
  double always_a = 0;
  double even = 0;
  constexpr int kRounds = 40;
  constexpr int kRunsOfRound = 500;
  std::vector<double> probabilities;
  for (int round = 0; round < kRounds; ++round) {
    probabilities =
        VariantProbabilities(experiment, ResponsesOf(exposures[0], successes[0], exposures[1], successes[1]));
    for (int i = 0; i < kRunsOfRound; ++i) {
      const std::string run = absl::StrCat("run-", round, "-", i);
      const size_t arm = Draw(probabilities, UniformOf("version", "x", run));
      const bool success = UniformOf("customer", "responds", run) < rates[arm];
      ++exposures[arm];
      successes[arm] += success;
      if (!success) continue;
      if (arm == 0) always_a += 1 / probabilities[arm];
      even += 0.5 / probabilities[arm];
    }
  }
  EXPECT_GT(probabilities[1], 0.89);
  EXPECT_GT(exposures[1], 0.75 * kRounds * kRunsOfRound);
  // Inverse probability weighting (Horvitz & Thompson): within three of its standard errors.
  EXPECT_NEAR(always_a / (kRounds * kRunsOfRound), 0.05, 0.015);
  EXPECT_NEAR(even / (kRounds * kRunsOfRound), 0.075, 0.008);
}

}  // namespace
}  // namespace campaign::offer
