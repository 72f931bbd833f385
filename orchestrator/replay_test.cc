#include "orchestrator/replay.h"

#include <utility>

#include "absl/synchronization/notification.h"
#include "common/testing/fake_clock.h"
#include "orchestrator/replay_difference.h"
#include "orchestrator/testing_campaigns.h"
#include "orchestrator/testing_fakes.h"

namespace campaign::orchestrator {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::ParseProto;

v1::ReplayDifference Difference(absl::string_view recorded, absl::string_view replayed) {
  const auto difference = FirstDifference(ParseProto<v1::StepRecord>(recorded), ParseProto<v1::StepRecord>(replayed));
  return difference.value_or(v1::ReplayDifference());
}

TEST(ReplayDifference, IsNoneForTimesAttemptsAndWhatWasAskedWith) {
  EXPECT_EQ(FirstDifference(
                ParseProto<v1::StepRecord>("step: STEP_SEGMENTATION start_time { seconds: 1 } end_time { seconds: 2 } "
                                           "attempt_count: 3 rfm_cutoffs { recency_days: 1 } segment { segment: 's' }"),
                ParseProto<v1::StepRecord>("step: STEP_SEGMENTATION segment { segment: 's' }")),
            absl::nullopt);
}

TEST(ReplayDifference, NamesTheFirstFieldWithBothValues) {
  auto difference = Difference("step: STEP_SEGMENTATION segment { segment: 'a' score: 0.5 }",
                               "step: STEP_SEGMENTATION segment { segment: 'b' score: 0.25 }");
  EXPECT_EQ(difference.field(), "segment.segment");
  EXPECT_EQ(difference.recorded(), "\"a\"");
  EXPECT_EQ(difference.replayed(), "\"b\"");
  EXPECT_EQ(difference.step(), v1::STEP_SEGMENTATION);
  difference =
      Difference("step: STEP_OFFER decision { losing_candidates {} losing_candidates { reason { code: 'A' } } }",
                 "step: STEP_OFFER decision { losing_candidates {} losing_candidates { reason { code: 'B' } } }");
  EXPECT_EQ(difference.field(), "decision.losing_candidates[1].reason.code");
}

TEST(ReplayDifference, NamesWhatOneSideLacks) {
  auto difference = Difference("step: STEP_OFFER decision { reasons { code: 'A' } reasons { code: 'B' } }",
                               "step: STEP_OFFER decision { reasons { code: 'A' } }");
  EXPECT_EQ(difference.field(), "decision.reasons[1]");
  EXPECT_EQ(difference.recorded(), "code: \"B\"");
  EXPECT_EQ(difference.replayed(), "");
  difference = Difference("step: STEP_OFFER decision {}", "step: STEP_OFFER decision { reasons { code: 'A' } }");
  EXPECT_EQ(difference.field(), "decision.reasons[0]");
  EXPECT_EQ(difference.replayed(), "code: \"A\"");
  difference =
      Difference("step: STEP_GENERATION message { text: 'a' }", "step: STEP_GENERATION error { code: 3 reason: 'R' }");
  EXPECT_EQ(difference.field(), "message");
  EXPECT_EQ(difference.recorded(), "text: \"a\"");
}

TEST(ReplayDifference, NamesStateOnlyWhereItExplainsTheDifference) {
  EXPECT_EQ(Difference("step: STEP_OFFER decision { action_id: 'a' }",
                       "step: STEP_OFFER decision { action_id: 'b' "
                       "losing_candidates { action_id: 'a' reason { code: 'OUT_OF_STOCK' } } }")
                .moved_state(),
            "inventory, budgets, cooldowns and assignments as they are now");
  EXPECT_EQ(Difference("step: STEP_OFFER decision { action_id: 'a' }",
                       "step: STEP_OFFER decision { action_id: 'b' "
                       "losing_candidates { action_id: 'a' reason { code: 'LOWER_VALUE' } } }")
                .moved_state(),
            "");
  EXPECT_EQ(Difference("step: STEP_COMPLIANCE check { verdict: VERDICT_ALLOW }",
                       "step: STEP_COMPLIANCE check { verdict: VERDICT_BLOCK reasons { code: 'NO_CONSENT' } }")
                .moved_state(),
            "suppressions, consents and contacts as they are now");
  EXPECT_EQ(Difference("step: STEP_COMPLIANCE check { verdict: VERDICT_ALLOW }",
                       "step: STEP_COMPLIANCE check { verdict: VERDICT_DEFER reasons { code: 'QUIET_HOURS' } }")
                .moved_state(),
            "");
  EXPECT_EQ(Difference("step: STEP_RETRIEVAL insights { insights { text: 'a' } }",
                       "step: STEP_RETRIEVAL insights { insights { text: 'b' } }")
                .moved_state(),
            "events that were recorded since, of an earlier time");
}

TEST(ReplayDifference, OutcomeIsDifferentAsSoonAsOneIsNotExplained) {
  v1::ReplayCustomerRunResponse response;
  EXPECT_EQ(OutcomeOf(response), v1::REPLAY_OUTCOME_IDENTICAL);
  response.add_differences()->set_moved_state("consents");
  EXPECT_EQ(OutcomeOf(response), v1::REPLAY_OUTCOME_STATE_MOVED);
  response.add_differences();
  EXPECT_EQ(OutcomeOf(response), v1::REPLAY_OUTCOME_DIFFERENT);
}

class ReplayTest : public ::testing::Test {
 protected:
  absl::StatusOr<v1::ReplayCustomerRunResponse> Replay(absl::string_view steps) {
    v1::CustomerRun run = ParseProto<v1::CustomerRun>(steps);
    run.set_customer_run_id("r1-0");
    run.set_customer_id("ann");
    absl::Notification done;
    absl::StatusOr<v1::ReplayCustomerRunResponse> result;
    ReplayCustomerRun(steps_, plan_, std::move(run), [&](absl::StatusOr<v1::ReplayCustomerRunResponse> replay) {
      result = std::move(replay);
      done.Notify();
    });
    done.WaitForNotification();
    return result;
  }

