#include "common/models/bg_nbd.h"

#include <cmath>
#include <numeric>
#include <random>

#include "common/models/bg_nbd_fit.h"
#include "common/models/cdnow_testing.h"
#include "common/testing/testing.h"

namespace campaign::models {
namespace {

using ::campaign::testing::StatusIs;

// Fader, Hardie, Lee 2005: CDNOW, in weeks.
constexpr BgNbdParameters kPublished{0.243, 4.414, 0.793, 2.426};
constexpr absl::CivilDay kCalibrationEnd(1997, 9, 30);
constexpr double kHoldoutWeeks = 39;

double Correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const auto count = static_cast<double>(a.size());
  const double mean_a = std::accumulate(a.begin(), a.end(), 0.0) / count;
  const double mean_b = std::accumulate(b.begin(), b.end(), 0.0) / count;
  double aa = 0, bb = 0, ab = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    aa += (a[i] - mean_a) * (a[i] - mean_a);
    bb += (b[i] - mean_b) * (b[i] - mean_b);
    ab += (a[i] - mean_a) * (b[i] - mean_b);
  }
  return ab / std::sqrt(aa * bb);
}

TEST(BgNbd, FindsThePublishedParametersOfCdnowToThreeDecimals) {
  SKIP_WITHOUT_CDNOW();
  ASSERT_OK_AND_ASSIGN(const BgNbdFit fit, FitBgNbd(CdnowHistories()));
  EXPECT_NEAR(fit.parameters.r, 0.243, 5e-4);
  EXPECT_NEAR(fit.parameters.alpha, 4.414, 5e-4);
  EXPECT_NEAR(fit.parameters.a, 0.793, 5e-4);
  EXPECT_NEAR(fit.parameters.b, 2.426, 5e-4);
  EXPECT_NEAR(fit.log_likelihood, -9582.4, 0.05);
  EXPECT_EQ(fit.customers, 2357);
  EXPECT_EQ(fit.repeaters, 946);
}

TEST(BgNbd, FindsTheSameInDaysAsInWeeks) {
  SKIP_WITHOUT_CDNOW();
  std::vector<PurchaseHistory> days = CdnowHistories();
  for (PurchaseHistory& history : days) {
    history.recency *= 7;
    history.age *= 7;
  }
  ASSERT_OK_AND_ASSIGN(const BgNbdFit fit, FitBgNbd(days));
  EXPECT_NEAR(fit.parameters.r, 0.243, 5e-4);
  EXPECT_NEAR(fit.parameters.alpha, 7 * 4.414, 7 * 5e-4);
  EXPECT_NEAR(fit.parameters.a, 0.793, 5e-4);
}

TEST(BgNbd, ExpectsThePublished1226PurchasesInTheNext39Weeks) {
  EXPECT_NEAR(ExpectedPurchases(kPublished, {2, 30.43, 38.86}, 39), 1.226, 5e-4);
}

// Section 4 of the paper: at the end of week 78 the cumulative forecast is 4 % below what was bought.
TEST(BgNbd, FallsThePublished4PercentShortOfCdnowsPurchasesUntilWeek78) {
  SKIP_WITHOUT_CDNOW();
  double expected = 0;
  for (const PurchaseHistory& history : CdnowHistories()) {
    expected += ExpectedPurchases(kPublished, {}, history.age + kHoldoutWeeks);
  }
  int64_t actual = 0;
  for (const auto& [id, days] : CdnowCustomers()) actual += static_cast<int64_t>(days.size()) - 1;
  EXPECT_NEAR(expected / static_cast<double>(actual), 0.96, 0.01) << expected << " expected, " << actual << " bought";
}

// Section 4 of the paper: what single customers are expected to buy, given what they bought, correlates by 0.626 with
// what they did.
TEST(BgNbd, CorrelatesByThePublished0626WithWhatEachCdnowCustomerThenBought) {
  SKIP_WITHOUT_CDNOW();
  const std::vector<PurchaseHistory> histories = CdnowHistories();
  std::vector<double> expected, actual;
  for (const auto& [id, days] : CdnowCustomers()) {
    expected.push_back(ExpectedPurchases(kPublished, histories.at(id - 1), kHoldoutWeeks));
    actual.push_back(static_cast<double>(std::distance(days.upper_bound(kCalibrationEnd), days.end())));
  }
  ASSERT_EQ(expected.size(), histories.size());
  EXPECT_NEAR(Correlation(expected, actual), 0.626, 0.001);
}

TEST(BgNbd, WhoeverHasNotOrderedAgainIsAliveByDefinition) {
  EXPECT_EQ(ProbabilityAlive(kPublished, {0, 0, 1}), 1);
  EXPECT_EQ(ProbabilityAlive(kPublished, {0, 0, 500}), 1);
}

TEST(BgNbd, SilenceTellsMoreTheOftenerSomeoneBoughtBefore) {
  const double rare = ProbabilityAlive(kPublished, {2, 20, 38});
  const double regular = ProbabilityAlive(kPublished, {20, 20, 38});
  EXPECT_LT(regular, 0.05);
  EXPECT_GT(rare, 0.5);
  EXPECT_NEAR(ProbabilityAlive(kPublished, {20, 38, 38}), 1 / (1 + 0.793 / (2.426 + 19)), 1e-12);
}

