// Recorded runs that are decided again: nothing differs, until something does, and then it is named.

#include "tests/e2e/journal.h"
#include "tests/e2e/system.h"

namespace campaign::e2e {
namespace {

// "STEP_OFFER decision.action_id" of each difference.
std::vector<std::string> Places(const v1::ReplayCustomerRunResponse& replay) {
  std::vector<std::string> places;
  for (const v1::ReplayDifference& difference : replay.differences()) {
    places.push_back(absl::StrCat(v1::Step_Name(difference.step()), " ", difference.field()));
  }
  return places;
}

void ExpectIdentical(System& system, const v1::CustomerRun& run, int compared_count) {
  const v1::ReplayCustomerRunResponse replay = system.Replay(run.customer_run_id());
  EXPECT_EQ(replay.outcome(), v1::REPLAY_OUTCOME_IDENTICAL) << replay.DebugString() << run.DebugString();
  EXPECT_EQ(replay.compared_count(), compared_count) << replay.DebugString();
}

TEST(Replay, OfADeliveredRunIsIdenticalAndLeavesNoTrace) {
  System system;
  const v1::CustomerRun run = system.Run("increase-aov", "hero-aov");
  ASSERT_EQ(run.state(), v1::CUSTOMER_RUN_STATE_DELIVERED);
  ASSERT_GT(DecisionOf(run).action_value_minor(), 0);
  ExpectIdentical(system, run, 7);
  EXPECT_THAT(Codes(system.Replay(run.customer_run_id()).left_out()), ::testing::ElementsAre("ANSWERED_BY_CHANNEL"));
  // Not even much later, when cooldown, caps and windows have moved.
  system.MoveClock(absl::Hours(24 * 100));
  ExpectIdentical(system, run, 7);
  EXPECT_EQ(system.Sent().size(), 1u);
  EXPECT_EQ(system.Ledger().size(), 1u);
  EXPECT_EQ(system.CustomerRun(run.customer_run_id()).SerializeAsString(), run.SerializeAsString());
  EXPECT_EQ(system.Profile("hero-aov").messages_30d(), 0);
}

TEST(Replay, OfEveryOutcomeIsIdentical) {
  System system;
  ExpectIdentical(system, system.Run("feature-adoption", "hero-feature"), 7);
  ExpectIdentical(system, system.Run("reduce-churn", "hero-churn", /*dry_run=*/true), 8);
  ExpectIdentical(system, system.Run("win-back", "case-quiet"), 6);
  for (const auto& [campaign, customer] :
       std::vector<std::pair<const char*, const char*>>{{"increase-aov", "case-holdout"},
                                                        {"reduce-churn", "case-suppressed"},
                                                        {"feature-adoption", "case-noaction"}}) {
    const v1::CustomerRun run = system.Run(campaign, customer);
    const v1::ReplayCustomerRunResponse replay = system.Replay(run.customer_run_id());
    EXPECT_EQ(replay.outcome(), v1::REPLAY_OUTCOME_IDENTICAL) << customer << replay.DebugString();
    EXPECT_GE(replay.compared_count(), 4) << customer;
  }
}

TEST(Replay, OfAReviewedRunDecidesBothChecksAgainAndNotTheReview) {
  System system;
  const v1::CustomerRun waiting = system.Run("vip-retention", "hero-vip");
  ASSERT_EQ(waiting.state(), v1::CUSTOMER_RUN_STATE_WAITING_REVIEW);
  ExpectIdentical(system, waiting, 6);
  system.MoveClock(absl::Minutes(10));
  ASSERT_OK(system.Decide(system.Decision(waiting.review_task_id(), "ana", v1::REVIEW_DECISION_APPROVE)));
  const v1::CustomerRun run = system.WaitFor(waiting.customer_run_id(), v1::CUSTOMER_RUN_STATE_DELIVERED);
  const v1::ReplayCustomerRunResponse replay = system.Replay(run.customer_run_id());
  EXPECT_EQ(replay.outcome(), v1::REPLAY_OUTCOME_IDENTICAL) << replay.DebugString();
  EXPECT_THAT(Codes(replay.left_out()), ::testing::IsSupersetOf({"DECIDED_BY_PERSON", "ANSWERED_BY_CHANNEL"}));
}

TEST(Replay, NamesStepAndFieldOfWhatTheRecordSaysInAnotherWay) {
  System system;
  const v1::CustomerRun run = system.Run("increase-aov", "hero-aov");
  const auto planted = [&](v1::Step step, const auto& plant) {
    v1::CustomerRun changed = run;
    for (v1::StepRecord& record : *changed.mutable_steps()) {
      if (record.step() == step) plant(record);
    }
    return system.ReplayOf(changed);
  };
  auto replay = planted(v1::STEP_OFFER, [](v1::StepRecord& r) { r.mutable_decision()->set_propensity(0.123); });
  EXPECT_EQ(replay.outcome(), v1::REPLAY_OUTCOME_DIFFERENT);
  EXPECT_THAT(Places(replay), ::testing::ElementsAre("STEP_OFFER decision.propensity"));
  EXPECT_EQ(replay.differences(0).recorded(), "0.123");
  EXPECT_EQ(run.steps(replay.differences(0).step_index()).step(), v1::STEP_OFFER);
  EXPECT_EQ(replay.differences(0).moved_state(), "");

  replay = planted(v1::STEP_SEGMENTATION, [](v1::StepRecord& r) { r.mutable_segment()->set_segment("planted"); });
  EXPECT_EQ(replay.outcome(), v1::REPLAY_OUTCOME_DIFFERENT);
  EXPECT_EQ(Places(replay)[0], "STEP_SEGMENTATION segment.segment");

  replay = planted(v1::STEP_COMPLIANCE, [](v1::StepRecord& r) { r.mutable_check()->set_verdict(v1::VERDICT_BLOCK); });
  EXPECT_EQ(replay.outcome(), v1::REPLAY_OUTCOME_DIFFERENT);
  EXPECT_EQ(Places(replay)[0], "STEP_COMPLIANCE check.verdict");
  EXPECT_EQ(replay.differences(0).replayed(), "VERDICT_ALLOW");
}

TEST(Replay, SaysWhichStateMovedOn) {
  System system;
  const v1::CustomerRun run = system.Run("increase-aov", "hero-aov");
  v1::AddSuppressionsRequest suppressions;
  suppressions.add_suppressions()->set_customer_id("hero-aov");
  ASSERT_OK(Ask(system.compliance, &v1::Compliance::Stub::AddSuppressions, suppressions));
  const v1::ReplayCustomerRunResponse replay = system.Replay(run.customer_run_id());
  EXPECT_EQ(replay.outcome(), v1::REPLAY_OUTCOME_STATE_MOVED);
  EXPECT_THAT(Places(replay), ::testing::ElementsAre("STEP_COMPLIANCE check.verdict"));
  EXPECT_EQ(replay.differences(0).moved_state(), "suppressions, consents and contacts as they are now");
}

TEST(Replay, GoesByTheRfmBoundsOfThen) {
  System system;
  v1::Campaign campaign = System::DemoCampaign("win-back");
  campaign.set_name("by-value");
  campaign.mutable_segmentation()->clear_enabled_strategies();
  campaign.mutable_segmentation()->clear_strategy_rules();
  campaign.mutable_segmentation()->add_enabled_strategies(v1::STRATEGY_RFM);
  ASSERT_OK(system.Apply(campaign));
  const v1::CustomerRun run = system.Run("by-value", "hero-winback", /*dry_run=*/true);
  const v1::StepRecord& record = Record(run, v1::STEP_SEGMENTATION);
  ASSERT_EQ(record.segment().strategy(), v1::STRATEGY_RFM) << run.DebugString();
  ASSERT_EQ(record.rfm_cutoffs().recency_days_size(), 4);
  const shop::Shop shop({.now = kNow});
  std::vector<shop::Person> crowd;
  for (int i = 0; i < 100; ++i) crowd.push_back(shop.MakePerson(i));
  system.Import(crowd);
  system.MoveClock(absl::Hours(1));
  const v1::CustomerRun later = system.Run("by-value", "hero-winback", /*dry_run=*/true);
  EXPECT_NE(Record(later, v1::STEP_SEGMENTATION).rfm_cutoffs().SerializeAsString(),
            record.rfm_cutoffs().SerializeAsString());
  const v1::ReplayCustomerRunResponse replay = system.Replay(run.customer_run_id());
  EXPECT_EQ(replay.outcome(), v1::REPLAY_OUTCOME_IDENTICAL) << replay.DebugString();
}

TEST(Replay, DrawsActionsByTheResponsesOfThen) {
  System system;
  v1::Campaign campaign = System::DemoCampaign("win-back");
  campaign.set_name("drawn");
  campaign.mutable_offers()->mutable_arbitration()->mutable_thompson_sampling();
  ASSERT_OK(system.Apply(campaign));
  const v1::CustomerRun first = system.Run("drawn", "hero-winback");
  ASSERT_EQ(first.state(), v1::CUSTOMER_RUN_STATE_DELIVERED);
  EXPECT_GT(DecisionOf(first).draw_probability(), 0);
  EXPECT_EQ(Record(first, v1::STEP_OFFER).action_responses_size(), 0);
  system.MoveClock(absl::Hours(1));
  const v1::CustomerRun second = system.Run("drawn", "case-quiet", /*dry_run=*/true);
  ASSERT_EQ(Record(second, v1::STEP_OFFER).action_responses_size(), 1) << second.DebugString();
  EXPECT_EQ(Record(second, v1::STEP_OFFER).action_responses(0).success_count(), 0);

  v1::RecordResponsesRequest converted;
  v1::Response& response = *converted.add_responses();
  response.set_response_id("order");
  response.set_customer_run_id(first.customer_run_id());
  response.set_kind(v1::RESPONSE_KIND_CONVERTED);
  *response.mutable_response_time() = ToTimestamp(system.Now());
  ASSERT_OK(Ask(system.analytics, &v1::Analytics::Stub::RecordResponses, converted));
  system.MoveClock(absl::Hours(1));
  const v1::CustomerRun third = system.Run("drawn", "case-quiet", /*dry_run=*/true);
  EXPECT_EQ(Record(third, v1::STEP_OFFER).action_responses(0).success_count(), 1);
  for (const v1::CustomerRun& run : {second, third}) {
    const v1::ReplayCustomerRunResponse replay = system.Replay(run.customer_run_id());
    EXPECT_EQ(replay.outcome(), v1::REPLAY_OUTCOME_IDENTICAL) << replay.DebugString();
  }
}

TEST(Replay, SaysThatEventsCameLate) {
  System system;
  const v1::CustomerRun run = system.Run("increase-aov", "hero-aov");
  shop::Person late{.customer = system.Profile("hero-aov").customer()};
  v1::Event& event = late.events.emplace_back();
  event.set_event_id("late");
  event.set_customer_id("hero-aov");
  *event.mutable_event_time() = ToTimestamp(kNow - absl::Hours(1));
  event.mutable_page_view()->set_product_id("came-late");
  system.Import({late});
  const v1::ReplayCustomerRunResponse replay = system.Replay(run.customer_run_id());
  EXPECT_EQ(replay.outcome(), v1::REPLAY_OUTCOME_STATE_MOVED);
  ASSERT_EQ(replay.differences_size(), 1) << replay.DebugString();
  EXPECT_EQ(replay.differences(0).step(), v1::STEP_RETRIEVAL);
  EXPECT_EQ(replay.differences(0).moved_state(), "events that were recorded since, of an earlier time");
}

TEST(Replay, OfAnUnknownRunIsRefused) {
  System system;
  v1::ReplayCustomerRunRequest request;
  request.set_customer_run_id("r1-0");
  EXPECT_THAT(Ask(system.orchestrator, &v1::Orchestrator::Stub::ReplayCustomerRun, request),
              testing::StatusIs(absl::StatusCode::kNotFound, "no customer run r1-0"));
}

}  // namespace
}  // namespace campaign::e2e
