#include "services/segmentation/personas.h"

#include <cmath>
#include <string>

#include "common/testing/testing.h"

namespace campaign::segmentation {
namespace {

using ::campaign::testing::ParseProto;
using ::campaign::testing::StatusIs;

constexpr char kModel[] = R"pb(
  features { feature: "spend_365d" logarithm: true mean: 5 scale: 2 }
  features { feature: "messages_ignored_30d" mean: 2 scale: 2 }
  features { feature: "days_since_last_purchase" missing: 365 mean: 100 scale: 100 }
  personas {
    segment: "devoted"
    label: "Devoted buyers"
    centroid: [ 1.5, -0.9, -0.8 ]
    share: 0.3
  }
  personas {
    segment: "drifting"
    centroid: [ -1, 1.2, 2 ]
  }
  personas {
    segment: "middling"
    centroid: [ 0.1, 0, -0.2 ]
  }
)pb";

Personas Compiled(absl::string_view model) {
  auto personas = Personas::Compile(ParseProto<v1::PersonaModel>(model), "config.persona_model");
  EXPECT_OK(personas);
  return *std::move(personas);
}

v1::SegmentResult AnswerFor(absl::string_view profile) {
  v1::SegmentResult result;
  Compiled(kModel).Answer(ParseProto<v1::Profile>(profile), result);
  return result;
}

constexpr char kDevoted[] = "customer { currency_code: 'USD' } spend_365d_minor: 500000 days_since_last_purchase: 10";

TEST(Personas, ACustomerIsOfTheNearestPersonaWithWhatSetsItApartAsReasons) {
  const v1::SegmentResult result = AnswerFor(kDevoted);
  EXPECT_EQ(result.strategy(), v1::STRATEGY_PROFILE);
  EXPECT_EQ(result.segment(), "devoted");
  EXPECT_EQ(result.label(), "Devoted buyers");
  ASSERT_EQ(result.reasons_size(), 3);
  EXPECT_EQ(result.reasons(0).code(), "SPEND_365D");
  EXPECT_EQ(result.reasons(0).text(),
            "spent 5,000.00 USD in 365 days (this persona: 1.5 standard deviations above all customers)");
  EXPECT_EQ(result.reasons(1).text(),
            "ignored no messages in 30 days (this persona: 0.9 standard deviations below all customers)");
  EXPECT_EQ(result.reasons(1).facts(1).value(), "-0.9");
  EXPECT_EQ(result.reasons(2).code(), "DAYS_SINCE_LAST_PURCHASE");
}

TEST(Personas, TheScoreIsOneMinusTheDistanceOverTheNextOne) {
  const double spend = (std::log(5001.0) - 5) / 2, ignored = -1, days = -0.9;
  const auto distance = [&](double a, double b, double c) { return std::hypot(spend - a, ignored - b, days - c); };
  EXPECT_DOUBLE_EQ(AnswerFor(kDevoted).score(), 1 - distance(1.5, -0.9, -0.8) / distance(0.1, 0, -0.2));
}

TEST(Personas, AMissingValueCountsAsTheModelSays) {
  EXPECT_EQ(AnswerFor("messages_ignored_30d: 4").segment(), "drifting");
}

TEST(Personas, WithoutALabelAPersonaIsNamedForWhatSetsItApart) {
  EXPECT_EQ(AnswerFor("messages_ignored_30d: 4").label(), "High days since last purchase, high messages ignored 30d");
  const v1::SegmentResult average =
      AnswerFor("spend_365d_minor: 15000 messages_ignored_30d: 2 days_since_last_purchase: 90");
  EXPECT_EQ(average.label(), "Average");
  EXPECT_EQ(average.reasons_size(), 0);
}

TEST(Personas, TheSameCustomerIsAlwaysOfTheSamePersona) {
  EXPECT_EQ(AnswerFor(kDevoted).SerializeAsString(), AnswerFor(kDevoted).SerializeAsString());
}

TEST(Personas, AnUnsetModelIsNone) { EXPECT_TRUE(Compiled("").empty()); }

TEST(Personas, WhatDoesNotCompileIsNamedWithItsPath) {
  const auto expect_refused = [](absl::string_view from, absl::string_view to, absl::string_view message) {
    std::string model = kModel;
    const size_t at = model.find(from.data(), 0, from.size());
    ASSERT_NE(at, std::string::npos) << from;
    model.replace(at, from.size(), to.data(), to.size());
    EXPECT_THAT(Personas::Compile(ParseProto<v1::PersonaModel>(model), "config.persona_model"),
                StatusIs(absl::StatusCode::kInvalidArgument, message));
  };
  expect_refused("scale: 2", "scale: 0", "config.persona_model.features[0].scale: 0 is not above 0");
  expect_refused("mean: 5", "mean: nan", "config.persona_model.features[0].mean: nan is not finite");
  expect_refused("missing: 365", "missing: inf", "config.persona_model.features[2].missing: inf is not finite");
  expect_refused("spend_365d", "country", "config.persona_model.features[0].feature: country is neither a number");
  expect_refused("spend_365d", "rfm_recency", "features[0].feature: rfm_recency is not known before segmentation");
  expect_refused("spend_365d", "messages_ignored_30d", "features[1].feature: messages_ignored_30d appears twice");
  expect_refused("0.1, 0, -0.2", "0.1, 0",
                 "config.persona_model.personas[2].centroid: 2 elements is not 3, one for each feature");
  expect_refused("drifting", "devoted", "config.persona_model.personas[1].segment: devoted appears twice");
  EXPECT_THAT(Personas::Compile(ParseProto<v1::PersonaModel>("features { feature: 'orders_total' }"), "m"),
              StatusIs(absl::StatusCode::kInvalidArgument, "m.personas: 0 is below 2"));
}

}  // namespace
}  // namespace campaign::segmentation
