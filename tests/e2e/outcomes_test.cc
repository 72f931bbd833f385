// Every way to end without a message, or with one later.

#include "tests/e2e/journal.h"
#include "tests/e2e/system.h"

namespace campaign::e2e {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

absl::Time WakeTime(const v1::CustomerRun& run) { return FromTimestamp(run.wake_time()); }

TEST(Outcomes, WhoAskedNotToBeContactedIsSuppressed) {
  System system;
  const v1::CustomerRun run = system.Run("reduce-churn", "case-suppressed");
  EXPECT_EQ(run.state(), v1::CUSTOMER_RUN_STATE_SUPPRESSED);
  ASSERT_THAT(Codes(run.reasons()), ElementsAre("SUPPRESSED"));
  EXPECT_THAT(run.reasons(0).text(), HasSubstr("asked not to be contacted"));
  EXPECT_EQ(SegmentOf(run).segment(), "high_churn_risk");
  EXPECT_EQ(DecisionOf(run).action_id(), "retention_offer");
  EXPECT_EQ(CheckOf(run).verdict(), v1::VERDICT_BLOCK);
  EXPECT_THAT(system.Sent(), IsEmpty());
  EXPECT_THAT(system.Ledger(), IsEmpty());
}

TEST(Outcomes, TheSecondMessageOfAWeekMeetsTheFrequencyCap) {
  System system;
  EXPECT_EQ(system.Run("feature-adoption", "case-capped").state(), v1::CUSTOMER_RUN_STATE_DELIVERED);
  const v1::CustomerRun second = system.Run("feature-adoption", "case-capped");
  EXPECT_EQ(second.state(), v1::CUSTOMER_RUN_STATE_SUPPRESSED);
  EXPECT_THAT(Codes(second.reasons()), ElementsAre("FREQUENCY_CAP_REACHED"));
  EXPECT_EQ(system.SentTo("case-capped").size(), 1);
  system.MoveClock(absl::Hours(24 * 7) + absl::Seconds(1));
  EXPECT_EQ(system.Run("feature-adoption", "case-capped").state(), v1::CUSTOMER_RUN_STATE_DELIVERED);
  EXPECT_EQ(system.SentTo("case-capped").size(), 2);
}

TEST(Outcomes, AMessageInTheNightWaitsForEightInTheMorning) {
  System system;
  const v1::CustomerRun asleep = system.Run("win-back", "case-quiet");
  EXPECT_EQ(asleep.state(), v1::CUSTOMER_RUN_STATE_DEFERRED);
  EXPECT_THAT(Codes(asleep.reasons()), ElementsAre("QUIET_HOURS"));
  absl::TimeZone zone;
  ASSERT_TRUE(absl::LoadTimeZone(system.Profile("case-quiet").customer().time_zone(), &zone));
  const absl::Time morning = WakeTime(asleep);
  EXPECT_EQ(absl::ToCivilSecond(morning, zone), absl::CivilSecond(absl::ToCivilDay(morning, zone)) + 8 * 3600);
  EXPECT_GT(morning, kNow);
  EXPECT_LE(morning, kNow + absl::Hours(11));

  system.MoveClockTo(morning - absl::Seconds(1));
  // Somebody else's whole run later it still waits.
  EXPECT_EQ(system.Run("feature-adoption", "hero-feature").state(), v1::CUSTOMER_RUN_STATE_DELIVERED);
  EXPECT_EQ(system.CustomerRun(asleep.customer_run_id()).state(), v1::CUSTOMER_RUN_STATE_DEFERRED);
  EXPECT_THAT(system.SentTo("case-quiet"), IsEmpty());

  system.MoveClockTo(morning);
  const v1::CustomerRun run = system.WaitFor(asleep.customer_run_id(), v1::CUSTOMER_RUN_STATE_DELIVERED);
  EXPECT_EQ(Records(run, v1::STEP_COMPLIANCE).size(), 2);
  EXPECT_THAT(system.SentTo("case-quiet"), ElementsAre(Field(&SentFile::to, "noor.haddad.case-quiet@example.com")));
  const std::vector<v1::Dispatch> ledger = system.Ledger(run.customer_run_id());
  ASSERT_EQ(ledger.size(), 1);
  EXPECT_EQ(FromTimestamp(ledger[0].create_time()), morning);
}

TEST(Outcomes, ConsentWithdrawnWhileAMessageWaitsIsHeard) {
  System system;
  const v1::CustomerRun asleep = system.Run("win-back", "case-quiet");
  ASSERT_EQ(asleep.state(), v1::CUSTOMER_RUN_STATE_DEFERRED);
  v1::RecordConsentsRequest request;
  v1::Consent& withdrawal = *request.add_consents();
  withdrawal.set_customer_id("case-quiet");
  withdrawal.set_channel(v1::CHANNEL_EMAIL);
  *withdrawal.mutable_event_time() = ToTimestamp(kNow);
  ASSERT_OK(Ask(system.compliance, &v1::Compliance::Stub::RecordConsents, request));
  system.MoveClockTo(WakeTime(asleep));
  const v1::CustomerRun run = system.WaitFor(asleep.customer_run_id(), v1::CUSTOMER_RUN_STATE_SUPPRESSED);
  EXPECT_THAT(Codes(run.reasons()), ElementsAre("NO_CONSENT"));
  EXPECT_THAT(system.Sent(), IsEmpty());
}

TEST(Outcomes, TheControlGroupIsHeldOut) {
  System system;
  const v1::CustomerRun run = system.Run("increase-aov", "case-holdout");
  EXPECT_EQ(run.state(), v1::CUSTOMER_RUN_STATE_HELD_OUT);
  EXPECT_THAT(Codes(run.reasons()), ElementsAre("HOLDOUT"));
  EXPECT_EQ(SegmentOf(run).segment(), "accessory_enthusiast");
  EXPECT_TRUE(DecisionOf(run).held_out());
  EXPECT_THAT(Records(run, v1::STEP_GENERATION), IsEmpty());
  EXPECT_THAT(system.Sent(), IsEmpty());
}

TEST(Outcomes, WhereNothingFitsEveryActionSaysWhy) {
  System system;
  const v1::CustomerRun run = system.Run("feature-adoption", "case-noaction");
  EXPECT_EQ(run.state(), v1::CUSTOMER_RUN_STATE_NO_ACTION);
  EXPECT_THAT(Codes(run.reasons()), ElementsAre("NOTHING_ELIGIBLE"));
  EXPECT_EQ(DecisionOf(run).kind(), v1::ACTION_KIND_NONE);
  EXPECT_EQ(DecisionOf(run).losing_candidates_size(), System::DemoCampaign("feature-adoption").offers().actions_size());
  EXPECT_THAT(LoserOf(run, "ai_search_guide").reason().text(), HasSubstr("told of ai_search 2 days ago"));
  EXPECT_THAT(system.Sent(), IsEmpty());
}

TEST(Outcomes, WhoIsNotInTheAudienceGetsNothing) {
  System system;
  const v1::CustomerRun run = system.Run("win-back", "hero-feature");
  EXPECT_EQ(run.state(), v1::CUSTOMER_RUN_STATE_NO_ACTION);
  EXPECT_THAT(Codes(run.reasons()), ElementsAre("OUTSIDE_AUDIENCE"));
  EXPECT_THAT(system.Sent(), IsEmpty());
}

TEST(Outcomes, WhoIsNotKnownFailsAlone) {
  System system;
  v1::RunCampaignRequest request;
  request.set_campaign("feature-adoption");
  request.mutable_customers()->add_customer_ids("nobody");
  request.mutable_customers()->add_customer_ids("hero-feature");
  ASSERT_OK_AND_ASSIGN(const auto response, system.RunCampaign(request));
  ASSERT_EQ(response.customer_runs_size(), 2);
  EXPECT_EQ(response.customer_runs(0).customer_id(), "nobody");
  EXPECT_EQ(response.customer_runs(0).state(), v1::CUSTOMER_RUN_STATE_FAILED);
  EXPECT_THAT(Codes(response.customer_runs(0).reasons()), ElementsAre("UNKNOWN_CUSTOMER"));
  EXPECT_EQ(response.customer_runs(1).state(), v1::CUSTOMER_RUN_STATE_DELIVERED);
  EXPECT_EQ(response.campaign_run().state(), v1::CAMPAIGN_RUN_STATE_FINISHED);
  EXPECT_EQ(system.Sent().size(), 1);
  EXPECT_EQ(system.Run("win-back", "nobody").state(), v1::CUSTOMER_RUN_STATE_FAILED);
}

}  // namespace
}  // namespace campaign::e2e
