// The demo's hand-made customers, each walked through the whole route.

#include "absl/strings/str_cat.h"
#include "tests/e2e/journal.h"
#include "tests/e2e/system.h"

namespace campaign::e2e {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(Heroes, MayaWhoIsLeavingGetsARetentionOfferForBothReasons) {
  System system;
  const v1::CustomerRun run = system.Run("reduce-churn", "hero-churn");
  EXPECT_EQ(run.state(), v1::CUSTOMER_RUN_STATE_DELIVERED);
  const v1::SegmentResult segment = SegmentOf(run);
  EXPECT_EQ(segment.segment(), "high_churn_risk");
  EXPECT_EQ(segment.strategy(), v1::STRATEGY_CHURN);
  EXPECT_GE(segment.churn_probability(), 0.6);
  ASSERT_GE(segment.reasons_size(), 2);
  EXPECT_EQ(segment.reasons(0).code(), "ACTIVITY_CHANGE");
  EXPECT_THAT(segment.reasons(0).text(), HasSubstr("activity down 80 %"));
  EXPECT_EQ(segment.reasons(1).code(), "LAST_ANNOUNCEMENT_IGNORED");
  EXPECT_THAT(segment.reasons(1).text(), HasSubstr("ignored the last feature update (ai_search)"));
  EXPECT_EQ(DecisionOf(run).kind(), v1::ACTION_KIND_OFFER);
  EXPECT_EQ(DecisionOf(run).action_id(), "retention_offer");
  EXPECT_EQ(DecisionOf(run).channel(), v1::CHANNEL_EMAIL);
  EXPECT_EQ(CheckOf(run).verdict(), v1::VERDICT_ALLOW);
  const std::vector<SentFile> sent = system.SentTo("hero-churn");
  ASSERT_EQ(sent.size(), 1);
  EXPECT_EQ(sent[0].to, "maya.brooks.hero-churn@example.com");
  EXPECT_EQ(sent[0].subject, Record(run, v1::STEP_GENERATION).message().subject());
  EXPECT_THAT(sent[0].text, HasSubstr("STAY12"));
  EXPECT_EQ(sent[0].key, Record(run, v1::STEP_DELIVERY).receipt().idempotency_key());
  EXPECT_EQ(sent[0].message_id, absl::StrCat("<", sent[0].key, "@nordlicht.example>"));
}

TEST(Heroes, JonasGetsThePremiumBundleAndTheCheaperOneIsExplained) {
  System system;
  const v1::CustomerRun run = system.Run("increase-aov", "hero-aov");
  EXPECT_EQ(run.state(), v1::CUSTOMER_RUN_STATE_DELIVERED);
  EXPECT_EQ(SegmentOf(run).segment(), "accessory_enthusiast");
  EXPECT_THAT(Codes(SegmentOf(run).reasons()), ElementsAre("CATEGORY_MONTHS_ACTIVE", "CATEGORY_ORDERS_120D"));
  EXPECT_EQ(DecisionOf(run).kind(), v1::ACTION_KIND_UPSELL);
  EXPECT_EQ(DecisionOf(run).action_id(), "premium_bundle");
  const v1::LosingCandidate budget = LoserOf(run, "budget_bundle");
  EXPECT_EQ(budget.reason().code(), "MARGIN_BELOW_FLOOR");
  EXPECT_THAT(budget.reason().text(), HasSubstr("floor is 25 %"));
  EXPECT_EQ(LoserOf(run, "accessory_set").reason().code(), "LOWER_VALUE");
  EXPECT_LT(LoserOf(run, "accessory_set").action_value_minor(), DecisionOf(run).action_value_minor());
  // 10 % of 149.00 is set aside for the discount.
  EXPECT_EQ(DecisionOf(run).reserved_budget_minor(), 1490);
  EXPECT_THAT(system.SentTo("hero-aov"), ElementsAre(Field(&SentFile::to, "jonas.keller.hero-aov@example.com")));
}

TEST(Heroes, AishaWhoHasBeenAwayGetsANudge) {
  System system;
  const v1::CustomerRun run = system.Run("win-back", "hero-winback");
  EXPECT_EQ(run.state(), v1::CUSTOMER_RUN_STATE_DELIVERED);
  EXPECT_EQ(SegmentOf(run).label(), "120–180 days inactive");
  EXPECT_THAT(SegmentOf(run).reasons(0).text(), HasSubstr("no activity for 125 days"));
  EXPECT_EQ(DecisionOf(run).kind(), v1::ACTION_KIND_NUDGE);
  EXPECT_EQ(DecisionOf(run).name(), "We miss you");
  EXPECT_EQ(DecisionOf(run).channel(), v1::CHANNEL_EMAIL);
  EXPECT_EQ(LoserOf(run, "big_voucher").reason().code(), "MARGIN_BELOW_FLOOR");
  const std::vector<SentFile> sent = system.SentTo("hero-winback");
  ASSERT_EQ(sent.size(), 1);
  EXPECT_EQ(sent[0].to, "aisha.rahman.hero-winback@example.com");
  EXPECT_EQ(sent[0].day, "2026-06-15");
  EXPECT_THAT(sent[0].text, HasSubstr("Unsubscribe"));
}

TEST(Heroes, TomIsTaughtTheFeatureAndSoldNothing) {
  System system;
  const v1::CustomerRun run = system.Run("feature-adoption", "hero-feature");
  EXPECT_EQ(run.state(), v1::CUSTOMER_RUN_STATE_DELIVERED);
  EXPECT_EQ(SegmentOf(run).segment(), "never_used_ai_search");
  const v1::ActionDecision decision = DecisionOf(run);
  EXPECT_EQ(decision.kind(), v1::ACTION_KIND_EDUCATION);
  EXPECT_EQ(decision.action_id(), "ai_search_guide");
  EXPECT_EQ(decision.channel(), v1::CHANNEL_EMAIL);
  // What the lesson costs to send; no discount.
  EXPECT_EQ(decision.reserved_budget_minor(), 5);
  for (const v1::Fact& variable : decision.variables()) {
    EXPECT_THAT(variable.name(), Not(HasSubstr("discount"))) << variable.value();
  }
  const std::vector<SentFile> sent = system.SentTo("hero-feature");
  ASSERT_EQ(sent.size(), 1);
  EXPECT_EQ(sent[0].to, "tom.ellis.hero-feature@example.com");
  EXPECT_THAT(sent[0].text, HasSubstr("AI search"));
}

TEST(Heroes, EleanorsMessageWaitsForAPersonBecauseOfBothRedFlags) {
  System system;
  const v1::CustomerRun run = system.Run("vip-retention", "hero-vip");
  EXPECT_EQ(run.state(), v1::CUSTOMER_RUN_STATE_WAITING_REVIEW);
  EXPECT_THAT(Codes(run.reasons()), ElementsAre("VIP_CUSTOMER", "OPEN_BILLING_TICKET"));
  EXPECT_EQ(FromTimestamp(run.wake_time()), kNow + absl::Hours(72));
  EXPECT_EQ(SegmentOf(run).segment(), "vip_needs_care");
  EXPECT_EQ(DecisionOf(run).kind(), v1::ACTION_KIND_APOLOGY);
  const v1::ReviewTask task = system.ReviewTask(run.review_task_id());
  EXPECT_EQ(task.state(), v1::REVIEW_STATE_OPEN);
  EXPECT_THAT(task.red_flags(), ElementsAre("VIP_CUSTOMER", "OPEN_BILLING_TICKET"));
  EXPECT_EQ(task.message().address(), "eleanor.whitfield.hero-vip@example.com");
  EXPECT_THAT(system.Sent(), IsEmpty());
  EXPECT_THAT(system.Ledger(), IsEmpty());
}

}  // namespace
}  // namespace campaign::e2e
