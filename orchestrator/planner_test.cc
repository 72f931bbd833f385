#include "orchestrator/planner.h"

#include <list>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/testing/testing.h"
#include "orchestrator/goals.h"

namespace campaign::orchestrator {
namespace {

using testing::ParseProto;
using testing::Utc;

const absl::Time kNow = Utc("2026-06-15 12:00:00");

v1::Campaign DefaultRoute() {
  v1::Campaign campaign;
  campaign.set_goal("win_back");
  FillGoalDefaults(campaign);
  return campaign;
}

v1::Campaign RouteOf(const std::vector<v1::Step>& steps) {
  v1::Campaign campaign;
  for (const v1::Step step : steps) campaign.add_route()->set_step(step);
  return campaign;
}

// "CONTINUE", "END <state> <codes>", "WAIT <how long> <state> <codes>", "RESOLVE <at most> <state> <codes>" or
// "NEXT CHANNEL".
std::string Text(const Judgement& judgement) {
  std::vector<std::string> codes;
  for (const v1::Reason& reason : judgement.reasons) codes.push_back(reason.code());
  const std::string state = v1::CustomerRunState_Name(judgement.state).substr(sizeof("CUSTOMER_RUN_STATE_") - 1);
  const std::string tail = absl::StrCat(state, codes.empty() ? "" : " ", absl::StrJoin(codes, ","));
  switch (judgement.next) {
    case Judgement::Next::kContinue:
      return "CONTINUE";
    case Judgement::Next::kEnd:
      return absl::StrCat("END ", tail);
    case Judgement::Next::kWaitUntil:
      return absl::StrCat("WAIT ", absl::FormatDuration(judgement.until - kNow), " ", tail);
    case Judgement::Next::kWaitForResolution:
      return absl::StrCat("RESOLVE ", absl::FormatDuration(judgement.until - kNow), " ", tail);
    case Judgement::Next::kNextChannel:
      return "NEXT CHANNEL";
  }
  return "?";
}

std::string JudgeText(absl::string_view record, bool dry_run = false, int failed_tries = 0) {
  Progress before;
  before.failed_tries = failed_tries;
  return Text(Judge(ParseProto<v1::StepRecord>(record), before, dry_run, kNow));
}

TEST(Judge, GoesOnAfterResultsThatDecideNothing) {
  EXPECT_EQ(JudgeText("step: STEP_ROUTER router {}"), "CONTINUE");
  EXPECT_EQ(JudgeText("step: STEP_SEGMENTATION segment { segment: 'unknown' }"), "CONTINUE");
  EXPECT_EQ(JudgeText("step: STEP_RETRIEVAL insights {}"), "CONTINUE");
  EXPECT_EQ(JudgeText("step: STEP_GENERATION message {}"), "CONTINUE");
  EXPECT_EQ(JudgeText("step: STEP_ANALYTICS"), "CONTINUE");
}

TEST(Judge, EndsWhoIsOutsideTheAudience) {
  EXPECT_EQ(JudgeText("router { outside_audience: true reasons { code: 'OUTSIDE_AUDIENCE' } }"),
            "END NO_ACTION OUTSIDE_AUDIENCE");
}

TEST(Judge, EndsAtADecisionForNothing) {
  EXPECT_EQ(JudgeText("decision { kind: ACTION_KIND_NONE reasons { code: 'A' } reasons { code: 'B' } }"),
            "END NO_ACTION A,B");
  EXPECT_EQ(JudgeText("decision {}"), "END NO_ACTION");
  EXPECT_EQ(JudgeText("decision { kind: ACTION_KIND_OFFER held_out: true reasons { code: 'HOLDOUT' } }"),
            "END HELD_OUT HOLDOUT");
  EXPECT_EQ(JudgeText("decision { kind: ACTION_KIND_OFFER }"), "CONTINUE");
}

TEST(Judge, TakesEveryVerdict) {
  EXPECT_EQ(JudgeText("check { verdict: VERDICT_ALLOW }"), "CONTINUE");
  EXPECT_EQ(JudgeText("check { verdict: VERDICT_REVIEW reasons { code: 'VIP' } }"), "CONTINUE");
  EXPECT_EQ(JudgeText("check { verdict: VERDICT_BLOCK reasons { code: 'NO_CONSENT' } }"), "END SUPPRESSED NO_CONSENT");
  EXPECT_EQ(JudgeText("check { verdict: VERDICT_DEFER defer_until_time { seconds: 1781528400 } "
                      "reasons { code: 'QUIET_HOURS' } }"),
            "WAIT 1h DEFERRED QUIET_HOURS");
}

TEST(Judge, ADryRunDoesNotWaitForATime) {
  EXPECT_EQ(JudgeText("check { verdict: VERDICT_DEFER reasons { code: 'QUIET_HOURS' } }", /*dry_run=*/true),
            "END PREVIEWED QUIET_HOURS");
}

TEST(Judge, FailsClosedWithoutAVerdict) {
  EXPECT_EQ(JudgeText("check {}"), "END FAILED VERDICT_MISSING");
  EXPECT_EQ(JudgeText("check { verdict: 77 }"), "END FAILED VERDICT_MISSING");
}

TEST(Judge, TakesEveryStateOfAReceipt) {
  EXPECT_EQ(JudgeText("receipt { state: DELIVERY_STATE_ACCEPTED }"), "END DELIVERED");
  EXPECT_EQ(JudgeText("receipt { state: DELIVERY_STATE_REJECTED reasons { code: 'BOUNCED' } }"),
            "END UNDELIVERABLE BOUNCED");
  EXPECT_EQ(JudgeText("receipt { state: DELIVERY_STATE_RETRY_WAIT retry_time { seconds: 1781524860 } "
                      "reasons { code: 'REFUSED' } }"),
            "WAIT 1m DEFERRED REFUSED");
  EXPECT_EQ(JudgeText("receipt { state: DELIVERY_STATE_UNKNOWN reasons { code: 'SILENCE' } }"),
            "RESOLVE 168h DEFERRED SILENCE,DELIVERY_UNKNOWN");
  EXPECT_EQ(JudgeText("receipt { state: DELIVERY_STATE_UNKNOWN retry_time { seconds: 1781524860 } "
                      "reasons { code: 'SILENCE' } }"),
            "WAIT 1m DEFERRED SILENCE")
      << "its provider deduplicates, and will be asked again";
}

TEST(Judge, DoesNotTakeAnUnfinishedDispatchForSentOrUnsent) {
  for (const char* state : {"UNSPECIFIED", "RESERVED", "SENDING"}) {
    EXPECT_EQ(JudgeText(absl::StrCat("receipt { state: DELIVERY_STATE_", state, " }")),
              "RESOLVE 168h DEFERRED DELIVERY_UNKNOWN");
  }
}

TEST(Judge, TakesEveryReviewDecision) {
  EXPECT_EQ(JudgeText("review { decision: REVIEW_DECISION_APPROVE }"), "CONTINUE");
  EXPECT_EQ(JudgeText("review { decision: REVIEW_DECISION_MODIFY message {} }"), "CONTINUE");
  const Judgement rejected = Judge(
      ParseProto<v1::StepRecord>("review { decision: REVIEW_DECISION_REJECT reviewer: 'ana' comment: 'too pushy' }"),
      Progress(), false, kNow);
  EXPECT_EQ(Text(rejected), "END REJECTED REVIEW_REJECTED");
  EXPECT_EQ(rejected.reasons[0].text(), "rejected by ana: too pushy");
}

TEST(Judge, EndsAtTheOrchestratorsOwnReasons) {
  EXPECT_EQ(JudgeText("skipped { code: 'RUN_CANCELLED' }"), "END CANCELLED RUN_CANCELLED");
  EXPECT_EQ(JudgeText("skipped { code: 'REVIEW_EXPIRED' }"), "END EXPIRED REVIEW_EXPIRED");
  EXPECT_EQ(JudgeText("skipped { code: 'DRY_RUN' }"), "END PREVIEWED DRY_RUN");
  EXPECT_EQ(JudgeText("skipped { code: 'DELIVERY_UNKNOWN' }"), "END FAILED DELIVERY_UNKNOWN");
  EXPECT_EQ(JudgeText("skipped { code: 'ROUTE_CONDITION_NOT_MET' }"), "CONTINUE");
  EXPECT_EQ(JudgeText("skipped { code: 'REVIEW_NOT_NEEDED' }"), "CONTINUE");
}

TEST(Judge, FailsAtAnErrorThatWillNotPass) {
  EXPECT_EQ(JudgeText("error { code: 5 reason: 'CUSTOMER_UNKNOWN' }"), "END FAILED CUSTOMER_UNKNOWN");
  EXPECT_EQ(JudgeText("error { code: 13 }"), "END FAILED STEP_FAILED");
}

TEST(Judge, TriesAPassingErrorOfAnItemEightTimes) {
  std::vector<std::string> judgements;
  for (int failed = 0; failed < 9; ++failed) judgements.push_back(JudgeText("error { code: 14 }", false, failed));
  EXPECT_EQ(absl::StrJoin(judgements, "\n"),
            "WAIT 100ms DEFERRED STEP_FAILED\n"
            "WAIT 200ms DEFERRED STEP_FAILED\n"
            "WAIT 400ms DEFERRED STEP_FAILED\n"
            "WAIT 800ms DEFERRED STEP_FAILED\n"
            "WAIT 1.6s DEFERRED STEP_FAILED\n"
            "WAIT 3.2s DEFERRED STEP_FAILED\n"
            "WAIT 5s DEFERRED STEP_FAILED\n"
            "END FAILED STEP_FAILED\n"
            "END FAILED STEP_FAILED");
}

TEST(RetryDelay, DoublesUpToFiveSeconds) {
  EXPECT_EQ(RetryDelay(0), absl::Milliseconds(100));
  EXPECT_EQ(RetryDelay(1), absl::Milliseconds(200));
  EXPECT_EQ(RetryDelay(5), absl::Milliseconds(3200));
  EXPECT_EQ(RetryDelay(6), absl::Seconds(5));
  EXPECT_EQ(RetryDelay(1'000'000), absl::Seconds(5));
}

TEST(IsPassing, IsTrueForWhatAnotherTryMayMend) {
  std::vector<std::string> passing;
  for (int code = 0; code <= 16; ++code) {
    if (IsPassing(static_cast<absl::StatusCode>(code))) {
      passing.push_back(absl::StatusCodeToString(static_cast<absl::StatusCode>(code)));
    }
  }
  EXPECT_EQ(absl::StrJoin(passing, " "), "CANCELLED DEADLINE_EXCEEDED RESOURCE_EXHAUSTED ABORTED UNAVAILABLE");
}

TEST(NextPosition, IsTheNextStepOrAnalyticsOnceAllHaveEnded) {
  const v1::Campaign campaign = DefaultRoute();
  EXPECT_EQ(NextPosition(campaign, 0, false), 1);
  EXPECT_EQ(NextPosition(campaign, 4, true), 9);
  EXPECT_EQ(NextPosition(campaign, 8, true), 9);
  EXPECT_EQ(NextPosition(campaign, 9, true), campaign.route_size());
  EXPECT_EQ(NextPosition(campaign, 9, false), campaign.route_size());
}

TEST(NextPosition, FollowsAShorterRoute) {
  const v1::Campaign campaign = RouteOf({v1::STEP_ROUTER, v1::STEP_SEGMENTATION, v1::STEP_ANALYTICS});
  EXPECT_EQ(NextPosition(campaign, 0, false), 1);
  EXPECT_EQ(NextPosition(campaign, 0, true), 2);
  EXPECT_EQ(PositionOf(campaign, v1::STEP_DELIVERY), -1);
}

TEST(ResumePosition, ChecksAgainAfterAReviewADeferralOrARefusedDispatch) {
  const v1::Campaign campaign = DefaultRoute();
  const int compliance = PositionOf(campaign, v1::STEP_COMPLIANCE);
  for (const char* last : {"step: STEP_REVIEW review { decision: REVIEW_DECISION_APPROVE }",
                           "step: STEP_COMPLIANCE check { verdict: VERDICT_DEFER }",
                           "step: STEP_DELIVERY receipt { state: DELIVERY_STATE_RETRY_WAIT }",
                           "step: STEP_REVIEW skipped { code: 'REVIEW_EXPIRED' }"}) {
    EXPECT_EQ(ResumePosition(campaign, ParseProto<v1::StepRecord>(last)), compliance) << last;
  }
}

TEST(ResumePosition, IsTheStepThatFailed) {
  const v1::Campaign campaign = DefaultRoute();
  EXPECT_EQ(ResumePosition(campaign, ParseProto<v1::StepRecord>("step: STEP_OFFER error { code: 14 }")), 4);
  EXPECT_EQ(ResumePosition(campaign, ParseProto<v1::StepRecord>("step: STEP_DELIVERY error { code: 14 }")), 8);
}

// One customer's way by the planner alone: each record in, a line out with what comes next.
class Journey {
 public:
  explicit Journey(const v1::Campaign& campaign = DefaultRoute()) : campaign_(campaign) {}