  testing::FakeClock clock_{testing::Utc("2026-06-15 12:00:00")};
  FakeServices fakes_;
  Steps steps_{fakes_.targets(), clock_};
  std::shared_ptr<const CampaignPlan> plan_ = SmallPlan();
};

constexpr char kSteps[] = R"(
  steps { step: STEP_SEGMENTATION attempt_count: 1 segment { segment: 'dormant' } }
  steps { step: STEP_GENERATION attempt_count: 1 message { channel: CHANNEL_EMAIL text: 'Hello ann' } }
  steps { step: STEP_COMPLIANCE attempt_count: 1 check { verdict: VERDICT_ALLOW } })";

// The router's record comes first: the profile is what everything is decided on.
std::string WithRouter(absl::string_view steps) {
  return absl::StrCat(
      "steps { step: STEP_ROUTER attempt_count: 1 router { profile { customer { customer_id: 'ann' } "
      "days_since_last_purchase: 100 days_since_last_activity: 90 orders_total: 1 } strategies: STRATEGY_RFM } }",
      steps);
}

TEST_F(ReplayTest, ABehaviorThatChangedIsNamedAndTheStepsAfterItAreComparedAlone) {
  ASSERT_OK_AND_ASSIGN(v1::ReplayCustomerRunResponse before, Replay(WithRouter(kSteps)));
  fakes_.set_check([](const std::string&) { return ParseProto<v1::CheckResult>("verdict: VERDICT_REVIEW"); });
  ASSERT_OK_AND_ASSIGN(const v1::ReplayCustomerRunResponse after, Replay(WithRouter(kSteps)));
  EXPECT_EQ(after.outcome(), v1::REPLAY_OUTCOME_DIFFERENT);
  ASSERT_EQ(after.differences_size(), before.differences_size() + 1);
  const v1::ReplayDifference& last = after.differences(after.differences_size() - 1);
  EXPECT_EQ(last.step(), v1::STEP_COMPLIANCE);
  EXPECT_EQ(last.step_index(), 3);
  EXPECT_EQ(last.field(), "check.verdict");
  EXPECT_EQ(last.recorded(), "VERDICT_ALLOW");
  EXPECT_EQ(last.replayed(), "VERDICT_REVIEW");
}

TEST_F(ReplayTest, AStepThatFailedForATimeIsLeftOut) {
  ASSERT_OK_AND_ASSIGN(const auto replay,
                       Replay(WithRouter("steps { step: STEP_OFFER attempt_count: 1 error { code: 14 } }")));
  ASSERT_EQ(replay.left_out_size(), 1);
  EXPECT_EQ(replay.left_out(0).code(), "CALL_HAD_FAILED");
  EXPECT_THAT(fakes_.calls("SelectActions"), IsEmpty());
}

