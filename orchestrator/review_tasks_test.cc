#include "orchestrator/review_tasks.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/clock.h"
#include "common/testing/testing.h"
#include "orchestrator/testing_campaigns.h"

namespace campaign::orchestrator {
namespace {

using testing::ParseProto;
using testing::StatusIs;

constexpr char kTask[] = "r1-0-r1";

class ReviewTasksTest : public StoreTest {
 protected:
  ReviewTasksTest() {
    campaign_ = SmallCampaign();
    member_.customer_run = CustomerRunKey(1, 0);
    member_.customer_run_id = "r1-0";
    member_.customer_id = "ann";
    member_.progress.message = &message_;
    member_.progress.check = &check_;
  }

  void Open(absl::Time now) {
    Write([&](Connection& connection) { OpenReviewTask(connection, NewReviewTask(campaign_, member_, now), now); });
  }
  absl::StatusOr<v1::ReviewTask> Claim(const std::string& reviewer, absl::Time now, const std::string& task = kTask) {
    v1::ClaimReviewRequest request;
    request.set_review_task_id(task);
    request.set_reviewer(reviewer);
    absl::StatusOr<v1::ReviewTask> result = absl::UnknownError("not run");
    // As in the service: an error takes the transaction back.
    (void)database_->Write([&](Connection& connection) {
      result = ClaimReview(connection, request, now);
      return result.status();
    });
    return result;
  }
  absl::StatusOr<Decided> Decide(const v1::DecideReviewRequest& request, absl::Time now,
                                 const std::vector<std::string>& accepted = {}) {
    absl::StatusOr<Decided> result = absl::UnknownError("not run");
    (void)database_->Write([&](Connection& connection) {
      result = DecideReview(connection, request, accepted, now);
      return result.status();
    });
    return result;
  }
  // A decision by ann over the task as it is.
  v1::DecideReviewRequest Request(absl::string_view text) {
    const v1::ReviewTask task = Task();
    v1::DecideReviewRequest request = ParseProto<v1::DecideReviewRequest>(text);
    request.set_review_task_id(kTask);
    if (request.reviewer().empty()) request.set_reviewer("ann");
    if (request.revision() == 0) request.set_revision(task.revision());
    if (request.content_hash().empty()) request.set_content_hash(task.content_hash());
    return request;
  }
  v1::ReviewTask Task() {
    v1::ReviewTask task;
    Read([&](Connection& connection) { task = ReviewStore(connection).Find(kTask)->task; });
    return task;
  }
  // "<actor> <state> <comment>", one a line.
  std::string History() {
    std::vector<std::string> lines;
    Read([&](Connection& connection) {
      for (const v1::ReviewEvent& event : ReviewStore(connection).History(kTask)) {
        lines.push_back(absl::StrCat(event.actor(), " ",
                                     v1::ReviewState_Name(event.state()).substr(sizeof("REVIEW_STATE_") - 1),
                                     event.comment().empty() ? "" : " ", event.comment()));
      }
    });
    return absl::StrJoin(lines, "\n");
  }