  Journey& Then(absl::string_view text) {
    const v1::StepRecord& record = records_.emplace_back(ParseProto<v1::StepRecord>(text));
    const Judgement judgement = Judge(record, progress_, false, kNow);
    Advance(progress_, record);
    const bool leaves = judgement.next != Judgement::Next::kContinue && judgement.next != Judgement::Next::kEnd;
    const int position =
        leaves ? ResumePosition(campaign_, record)
               : NextPosition(campaign_, PositionOf(campaign_, record.step()), judgement.next == Judgement::Next::kEnd);
    lines_.push_back(absl::StrCat(Name(record.step()), ": ", Text(judgement),
                                  NeedsReview(progress_) ? ", needs review" : "",
                                  MayBeSent(progress_) ? ", may be sent" : "", " -> ", StepAt(position)));
    if (judgement.next == Judgement::Next::kNextChannel) {
      absl::StrAppend(&lines_.back(), " for ", v1::Channel_Name(ChannelOf(progress_)).substr(8));
    }
    return *this;
  }

  std::string Text(const Judgement& judgement) const { return orchestrator::Text(judgement); }
  std::string History() const { return absl::StrJoin(lines_, "\n"); }
  const Progress& progress() const { return progress_; }

 private:
  static std::string Name(v1::Step step) { return v1::Step_Name(step).substr(sizeof("STEP_") - 1); }
  std::string StepAt(int position) const {
    return position < campaign_.route_size() ? Name(campaign_.route(position).step()) : "done";
  }

