#include "services/segmentation/churn_bg_nbd.h"

#include <cmath>

#include "common/testing/testing.h"
#include "services/segmentation/churn.h"

namespace campaign::segmentation {
namespace {

using ::campaign::testing::ParseProto;
using ::campaign::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::Property;

// Fader, Hardie, Lee 2005 and Fader, Hardie 2013: CDNOW, in weeks and dollars.
constexpr char kPublished[] = R"pb(
  model: CHURN_MODEL_BG_NBD
  bg_nbd {
    r: 0.243
    alpha: 4.414
    a: 0.793
    b: 2.426
    horizon_days: 273
    spend { p: 6.25 q: 3.74 v: 15.44 currency_code: "USD" }
  }
)pb";

// x = 2, t_x = 30.43 weeks, T = 38.86 weeks.
constexpr char kPublishedCustomer[] = R"pb(
  customer { currency_code: "USD" }
  orders_total: 3
  days_since_first_purchase: 272.02
  days_since_last_purchase: 59.01
  spend_total_minor: 12000
)pb";

// kPublished with `more` merged in.
v1::ChurnConfig Config(absl::string_view more = "") {
  auto config = ParseProto<v1::ChurnConfig>(kPublished);
  config.MergeFrom(ParseProto<v1::ChurnConfig>(more));
  return config;
}

// Scored, and answered where `answers`.
v1::SegmentResult Answer(const v1::ChurnConfig& config, absl::string_view profile, bool answers = true) {
  v1::SegmentResult result;
  const auto churn = Churn::Compile(config, "config.churn");
  EXPECT_OK(churn);
  if (!churn.ok()) return result;
  const auto parsed = ParseProto<v1::Profile>(profile);
  churn->Score(parsed, result);
  EXPECT_EQ(churn->Answer(parsed, result), answers);
  return result;
}

auto TextIs(absl::string_view text) { return Property(&v1::Reason::text, std::string(text)); }

TEST(BgNbdChurn, ExpectsThePublished1226PurchasesOfAProfile) {
  const v1::SegmentResult result = Answer(Config(), kPublishedCustomer);
  EXPECT_NEAR(result.expected_purchases(), 1.226, 5e-4);
  const double left = 0.793 / 3.426 * std::pow(43.274 / 34.844, 2.243);
  EXPECT_NEAR(result.p_alive(), 1 / (1 + left), 1e-9);
  EXPECT_DOUBLE_EQ(result.churn_probability(), 1 - result.p_alive());
  EXPECT_EQ(result.score(), result.churn_probability());
}

TEST(BgNbdChurn, LifetimeValueIsExpectedOrdersTimesTheExpectedOrder) {
  const v1::SegmentResult result = Answer(Config(), kPublishedCustomer);
  const double order = 6.25 * (15.44 + 120.0) / (6.25 * 3 + 3.74 - 1);
  EXPECT_EQ(result.expected_order_minor(), std::llround(100 * order));
  EXPECT_EQ(result.expected_lifetime_value_minor(), std::llround(100 * order * result.expected_purchases()));
}

TEST(BgNbdChurn, ReasonsAreAMarketersWords) {
  const v1::SegmentResult result = Answer(Config(), kPublishedCustomer);
  EXPECT_EQ(result.segment(), "low_churn_risk");
  EXPECT_THAT(result.reasons(),
              ElementsAre(TextIs("73 % likely still a customer: 2 repeat orders, last one 59 days ago"),
                          TextIs("1.2 orders expected in the next 273 days"),
                          TextIs("worth 48.29 USD in the next 273 days, at 39.39 USD an order")));
  EXPECT_EQ(result.reasons(0).code(), kPAlive);
  EXPECT_EQ(result.reasons(0).facts(1).name(), "repeat_orders");
  EXPECT_EQ(result.reasons(0).facts(1).value(), "2");
}

TEST(BgNbdChurn, OneOrderCountsAsAliveAndTheReasonSaysHowLittleThatMeans) {
  const v1::SegmentResult result =
      Answer(Config(), "orders_total: 1 days_since_first_purchase: 700 days_since_last_purchase: 700");
  EXPECT_EQ(result.p_alive(), 1);
  EXPECT_EQ(result.churn_probability(), 0);
  EXPECT_LT(result.expected_purchases(), 0.1);
  EXPECT_EQ(result.reasons(0).code(), kPAliveUnknownable);
  EXPECT_EQ(result.reasons(0).text(),
            "counts as a customer: one order, 700 days ago; the model has nobody leave before the second");
}

