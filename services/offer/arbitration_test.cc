#include "services/offer/arbitration.h"

#include <string>
#include <vector>

#include "services/offer/arbitration_testing.h"

namespace campaign::offer {
namespace {

using campaign::testing::ParseProto;
using testing::ConfigOf;
using testing::Decide;
using ::testing::HasSubstr;
using testing::ItemFor;
using testing::LossCode;
using testing::LossOf;
using testing::Nudge;
using testing::ReasonOf;
using testing::VariableOf;

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
  // 0.08 x 249.00 x (45 % - 10 %) - 0.10 = 6.872.
  EXPECT_NEAR(decision.action_value_minor(), 687.2, 1e-9);
  EXPECT_DOUBLE_EQ(decision.propensity(), 0.08);
  EXPECT_EQ(VariableOf(decision, "bundle_name"), "Studio set");
  EXPECT_EQ(VariableOf(decision, "price"), "249.00");
  EXPECT_EQ(VariableOf(decision, "discounted_price"), "224.10");
  EXPECT_EQ(VariableOf(decision, "discount_percent"), "10");
  EXPECT_EQ(VariableOf(decision, "currency"), "USD");
  EXPECT_THAT(ReasonOf(decision, kWonByValue).text(), HasSubstr("6.87 USD: propensity 0.08 x 87.15 USD margin"));
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
  EXPECT_THAT(ReasonOf(decision, kWonByValue).text(), HasSubstr("0.25 x 9.00 USD worth of a response"));
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
  EXPECT_THAT(texts[0], HasSubstr("propensity x 3: "));
  EXPECT_THAT(texts[0], HasSubstr("6"));
  EXPECT_THAT(texts[1], HasSubstr("propensity x 2: "));
}

TEST(Propensity, IsCutToOne) {
  EXPECT_DOUBLE_EQ(Decide(ConfigOf(Nudge("a", "propensity_adjustments { multiplier: 100 }"))).propensity(), 1);
}

TEST(Propensity, AdjustedToNothingHasNoValue) {
  const v1::ActionDecision decision = Decide(ConfigOf(Nudge("a", "propensity_adjustments { multiplier: 0 }")));
  EXPECT_EQ(LossOf(decision).code(), kNoExpectedValue);
}

TEST(Committed, OnlyTheActionThatWasSentMayWin) {
  const v1::OfferConfig config = ConfigOf(Nudge("better", "propensity: 0.9") + Nudge("sent", "inventory: 1"));
  const v1::ActionDecision decision = Decide(
      config, ItemFor("run", "ada"), [](Standing& standing) { standing.given[1] = 1; }, absl::string_view("sent"));
  EXPECT_EQ(decision.action_id(), "sent");
  EXPECT_EQ(LossCode(decision, "better"), kAlreadyCommitted);
}

// The item with "CHANNEL_EMAIL: 1 of 10" as past responses.
v1::SelectItem WithResponses(const std::string& text) {
  v1::SelectItem item = ItemFor("run", "ada");
  item.mutable_profile()->MergeFrom(ParseProto<v1::Profile>(text));
  v1::ContactPoint& push = *item.mutable_profile()->mutable_customer()->add_contact_points();
  push.set_channel(v1::CHANNEL_PUSH);
  push.set_address("token");
  item.add_consented_channels(v1::CHANNEL_PUSH);
  return item;
}

// "EMAIL, then SMS PUSH".
std::string ChannelsText(const v1::ActionDecision& decision) {
  std::string text = absl::StrCat(v1::Channel_Name(decision.channel()).substr(8), ", then");
  for (const int channel : decision.fallback_channels()) {
    absl::StrAppend(&text, " ", v1::Channel_Name(static_cast<v1::Channel>(channel)).substr(8));
  }
  return text;
}

v1::OfferConfig ThreeChannels(int min_messages, absl::string_view action = "") {
  auto config = ParseProto<v1::OfferConfig>(
      absl::StrCat("channel_priority: [CHANNEL_EMAIL, CHANNEL_SMS, CHANNEL_PUSH] ", Nudge("a", action)));
  config.mutable_channel_preference()->set_min_messages(min_messages);
  return config;
}

constexpr char kPushIsBest[] = R"pb(
  channel_responses { channel: CHANNEL_EMAIL messages_180d: 12 responded_180d: 1 }
  channel_responses { channel: CHANNEL_SMS messages_180d: 2 responded_180d: 2 }
  channel_responses { channel: CHANNEL_PUSH messages_180d: 5 responded_180d: 3 })pb";

TEST(ChannelChoice, GoesByThePriorityAndNamesTheOthersAsFallbacks) {
  const v1::ActionDecision decision = Decide(ThreeChannels(0), WithResponses(kPushIsBest));
  EXPECT_EQ(ChannelsText(decision), "EMAIL, then SMS PUSH");
  EXPECT_EQ(ReasonOf(decision, kChannelChosen).text(), "email is the first channel with consent and an address");
}

TEST(ChannelChoice, PutsTheChannelWithTheBestResponsesFirst) {
  const v1::ActionDecision decision = Decide(ThreeChannels(3), WithResponses(kPushIsBest));
  // Two messages by SMS are too few to say anything: it stands behind those with responses.
  EXPECT_EQ(ChannelsText(decision), "PUSH, then EMAIL SMS");
  const v1::Reason& reason = ReasonOf(decision, kChannelByResponses);
  EXPECT_EQ(reason.text(), "push is the channel with the best responses: 3 of 5 messages by push, 1 of 12 by email");
  EXPECT_EQ(reason.facts(0).value(), "push");
  EXPECT_EQ(ReasonOf(decision, kChannelChosen).code(), "");
  EXPECT_EQ(ChannelsText(Decide(ThreeChannels(2), WithResponses(kPushIsBest))), "SMS, then PUSH EMAIL");
}

TEST(ChannelChoice, LetsThePriorityDecideBetweenEqualsAndWhereNothingIsKnown) {
  EXPECT_EQ(ChannelsText(Decide(ThreeChannels(1), WithResponses(""))), "EMAIL, then SMS PUSH");
  const char* equal = R"pb(channel_responses { channel: CHANNEL_PUSH messages_180d: 4 responded_180d: 2 }
                           channel_responses { channel: CHANNEL_SMS messages_180d: 8 responded_180d: 4 })pb";
  EXPECT_EQ(ChannelsText(Decide(ThreeChannels(1), WithResponses(equal))), "SMS, then PUSH EMAIL");
  const char* none = R"pb(channel_responses { channel: CHANNEL_EMAIL messages_180d: 30 responded_180d: 0 })pb";
  EXPECT_EQ(ChannelsText(Decide(ThreeChannels(1), WithResponses(none))), "EMAIL, then SMS PUSH");
}

TEST(ChannelChoice, PrefersNoChannelThatMayNotBeUsed) {
  v1::SelectItem item = WithResponses(kPushIsBest);
  item.mutable_consented_channels()->Truncate(2);
  EXPECT_EQ(ChannelsText(Decide(ThreeChannels(3), item)), "EMAIL, then SMS");
  EXPECT_EQ(ChannelsText(Decide(ThreeChannels(3, "message_class: MESSAGE_CLASS_TRANSACTIONAL"), item)),
            "PUSH, then EMAIL SMS");
  EXPECT_EQ(ChannelsText(Decide(ThreeChannels(3, "channels: [CHANNEL_SMS]"), item)), "SMS, then");
}

}  // namespace
}  // namespace campaign::offer
