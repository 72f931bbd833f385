#include "services/offer/constraints.h"

#include <string>

#include "services/offer/arbitration_testing.h"
#include "services/offer/channel_choice.h"

namespace campaign::offer {
namespace {

using campaign::testing::Utc;
using testing::ConfigOf;
using testing::Decide;
using ::testing::HasSubstr;
using testing::ItemFor;
using testing::LossOf;
using testing::Nudge;
using testing::ReasonOf;

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

}  // namespace
}  // namespace campaign::offer
