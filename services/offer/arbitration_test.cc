#include "services/offer/arbitration.h"

#include <string>
#include <vector>

#include "services/offer/channel_choice.h"
#include "services/offer/offer_testing.h"

namespace campaign::offer {
namespace {

using campaign::testing::ParseProto;
using campaign::testing::Utc;
using testing::ConfigOf;
using ::testing::HasSubstr;
using testing::ItemFor;
using testing::LossCode;
using testing::Nudge;
using testing::ReasonOf;
using testing::VariableOf;

// Decides for `item`, with nothing given or spent so far but what `change` makes of the standing.
template <class Change>
v1::ActionDecision Decide(const v1::OfferConfig& config, const v1::SelectItem& item, Change change,
                          absl::optional<absl::string_view> committed_action_id = absl::nullopt) {
  auto offers = CompileOffers(config);
  EXPECT_OK(offers);
  v1::ActionDecision decision;
  if (!offers.ok()) return decision;
  Standing standing;
  standing.given.assign(offers->actions.size(), 0);
  standing.last_given.assign(offers->actions.size(), absl::InfinitePast());
  change(standing);
  Arbitrate(*offers, {item, standing, committed_action_id}, Utc("2026-06-15 12:00:00"), decision);
  return decision;
}

v1::ActionDecision Decide(const v1::OfferConfig& config, const v1::SelectItem& item = ItemFor("run", "ada")) {
  return Decide(config, item, [](Standing&) {});
}

const v1::Reason& LossOf(const v1::ActionDecision& decision, int index = 0) {
  return decision.losing_candidates(index).reason();
}

TEST(Arbitration, BundleOfHigherMarginBeatsTheAccessory) {
  const v1::ActionDecision decision = Decide(ConfigOf(R"pb(
    actions {
      action_id: "accessory"
      kind: ACTION_KIND_UPSELL
      price_minor: 4900
      margin_bps: 3000
      discount_bps: 0
      propensity: 0.2
    }
    actions {
      action_id: "premium_bundle"
      kind: ACTION_KIND_UPSELL
      name: "Premium bundle"
      price_minor: 24900
      margin_bps: 4500
      discount_bps: 1000
      propensity: 0.08
      cost_minor: 10
      template_id: "bundle"
      variables { name: "bundle_name" value: "Studio set" }
    }
  )pb"));
  EXPECT_EQ(decision.action_id(), "premium_bundle");
  EXPECT_EQ(decision.kind(), v1::ACTION_KIND_UPSELL);
  EXPECT_EQ(decision.name(), "Premium bundle");
  EXPECT_EQ(decision.template_id(), "bundle");
  // 0.08 × 249.00 × (45 % - 10 %) - 0.10 = 6.872.
  EXPECT_NEAR(decision.action_value_minor(), 687.2, 1e-9);
  EXPECT_DOUBLE_EQ(decision.propensity(), 0.08);
  EXPECT_EQ(VariableOf(decision, "bundle_name"), "Studio set");
  EXPECT_EQ(VariableOf(decision, "price"), "249.00");
  EXPECT_EQ(VariableOf(decision, "discounted_price"), "224.10");
  EXPECT_EQ(VariableOf(decision, "discount_percent"), "10");
  EXPECT_EQ(VariableOf(decision, "currency"), "USD");
  EXPECT_THAT(ReasonOf(decision, kWonByValue).text(), HasSubstr("6.87 USD: propensity 0.08 × 87.15 USD margin"));
  ASSERT_EQ(decision.losing_candidates_size(), 1);
  EXPECT_EQ(LossOf(decision).code(), kLowerValue);
  EXPECT_EQ(LossOf(decision).text(), "expected value 2.94 USD is not above 6.87 USD of premium_bundle");
  EXPECT_NEAR(decision.losing_candidates(0).action_value_minor(), 294, 1e-9);
}

TEST(Arbitration, TeachesWithoutADiscount) {
  v1::SelectItem item = ItemFor("run", "ada");
  item.mutable_profile()->set_last_announcement_ignored(true);
  const v1::ActionDecision decision =
      Decide(ConfigOf(R"pb(
               actions {
                 action_id: "discount"
                 kind: ACTION_KIND_OFFER
                 price_minor: 5000
                 margin_bps: 6000
                 discount_bps: 2000
                 propensity: 0.05
               }
               actions {
                 action_id: "guide"
                 kind: ACTION_KIND_EDUCATION
                 value_minor: 900
                 propensity: 0.25
                 eligibility { compare { feature: "last_announcement_ignored" operator: OPERATOR_EQUAL truth: true } }
               }
             )pb"),
             item);
  EXPECT_EQ(decision.action_id(), "guide");
  EXPECT_EQ(decision.kind(), v1::ACTION_KIND_EDUCATION);
  EXPECT_EQ(VariableOf(decision, "discount_percent"), "(absent)");
  EXPECT_EQ(VariableOf(decision, "price"), "(absent)");
  EXPECT_THAT(ReasonOf(decision, kWonByValue).text(), HasSubstr("0.25 × 9.00 USD worth of a response"));
}

TEST(Arbitration, NotEligibleCarriesTheFirstComparisonThatFails) {
  const v1::ActionDecision decision = Decide(ConfigOf(Nudge("a", R"pb(
    eligibility {
      all {
        rules { compare { feature: "orders_365d" operator: OPERATOR_GREATER number: 1 } }
        rules { compare { feature: "days_since_last_purchase" operator: OPERATOR_GREATER number: 120 } }
        rules { compare { feature: "messages_30d" operator: OPERATOR_LESS number: 1 } }
      }
    })pb")));
  EXPECT_EQ(decision.kind(), v1::ACTION_KIND_NONE);
  EXPECT_EQ(LossOf(decision).code(), kNotEligible);
  EXPECT_THAT(LossOf(decision).text(), HasSubstr("12"));
  ASSERT_EQ(LossOf(decision).facts_size(), 1);
  EXPECT_EQ(LossOf(decision).facts(0).name(), "days_since_last_purchase");
}

TEST(Arbitration, NothingEligibleIsADecisionWithAReasonForEach) {
  const std::string never = "eligibility { compare { feature: 'orders_365d' operator: OPERATOR_LESS number: 0 } }";
  const v1::ActionDecision decision = Decide(ConfigOf(Nudge("a", never) + Nudge("b", never) + Nudge("c", never)));
  EXPECT_EQ(decision.kind(), v1::ACTION_KIND_NONE);
  EXPECT_EQ(decision.action_id(), "");
  EXPECT_EQ(decision.channel(), v1::CHANNEL_UNSPECIFIED);
  EXPECT_EQ(ReasonOf(decision, kNothingEligible).text(), "none of 3 actions is left; each says why");
  ASSERT_EQ(decision.losing_candidates_size(), 3);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(LossOf(decision, i).code(), kNotEligible);
}

TEST(ChannelChoice, TakesTheFirstPreferredOneWithConsentAndAddress) {
  v1::SelectItem item = ItemFor("run", "ada");
  EXPECT_EQ(Decide(ConfigOf(Nudge("a")), item).channel(), v1::CHANNEL_EMAIL);
  item.clear_consented_channels();
  item.add_consented_channels(v1::CHANNEL_SMS);
  const v1::ActionDecision decision = Decide(ConfigOf(Nudge("a")), item);
  EXPECT_EQ(decision.channel(), v1::CHANNEL_SMS);
  EXPECT_EQ(ReasonOf(decision, kChannelChosen).text(), "sms is the first channel with consent and an address");
}

TEST(ChannelChoice, KeepsToTheActionsChannelsInTheCampaignsOrder) {
  EXPECT_EQ(Decide(ConfigOf(Nudge("a", "channels: CHANNEL_SMS"))).channel(), v1::CHANNEL_SMS);
  EXPECT_EQ(Decide(ConfigOf(Nudge("a", "channels: [CHANNEL_SMS, CHANNEL_EMAIL]"))).channel(), v1::CHANNEL_EMAIL);
}

TEST(ChannelChoice, LosesWithoutConsent) {
  v1::SelectItem item = ItemFor("run", "ada");
  item.clear_consented_channels();
  item.add_consented_channels(v1::CHANNEL_PUSH);
  const v1::ActionDecision decision = Decide(ConfigOf(Nudge("a")), item);
  EXPECT_EQ(LossOf(decision).code(), kNoConsentedChannel);
  EXPECT_EQ(LossOf(decision).text(), "no consent for email, sms");
}

TEST(ChannelChoice, LosesWithoutAnAddress) {
  v1::SelectItem item = ItemFor("run", "ada");
  item.mutable_profile()->mutable_customer()->clear_contact_points();
  EXPECT_EQ(LossOf(Decide(ConfigOf(Nudge("a")), item)).code(), kNoReachableChannel);
}

TEST(ChannelChoice, TransactionalMessagesNeedNoConsent) {
  v1::SelectItem item = ItemFor("run", "ada");
  item.clear_consented_channels();
  const v1::ActionDecision decision = Decide(ConfigOf(Nudge("a", "message_class: MESSAGE_CLASS_TRANSACTIONAL")), item);
  EXPECT_EQ(decision.channel(), v1::CHANNEL_EMAIL);
  EXPECT_EQ(decision.message_class(), v1::MESSAGE_CLASS_TRANSACTIONAL);
}

TEST(Constraints, MarginBelowTheFloorLosesWithBothNumbers) {
  const v1::ActionDecision decision = Decide(ConfigOf(R"pb(
    margin_floor_bps: 2500
    actions {
      action_id: "a"
      kind: ACTION_KIND_UPSELL
      price_minor: 10000
      margin_bps: 4000
      discount_bps: 2500
      propensity: 1
    }
  )pb"));
  EXPECT_EQ(LossOf(decision).code(), kMarginBelowFloor);
  EXPECT_EQ(LossOf(decision).text(), "margin after discount is 20 %, the campaign's floor is 25 %");
}

TEST(Constraints, MarginAtTheFloorPasses) {
  EXPECT_EQ(Decide(ConfigOf(R"pb(
              margin_floor_bps: 2000
              actions {
                action_id: "a"
                kind: ACTION_KIND_UPSELL
                price_minor: 10000
                margin_bps: 4000
                discount_bps: 2500
                propensity: 1
              }
            )pb"))
                .action_id(),
            "a");
}

TEST(Constraints, OutOfStockLoses) {
  const v1::OfferConfig config = ConfigOf(Nudge("a", "inventory: 5"));
  const v1::SelectItem item = ItemFor("run", "ada");
  EXPECT_EQ(Decide(config, item, [](Standing& standing) { standing.given[0] = 4; }).action_id(), "a");
  const v1::ActionDecision decision = Decide(config, item, [](Standing& standing) { standing.given[0] = 5; });
  EXPECT_EQ(LossOf(decision).code(), kOutOfStock);
  EXPECT_EQ(LossOf(decision).text(), "all 5 pieces are given or reserved");
}

TEST(Constraints, CooldownEndsOnTheDot) {
  const v1::OfferConfig config = ConfigOf(Nudge("a", "cooldown { seconds: 3600 }"));
  const v1::SelectItem item = ItemFor("run", "ada");
  const auto at = [](const char* time) { return [time](Standing& standing) { standing.last_given[0] = Utc(time); }; };
  EXPECT_EQ(Decide(config, item, at("2026-06-15 11:00:00")).action_id(), "a");
  const v1::ActionDecision decision = Decide(config, item, at("2026-06-15 11:00:01"));
  EXPECT_EQ(LossOf(decision).code(), kInCooldown);
  EXPECT_EQ(LossOf(decision).text(), "given on 2026-06-15 11:00 UTC; not again before 2026-06-15 12:00 UTC");
}

TEST(Constraints, BudgetsHoldDiscountAndCost) {
  const std::string action =
      "actions { action_id: 'a' kind: ACTION_KIND_OFFER price_minor: 10000 margin_bps: 5000 discount_bps: 1000 "
      "cost_minor: 50 propensity: 0.5 }";
  const v1::SelectItem item = ItemFor("run", "ada");
  const auto spent = [](int64_t today, int64_t in_all) {
    return [=](Standing& standing) {
      standing.spent_today_minor = today;
      standing.spent_minor = in_all;
    };
  };
  const v1::OfferConfig daily = ConfigOf("daily_budget_minor: 2000 " + action);
  EXPECT_EQ(Decide(daily, item, spent(950, 99'999)).action_id(), "a");
  const v1::ActionDecision today_spent = Decide(daily, item, spent(951, 951));
  EXPECT_EQ(LossOf(today_spent).code(), kBudgetExhausted);
  EXPECT_EQ(LossOf(today_spent).text(), "daily budget of 20.00 USD has 10.49 USD left, this needs 10.50 USD");
  const v1::OfferConfig total = ConfigOf("total_budget_minor: 5000 " + action);
  EXPECT_EQ(Decide(total, item, spent(0, 3'950)).action_id(), "a");
  EXPECT_THAT(LossOf(Decide(total, item, spent(0, 3'951))).text(), HasSubstr("total budget of 50.00 USD"));
}

TEST(Constraints, WhatCostsNothingNeedsNoBudget) {
  EXPECT_EQ(Decide(ConfigOf("daily_budget_minor: 0 " + Nudge("a"))).action_id(), "a");
}

TEST(Arbitration, NoExpectedValueLoses) {
  const v1::ActionDecision decision =
      Decide(ConfigOf(Nudge("dear", "cost_minor: 50") + Nudge("fair", "cost_minor: 49")));
  EXPECT_EQ(decision.action_id(), "fair");
  EXPECT_EQ(LossCode(decision, "dear"), kNoExpectedValue);
  EXPECT_THAT(LossOf(decision).text(), HasSubstr("a response is worth 5.00 USD at propensity 0.1, acting costs 0.50"));
}

TEST(Arbitration, TiesGoToTheFirstConfigured) {
  const v1::ActionDecision decision = Decide(ConfigOf(Nudge("z") + Nudge("a")));
  EXPECT_EQ(decision.action_id(), "z");
  EXPECT_EQ(LossCode(decision, "a"), kLowerValue);
}

TEST(Arbitration, ListsLosersInTheOrderOfConfiguration) {
  const v1::ActionDecision decision = Decide(ConfigOf(Nudge("a") + Nudge("b", "cost_minor: 900") +
                                                      Nudge("c", "propensity: 0.3") + Nudge("d", "inventory: 0")));
  EXPECT_EQ(decision.action_id(), "c");
  ASSERT_EQ(decision.losing_candidates_size(), 3);
  EXPECT_EQ(decision.losing_candidates(0).action_id(), "a");
  EXPECT_EQ(LossOf(decision, 0).code(), kLowerValue);
  EXPECT_EQ(decision.losing_candidates(1).action_id(), "b");
  EXPECT_EQ(LossOf(decision, 1).code(), kNoExpectedValue);
  EXPECT_EQ(decision.losing_candidates(2).action_id(), "d");
  EXPECT_EQ(LossOf(decision, 2).code(), kOutOfStock);
  EXPECT_FALSE(decision.losing_candidates(2).has_action_value_minor());
}

TEST(Propensity, AdjustmentsThatHoldMultiplyAndSayWhy) {
  const v1::ActionDecision decision = Decide(ConfigOf(Nudge("a", R"pb(
    propensity_adjustments {
      multiplier: 3
      when { compare { feature: "orders_365d" operator: OPERATOR_GREATER number: 5 } }
    }
    propensity_adjustments {
      multiplier: 0.1
      when { compare { feature: "messages_30d" operator: OPERATOR_GREATER number: 9 } }
    }
    propensity_adjustments {
      multiplier: 2
      when { compare { feature: "days_since_last_purchase" operator: OPERATOR_LESS number: 30 } }
    })pb")));
  EXPECT_NEAR(decision.propensity(), 0.6, 1e-12);
  std::vector<std::string> texts;
  for (const v1::Reason& reason : decision.reasons()) {
    if (reason.code() == kPropensityAdjusted) texts.push_back(reason.text());
  }
  ASSERT_EQ(texts.size(), 2);
  EXPECT_THAT(texts[0], HasSubstr("propensity × 3: "));
  EXPECT_THAT(texts[0], HasSubstr("6"));
  EXPECT_THAT(texts[1], HasSubstr("propensity × 2: "));
}

TEST(Propensity, IsCutToOne) {
  EXPECT_DOUBLE_EQ(Decide(ConfigOf(Nudge("a", "propensity_adjustments { multiplier: 100 }"))).propensity(), 1);
}

TEST(Propensity, AdjustedToNothingHasNoValue) {
  const v1::ActionDecision decision = Decide(ConfigOf(Nudge("a", "propensity_adjustments { multiplier: 0 }")));
  EXPECT_EQ(LossOf(decision).code(), kNoExpectedValue);
}

TEST(Experiments, VariantChangesTemplateAndVariablesButNoPrice) {
  const v1::ActionDecision decision = Decide(ConfigOf(R"pb(
    actions {
      action_id: "a"
      kind: ACTION_KIND_UPSELL
      price_minor: 1000
      margin_bps: 5000
      propensity: 0.5
      variables { name: "headline" value: "plain" }
      variables { name: "kept" value: "yes" }
    }
    experiments {
      experiment_id: "headline"
      variants { variant_id: "control" weight_bps: 0 }
      variants {
        variant_id: "bold"
        weight_bps: 10000
        template_id: "a-bold"
        variables { name: "headline" value: "bold" }
        variables { name: "price" value: "1.00" }
      }
    }
  )pb"));
  EXPECT_EQ(decision.template_id(), "a-bold");
  EXPECT_EQ(VariableOf(decision, "headline"), "bold");
  EXPECT_EQ(VariableOf(decision, "kept"), "yes");
  EXPECT_EQ(VariableOf(decision, "price"), "10.00");
  ASSERT_EQ(decision.assignments_size(), 1);
  EXPECT_EQ(decision.assignments(0).experiment_id(), "headline");
  EXPECT_EQ(decision.assignments(0).variant_id(), "bold");
  EXPECT_EQ(ReasonOf(decision, kExperimentVariant).text(), "variant bold of experiment headline");
}

TEST(Experiments, AreOnlyAboutTheirActions) {
  const std::string experiment =
      "experiments { experiment_id: 'x' variants { variant_id: 'on' weight_bps: 10000 } variants { variant_id: 'off' } "
      "action_ids: '";
  EXPECT_EQ(Decide(ConfigOf(Nudge("a") + Nudge("b") + experiment + "b' }")).assignments_size(), 0);
  EXPECT_EQ(Decide(ConfigOf(Nudge("a") + Nudge("b") + experiment + "a' }")).assignments_size(), 1);
}

TEST(Committed, OnlyTheActionThatWasSentMayWin) {
  const v1::OfferConfig config = ConfigOf(Nudge("better", "propensity: 0.9") + Nudge("sent", "inventory: 1"));
  const v1::ActionDecision decision = Decide(
      config, ItemFor("run", "ada"), [](Standing& standing) { standing.given[1] = 1; }, absl::string_view("sent"));
  EXPECT_EQ(decision.action_id(), "sent");
  EXPECT_EQ(LossCode(decision, "better"), kAlreadyCommitted);
}

TEST(Holdout, IsADecisionToDoNothing) {
  v1::ActionDecision decision;
  DecideHoldout(ParseProto<v1::Holdout>("share_bps: 500"), decision);
  EXPECT_TRUE(decision.held_out());
  EXPECT_EQ(decision.kind(), v1::ACTION_KIND_NONE);
  EXPECT_EQ(ReasonOf(decision, kHoldout).text(), "in the control group of 5 % to whom nothing is sent");
}

}  // namespace
}  // namespace campaign::offer
