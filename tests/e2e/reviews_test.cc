// What a person decides about hero-vip's message, who else may decide, and what changes while it waits.

#include <thread>

#include "tests/e2e/journal.h"
#include "tests/e2e/system.h"

namespace campaign::e2e {
namespace {

using ::campaign::testing::StatusIs;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A system in which hero-vip's message waits for a review.
class Review : public ::testing::Test {
 protected:
  void ExpectNothingSent() {
    EXPECT_THAT(system_.Sent(), IsEmpty());
    EXPECT_THAT(system_.Ledger(), IsEmpty());
  }
  v1::DecideReviewRequest Decision(v1::ReviewDecision decision, absl::string_view reviewer = "ana") {
    return system_.Decision(task_id_, reviewer, decision);
  }
  v1::DecideReviewRequest Modification(absl::string_view text) {
    v1::DecideReviewRequest request = Decision(v1::REVIEW_DECISION_MODIFY);
    request.mutable_message()->set_subject("Your refund");
    request.mutable_message()->set_text(std::string(text));
    return request;
  }

  System system_;
  const v1::CustomerRun waiting_ = system_.Run("vip-retention", "hero-vip");
  const std::string run_id_ = waiting_.customer_run_id();
  const std::string task_id_ = waiting_.review_task_id();
};

TEST_F(Review, ApprovedIsDelivered) {
  ASSERT_OK_AND_ASSIGN(const auto decided, system_.Decide(Decision(v1::REVIEW_DECISION_APPROVE)));
  EXPECT_EQ(decided.review_task().state(), v1::REVIEW_STATE_APPROVED);
  const v1::CustomerRun run = system_.WaitFor(run_id_, v1::CUSTOMER_RUN_STATE_DELIVERED);
  const std::vector<v1::StepRecord> reviews = Records(run, v1::STEP_REVIEW);
  ASSERT_FALSE(reviews.empty());
  EXPECT_EQ(reviews[0].review().decision(), v1::REVIEW_DECISION_APPROVE);
  EXPECT_EQ(reviews[0].review().reviewer(), "ana");
  EXPECT_THAT(reviews[0].review().accepted_red_flags(), ElementsAre("VIP_CUSTOMER", "OPEN_BILLING_TICKET"));
  ASSERT_EQ(Records(run, v1::STEP_COMPLIANCE).size(), 2);
  EXPECT_EQ(CheckOf(run).verdict(), v1::VERDICT_ALLOW);
  const std::vector<SentFile> sent = system_.SentTo("hero-vip");
  ASSERT_EQ(sent.size(), 1);
  EXPECT_EQ(sent[0].to, "eleanor.whitfield.hero-vip@example.com");
  EXPECT_THAT(sent[0].text, HasSubstr("You wrote to us about billing"));
  EXPECT_EQ(system_.Ledger(run_id_).size(), 1);
}

TEST_F(Review, ModifiedIsCheckedAgainAndDeliveredWithTheNewText) {
  ASSERT_OK_AND_ASSIGN(const auto decided, system_.Decide(Modification("Dear Eleanor, 1,099.00 USD are on the way.")));
  EXPECT_EQ(decided.review_task().state(), v1::REVIEW_STATE_MODIFIED);
  const v1::CustomerRun run = system_.WaitFor(run_id_, v1::CUSTOMER_RUN_STATE_DELIVERED);
  const std::vector<v1::StepRecord> checks = Records(run, v1::STEP_COMPLIANCE);
  ASSERT_EQ(checks.size(), 2);
  EXPECT_EQ(checks[0].check().verdict(), v1::VERDICT_REVIEW);
  EXPECT_EQ(checks[1].check().verdict(), v1::VERDICT_ALLOW);
  const std::vector<SentFile> sent = system_.Sent();
  ASSERT_EQ(sent.size(), 1);
  EXPECT_EQ(sent[0].to, "eleanor.whitfield.hero-vip@example.com");
  EXPECT_EQ(sent[0].subject, "Your refund");
  EXPECT_THAT(sent[0].text, HasSubstr("1,099.00 USD are on the way."));
}

TEST_F(Review, ModifiedIntoSomethingForbiddenIsBlocked) {
  ASSERT_OK(system_.Decide(Modification("Dear {{first_name}}, it is on the way.")));
  const v1::CustomerRun run = system_.WaitFor(run_id_, v1::CUSTOMER_RUN_STATE_SUPPRESSED);
  EXPECT_THAT(Codes(run.reasons()), ElementsAre("UNRENDERED_TEMPLATE"));
  ExpectNothingSent();
}

TEST_F(Review, ModifiedIntoANewRedFlagWaitsAgain) {
  ASSERT_OK(system_.Decide(Modification("Dear Eleanor, our lawyer will write to you.")));
  // The first task is decided; the run comes back to wait with a second one.
  const v1::CustomerRun run = system_.WaitFor(run_id_, [this](const v1::CustomerRun& run) {
    return run.state() == v1::CUSTOMER_RUN_STATE_WAITING_REVIEW && run.review_task_id() != task_id_;
  });
  EXPECT_THAT(Codes(run.reasons()), ElementsAre("LEGAL_WORDS"));
  ExpectNothingSent();
  ASSERT_OK(system_.Decide(system_.Decision(run.review_task_id(), "ben", v1::REVIEW_DECISION_APPROVE)));
  system_.WaitFor(run_id_, v1::CUSTOMER_RUN_STATE_DELIVERED);
  ASSERT_EQ(system_.Sent().size(), 1);
  EXPECT_THAT(system_.Sent()[0].text, HasSubstr("our lawyer"));
}

TEST_F(Review, ApprovedAfterTheCustomerObjectedIsNotSent) {
  v1::AddSuppressionsRequest objection;
  objection.add_suppressions()->set_customer_id("hero-vip");
  ASSERT_OK(Ask(system_.compliance, &v1::Compliance::Stub::AddSuppressions, objection));
  ASSERT_OK(system_.Decide(Decision(v1::REVIEW_DECISION_APPROVE)));
  const v1::CustomerRun run = system_.WaitFor(run_id_, v1::CUSTOMER_RUN_STATE_SUPPRESSED);
  EXPECT_THAT(Codes(run.reasons()), Contains("SUPPRESSED"));
  ExpectNothingSent();
}

TEST_F(Review, RejectedIsNotSent) {
  v1::DecideReviewRequest request = Decision(v1::REVIEW_DECISION_REJECT);
  request.set_comment("I will call her");
  ASSERT_OK(system_.Decide(request));
  const v1::CustomerRun run = system_.WaitFor(run_id_, v1::CUSTOMER_RUN_STATE_REJECTED);
  ASSERT_THAT(Codes(run.reasons()), ElementsAre("REVIEW_REJECTED"));
  EXPECT_THAT(run.reasons(0).text(), HasSubstr("I will call her"));
  ExpectNothingSent();
}

TEST_F(Review, ExpiresWhereNobodyDecidesAndNothingIsSent) {
  system_.MoveClock(absl::Hours(72));
  const v1::CustomerRun run = system_.WaitFor(run_id_, v1::CUSTOMER_RUN_STATE_EXPIRED);
  EXPECT_THAT(Codes(run.reasons()), ElementsAre("REVIEW_EXPIRED"));
  EXPECT_EQ(system_.ReviewTask(task_id_).state(), v1::REVIEW_STATE_EXPIRED);
  EXPECT_THAT(system_.Decide(Decision(v1::REVIEW_DECISION_APPROVE)),
              StatusIs(absl::StatusCode::kAborted, "REVIEW_STATE_EXPIRED"));
  ExpectNothingSent();
}

TEST_F(Review, OfTwoReviewersWhoRaceOneWins) {
  const v1::DecideReviewRequest requests[] = {Decision(v1::REVIEW_DECISION_APPROVE, "ana"),
                                              Decision(v1::REVIEW_DECISION_REJECT, "ben")};
  absl::Status results[2];
  {
    std::jthread ana([&] { results[0] = system_.Decide(requests[0]).status(); });
    std::jthread ben([&] { results[1] = system_.Decide(requests[1]).status(); });
  }
  ASSERT_NE(results[0].ok(), results[1].ok()) << results[0] << " " << results[1];
  const bool approved = results[0].ok();
  EXPECT_THAT(results[approved ? 1 : 0],
              StatusIs(absl::StatusCode::kAborted, approved ? "REVIEW_STATE_APPROVED" : "REVIEW_STATE_REJECTED"));
  system_.WaitFor(run_id_, approved ? v1::CUSTOMER_RUN_STATE_DELIVERED : v1::CUSTOMER_RUN_STATE_REJECTED);
  EXPECT_EQ(system_.Sent().size(), approved ? 1 : 0);
}

TEST_F(Review, ARepeatedDecisionGetsTheSameAnswerAndSendsOnce) {
  v1::DecideReviewRequest request = Decision(v1::REVIEW_DECISION_APPROVE);
  request.set_request_id("decision-1");
  ASSERT_OK_AND_ASSIGN(const auto first, system_.Decide(request));
  system_.WaitFor(run_id_, v1::CUSTOMER_RUN_STATE_DELIVERED);
  ASSERT_OK_AND_ASSIGN(const auto second, system_.Decide(request));
  EXPECT_EQ(second.SerializeAsString(), first.SerializeAsString());
  request.set_decision(v1::REVIEW_DECISION_REJECT);
  EXPECT_THAT(system_.Decide(request), StatusIs(absl::StatusCode::kAlreadyExists, "decision-1"));
  EXPECT_EQ(system_.Sent().size(), 1);
}

TEST_F(Review, ADecisionOnWhatWasSeenEarlierIsRefused) {
  const v1::DecideReviewRequest seen = Decision(v1::REVIEW_DECISION_APPROVE);
  ASSERT_OK(system_.Claim(task_id_, "ana"));
  EXPECT_THAT(system_.Decide(seen), StatusIs(absl::StatusCode::kAborted, "REVIEW_STATE_CLAIMED by ana at revision 2"));
  v1::DecideReviewRequest other_content = Decision(v1::REVIEW_DECISION_APPROVE);
  other_content.set_content_hash("0000");
  EXPECT_THAT(system_.Decide(other_content), StatusIs(absl::StatusCode::kAborted, "the message is another one"));
  ExpectNothingSent();
}

TEST_F(Review, AClaimKeepsOthersOutUntilItEnds) {
  ASSERT_OK(system_.Claim(task_id_, "ana"));
  EXPECT_THAT(system_.Claim(task_id_, "ben"), StatusIs(absl::StatusCode::kAborted, "REVIEW_STATE_CLAIMED by ana"));
  EXPECT_THAT(system_.Decide(Decision(v1::REVIEW_DECISION_APPROVE, "ben")),
              StatusIs(absl::StatusCode::kAborted, "another reviewer holds it"));
  system_.MoveClock(absl::Minutes(30));
  EXPECT_EQ(system_.ReviewTask(task_id_).state(), v1::REVIEW_STATE_OPEN);
  ASSERT_OK(system_.Claim(task_id_, "ben"));
  EXPECT_EQ(system_.ReviewTask(task_id_).claimed_by(), "ben");
  ASSERT_OK(system_.Decide(Decision(v1::REVIEW_DECISION_APPROVE, "ben")));
  system_.WaitFor(run_id_, v1::CUSTOMER_RUN_STATE_DELIVERED);
}

}  // namespace
}  // namespace campaign::e2e