  v1::Campaign campaign_;
  const v1::Message message_ = ParseProto<v1::Message>(
      "channel: CHANNEL_EMAIL address: 'ann@example.com' subject: 'Hi' text: 'old' html: '<p>old' template_id: "
      "'hello'");
  const v1::CheckResult check_ = ParseProto<v1::CheckResult>(
      "verdict: VERDICT_REVIEW reasons { code: 'VIP_CUSTOMER' text: 'look' } red_flags: 'VIP_CUSTOMER'");
  Member member_;
};

TEST_F(ReviewTasksTest, ATaskShowsTheMessageAndWhyItWaits) {
  Open(now_);
  const v1::ReviewTask task = Task();
  EXPECT_EQ(task.review_task_id(), kTask);
  EXPECT_EQ(task.customer_run_id(), "r1-0");
  EXPECT_EQ(task.campaign(), "win-back");
  EXPECT_EQ(task.customer_id(), "ann");
  EXPECT_EQ(task.state(), v1::REVIEW_STATE_OPEN);
  EXPECT_EQ(task.revision(), 1);
  EXPECT_EQ(task.content_hash(), ContentHash(message_));
  EXPECT_EQ(task.message().text(), "old");
  EXPECT_EQ(task.reasons(0).text(), "look");
  EXPECT_EQ(task.red_flags(0), "VIP_CUSTOMER");
  EXPECT_EQ(FromTimestamp(task.expire_time()), now_ + absl::Hours(72));
  EXPECT_EQ(History(), "system OPEN");
}

TEST_F(ReviewTasksTest, TheCampaignSaysHowLongTasksAndClaimsLast) {
  campaign_.mutable_review()->mutable_expire_after()->set_seconds(3600);
  campaign_.mutable_review()->mutable_claim_for()->set_seconds(60);
  Open(now_);
  EXPECT_EQ(FromTimestamp(Task().expire_time()), now_ + absl::Hours(1));
  ASSERT_OK_AND_ASSIGN(const v1::ReviewTask claimed, Claim("ann", now_));
  EXPECT_EQ(FromTimestamp(claimed.claim_expire_time()), now_ + absl::Minutes(1));
}

TEST_F(ReviewTasksTest, ACustomerRunsNextTaskHasAnIdOfItsOwn) {
  Open(now_);
  Write([&](Connection& connection) {
    CloseReviewTask(connection, member_.customer_run, v1::REVIEW_STATE_EXPIRED, "REVIEW_EXPIRED", "late", now_);
  });
  Open(now_);
  Read([&](Connection& connection) {
    EXPECT_EQ(ReviewStore(connection).FindWaiting(member_.customer_run)->task.review_task_id(), "r1-0-r2");
    EXPECT_EQ(ReviewStore(connection).CountOf(member_.customer_run), 2);
  });
}

TEST_F(ReviewTasksTest, AClaimKeepsOthersOutUntilItRunsOut) {
  Open(now_);
  ASSERT_OK_AND_ASSIGN(const v1::ReviewTask claimed, Claim("ann", now_));
  EXPECT_EQ(claimed.state(), v1::REVIEW_STATE_CLAIMED);
  EXPECT_EQ(claimed.claimed_by(), "ann");
  EXPECT_EQ(claimed.revision(), 2);
  EXPECT_EQ(FromTimestamp(claimed.claim_expire_time()), now_ + absl::Minutes(30));
  EXPECT_THAT(Claim("ben", now_ + absl::Minutes(29)),
              StatusIs(absl::StatusCode::kAborted,
                       "r1-0-r1: another reviewer holds it; it is now REVIEW_STATE_CLAIMED by ann at revision 2"));
  ASSERT_OK_AND_ASSIGN(const v1::ReviewTask taken, Claim("ben", now_ + absl::Minutes(30)));
  EXPECT_EQ(taken.claimed_by(), "ben");
  EXPECT_EQ(History(), "system OPEN\nann CLAIMED\nben CLAIMED");
}

TEST_F(ReviewTasksTest, ClaimingAgainProlongs) {
  Open(now_);
  ASSERT_OK(Claim("ann", now_));
  ASSERT_OK_AND_ASSIGN(const v1::ReviewTask again, Claim("ann", now_ + absl::Minutes(20)));
  EXPECT_EQ(FromTimestamp(again.claim_expire_time()), now_ + absl::Minutes(50));
}

TEST_F(ReviewTasksTest, AClaimThatHasRunOutIsSeenAsNone) {
  Open(now_);
  ASSERT_OK(Claim("ann", now_));
  Read([&](Connection& connection) {
    const ReviewRow row = *ReviewStore(connection).Find(kTask);
    EXPECT_EQ(ViewTask(row, now_ + absl::Minutes(29)).state(), v1::REVIEW_STATE_CLAIMED);
    const v1::ReviewTask late = ViewTask(row, now_ + absl::Minutes(30));
    EXPECT_EQ(late.state(), v1::REVIEW_STATE_OPEN);
    EXPECT_EQ(late.claimed_by(), "");
    EXPECT_FALSE(late.has_claim_expire_time());
    EXPECT_EQ(late.revision(), 2);
  });
}

TEST_F(ReviewTasksTest, ApprovingAcceptsTheRedFlagsAndThoseAcceptedBefore) {
  Open(now_);
  ASSERT_OK_AND_ASSIGN(const Decided decided, Decide(Request("decision: REVIEW_DECISION_APPROVE comment: 'fine'"),
                                                     now_ + absl::Hours(1), {"EARLIER"}));
  EXPECT_FALSE(decided.repeated);
  EXPECT_EQ(decided.customer_run, member_.customer_run);
  EXPECT_EQ(decided.task.state(), v1::REVIEW_STATE_APPROVED);
  EXPECT_EQ(decided.task.revision(), 2);
  EXPECT_EQ(decided.record.step(), v1::STEP_REVIEW);
  EXPECT_EQ(FromTimestamp(decided.record.start_time()), now_);
  EXPECT_EQ(FromTimestamp(decided.record.end_time()), now_ + absl::Hours(1));
  const v1::ReviewResult& result = decided.record.review();
  EXPECT_EQ(result.reviewer(), "ann");
  EXPECT_EQ(absl::StrJoin(result.accepted_red_flags(), ","), "EARLIER,VIP_CUSTOMER");
  EXPECT_FALSE(result.has_message());
  EXPECT_EQ(Task().SerializeAsString(), decided.task.SerializeAsString());
  EXPECT_EQ(History(), "system OPEN\nann APPROVED fine");
}

TEST_F(ReviewTasksTest, RejectingAcceptsNothing) {
  Open(now_);
  ASSERT_OK_AND_ASSIGN(const Decided decided, Decide(Request("decision: REVIEW_DECISION_REJECT"), now_, {"EARLIER"}));
  EXPECT_EQ(decided.task.state(), v1::REVIEW_STATE_REJECTED);
  EXPECT_EQ(decided.record.review().accepted_red_flags_size(), 0);
}

TEST_F(ReviewTasksTest, ModifyingReplacesTheWordsAndNothingElse) {
  Open(now_);
  ASSERT_OK_AND_ASSIGN(
      const Decided decided,
      Decide(Request("decision: REVIEW_DECISION_MODIFY message { subject: 'Hey' text: 'new' }"), now_));
  const v1::Message& message = decided.record.review().message();
  EXPECT_EQ(message.subject(), "Hey");
  EXPECT_EQ(message.text(), "new");
  EXPECT_EQ(message.html(), "");
  EXPECT_EQ(message.preheader(), "");
  EXPECT_EQ(message.address(), "ann@example.com");
  EXPECT_EQ(message.channel(), v1::CHANNEL_EMAIL);
  EXPECT_EQ(message.template_id(), "hello");
  EXPECT_EQ(decided.task.state(), v1::REVIEW_STATE_MODIFIED);
  EXPECT_EQ(decided.task.message().text(), "new");
  EXPECT_EQ(decided.task.content_hash(), ContentHash(message));
}

// What is shown where Markdown is not would otherwise still say what the reviewer has changed.
TEST_F(ReviewTasksTest, ModifyingAChatMessageReplacesItsPlainTextToo) {
  Open(now_);
  ASSERT_OK_AND_ASSIGN(const Decided decided, Decide(Request("decision: REVIEW_DECISION_MODIFY message { text: '*new*' "
                                                             "plain_text: 'new' preheader: 'soon' }"),
                                                     now_));
  EXPECT_EQ(decided.record.review().message().plain_text(), "new");
  EXPECT_EQ(decided.record.review().message().preheader(), "soon");
}

TEST_F(ReviewTasksTest, ModifyingCannotRedirectAMessage) {
  Open(now_);
  for (const char* field : {"address: 'eve@example.com'", "channel: CHANNEL_SMS",
                            "message_class: MESSAGE_CLASS_TRANSACTIONAL", "template_id: 'x'", "locale: 'de'",
                            "fallbacks_used: 'x'", "brand: 'x'", "model: 'x'", "unsubscribe_url: 'x'"}) {
    EXPECT_THAT(
        Decide(Request(absl::StrCat("decision: REVIEW_DECISION_MODIFY message { text: 'new' ", field, " }")), now_),
        StatusIs(absl::StatusCode::kInvalidArgument, "message: a field other than subject, text, html, title"));
  }
  EXPECT_EQ(Task().state(), v1::REVIEW_STATE_OPEN);
  EXPECT_EQ(History(), "system OPEN");
}

TEST_F(ReviewTasksTest, ADecisionMustBeWhole) {
  Open(now_);
  EXPECT_THAT(Decide(Request("decision: REVIEW_DECISION_MODIFY message { subject: 'Hey' }"), now_),
              StatusIs(absl::StatusCode::kInvalidArgument, "message.text: '' is required with REVIEW_DECISION_MODIFY"));
  EXPECT_THAT(Decide(Request("decision: REVIEW_DECISION_MODIFY"), now_),
              StatusIs(absl::StatusCode::kInvalidArgument, "message.text"));
  EXPECT_THAT(Decide(Request("decision: REVIEW_DECISION_APPROVE message { text: 'new' }"), now_),
              StatusIs(absl::StatusCode::kInvalidArgument, "message: (given) belongs to REVIEW_DECISION_MODIFY only"));
  EXPECT_THAT(Decide(Request(""), now_),
              StatusIs(absl::StatusCode::kInvalidArgument, "decision: REVIEW_DECISION_UNSPECIFIED"));
}

TEST_F(ReviewTasksTest, ADecisionIsForTheRevisionAndContentThatWereSeen) {
  Open(now_);
  EXPECT_THAT(Decide(Request("decision: REVIEW_DECISION_APPROVE revision: 9"), now_),
              StatusIs(absl::StatusCode::kAborted,
                       "r1-0-r1: it has changed since it was read; it is now REVIEW_STATE_OPEN at revision 1"));
  EXPECT_THAT(Decide(Request("decision: REVIEW_DECISION_APPROVE content_hash: 'abc'"), now_),
              StatusIs(absl::StatusCode::kAborted, "the message is another one"));
}

TEST_F(ReviewTasksTest, OfTwoDecisionsTheFirstCounts) {
  Open(now_);
  const auto approve = Request("decision: REVIEW_DECISION_APPROVE");
  const auto reject = Request("decision: REVIEW_DECISION_REJECT reviewer: 'ben'");
  ASSERT_OK(Decide(approve, now_));
  EXPECT_THAT(
      Decide(reject, now_),
      StatusIs(absl::StatusCode::kAborted, "r1-0-r1: the task is over; it is now REVIEW_STATE_APPROVED at revision 2"));
  EXPECT_THAT(Claim("ben", now_), StatusIs(absl::StatusCode::kAborted, "the task is over"));
  EXPECT_EQ(Task().state(), v1::REVIEW_STATE_APPROVED);
}

TEST_F(ReviewTasksTest, OnlyTheHolderOfAClaimDecides) {
  Open(now_);
  ASSERT_OK(Claim("ben", now_));
  EXPECT_THAT(Decide(Request("decision: REVIEW_DECISION_APPROVE"), now_),
              StatusIs(absl::StatusCode::kAborted, "another reviewer holds it"));
  ASSERT_OK_AND_ASSIGN(const Decided decided,
                       Decide(Request("decision: REVIEW_DECISION_APPROVE reviewer: 'ben'"), now_));
  EXPECT_EQ(decided.task.claimed_by(), "");
  EXPECT_FALSE(decided.task.has_claim_expire_time());
}

TEST_F(ReviewTasksTest, ARepeatedRequestGetsTheSameAnswer) {
  Open(now_);
  const auto request = Request("decision: REVIEW_DECISION_APPROVE request_id: 'q1'");
  ASSERT_OK_AND_ASSIGN(const Decided first, Decide(request, now_));
  ASSERT_OK_AND_ASSIGN(const Decided again, Decide(request, now_ + absl::Hours(2)));
  EXPECT_TRUE(again.repeated);
  EXPECT_EQ(again.task.SerializeAsString(), first.task.SerializeAsString());
  EXPECT_EQ(History(), "system OPEN\nann APPROVED");
}

TEST_F(ReviewTasksTest, ARequestIdIsForOneDecision) {
  Open(now_);
  auto request = Request("decision: REVIEW_DECISION_APPROVE request_id: 'q1'");
  ASSERT_OK(Decide(request, now_));
  request.set_comment("another body");
  EXPECT_THAT(Decide(request, now_),
              StatusIs(absl::StatusCode::kAlreadyExists, "request_id: 'q1' was used for another decision before"));
}

TEST_F(ReviewTasksTest, ARefusedDecisionDoesNotUseUpItsRequestId) {
  Open(now_);
  auto request = Request("decision: REVIEW_DECISION_APPROVE request_id: 'q1' revision: 9");
  EXPECT_THAT(Decide(request, now_), StatusIs(absl::StatusCode::kAborted, ""));
  request.set_revision(1);
  EXPECT_OK(Decide(request, now_));
}

TEST_F(ReviewTasksTest, ATaskThatIsNotThere) {
  EXPECT_THAT(Claim("ann", now_), StatusIs(absl::StatusCode::kNotFound, "there is no review task r1-0-r1"));
  v1::DecideReviewRequest request;
  request.set_review_task_id("nope");
  EXPECT_THAT(Decide(request, now_), StatusIs(absl::StatusCode::kNotFound, "there is no review task nope"));
}

TEST_F(ReviewTasksTest, ATaskThatNobodyDecidedIsClosedBySystem) {
  Open(now_);
  ASSERT_OK(Claim("ann", now_));
  v1::StepRecord record;
  Write([&](Connection& connection) {
    record = CloseReviewTask(connection, member_.customer_run, v1::REVIEW_STATE_CANCELLED, "RUN_CANCELLED", "cancelled",
                             now_);
  });
  EXPECT_EQ(record.step(), v1::STEP_REVIEW);
  EXPECT_EQ(record.skipped().code(), "RUN_CANCELLED");
  const v1::ReviewTask task = Task();
  EXPECT_EQ(task.state(), v1::REVIEW_STATE_CANCELLED);
  EXPECT_EQ(task.revision(), 3);
  // Nobody holds what is over.
  EXPECT_EQ(task.claimed_by(), "");
  EXPECT_FALSE(task.has_claim_expire_time());
  EXPECT_EQ(History(), "system OPEN\nann CLAIMED\nsystem CANCELLED cancelled");
  EXPECT_THAT(Decide(Request("decision: REVIEW_DECISION_APPROVE"), now_), StatusIs(absl::StatusCode::kAborted, "over"));
}

TEST_F(ReviewTasksTest, TheStoreLetsTheFasterOfTwoWritersWin) {
  Open(now_);
  Write([&](Connection& connection) {
    ReviewStore store(connection);
    ReviewRow first = *store.Find(kTask), second = first;
    first.task.set_claimed_by("first");
    second.task.set_claimed_by("second");
    EXPECT_TRUE(store.CompareAndSet(first));
    EXPECT_EQ(first.task.revision(), 2);
    EXPECT_FALSE(store.CompareAndSet(second));
    EXPECT_EQ(store.Find(kTask)->task.claimed_by(), "first");
    // With the revision as it now is, the next write goes through.
    EXPECT_TRUE(store.CompareAndSet(first));
    EXPECT_EQ(store.Find(kTask)->task.revision(), 3);
  });
}

TEST_F(ReviewTasksTest, TheStoreListsWhatWaitsOldestFirst) {
  for (int i = 0; i < 4; ++i) {
    member_.customer_run = CustomerRunKey(1, i);
    member_.customer_run_id = absl::StrCat("r1-", i);
    campaign_.set_name(i == 2 ? "other" : "win-back");
    Open(now_);
  }
  ASSERT_OK(Claim("ann", now_, "r1-1-r1"));
  Write([&](Connection& connection) {
    CloseReviewTask(connection, CustomerRunKey(1, 0), v1::REVIEW_STATE_EXPIRED, "REVIEW_EXPIRED", "late", now_);
  });
  const auto list = [&](v1::ReviewState state, const std::string& campaign, int64_t after, int size) {
    std::vector<std::string> ids;
    Read([&](Connection& connection) {
      for (const auto& row : ReviewStore(connection).List(state, campaign, after, size))
        ids.push_back(row.task.customer_run_id());
    });
    return absl::StrJoin(ids, " ");
  };
  EXPECT_EQ(list(v1::REVIEW_STATE_UNSPECIFIED, "", 0, 10), "r1-1 r1-2 r1-3");
  EXPECT_EQ(list(v1::REVIEW_STATE_UNSPECIFIED, "win-back", 0, 10), "r1-1 r1-3");
  EXPECT_EQ(list(v1::REVIEW_STATE_UNSPECIFIED, "", 3, 1), "r1-3");
  EXPECT_EQ(list(v1::REVIEW_STATE_EXPIRED, "", 0, 10), "r1-0");
  EXPECT_EQ(list(v1::REVIEW_STATE_OPEN, "win-back", 0, 10), "r1-3");
  EXPECT_EQ(list(v1::REVIEW_STATE_OPEN, "", 3, 10), "r1-3");
  EXPECT_EQ(list(v1::REVIEW_STATE_OPEN, "", 0, 1), "r1-2");
}

}  // namespace
}  // namespace campaign::orchestrator
