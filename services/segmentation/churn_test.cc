#include "services/segmentation/churn.h"

#include <cmath>

#include "common/testing/testing.h"

namespace campaign::segmentation {
namespace {

using ::campaign::testing::ParseProto;
using ::campaign::testing::StatusIs;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Property;

// Someone whose activity fell from 40 to 8 and who ignored the last feature update.
constexpr char kFading[] = R"pb(
  days_since_last_purchase: 20
  orders_90d: 2
  days_since_last_activity: 3
  activity_30d: 8
  activity_previous_30d: 40
  activity_change: -0.8
  last_announcement_ignored: true
  last_announced_feature: "ai_search"
)pb";

constexpr char kSteady[] = R"pb(
  days_since_last_purchase: 20
  orders_90d: 2
  days_since_last_activity: 2
  activity_30d: 21
  activity_previous_30d: 20
  activity_change: 0.05
)pb";

Churn Compiled(absl::string_view config) {
  auto model = Churn::Compile(ParseProto<v1::ChurnConfig>(config), "config.churn");
  EXPECT_OK(model);
  return *std::move(model);
}

double Probability(const Churn& model, absl::string_view profile) {
  v1::SegmentResult result;
  model.Score(ParseProto<v1::Profile>(profile), result);
  return result.churn_probability();
}

v1::SegmentResult Answer(const Churn& model, absl::string_view profile, bool answers = true) {
  const auto parsed = ParseProto<v1::Profile>(profile);
  v1::SegmentResult result;
  model.Score(parsed, result);
  EXPECT_EQ(model.Answer(parsed, result), answers);
  return result;
}

absl::Status CompileError(absl::string_view config) {
  return Churn::Compile(ParseProto<v1::ChurnConfig>(config), "config.churn").status();
}

auto TextIs(absl::string_view text) { return Property(&v1::Reason::text, std::string(text)); }

TEST(Churn, ActivityDownFrom40To8AndAnIgnoredFeatureUpdateAreAHighRisk) {
  const v1::SegmentResult result = Answer(Compiled(""), kFading);
  EXPECT_EQ(result.segment(), "high_churn_risk");
  EXPECT_EQ(result.label(), "High churn risk");
  EXPECT_EQ(result.strategy(), v1::STRATEGY_CHURN);
  EXPECT_GE(result.score(), 0.6);
  EXPECT_EQ(result.score(), result.churn_probability());
  EXPECT_THAT(result.reasons(), Contains(TextIs("activity down 80 % against the previous 30 days")));
  EXPECT_THAT(result.reasons(), Contains(TextIs("ignored the last feature update (ai_search)")));
}

TEST(Churn, ReasonsComeStrongestFirstWithTheirContribution) {
  const v1::SegmentResult result = Answer(Compiled(""), kFading);
  ASSERT_GE(result.reasons_size(), 2);
  EXPECT_EQ(result.reasons(0).code(), "ACTIVITY_CHANGE");
  double before = INFINITY;
  for (const v1::Reason& reason : result.reasons()) {
    const v1::Fact& fact = reason.facts(reason.facts_size() - 1);
    ASSERT_EQ(fact.name(), "contribution");
    const double contribution = std::abs(std::stod(fact.value()));
    EXPECT_LE(contribution, before);
    before = contribution;
  }
}

TEST(Churn, ASteadyCustomerIsALowRisk) {
  const v1::SegmentResult result = Answer(Compiled(""), kSteady);
  EXPECT_EQ(result.segment(), "low_churn_risk");
  EXPECT_LT(result.score(), 0.15);
}

TEST(Churn, FourMonthsAwayAreAHighRisk) {
  EXPECT_EQ(Answer(Compiled(""), "days_since_last_activity: 130 days_since_last_purchase: 130").segment(),
            "high_churn_risk");
}

TEST(Churn, TheConfiguredModelIsTheLogisticOfItsTerms) {
  const Churn model = Compiled(R"pb(
    intercept: -1
    terms { feature: "tickets_90d" weight: 2 cap: 4 }
    terms { feature: "activity_change" weight: -1.5 }
    terms { feature: "days_since_last_purchase" weight: 1 cap: 100 missing: 50 }
  )pb");
  // -1 + 2 * 1/4 + 1.5 * 0.5 + 50/100.
  EXPECT_NEAR(Probability(model, "tickets_90d: 1 activity_change: -0.5"), 1 / (1 + std::exp(-0.75)), 1e-12);
  // Values beyond the cap, either way, count as the cap: -1 + 2 + 1.5 + 1, and -1 + 2 - 1.5 + 1.
  EXPECT_NEAR(Probability(model, "tickets_90d: 90 activity_change: -7 days_since_last_purchase: 400"),
              1 / (1 + std::exp(-3.5)), 1e-12);
  EXPECT_NEAR(Probability(model, "tickets_90d: 90 activity_change: 7 days_since_last_purchase: 400"),
              1 / (1 + std::exp(-0.5)), 1e-12);
}

