#include "services/offer/candidate.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "services/offer/arbitration_testing.h"
#include "services/offer/loss.h"

namespace campaign::offer {
namespace {

using campaign::testing::Utc;
using testing::ConfigOf;
using testing::Decide;
using ::testing::HasSubstr;
using testing::ItemFor;
using testing::LossOf;
using testing::Nudge;

// "CODE: text (name value, ...)" of what would have let candidate `index` win.
std::string ChangeOf(const v1::ActionDecision& decision, int index = 0) {
  const v1::LosingCandidate& losing = decision.losing_candidates(index);
  if (!losing.has_smallest_change()) return "(none)";
  const v1::Reason& change = losing.smallest_change();
  std::string text = absl::StrCat(change.code(), ": ", change.text());
  for (const v1::Fact& fact : change.facts()) absl::StrAppend(&text, " [", fact.name(), " ", fact.value(), "]");
  return text;
}

constexpr char kAudioFan[] =
    "{ compare { feature: 'category_orders_120d.audio' operator: OPERATOR_GREATER_OR_EQUAL number: 2 } }";

v1::SelectItem WithAudioOrders(int orders) {
  v1::SelectItem item = ItemFor("run", "ada");
  v1::CategoryStats& stats = *item.mutable_profile()->add_categories();
  stats.set_category("audio");
  stats.set_orders_120d(orders);
  return item;
}

TEST(Stages, TheFirstThatFailsNamesItselfInTheReason) {
  const v1::SelectItem item = WithAudioOrders(1);
  const struct {
    const char* stage;
    absl::string_view code;
    const char* text;
  } kCases[] = {{"eligibility", kNotEligible, "not eligible: 1 order of audio in 120 days"},
                {"applicability", kNotApplicable, "not applicable: 1 order of audio in 120 days"},
                {"suitability", kNotSuitable, "not suitable: 1 order of audio in 120 days"}};
  for (const auto& test_case : kCases) {
    const v1::ActionDecision decision = Decide(ConfigOf(Nudge("a", absl::StrCat(test_case.stage, kAudioFan))), item);
    EXPECT_EQ(LossOf(decision).code(), test_case.code);
    EXPECT_EQ(LossOf(decision).text(), test_case.text);
  }
}

TEST(Stages, AreAskedInOrderAndAllAreToBeChanged) {
  const v1::ActionDecision decision = Decide(
      ConfigOf(Nudge("a", absl::StrCat("suitability ", kAudioFan,
                                       " applicability { compare { feature: 'messages_30d' operator: OPERATOR_LESS "
                                       "number: 2 } }"))),
      WithAudioOrders(1));
  EXPECT_EQ(LossOf(decision).code(), kNotApplicable);
  EXPECT_EQ(
      ChangeOf(decision),
      "CHANGE_CUSTOMER: 2 less: less than: 2 messages from us in 30 days; 1 more: 2 orders of audio in 120 days or "
      "more [messages_30d 2] [category_orders_120d.audio 2]");
}

TEST(Stages, ThatHoldLetTheActionWin) {
  EXPECT_EQ(Decide(ConfigOf(Nudge("a", absl::StrCat("eligibility ", kAudioFan, " applicability ", kAudioFan,
                                                    " suitability ", kAudioFan))),
                   WithAudioOrders(2))
                .action_id(),
            "a");
}

TEST(SmallestChange, OfLowerValueIsTheRise) {
  // 50.00 against 97.00; a later one has to pass the best, an earlier one to reach it.
  const v1::ActionDecision decision =
      Decide(ConfigOf(Nudge("before") + Nudge("best", "propensity: 0.194") + Nudge("after")));
  EXPECT_EQ(ChangeOf(decision, 0), "RAISE_PRIORITY: value up by 0.47 USD [value_minor 97]");
  EXPECT_EQ(ChangeOf(decision, 1), "RAISE_PRIORITY: value up by 0.48 USD [value_minor 98]");
}

TEST(SmallestChange, CountsWhatTheWinnerIsAheadAlsoForWhatIsNotEligible) {
  const v1::ActionDecision decision =
      Decide(ConfigOf(Nudge("a", absl::StrCat("eligibility ", kAudioFan)) + Nudge("best", "propensity: 0.2")),
             WithAudioOrders(1));
  EXPECT_EQ(LossOf(decision).code(), kNotEligible);
  EXPECT_EQ(ChangeOf(decision),
            "CHANGE_CUSTOMER: 1 more: 2 orders of audio in 120 days or more; value up by 0.50 USD "
            "[category_orders_120d.audio 2] [value_minor 100]");
}

TEST(SmallestChange, LetsTheCandidateWin) {
  // The text says 0.47 USD: with it, the action wins; with a cent less it does not.
  const std::string best = Nudge("best", "propensity: 0.194");
  EXPECT_EQ(
      Decide(ConfigOf("actions { action_id: 'a' kind: ACTION_KIND_NUDGE value_minor: 970 propensity: 0.1 }" + best))
          .action_id(),
      "a");
  EXPECT_EQ(
      Decide(ConfigOf("actions { action_id: 'a' kind: ACTION_KIND_NUDGE value_minor: 960 propensity: 0.1 }" + best))
          .action_id(),
      "best");
}

TEST(SmallestChange, OfNoExpectedValueIsACentAboveNothing) {
  EXPECT_EQ(ChangeOf(Decide(ConfigOf(Nudge("a", "cost_minor: 97")))),
            "RAISE_PRIORITY: value up by 0.48 USD [value_minor 1]");
}

TEST(SmallestChange, OfTheMarginIsTheWayToTheFloor) {
  const v1::ActionDecision decision = Decide(ConfigOf(
      "margin_floor_bps: 2300 actions { action_id: 'a' kind: ACTION_KIND_UPSELL price_minor: 10000 margin_bps: 4000 "
      "discount_bps: 2500 propensity: 1 }"));
  EXPECT_EQ(ChangeOf(decision), "CHANGE_CONSTRAINT: margin 3 points short of the floor of 23 % [margin_percent 23]");
}

TEST(SmallestChange, OfStockCapsAndCooldown) {
  const v1::OfferConfig config =
      ConfigOf(Nudge("a", "inventory: 5 daily_cap: 3 customer_cap: 1 cooldown { seconds: 3600 }"));
  const v1::ActionDecision decision = Decide(config, ItemFor("run", "ada"), [](Standing& standing) {
    standing.given[0] = 5;
    standing.given_today[0] = 3;
    standing.given_to_customer[0] = 1;
    standing.last_given[0] = Utc("2026-06-15 11:30:00");
  });
  EXPECT_EQ(LossOf(decision).code(), kOutOfStock);
  EXPECT_EQ(
      ChangeOf(decision),
      "CHANGE_CONSTRAINT: 1 more piece in stock; a daily cap higher by 1, or the next day; a customer's cap higher "
      "by 1; cooldown ends 2026-06-15 12:30 UTC [inventory 6] [daily_cap 4] [customer_cap 2] [until "
      "2026-06-15T12:30:00+00:00]");
}

TEST(SmallestChange, OfABudgetIsWhatIsMissing) {
  const v1::ActionDecision decision =
      Decide(ConfigOf("daily_budget_minor: 2000 actions { action_id: 'a' kind: ACTION_KIND_OFFER price_minor: 10000 "
                      "margin_bps: 5000 discount_bps: 1000 propensity: 0.5 }"),
             ItemFor("run", "ada"), [](Standing& standing) { standing.spent_today_minor = 1'047; });
  EXPECT_EQ(ChangeOf(decision), "CHANGE_CONSTRAINT: 0.47 USD more of the daily budget [budget_minor 2047]");
}

TEST(SmallestChange, OfAChannelIsWhatTheNearestOneLacks) {
  v1::SelectItem item = ItemFor("run", "ada");
  item.clear_consented_channels();
  item.mutable_profile()->mutable_customer()->mutable_contact_points()->DeleteSubrange(0, 1);
  EXPECT_EQ(ChangeOf(Decide(ConfigOf(Nudge("a")), item)), "CHANGE_CHANNEL: consent for sms [channel sms]");
  item.mutable_profile()->mutable_customer()->clear_contact_points();
  EXPECT_EQ(ChangeOf(Decide(ConfigOf(Nudge("a")), item)),
            "CHANGE_CHANNEL: consent for and an address on email [channel email]");
  item.add_consented_channels(v1::CHANNEL_SMS);
  EXPECT_EQ(ChangeOf(Decide(ConfigOf(Nudge("a")), item)), "CHANGE_CHANNEL: an address on sms [channel sms]");
}

TEST(SmallestChange, IsNoneForWhatARunMayNotChangeAnyMore) {
  const v1::ActionDecision decision = Decide(
      ConfigOf(Nudge("better", absl::StrCat("propensity: 0.9 eligibility ", kAudioFan)) + Nudge("sent")),
      ItemFor("run", "ada"), [](Standing&) {}, absl::string_view("sent"));
  EXPECT_EQ(decision.action_id(), "sent");
  EXPECT_EQ(LossOf(decision).code(), kNotEligible);
  EXPECT_EQ(ChangeOf(decision), "(none)");
}

TEST(SmallestChange, OfALeverAtZeroIsTheLever) {
  const v1::ActionDecision decision = Decide(ConfigOf(Nudge("a", "lever: 0")));
  EXPECT_EQ(LossOf(decision).code(), kNoPriority);
  EXPECT_THAT(LossOf(decision).text(), HasSubstr("lever 0"));
  EXPECT_EQ(ChangeOf(decision), "RAISE_PRIORITY: lever above 0 [lever > 0]");
}

TEST(AmountText, RoundsUpToHundredths) {
  EXPECT_EQ(AmountText(1), "1");
  EXPECT_EQ(AmountText(-107.651), "107.66");
  EXPECT_EQ(AmountText(0.1 + 0.2), "0.30");
  EXPECT_EQ(AmountText(1e-9), "0");
}

}  // namespace
}  // namespace campaign::offer
