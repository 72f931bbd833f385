#include "services/offer/priority.h"

#include <string>
#include <tuple>

#include "services/offer/arbitration_testing.h"

namespace campaign::offer {
namespace {

using testing::ConfigOf;
using testing::Decide;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::ItemFor;
using testing::LossCode;
using testing::LossOf;
using testing::Nudge;
using testing::ReasonOf;

constexpr char kAll[] =
    "arbitration { factors: [PRIORITY_FACTOR_LEVER, PRIORITY_FACTOR_VALUE, PRIORITY_FACTOR_PROPENSITY, "
    "PRIORITY_FACTOR_CONTEXT_WEIGHT] } ";

// Propensity 0.2, context weight 1.5 x 2, value 0.05 x 5.00 - 0.05 = 0.20, lever 1.5: priority 0.2 x 3 x 20 x 1.5 = 18.
constexpr char kWeighed[] =
    "propensity: 0.2 uplift: 0.05 cost_minor: 5 lever: 1.5 context_weights { weight: 1.5 } context_weights { weight: 2 "
    "when { compare { feature: 'orders_365d' operator: OPERATOR_GREATER number: 5 } } } context_weights { weight: 7 "
    "when "
    "{ compare { feature: 'orders_365d' operator: OPERATOR_GREATER number: 99 } } }";

TEST(Priority, IsPropensityTimesContextWeightTimesValueTimesLever) {
  const v1::ActionDecision decision = Decide(ConfigOf(kAll + Nudge("a", kWeighed)));
  EXPECT_DOUBLE_EQ(decision.factors().propensity(), 0.2);
  EXPECT_DOUBLE_EQ(decision.factors().context_weight(), 3);
  EXPECT_DOUBLE_EQ(decision.factors().uplift(), 0.05);
  EXPECT_NEAR(decision.factors().value_minor(), 20, 1e-12);
  EXPECT_DOUBLE_EQ(decision.factors().lever(), 1.5);
  EXPECT_NEAR(decision.factors().priority(), 18, 1e-12);
  EXPECT_NEAR(decision.action_value_minor(), 20, 1e-12);
  EXPECT_THAT(decision.counted_factors(),
              ElementsAre(v1::PRIORITY_FACTOR_PROPENSITY, v1::PRIORITY_FACTOR_CONTEXT_WEIGHT, v1::PRIORITY_FACTOR_VALUE,
                          v1::PRIORITY_FACTOR_LEVER));
  EXPECT_THAT(
      ReasonOf(decision, kWonByValue).text(),
      HasSubstr("propensity 0.2 x context weight 3 x value 0.20 USD x lever 1.5; expected value 0.20 USD: uplift "
                "0.05 x 5.00 USD worth of a response - 0.05 USD cost"));
  EXPECT_THAT(ReasonOf(decision, kContextWeighed).text(), HasSubstr("context weight x 1.5"));
}

TEST(Priority, OfALosingCandidateShowsItsFactorsToo) {
  const v1::ActionDecision decision =
      Decide(ConfigOf(kAll + Nudge("a", kWeighed) +
                      Nudge("b",
                            "propensity: 0.3 uplift: 0.1 eligibility { compare { feature: 'orders_365d' operator: "
                            "OPERATOR_LESS number: 1 } }")));
  ASSERT_EQ(decision.losing_candidates_size(), 1);
  const v1::PriorityFactors& factors = decision.losing_candidates(0).factors();
  EXPECT_DOUBLE_EQ(factors.propensity(), 0.3);
  EXPECT_DOUBLE_EQ(factors.uplift(), 0.1);
  EXPECT_DOUBLE_EQ(factors.value_minor(), 50);
  EXPECT_DOUBLE_EQ(factors.priority(), 15);
  EXPECT_FALSE(factors.has_context_weight());
  EXPECT_FALSE(factors.has_lever());
  EXPECT_FALSE(factors.has_affinity());
}

TEST(Priority, AFactorThatIsSwitchedOffCountsAsOne) {
  const struct {
    const char* factors;
    double priority;
  } kCases[] = {{"PRIORITY_FACTOR_PROPENSITY", 0.2},
                {"PRIORITY_FACTOR_CONTEXT_WEIGHT", 3},
                {"PRIORITY_FACTOR_VALUE", 20},
                {"PRIORITY_FACTOR_LEVER", 1.5},
                {"PRIORITY_FACTOR_PROPENSITY, PRIORITY_FACTOR_VALUE", 4},
                {"PRIORITY_FACTOR_LEVER, PRIORITY_FACTOR_VALUE", 30}};
  for (const auto& test_case : kCases) {
    const v1::ActionDecision decision =
        Decide(ConfigOf(absl::StrCat("arbitration { factors: [", test_case.factors, "] } ", Nudge("a", kWeighed))));
    EXPECT_NEAR(decision.factors().priority(), test_case.priority, 1e-12) << test_case.factors;
    EXPECT_DOUBLE_EQ(decision.factors().lever(), 1.5) << "stays visible";
  }
}

TEST(Priority, CountsAllFactorsWhereAnUpliftIsNamed) {
  EXPECT_NEAR(Decide(ConfigOf(Nudge("a", kWeighed))).factors().priority(), 18, 1e-12);
}

TEST(Priority, IsTheValueAloneWhereNothingElseIsConfigured) {
  const v1::ActionDecision decision = Decide(ConfigOf(Nudge("a", "cost_minor: 10")));
  EXPECT_THAT(decision.counted_factors(),
              ElementsAre(v1::PRIORITY_FACTOR_CONTEXT_WEIGHT, v1::PRIORITY_FACTOR_VALUE, v1::PRIORITY_FACTOR_LEVER));
  EXPECT_DOUBLE_EQ(decision.factors().priority(), 40);
  EXPECT_DOUBLE_EQ(decision.action_value_minor(), 40);
  EXPECT_FALSE(decision.factors().has_uplift());
}

TEST(Priority, DecidesAgainstTheValue) {
  const v1::ActionDecision decision = Decide(ConfigOf(Nudge("dear", "propensity: 0.2") + Nudge("wanted", "lever: 3")));
  EXPECT_EQ(decision.action_id(), "wanted");
  EXPECT_EQ(LossOf(decision).code(), kLowerValue);
  EXPECT_EQ(LossOf(decision).text(), "priority 100 is not above 150 of wanted");
  EXPECT_EQ(decision.losing_candidates(0).smallest_change().text(), "value up by 0.50 USD");
}

TEST(Priority, WithoutTheValueNothingStopsWhatCostsMoreThanItBrings) {
  EXPECT_EQ(Decide(ConfigOf("arbitration { factors: PRIORITY_FACTOR_PROPENSITY } " + Nudge("a", "cost_minor: 999")))
                .action_id(),
            "a");
}

TEST(Priority, AnUpliftBelowZeroHasNoExpectedValue) {
  const v1::ActionDecision decision = Decide(ConfigOf(Nudge("a", "uplift: -0.02")));
  EXPECT_EQ(LossCode(decision, "a"), kNoExpectedValue);
  EXPECT_THAT(LossOf(decision).text(),
              HasSubstr("expected value -0.10 USD: a response is worth 5.00 USD at uplift -0.02"));
}

v1::OfferConfig Bundles(const std::string& arbitration) {
  return ConfigOf(
      arbitration +
      "actions { action_id: 'home' kind: ACTION_KIND_UPSELL price_minor: 10000 margin_bps: 3000 propensity: 0.1 "
      "categories: 'home' } "
      "actions { action_id: 'studio' kind: ACTION_KIND_UPSELL price_minor: 10000 margin_bps: 2500 propensity: 0.1 "
      "categories: ['audio', 'light'] }");
}

v1::SelectItem AudioFan() {
  v1::SelectItem item = ItemFor("run", "ada");
  for (const auto& [category, orders, views] : {std::tuple("audio", 2, 10), std::tuple("home", 1, 0)}) {
    v1::CategoryStats& stats = *item.mutable_profile()->add_categories();
    stats.set_category(category);
    stats.set_orders_365d(orders);
    stats.set_views_30d(views);
  }
  return item;
}

TEST(Affinity, ChoosesTheBundleThatTheCustomerLikes) {
  EXPECT_EQ(Decide(Bundles(""), AudioFan()).action_id(), "home");
  const v1::ActionDecision decision = Decide(Bundles("arbitration { affinity_weight: 1 } "), AudioFan());
  // Audio: 2 orders and 10 views at 0.1 are 3 of 4.
  EXPECT_EQ(decision.action_id(), "studio");
  EXPECT_DOUBLE_EQ(decision.factors().affinity(), 0.75);
  EXPECT_DOUBLE_EQ(decision.factors().context_weight(), 1.75);
  EXPECT_DOUBLE_EQ(decision.factors().priority(), 1.75 * 250);
  EXPECT_DOUBLE_EQ(decision.losing_candidates(0).factors().affinity(), 0.25);
  EXPECT_EQ(ReasonOf(decision, kAffinity).text(),
            "context weight x 1.75: 75 % of the customer's orders and views are in these categories");
}

TEST(Affinity, IsWeighedAgainstMargin) {
  // 300 x (1 + w/4) against 250 x (1 + 3w/4): even at w = 50 / 112.5.
  EXPECT_EQ(Decide(Bundles("arbitration { affinity_weight: 0.44 } "), AudioFan()).action_id(), "home");
  EXPECT_EQ(Decide(Bundles("arbitration { affinity_weight: 0.45 } "), AudioFan()).action_id(), "studio");
}

TEST(Affinity, CountsViewsAsConfiguredAndIsZeroForWhoLikesNothing) {
  EXPECT_DOUBLE_EQ(
      Decide(Bundles("arbitration { affinity_weight: 1 affinity_view_weight: 0 } "), AudioFan()).factors().affinity(),
      2.0 / 3);
  EXPECT_DOUBLE_EQ(Decide(Bundles("arbitration { affinity_weight: 1 } ")).factors().affinity(), 0);
}

constexpr char kNever[] = "eligibility { compare { feature: 'orders_365d' operator: OPERATOR_LESS number: 0 } }";

TEST(Fallback, IsDoneWhereNothingElseIsLeftWhateverItsValue) {
  const v1::ActionDecision decision =
      Decide(ConfigOf("fallback_action_id: 'hello' " + Nudge("hello", "cost_minor: 900") + Nudge("a", kNever)));
  EXPECT_EQ(decision.action_id(), "hello");
  EXPECT_TRUE(decision.fallback());
  EXPECT_THAT(ReasonOf(decision, kFallback).text(), HasSubstr("nothing else is left; expected value -8.50 USD"));
  EXPECT_EQ(decision.losing_candidates_size(), 1);
  EXPECT_EQ(LossOf(decision).code(), kNotEligible);
}

TEST(Fallback, DoesNotCompete) {
  const v1::ActionDecision decision =
      Decide(ConfigOf("fallback_action_id: 'hello' " + Nudge("hello", "propensity: 1") + Nudge("a")));
  EXPECT_EQ(decision.action_id(), "a");
  EXPECT_FALSE(decision.fallback());
  EXPECT_EQ(LossCode(decision, "hello"), kFallbackNotNeeded);
  EXPECT_EQ(decision.losing_candidates(0).smallest_change().text(), "nothing else left");
}

TEST(Fallback, KeepsToItsOwnRulesAndConstraints) {
  const v1::ActionDecision decision =
      Decide(ConfigOf("fallback_action_id: 'hello' " + Nudge("hello", "inventory: 0") + Nudge("a", kNever)));
  EXPECT_EQ(decision.kind(), v1::ACTION_KIND_NONE);
  EXPECT_EQ(LossCode(decision, "hello"), kOutOfStock);
}

}  // namespace
}  // namespace campaign::offer