TEST(Churn, CalibrationScalesLogOddsAndContributions) {
  const Churn model = Compiled(R"pb(
    intercept: -1
    terms { feature: "tickets_90d" weight: 2 cap: 4 }
    calibration { slope: 0.5 offset: 0.3 }
  )pb");
  EXPECT_NEAR(Probability(model, "tickets_90d: 4"), 1 / (1 + std::exp(-(0.5 * (-1 + 2) + 0.3))), 1e-12);
  const v1::SegmentResult result = Answer(model, "tickets_90d: 4");
  ASSERT_EQ(result.reasons_size(), 1);
  EXPECT_EQ(result.reasons(0).facts(1).name(), "contribution");
  EXPECT_EQ(result.reasons(0).facts(1).value(), "1");
}

TEST(Churn, BandsMayStandInAnyOrderAndStartAtTheirProbability) {
  constexpr char kConfig[] = R"pb(
    terms { feature: "tickets_90d" weight: 0 }
    bands { min_probability: 0.5 segment: "leaving" }
    bands { min_probability: 0.9 segment: "gone" }
    bands { min_probability: 0.1 segment: "loyal" }
  )pb";
  const v1::SegmentResult result = Answer(Compiled(kConfig), "");
  EXPECT_EQ(result.segment(), "leaving");
  EXPECT_EQ(result.label(), "Leaving");
}

TEST(Churn, BelowTheLowestBandThereIsNoAnswer) {
  const Churn model = Compiled("bands { min_probability: 0.9 segment: 'gone' }");
  const v1::SegmentResult result = Answer(model, kSteady, /*answers=*/false);
  ASSERT_EQ(result.reasons_size(), 1);
  EXPECT_EQ(result.reasons(0).code(), kNoChurnBand);
  EXPECT_THAT(result.reasons(0).text(), HasSubstr("below every band"));
}

TEST(Churn, WhatDoesNotCompileIsNamedWithItsPath) {
  struct Bad {
    const char* config;
    const char* message;
  };
  const Bad kBad[] = {
      {"terms { feature: 'activity_chnge' weight: 1 }",
       "config.churn.terms[0].feature: activity_chnge is not a feature; nearest is activity_change"},
      {"terms { feature: 'tickets_90d' } terms { feature: 'country' }",
       "config.churn.terms[1].feature: country is neither a number nor a truth"},
      {"terms { feature: 'churn_probability' }",
       "config.churn.terms[0].feature: churn_probability is not known before"},
      {"terms { feature: 'tickets_90d' cap: -1 }", "config.churn.terms[0].cap: -1 is below 0"},
      {"terms { feature: 'tickets_90d' weight: nan }", "config.churn.terms[0].weight: nan is not finite"},
      {"terms { feature: 'tickets_90d' missing: inf }", "config.churn.terms[0].missing: inf is not finite"},
      {"intercept: 1", "config.churn.intercept: 1 needs terms"},
      {"bands { min_probability: 0.2 segment: 'a' } bands { min_probability: 0.2 segment: 'b' }",
       "config.churn.bands[1].min_probability: 0.2 is where band 0 starts already"},
      {"terms { feature: 'p_alive' }", "config.churn.terms[0].feature: p_alive is not known before"},
      {"calibration { offset: 1 }", "config.churn.calibration.slope: 0 is not above 0"},
      {"calibration { slope: 1 offset: nan }", "config.churn.calibration.offset: nan is not finite"},
      {"model: CHURN_MODEL_BG_NBD", "config.churn.model: bg_nbd needs parameters"},
      {"bands { min_probability: 1.2 segment: 'a' }", "config.churn.bands[0].min_probability: 1.2 is not between"},
  };
  for (const Bad& bad : kBad) {
    EXPECT_THAT(CompileError(bad.config), StatusIs(absl::StatusCode::kInvalidArgument, bad.message)) << bad.config;
  }
}

}  // namespace
}  // namespace campaign::segmentation