  const v1::Campaign campaign_;
  std::list<v1::StepRecord> records_;
  Progress progress_;
  std::vector<std::string> lines_;
};

TEST(Journeys, ToADeliveredMessage) {
  EXPECT_EQ(Journey()
                .Then("step: STEP_ROUTER router {}")
                .Then("step: STEP_SEGMENTATION segment {}")
                .Then("step: STEP_RETRIEVAL insights {}")
                .Then("step: STEP_OFFER decision { kind: ACTION_KIND_OFFER }")
                .Then("step: STEP_GENERATION message { text: 'hi' }")
                .Then("step: STEP_COMPLIANCE check { verdict: VERDICT_ALLOW }")
                .Then("step: STEP_REVIEW skipped { code: 'REVIEW_NOT_NEEDED' }")
                .Then("step: STEP_DELIVERY receipt { state: DELIVERY_STATE_ACCEPTED }")
                .Then("step: STEP_ANALYTICS")
                .History(),
            "ROUTER: CONTINUE -> SEGMENTATION\n"
            "SEGMENTATION: CONTINUE -> RETRIEVAL\n"
            "RETRIEVAL: CONTINUE -> OFFER\n"
            "OFFER: CONTINUE -> GENERATION\n"
            "GENERATION: CONTINUE -> COMPLIANCE\n"
            "COMPLIANCE: CONTINUE, may be sent -> REVIEW\n"
            "REVIEW: CONTINUE, may be sent -> DELIVERY\n"
            "DELIVERY: END DELIVERED, may be sent -> ANALYTICS\n"
            "ANALYTICS: CONTINUE, may be sent -> done");
}

TEST(Journeys, AMessageThatAReviewerChangedIsCheckedAgain) {
  Journey journey;
  journey.Then("step: STEP_GENERATION message { text: 'hi' }")
      .Then("step: STEP_COMPLIANCE check { verdict: VERDICT_REVIEW red_flags: 'VIP' }")
      .Then(
          "step: STEP_REVIEW review { decision: REVIEW_DECISION_MODIFY accepted_red_flags: 'VIP' message { text: 'hey' "
          "} }");
  EXPECT_EQ(journey.progress().message->text(), "hey");
  EXPECT_FALSE(MayBeSent(journey.progress()));
  journey.Then("step: STEP_COMPLIANCE check { verdict: VERDICT_ALLOW }")
      .Then("step: STEP_DELIVERY receipt { state: DELIVERY_STATE_ACCEPTED }");
  EXPECT_EQ(journey.History(),
            "GENERATION: CONTINUE -> COMPLIANCE\n"
            "COMPLIANCE: CONTINUE, needs review -> REVIEW\n"
            "REVIEW: CONTINUE, needs review -> DELIVERY\n"
            "COMPLIANCE: CONTINUE, may be sent -> REVIEW\n"
            "DELIVERY: END DELIVERED, may be sent -> ANALYTICS");
  EXPECT_EQ(journey.progress().review->accepted_red_flags(0), "VIP");
}

TEST(Journeys, ADeferredMessageIsCheckedAgainWhenItsTimeHasCome) {
  EXPECT_EQ(Journey()
                .Then("step: STEP_GENERATION message {}")
                .Then("step: STEP_COMPLIANCE check { verdict: VERDICT_DEFER defer_until_time { seconds: 1781528400 } }")
                .Then("step: STEP_COMPLIANCE check { verdict: VERDICT_BLOCK reasons { code: 'SUPPRESSED' } }")
                .Then("step: STEP_ANALYTICS")
                .History(),
            "GENERATION: CONTINUE -> COMPLIANCE\n"
            "COMPLIANCE: WAIT 1h DEFERRED -> COMPLIANCE\n"
            "COMPLIANCE: END SUPPRESSED SUPPRESSED -> ANALYTICS\n"
            "ANALYTICS: CONTINUE -> done");
}

TEST(Journeys, AFailedItemComesBackToItsStepAndItsFailuresAreForgottenOnceItWorks) {
  Journey journey;
  journey.Then("step: STEP_OFFER error { code: 10 reason: 'BUSY' }")
      .Then("step: STEP_OFFER error { code: 10 reason: 'BUSY' }");
  EXPECT_EQ(journey.progress().failed_tries, 2);
  journey.Then("step: STEP_OFFER decision { kind: ACTION_KIND_OFFER }");
  EXPECT_EQ(journey.progress().failed_tries, 0);
  EXPECT_EQ(journey.History(),
            "OFFER: WAIT 100ms DEFERRED BUSY -> OFFER\n"
            "OFFER: WAIT 200ms DEFERRED BUSY -> OFFER\n"
            "OFFER: CONTINUE -> GENERATION");
}

TEST(Journeys, ARefusedDispatchIsCheckedAgainBeforeItsNextTry) {
  EXPECT_EQ(
      Journey()
          .Then("step: STEP_GENERATION message {}")
          .Then("step: STEP_COMPLIANCE check { verdict: VERDICT_ALLOW }")
          .Then("step: STEP_DELIVERY receipt { state: DELIVERY_STATE_RETRY_WAIT retry_time { seconds: 1781524860 } }")
          .Then("step: STEP_COMPLIANCE check { verdict: VERDICT_ALLOW }")
          .Then("step: STEP_DELIVERY receipt { state: DELIVERY_STATE_REJECTED reasons { code: 'BOUNCED' } }")
          .History(),
      "GENERATION: CONTINUE -> COMPLIANCE\n"
      "COMPLIANCE: CONTINUE, may be sent -> REVIEW\n"
      "DELIVERY: WAIT 1m DEFERRED, may be sent -> COMPLIANCE\n"
      "COMPLIANCE: CONTINUE, may be sent -> REVIEW\n"
      "DELIVERY: END UNDELIVERABLE BOUNCED, may be sent -> ANALYTICS");
}

// Decided for e-mail, with SMS and push to fall back to.
Journey ThreeChannels() {
  Journey journey;
  journey.Then(
      "step: STEP_OFFER decision { kind: ACTION_KIND_OFFER channel: CHANNEL_EMAIL fallback_channels: [CHANNEL_SMS, "
      "CHANNEL_PUSH] }");
  return journey;
}

constexpr char kMessage[] = "step: STEP_GENERATION message { text: 'hi' }";
constexpr char kAllow[] = "step: STEP_COMPLIANCE check { verdict: VERDICT_ALLOW }";
constexpr char kBlock[] =
    "step: STEP_COMPLIANCE check { verdict: VERDICT_BLOCK reasons { code: 'NO_CONSENT' facts { name: 'channel' value: "
    "'email' } } }";
constexpr char kBounce[] =
    "step: STEP_DELIVERY receipt { state: DELIVERY_STATE_REJECTED reasons { code: 'ADDRESS_UNKNOWN' } }";
constexpr char kNoTemplate[] = "step: STEP_GENERATION error { code: 5 reason: 'TEMPLATE_MISSING' }";

TEST(Channels, ARefusedOneGivesWayToTheNextWhichIsWrittenCheckedAndReviewedAnew) {
  Journey journey = ThreeChannels();
  journey.Then(kMessage).Then("step: STEP_COMPLIANCE check { verdict: VERDICT_REVIEW red_flags: 'VIP' }");
  journey.Then("step: STEP_REVIEW review { decision: REVIEW_DECISION_APPROVE accepted_red_flags: 'VIP' }").Then(kBlock);
  EXPECT_EQ(journey.progress().message, nullptr);
  EXPECT_EQ(journey.progress().review, nullptr);
  EXPECT_FALSE(NeedsReview(journey.progress()));
  journey.Then(kNoTemplate).Then(kMessage).Then(kAllow);
  journey.Then("step: STEP_DELIVERY receipt { state: DELIVERY_STATE_ACCEPTED }");
  EXPECT_EQ(journey.History(),
            "OFFER: CONTINUE -> GENERATION\n"
            "GENERATION: CONTINUE -> COMPLIANCE\n"
            "COMPLIANCE: CONTINUE, needs review -> REVIEW\n"
            "REVIEW: CONTINUE, needs review -> DELIVERY\n"
            "COMPLIANCE: NEXT CHANNEL -> GENERATION for SMS\n"
            "GENERATION: NEXT CHANNEL -> GENERATION for PUSH\n"
            "GENERATION: CONTINUE -> COMPLIANCE\n"
            "COMPLIANCE: CONTINUE, may be sent -> REVIEW\n"
            "DELIVERY: END DELIVERED, may be sent -> ANALYTICS");
}

TEST(Channels, NothingOfARefusedDispatchMayBeSent) {
  Journey journey = ThreeChannels();
  journey.Then(kMessage).Then(kAllow);
  ASSERT_TRUE(MayBeSent(journey.progress()));
  journey.Then(kBounce);
  EXPECT_FALSE(MayBeSent(journey.progress()));
  EXPECT_EQ(ChannelOf(journey.progress()), v1::CHANNEL_SMS);
}

TEST(Channels, WhenAllRefuseTheRunEndsWithTheReasonsOfAllWhereItCameFurthest) {
  Journey journey = ThreeChannels();
  journey.Then(kMessage).Then(kAllow).Then(kBounce).Then(kMessage).Then(kBlock).Then(kNoTemplate);
  EXPECT_THAT(journey.History(), ::testing::EndsWith("GENERATION: END UNDELIVERABLE "
                                                     "ADDRESS_UNKNOWN,NO_CONSENT,TEMPLATE_MISSING -> ANALYTICS"));
  EXPECT_EQ(ChannelOf(journey.progress()), v1::CHANNEL_PUSH);
  Journey unsent = ThreeChannels();
  unsent.Then(kNoTemplate).Then(kMessage).Then(kBlock).Then(kNoTemplate);
  EXPECT_THAT(unsent.History(), ::testing::EndsWith("GENERATION: END SUPPRESSED TEMPLATE_MISSING,NO_CONSENT,"
                                                    "TEMPLATE_MISSING -> ANALYTICS"));
}

TEST(Channels, TheOnlyOneEndsAsItRefuses) {
  EXPECT_EQ(JudgeText(kBlock), "END SUPPRESSED NO_CONSENT");
  EXPECT_EQ(JudgeText(kBounce), "END UNDELIVERABLE ADDRESS_UNKNOWN");
  EXPECT_EQ(JudgeText(kNoTemplate), "END FAILED TEMPLATE_MISSING");
}

TEST(Channels, NoneFollowsADispatchThatMayHaveGoneOut) {
  for (const char* state : {"DELIVERY_STATE_UNKNOWN", "DELIVERY_STATE_SENDING"}) {
    Journey journey = ThreeChannels();
    journey.Then(kMessage).Then(kAllow).Then(absl::StrCat("step: STEP_DELIVERY receipt { state: ", state, " }"));
    journey.Then(kBounce);
    EXPECT_THAT(journey.History(),
                ::testing::HasSubstr("DELIVERY: END UNDELIVERABLE ADDRESS_UNKNOWN, may be sent -> ANALYTICS"));
  }
  // Somebody has found out that it did not.
  Journey resolved = ThreeChannels();
  resolved.Then(kMessage).Then(kAllow).Then("step: STEP_DELIVERY receipt { state: DELIVERY_STATE_UNKNOWN }");
  resolved.Then("step: STEP_DELIVERY receipt { state: DELIVERY_STATE_RETRY_WAIT }").Then(kAllow).Then(kBounce);
  EXPECT_THAT(resolved.History(), ::testing::EndsWith("DELIVERY: NEXT CHANNEL -> GENERATION for SMS"));
}

TEST(Channels, FailuresOfOneChannelAreNotTheNextOnes) {
  Journey journey = ThreeChannels();
  journey.Then("step: STEP_GENERATION error { code: 14 reason: 'BUSY' }").Then(kNoTemplate);
  EXPECT_EQ(journey.progress().failed_tries, 0);
  journey.Then("step: STEP_GENERATION error { code: 14 reason: 'BUSY' }");
  EXPECT_THAT(journey.History(), ::testing::EndsWith("GENERATION: WAIT 100ms DEFERRED BUSY -> GENERATION"));
}

TEST(Journeys, ADispatchInDoubtThatIsSentAgainWaitsAndStaysInDoubt) {
  Journey journey;
  journey.Then(kMessage).Then(kAllow).Then(
      "step: STEP_DELIVERY receipt { state: DELIVERY_STATE_UNKNOWN retry_time { seconds: 1781524860 } }");
  EXPECT_TRUE(journey.progress().in_doubt);
  EXPECT_THAT(journey.History(), ::testing::HasSubstr("DELIVERY: WAIT 1m DEFERRED"));
  journey.Then(kAllow).Then("step: STEP_DELIVERY receipt { state: DELIVERY_STATE_ACCEPTED }");
  EXPECT_FALSE(journey.progress().in_doubt);
}

TEST(Journeys, ADispatchInDoubtWaitsForSomebodyWhoKnows) {
  Journey sent;
  sent.Then(kMessage).Then(kAllow).Then("step: STEP_DELIVERY receipt { state: DELIVERY_STATE_UNKNOWN }");
  EXPECT_TRUE(sent.progress().in_doubt);
  sent.Then("step: STEP_DELIVERY receipt { state: DELIVERY_STATE_ACCEPTED }");
  EXPECT_FALSE(sent.progress().in_doubt);
  EXPECT_EQ(sent.History(),
            "GENERATION: CONTINUE -> COMPLIANCE\n"
            "COMPLIANCE: CONTINUE, may be sent -> REVIEW\n"
            "DELIVERY: RESOLVE 168h DEFERRED DELIVERY_UNKNOWN, may be sent -> COMPLIANCE\n"
            "DELIVERY: END DELIVERED, may be sent -> ANALYTICS");
}

TEST(Progress, NothingMayBeSentUnchecked) {
  EXPECT_FALSE(MayBeSent(Progress()));
  EXPECT_FALSE(NeedsReview(Progress()));
  EXPECT_FALSE(MayBeSent(Journey().Then("step: STEP_GENERATION message {}").progress()));
  EXPECT_FALSE(MayBeSent(Journey().Then("step: STEP_COMPLIANCE check { verdict: VERDICT_ALLOW }").progress()));
}

TEST(Progress, AnAllowanceIsForOneMessageOnly) {
  Journey journey;
  journey.Then("step: STEP_GENERATION message { text: 'a' }")
      .Then("step: STEP_COMPLIANCE check { verdict: VERDICT_ALLOW }");
  EXPECT_TRUE(MayBeSent(journey.progress()));
  // Another message, even of the same words, has not been allowed.
  journey.Then("step: STEP_GENERATION message { text: 'a' }");
  EXPECT_FALSE(MayBeSent(journey.progress()));
}

TEST(Progress, ALaterVerdictReplacesAnAllowance) {
  Journey journey;
  journey.Then("step: STEP_GENERATION message {}").Then("step: STEP_COMPLIANCE check { verdict: VERDICT_ALLOW }");
  for (const char* verdict : {"VERDICT_REVIEW", "VERDICT_DEFER", "VERDICT_BLOCK", "VERDICT_UNSPECIFIED"}) {
    journey.Then(absl::StrCat("step: STEP_COMPLIANCE check { verdict: ", verdict, " }"));
    EXPECT_FALSE(MayBeSent(journey.progress())) << verdict;
  }
}

TEST(Progress, AReviewIsForTheMessageThatItSaw) {
  Journey journey;
  journey.Then("step: STEP_GENERATION message {}").Then("step: STEP_REVIEW review { accepted_red_flags: 'VIP' }");
  EXPECT_NE(journey.progress().review, nullptr);
  journey.Then("step: STEP_GENERATION message {}");
  EXPECT_EQ(journey.progress().review, nullptr);
}

TEST(Progress, RemembersADispatchThatBrokeOffUntilAReceiptSettlesIt) {
  Journey journey;
  journey.Then("step: STEP_OFFER error { code: 14 }");
  EXPECT_FALSE(journey.progress().dispatch_failed);
  journey.Then("step: STEP_DELIVERY error { code: 14 }");
  EXPECT_TRUE(journey.progress().dispatch_failed);
  journey.Then("step: STEP_DELIVERY receipt { state: DELIVERY_STATE_ACCEPTED }");
  EXPECT_FALSE(journey.progress().dispatch_failed);
}

}  // namespace
}  // namespace campaign::orchestrator