// Equation 10 as printed, with the hypergeometric's own series in long double.
double Equation10(const BgNbdParameters& p, const PurchaseHistory& h, double t) {
  const long double a1 = p.r + h.repeats, b1 = p.b + h.repeats, c = p.a + p.b + h.repeats - 1;
  const long double z = t / (p.alpha + h.age + t);
  long double term = 1, sum = 1;
  for (int n = 0; n < 200'000; ++n) {
    term *= (a1 + n) * (b1 + n) / ((c + n) * (n + 1)) * z;
    sum += term;
  }
  const long double alive_part = c / (p.a - 1) * (1 - std::pow(1 - z, a1) * sum);
  const long double left =
      h.repeats == 0 ? 0 : p.a / (p.b + h.repeats - 1) * std::pow((p.alpha + h.age) / (p.alpha + h.recency), a1);
  return static_cast<double>(alive_part / (1 + left));
}

TEST(BgNbd, TheTransformedExpectationIsEquation10) {
  const BgNbdParameters kParameters[] = {
      kPublished, {2.5, 30, 3.7, 0.4}, {0.1, 1, 0.2, 0.3}, {5, 0.5, 1.5, 8}, {0.5, 10, 0.999, 50}};
  const PurchaseHistory kHistories[] = {{0, 0, 0}, {0, 0, 38}, {1, 3, 38}, {7, 30.2, 31}, {60, 80, 100}};
  for (const BgNbdParameters& parameters : kParameters) {
    for (const PurchaseHistory& history : kHistories) {
      for (const double horizon : {0.1, 4.0, 52.0}) {
        const double expected = Equation10(parameters, history, horizon);
        EXPECT_NEAR(ExpectedPurchases(parameters, history, horizon), expected, 1e-9 * (1 + expected))
            << "r " << parameters.r << " a " << parameters.a << " x " << history.repeats << " t " << horizon;
      }
    }
  }
}

TEST(BgNbd, ExpectationIsSmoothWhereEquation10DividesByZero) {
  const PurchaseHistory once{0, 0, 20};
  for (const double a : {1.0, 0.7}) {  // a = 1, and a + b + x = 1.
    const double b = a == 1.0 ? 2 : 0.3;
    const double at = ExpectedPurchases({0.5, 5, a, b}, once, 30);
    const double beside = ExpectedPurchases({0.5, 5, a + 1e-7, b}, once, 30);
    EXPECT_TRUE(std::isfinite(at));
    EXPECT_NEAR(at, beside, 1e-6);
    EXPECT_GT(at, 0);
  }
}

TEST(BgNbd, ThousandsOfOrdersDoNotOverflow) {
  // A week without an order, after ten a week, is bad news.
  const double log_odds = std::log(0.793 / 5001.426) + 5000.243 * std::log(505.414 / 504.414);
  EXPECT_NEAR(ProbabilityAlive(kPublished, {5000, 500, 501}), 1 / (1 + std::exp(log_odds)), 1e-9);
  // Ten a week, and next to no chance of leaving after each.
  EXPECT_NEAR(ExpectedPurchases({0.243, 4.414, 0.1, 2.426}, {5000, 500, 500}, 1), 5000.243 / 504.414, 0.05);
  EXPECT_EQ(ProbabilityAlive(kPublished, {5000, 100, 500}), 0);
}

// With everybody as likely to leave as everybody else, a and b grow without end, but not what the model foretells.
TEST(BgNbd, FitsCustomersWhoLeaveAlikely) {
  std::mt19937 random(5);
  std::vector<PurchaseHistory> histories;
  for (int i = 0; i < 3000; ++i) {
    const double rate = std::gamma_distribution<double>(0.8, 0.14)(random);
    PurchaseHistory history{0, 0, 52};
    for (double time = std::exponential_distribution<double>(rate)(random); time < history.age;) {
      ++history.repeats;
      history.recency = time;
      if (std::uniform_real_distribution<double>()(random) < 0.15) break;
      time += std::exponential_distribution<double>(rate)(random);
    }
    histories.push_back(history);
  }
  ASSERT_OK_AND_ASSIGN(const BgNbdFit fit, FitBgNbd(histories));
  EXPECT_NEAR(fit.parameters.a / (fit.parameters.a + fit.parameters.b), 0.15, 0.02);
  EXPECT_NEAR(fit.parameters.r, 0.8, 0.1);
  EXPECT_GE(fit.log_likelihood, LogLikelihood({0.8, 1 / 0.14, 150, 850}, histories));
}

TEST(BgNbd, RefusesHistoriesThatCannotBe) {
  EXPECT_THAT(FitBgNbd({{1, 5, 4}}), StatusIs(absl::StatusCode::kInvalidArgument, "histories[0].recency: 5 is not"));
  EXPECT_THAT(FitBgNbd({{0, 0, 4}, {-1, 0, 4}}),
              StatusIs(absl::StatusCode::kInvalidArgument, "histories[1].repeats: -1 is below 0"));
  EXPECT_THAT(FitBgNbd({{0, 0, NAN}}), StatusIs(absl::StatusCode::kInvalidArgument, "histories[0].age"));
}

TEST(BgNbd, SaysWhatIsMissingToFit) {
  EXPECT_THAT(FitBgNbd({}), StatusIs(absl::StatusCode::kFailedPrecondition, "0 of 0 customers ordered again"));
  EXPECT_THAT(FitBgNbd(std::vector<PurchaseHistory>(50, {0, 0, 10})),
              StatusIs(absl::StatusCode::kFailedPrecondition, "at least 30 are needed"));
  EXPECT_THAT(FitBgNbd(std::vector<PurchaseHistory>(50, {10, 10, 10})),
              StatusIs(absl::StatusCode::kFailedPrecondition, "nobody seems to leave"));
}

}  // namespace
}  // namespace campaign::models