TEST_F(ReplayTest, SendsNothingSettlesNothingAndRecordsNothing) {
  ASSERT_OK(Replay(WithRouter(
      absl::StrCat(kSteps,
                   "steps { step: STEP_DELIVERY attempt_count: 1 receipt { state: DELIVERY_STATE_ACCEPTED } }"
                   "steps { step: STEP_ANALYTICS attempt_count: 1 }"))));
  EXPECT_THAT(fakes_.calls("Check"), ElementsAre("r1-0"));
  EXPECT_THAT(fakes_.calls("GetProfiles"), IsEmpty());
  EXPECT_THAT(fakes_.calls("Deliver"), IsEmpty());
  EXPECT_THAT(fakes_.calls("Record"), IsEmpty());
  EXPECT_THAT(fakes_.calls("RecordEvents"), IsEmpty());
  EXPECT_THAT(fakes_.settlements(), IsEmpty());
  EXPECT_EQ(fakes_.sent_count(), 0);
}

TEST_F(ReplayTest, AServiceThatDoesNotAnswerIsAnErrorNotADifference) {
  fakes_.set_hook([](const std::string& rpc, const std::vector<std::string>&) {
    return rpc == "Check" ? grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "busy") : grpc::Status::OK;
  });
  EXPECT_THAT(Replay(WithRouter(kSteps)), testing::StatusIs(absl::StatusCode::kResourceExhausted, "busy"));
}

constexpr char kTwoChannels[] = R"(
  steps { step: STEP_SEGMENTATION attempt_count: 1 segment { segment: 'dormant' } }
  steps { step: STEP_OFFER attempt_count: 1 decision {
    kind: ACTION_KIND_NUDGE action_id: 'hello' channel: CHANNEL_EMAIL fallback_channels: CHANNEL_SMS } }
  steps { step: STEP_GENERATION attempt_count: 1 message { channel: CHANNEL_EMAIL text: 'Hello ann' } }
  steps { step: STEP_COMPLIANCE attempt_count: 1 check { verdict: VERDICT_BLOCK reasons { code: 'NO_CONSENT' } } }
  steps { step: STEP_GENERATION attempt_count: 1 message { channel: CHANNEL_SMS text: 'Hello ann' } }
  steps { step: STEP_COMPLIANCE attempt_count: 1 check { verdict: VERDICT_ALLOW } })";

TEST_F(ReplayTest, EachChannelIsWrittenForAndCheckedAgain) {
  fakes_.set_message_check([](const v1::CheckItem& item) {
    return ParseProto<v1::CheckResult>(item.message().channel() == v1::CHANNEL_SMS
                                           ? "verdict: VERDICT_ALLOW"
                                           : "verdict: VERDICT_BLOCK reasons { code: 'NO_CONSENT' }");
  });
  ASSERT_OK_AND_ASSIGN(const auto replay, Replay(WithRouter(kTwoChannels)));
  for (const v1::ReplayDifference& difference : replay.differences()) {
    EXPECT_LT(difference.step(), v1::STEP_GENERATION) << difference.ShortDebugString();
  }
  EXPECT_THAT(fakes_.calls("GenerateRequest"), ElementsAre("win-back by templates only", "win-back by templates only"));
}

TEST_F(ReplayTest, WhatALanguageModelWroteIsNotAskedForAgain) {
  v1::Campaign campaign = SmallCampaign();
  campaign.mutable_generation()->mutable_text_model()->set_model("small");
  campaign.mutable_generation()->mutable_text_model()->set_budget_micros(1);
  ASSERT_OK_AND_ASSIGN(plan_, MakePlan(campaign));
  const char* by_model = "steps { step: STEP_GENERATION attempt_count: 1 message { text: 'Hi' model: 'small 2' } }";
  ASSERT_OK_AND_ASSIGN(const auto replay, Replay(WithRouter(by_model)));
  ASSERT_EQ(replay.left_out_size(), 1);
  EXPECT_EQ(replay.left_out(0).code(), kWrittenByModel);
  EXPECT_THAT(fakes_.calls("Generate"), IsEmpty());
  // Of a message of the templates alone nothing is left out.
  ASSERT_OK(Replay(WithRouter(kSteps)));
  EXPECT_THAT(fakes_.calls("Generate"), ElementsAre("r1-0"));
}

}  // namespace
}  // namespace campaign::orchestrator
