#include "services/offer/compiled_offers.h"

#include <string>

#include "services/offer/offer_testing.h"
#include "services/offer/pricing.h"

namespace campaign::offer {
namespace {

using campaign::testing::ParseProto;
using campaign::testing::StatusIs;
using testing::ConfigOf;
using testing::Nudge;

void ExpectRefused(const v1::OfferConfig& config, const std::string& message) {
  EXPECT_THAT(CompileOffers(config), StatusIs(absl::StatusCode::kInvalidArgument, message));
}

v1::Action Priced(int64_t price_minor, int margin_bps, int discount_bps) {
  v1::Action action;
  action.set_price_minor(price_minor);
  action.set_margin_bps(margin_bps);
  action.set_discount_bps(discount_bps);
  return action;
}

TEST(CompileOffers, RefusesADiscountOnEducation) {
  ExpectRefused(ConfigOf(Nudge("first") + "actions { action_id: 'guide' kind: ACTION_KIND_EDUCATION price_minor: 100 "
                                          "discount_bps: 1500 }"),
                "config.actions[1].discount_bps: 1500 must be 0 for ACTION_KIND_EDUCATION");
}

TEST(CompileOffers, RefusesADiscountOnAnApology) {
  ExpectRefused(ConfigOf("actions { action_id: 'sorry' kind: ACTION_KIND_APOLOGY price_minor: 100 discount_bps: 1 }"),
                "config.actions[0].discount_bps: 1 must be 0 for ACTION_KIND_APOLOGY");
}

TEST(CompileOffers, RefusesADiscountOffNoPrice) {
  ExpectRefused(ConfigOf("actions { action_id: 'coupon' kind: ACTION_KIND_OFFER discount_bps: 1500 }"),
                "config.actions[0].discount_bps: 1500 needs a price_minor");
}

TEST(CompileOffers, RefusesAnActionThatIsNothing) {
  ExpectRefused(ConfigOf("actions { action_id: 'none' kind: ACTION_KIND_NONE }"),
                "config.actions[0].kind: ACTION_KIND_NONE is not something to do");
}

TEST(CompileOffers, RefusesNoActions) { ExpectRefused(ConfigOf(""), "config.actions: 0 elements is below 1"); }

TEST(CompileOffers, RefusesAnActionNamedTwice) {
  ExpectRefused(ConfigOf(Nudge("a") + Nudge("b") + Nudge("a")), "config.actions[2].action_id: a is named twice");
}

TEST(CompileOffers, RefusesAFeatureThatDoesNotExist) {
  ExpectRefused(ConfigOf(Nudge("a",
                               "eligibility { compare { feature: 'orders_356d' operator: OPERATOR_GREATER number: 1 "
                               "} }")),
                "config.actions[0].eligibility.compare.feature: orders_356d");
}

TEST(CompileOffers, RefusesABadRuleOfAnAdjustment) {
  ExpectRefused(ConfigOf(Nudge("a",
                               "propensity_adjustments { multiplier: 2 } propensity_adjustments { multiplier: 2 "
                               "when { compare { feature: 'nonsense' } } }")),
                "config.actions[0].propensity_adjustments[1].when.compare.feature: nonsense");
}

TEST(CompileOffers, RefusesWeightsThatDoNotSumToAll) {
  ExpectRefused(ConfigOf(Nudge("a") + "experiments { experiment_id: 'x' variants { variant_id: 'a' weight_bps: 5000 } "
                                      "variants { variant_id: 'b' weight_bps: 4999 } }"),
                "config.experiments[0].variants: 9999 is the sum of weight_bps and must be 10000");
}

TEST(CompileOffers, RefusesAnExperimentAboutNoAction) {
  ExpectRefused(ConfigOf(Nudge("a") + "experiments { experiment_id: 'x' variants { variant_id: 'a' weight_bps: 5000 } "
                                      "variants { variant_id: 'b' weight_bps: 5000 } action_ids: ['a', 'z'] }"),
                "config.experiments[0].action_ids[1]: z is no action");
}

TEST(CompileOffers, RefusesAVariantNamedTwice) {
  ExpectRefused(ConfigOf(Nudge("a") + "experiments { experiment_id: 'x' variants { variant_id: 'a' weight_bps: 5000 } "
                                      "variants { variant_id: 'a' weight_bps: 5000 } }"),
                "config.experiments[0].variants[1].variant_id: a is named twice");
}

TEST(CompileOffers, RefusesChannelsThatTheCampaignDoesNotUse) {
  ExpectRefused(ConfigOf(Nudge("a", "channels: CHANNEL_CHAT")), "config.actions[0].channels: 1 elements, none of them");
}

TEST(CompileOffers, RefusesNoChannelPriority) {
  v1::OfferConfig config = ConfigOf(Nudge("a"));
  config.clear_channel_priority();
  ExpectRefused(config, "config.channel_priority: 0 elements is below 1");
}

TEST(CompileOffers, RefusesAPriceWithoutACurrency) {
  v1::OfferConfig config = ConfigOf("actions { action_id: 'a' kind: ACTION_KIND_UPSELL price_minor: 100 }");
  config.set_currency_code("");
  ExpectRefused(config, "config.currency_code: '' must be an ISO 4217 code");
}

TEST(CompileOffers, RefusesANegativeCooldown) {
  ExpectRefused(ConfigOf(Nudge("a", "cooldown { seconds: -1 }")), "config.actions[0].cooldown: -1s must be from 0 to");
}

TEST(CompileOffers, RefusesAmountsThatCouldOverflow) {
  ExpectRefused(ConfigOf(Nudge("a", "price_minor: 1000000000001")),
                "config.actions[0].price_minor: 1000000000001 is above 1000000000000");
}

TEST(CompileOffers, RefusesMoreVariablesThanADecisionCarries) {
  std::string variants;
  for (int i = 0; i < 32; ++i) absl::StrAppend(&variants, "variables { name: 'v", i, "' value: 'x' } ");
  std::string experiments;
  for (int i = 0; i < 3; ++i) {
    absl::StrAppend(&experiments, "experiments { experiment_id: 'x", i,
                    "' variants { variant_id: 'a' weight_bps: 5000 ", variants,
                    "} variants { variant_id: 'b' weight_bps: 5000 } } ");
  }
  ExpectRefused(ConfigOf(Nudge("a") + experiments), "config.actions[0].variables: 96 with those of prices");
}

TEST(CompileOffers, RefusesABadRuleOfALaterStage) {
  const std::string rule = "{ compare { feature: 'nonsense' } }";
  ExpectRefused(ConfigOf(Nudge("a", "applicability " + rule)),
                "config.actions[0].applicability.compare.feature: nonsense");
  ExpectRefused(ConfigOf(Nudge("a", "suitability " + rule)), "config.actions[0].suitability.compare.feature: nonsense");
  ExpectRefused(ConfigOf(Nudge("a", "context_weights { weight: 2 when " + rule + " }")),
                "config.actions[0].context_weights[0].when.compare.feature: nonsense");
}

TEST(CompileOffers, RefusesAFallbackThatIsNoAction) {
  ExpectRefused(ConfigOf(Nudge("a") + "fallback_action_id: 'b'"),
                "config.fallback_action_id: b is no action of this configuration");
}

TEST(CompileOffers, RefusesATimeZoneThatDoesNotExist) {
  for (const char* zone : {"Europe/Berlyn", "/etc/localtime", "localtime", "../zoneinfo/UTC"}) {
    ExpectRefused(ConfigOf(Nudge("a") + "time_zone: '" + zone + "'"),
                  std::string("config.time_zone: ") + zone + " is no time zone of the IANA database");
  }
}

TEST(CompileOffers, RefusesAFactorThatIsNoneOrNamedTwice) {
  ExpectRefused(ConfigOf(Nudge("a") + "arbitration { factors: PRIORITY_FACTOR_UNSPECIFIED }"),
                "config.arbitration.factors[0]: PRIORITY_FACTOR_UNSPECIFIED is not a factor");
  ExpectRefused(ConfigOf(Nudge("a") + "arbitration { factors: [PRIORITY_FACTOR_LEVER, PRIORITY_FACTOR_LEVER] }"),
                "config.arbitration.factors[1]: PRIORITY_FACTOR_LEVER is named twice");
}

TEST(CompileOffers, RefusesACategoryThatIsEmptyOrNamedTwice) {
  ExpectRefused(ConfigOf(Nudge("a", "categories: ''")), "config.actions[0].categories[0]: '' must not be empty");
  ExpectRefused(ConfigOf(Nudge("a", "categories: ['x', 'x']")), "config.actions[0].categories[1]: x is named twice");
}

TEST(CompileOffers, TakesWhatIsNotClassedForMarketing) {
  ASSERT_OK_AND_ASSIGN(const CompiledOffers offers, CompileOffers(ConfigOf(Nudge("a"))));
  EXPECT_EQ(offers.actions[0].decision.message_class(), v1::MESSAGE_CLASS_MARKETING);
  EXPECT_EQ(offers.actions[0].decision.template_id(), "a");
  EXPECT_FALSE(offers.actions[0].NeedsReservation());
}

TEST(Pricing, TakesTheDiscountOffTheMargin) {
  // 200.00 with 40 % margin costs 120.00; at 10 % off it sells for 180.00 and leaves 60.00, a third.
  const v1::Action action = Priced(20'000, 4'000, 1'000);
  EXPECT_EQ(DiscountMinor(action), 2'000);
  EXPECT_DOUBLE_EQ(WorthMinor(action), 6'000);
  EXPECT_NEAR(DiscountedMarginBps(action), 3'333.33, 0.01);
}

TEST(Pricing, IsNegativeUnderCost) {
  EXPECT_DOUBLE_EQ(WorthMinor(Priced(10'000, 1'000, 2'000)), -1'000);
  EXPECT_DOUBLE_EQ(DiscountedMarginBps(Priced(10'000, 1'000, 2'000)), -1'250);
  EXPECT_DOUBLE_EQ(DiscountedMarginBps(Priced(10'000, 1'000, 10'000)), -9'000);
  EXPECT_DOUBLE_EQ(DiscountedMarginBps(Priced(10'000, 10'000, 10'000)), 0);
}

TEST(Pricing, RoundsTheDiscountHalfUp) {
  EXPECT_EQ(DiscountMinor(Priced(999, 0, 1'500)), 150);  // 149.85
  EXPECT_EQ(DiscountMinor(Priced(990, 0, 1'500)), 149);  // 148.5
  EXPECT_EQ(DiscountMinor(Priced(kMaxAmountMinor, 0, 10'000)), kMaxAmountMinor);
}

TEST(Pricing, IsWorthItsValueWhereNothingIsSold) {
  const auto action = ParseProto<v1::Action>("value_minor: 700 margin_bps: 5000");
  EXPECT_DOUBLE_EQ(WorthMinor(action), 700);
}

TEST(Pricing, FormatsMajorUnits) {
  EXPECT_EQ(FormatMajor(0), "0.00");
  EXPECT_EQ(FormatMajor(5), "0.05");
  EXPECT_EQ(FormatMajor(1234), "12.34");
  EXPECT_EQ(FormatMajor(-105), "-1.05");
  EXPECT_EQ(FormatMoney(99.6, "USD"), "1.00 USD");
  EXPECT_EQ(FormatPercent(1500), "15");
  EXPECT_EQ(FormatPercent(1250), "12.5");
}

}  // namespace
}  // namespace campaign::offer