TEST(BgNbdChurn, WithoutPurchaseThereIsNoProbabilityButAHop) {
  const v1::SegmentResult result = Answer(Config(), "days_since_signup: 9", /*answers=*/false);
  EXPECT_FALSE(result.has_churn_probability());
  EXPECT_FALSE(result.has_p_alive());
  ASSERT_EQ(result.reasons_size(), 1);
  EXPECT_EQ(result.reasons(0).code(), kNoPurchases);
}

TEST(BgNbdChurn, AnotherCurrencyHasNoValueButAProbability) {
  auto profile = ParseProto<v1::Profile>(kPublishedCustomer);
  profile.mutable_customer()->set_currency_code("EUR");
  const v1::SegmentResult result = Answer(Config(), profile.DebugString());
  EXPECT_TRUE(result.has_p_alive());
  EXPECT_FALSE(result.has_expected_order_minor());
  EXPECT_FALSE(result.has_expected_lifetime_value_minor());
}

TEST(BgNbdChurn, AYenIsAMinorUnit) {
  const v1::ChurnConfig yen = Config("bg_nbd { spend { currency_code: 'JPY' v: 1544 } }");
  const v1::SegmentResult result =
      Answer(yen,
             "customer { currency_code: 'JPY' } orders_total: 3 days_since_first_purchase: 272.02 "
             "days_since_last_purchase: 59.01 spend_total_minor: 12000");
  EXPECT_EQ(result.expected_order_minor(), std::llround(6.25 * (1544 + 12000) / (6.25 * 3 + 3.74 - 1)));
}

TEST(BgNbdChurn, DiscountAndMarginLowerTheLifetimeValue) {
  const int64_t whole = Answer(Config(), kPublishedCustomer).expected_lifetime_value_minor();
  const int64_t margin =
      Answer(Config("bg_nbd { margin_share: 0.4 }"), kPublishedCustomer).expected_lifetime_value_minor();
  EXPECT_NEAR(margin, 0.4 * whole, 1);
  const int64_t discounted =
      Answer(Config("bg_nbd { annual_discount_rate: 0.1 }"), kPublishedCustomer).expected_lifetime_value_minor();
  // Nine months at 10 % a year: what comes in the middle of them loses about 3.5 %.
  EXPECT_NEAR(discounted, 0.967 * whole, 0.006 * whole);
}

TEST(BgNbdChurn, ParametersInDaysGiveTheSameAsInWeeks) {
  const v1::ChurnConfig days = Config("bg_nbd { alpha: 30.898 unit_days: 1 }");
  EXPECT_NEAR(Answer(days, kPublishedCustomer).expected_purchases(),
              Answer(Config(), kPublishedCustomer).expected_purchases(), 1e-9);
}

TEST(BgNbdChurn, AParameterThatIsNotGivenIsRefused) {
  EXPECT_THAT(Churn::Compile(ParseProto<v1::ChurnConfig>("bg_nbd { r: 1 alpha: 4 a: 1 }"), "config.churn"),
              StatusIs(absl::StatusCode::kInvalidArgument, "config.churn.bg_nbd.b: 0 is not above 0"));
}

TEST(BgNbdChurn, WhatDoesNotCompileIsNamedWithItsPath) {
  struct Bad {
    const char* more;
    const char* message;
  };
  const Bad kBad[] = {
      {"bg_nbd { r: -0.2 }", "config.churn.bg_nbd.r: -0.2 is not above 0"},
      {"bg_nbd { alpha: -1 }", "config.churn.bg_nbd.alpha: -1 is not above 0"},
      {"bg_nbd { a: nan }", "config.churn.bg_nbd.a: nan is not above 0"},
      {"bg_nbd { b: inf }", "config.churn.bg_nbd.b: inf is not above 0"},
      {"bg_nbd { unit_days: -7 }", "config.churn.bg_nbd.unit_days: -7 is not a number from 0 on"},
      {"bg_nbd { annual_discount_rate: nan }", "config.churn.bg_nbd.annual_discount_rate: nan is not"},
      {"bg_nbd { spend { p: -6 } }", "config.churn.bg_nbd.spend.p: -6 is not above 0"},
      {"bg_nbd { spend { q: 1 } }", "config.churn.bg_nbd.spend.q: 1 is not above 1"},
      {"bg_nbd { spend { v: -2 } }", "config.churn.bg_nbd.spend.v: -2 is not above 0"},
      {"model: 9", "config.churn.model: 9 is not a model"},
  };
  for (const Bad& bad : kBad) {
    EXPECT_THAT(Churn::Compile(Config(bad.more), "config.churn"),
                StatusIs(absl::StatusCode::kInvalidArgument, bad.message))
        << bad.more;
  }
}

}  // namespace
}  // namespace campaign::segmentation
