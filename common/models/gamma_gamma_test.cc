#include "common/models/gamma_gamma.h"

#include <random>

#include "common/models/cdnow_testing.h"
#include "common/models/gamma_gamma_fit.h"
#include "common/testing/testing.h"

namespace campaign::models {
namespace {

using ::campaign::testing::StatusIs;

// Fader, Hardie 2013, note 025: CDNOW.
constexpr GammaGammaParameters kPublished{6.25, 3.74, 15.44};

// Repeat purchases of the calibration period, as the note counts them.
std::vector<SpendHistory> CdnowRepeatSpend() {
  std::vector<SpendHistory> histories;
  for (const auto& [id, days] : CdnowCustomers()) {
    const auto end = days.upper_bound(absl::CivilDay(1997, 9, 30));
    SpendHistory history;
    double sum = 0;
    for (auto day = std::next(days.begin()); day != end && day != days.end(); ++day) {
      ++history.orders;
      sum += day->second;
    }
    if (history.orders == 0 || sum == 0) continue;
    history.mean_amount = sum / history.orders;
    histories.push_back(history);
  }
  return histories;
}

TEST(GammaGamma, FindsThePublishedParametersOfCdnow) {
  SKIP_WITHOUT_CDNOW();
  const std::vector<SpendHistory> histories = CdnowRepeatSpend();
  EXPECT_EQ(histories.size(), 946);
  ASSERT_OK_AND_ASSIGN(const GammaGammaFit fit, FitGammaGamma(histories));
  EXPECT_NEAR(fit.parameters.p, 6.25, 5e-3);
  EXPECT_NEAR(fit.parameters.q, 3.74, 5e-3);
  EXPECT_NEAR(fit.parameters.v, 15.44, 5e-3);
  EXPECT_NEAR(fit.log_likelihood, LogLikelihood(kPublished, histories), 0.01);
}

TEST(GammaGamma, TheExpectedAmountLiesBetweenOnesOwnAndEverybodys) {
  const double everybody = 6.25 * 15.44 / (3.74 - 1);
  EXPECT_NEAR(ExpectedAmount(kPublished, {}), everybody, 1e-12);
  const double once = ExpectedAmount(kPublished, {1, 100});
  const double often = ExpectedAmount(kPublished, {50, 100});
  EXPECT_GT(once, everybody);
  EXPECT_GT(often, once);
  EXPECT_LT(often, 100);
  // Equation 5: weights of the two means.
  EXPECT_NEAR(once, (2.74 * everybody + 6.25 * 100) / (6.25 + 2.74), 1e-12);
}

TEST(GammaGamma, TheCurrencyDoesNotChangeTheFit) {
  std::mt19937 random(3);
  std::vector<SpendHistory> dollars, cents;
  for (int i = 0; i < 2000; ++i) {
    const int orders = 1 + i % 5;
    const double rate = std::gamma_distribution<double>(4, 1 / 15.0)(random);
    const double mean = std::gamma_distribution<double>(6.0 * orders, 1 / (orders * rate))(random);
    dollars.push_back({orders, mean});
    cents.push_back({orders, 100 * mean});
  }
  ASSERT_OK_AND_ASSIGN(const GammaGammaFit of_dollars, FitGammaGamma(dollars));
  ASSERT_OK_AND_ASSIGN(const GammaGammaFit of_cents, FitGammaGamma(cents));
  EXPECT_NEAR(of_dollars.parameters.q, 4, 0.5);  // What the customers were drawn from.
  EXPECT_NEAR(of_cents.parameters.p / of_dollars.parameters.p, 1, 1e-6);
  EXPECT_NEAR(of_cents.parameters.v / of_dollars.parameters.v, 100, 1e-3);
}

TEST(GammaGamma, SaysWhatCannotBeFitted) {
  EXPECT_THAT(FitGammaGamma({{0, 5}}), StatusIs(absl::StatusCode::kInvalidArgument, "histories[0].orders: 0"));
  EXPECT_THAT(FitGammaGamma({{1, 0}}), StatusIs(absl::StatusCode::kInvalidArgument, "histories[0].mean_amount: 0"));
  EXPECT_THAT(FitGammaGamma(std::vector<SpendHistory>(40, {1, 9})),
              StatusIs(absl::StatusCode::kFailedPrecondition, "0 of 40 customers have two orders or more"));
}

}  // namespace
}  // namespace campaign::models
