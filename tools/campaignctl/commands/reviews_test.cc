#include "tools/campaignctl/testing_fakes.h"

namespace campaign::ctl {
namespace {

using ::testing::HasSubstr;

class ReviewTest : public ToolTest {
 protected:
  void SetUp() override {
    ToolTest::SetUp();
    reviews_.claim.Returns(
        "review_task { review_task_id: 't1' revision: 7 content_hash: 'abcdef' message { channel: CHANNEL_EMAIL "
        "address: 'ann@example.com' subject: 'Old' text: 'old text' html: '<p>old</p>' } }");
    reviews_.decide.answer = [](const auto& request, auto& response) {
      response.mutable_review_task()->set_review_task_id(request.review_task_id());
      response.mutable_review_task()->set_state(
          request.decision() == v1::REVIEW_DECISION_APPROVE ? v1::REVIEW_STATE_APPROVED : v1::REVIEW_STATE_MODIFIED);
      return grpc::Status::OK;
    };
  }
  const v1::DecideReviewRequest& decided() { return reviews_.decide.requests.back(); }
};

TEST_F(ReviewTest, ApproveClaimsAndDecidesOnWhatItClaimed) {
  const Outcome outcome = Tool({"approve", "t1", "--comment", "fine"});
  EXPECT_EQ(outcome.out, "t1  APPROVED by ada\n");
  EXPECT_EQ(reviews_.claim.requests[0].reviewer(), "ada");
  EXPECT_EQ(decided().decision(), v1::REVIEW_DECISION_APPROVE);
  EXPECT_EQ(decided().revision(), 7);
  EXPECT_EQ(decided().content_hash(), "abcdef");
  EXPECT_EQ(decided().reviewer(), "ada");
  EXPECT_EQ(decided().comment(), "fine");
  EXPECT_NE(decided().request_id(), "");
  EXPECT_FALSE(decided().has_message());
}

TEST_F(ReviewTest, DecidesOnlyOnTheContentThatTheReviewerSaw) {
  EXPECT_EQ(Tool({"approve", "t1", "--content", "abcd"}).code, 0);
  const Outcome outcome = Tool({"approve", "t1", "--content", "ffff"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("the content of t1 is now abcdef; read it again"));
  EXPECT_EQ(reviews_.decide.requests.size(), 1);
}

TEST_F(ReviewTest, SaysWhoWasFirst) {
  reviews_.claim.Fails(grpc::StatusCode::ABORTED, "bob has claimed it until 12:30");
  const Outcome outcome = Tool({"reject", "t1", "--comment", "no", "--reviewer", "eve"});
  EXPECT_EQ(outcome.err, "campaignctl: ABORTED: bob has claimed it until 12:30\n");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(reviews_.claim.requests[0].reviewer(), "eve");
  EXPECT_TRUE(reviews_.decide.requests.empty());
}

TEST_F(ReviewTest, ModifySendsTheChangedPartsAndKeepsTheOthers) {
  EXPECT_EQ(Tool({"modify", "t1", "--subject", "New"}).code, 0);
  EXPECT_EQ(decided().message().ShortDebugString(), "subject: \"New\" text: \"old text\" html: \"<p>old</p>\"");
  EXPECT_EQ(Tool({"modify", "t1", "--text", "-", "--html", Write("h", "<p>new</p>")}, "new text").code, 0);
  EXPECT_EQ(decided().message().ShortDebugString(), "subject: \"Old\" text: \"new text\" html: \"<p>new</p>\"");
}

TEST_F(ReviewTest, ModifyDoesNotLetTextAndHtmlSayDifferentThingsByAccident) {
  const Outcome outcome = Tool({"modify", "t1", "--text", "-"}, "new text");
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("give both --text and --html, or --keep_other"));
  EXPECT_TRUE(reviews_.decide.requests.empty());
  EXPECT_EQ(Tool({"modify", "t1", "--text", "-", "--keep_other"}, "new text").code, 0);
  EXPECT_EQ(decided().message().html(), "<p>old</p>");
}

TEST_F(ReviewTest, ReviewShowsMessageReasonsAndHistory) {
  reviews_.get.Returns(R"(
    review_task { review_task_id: "t1" state: REVIEW_STATE_OPEN customer_id: "ann" campaign: "vip" content_hash: "abc"
                  red_flags: "VIP_CUSTOMER" message { channel: CHANNEL_SMS address: "+4917" text: "Hi Ann" }
                  reasons { code: "VIP_CUSTOMER" text: "spent 9,000" } }
    customer_run { steps { step: STEP_SEGMENTATION segment { segment: "champions" strategy: STRATEGY_RFM } }
                   steps { step: STEP_GENERATION message { text: "Hi Ann" } } }
    history { event_time { seconds: 1781524800 } actor: "bob" state: REVIEW_STATE_CLAIMED comment: "looking" })");
  const std::string text = Tool({"review", "t1"}).out;
  EXPECT_THAT(text, HasSubstr("review task t1, OPEN\nann in vip"));
  EXPECT_THAT(text, HasSubstr("content abc\nred flags: VIP_CUSTOMER\n"));
  EXPECT_THAT(
      text,
      HasSubstr("| To: +4917\n      |\n      | Hi Ann\n      why it waits:\n        VIP_CUSTOMER: spent 9,000\n"));
  EXPECT_THAT(text, HasSubstr("How it came about\n  3  segmentation\n      segment champions by RFM"));
  EXPECT_THAT(text, HasSubstr("History\n      2026-06-15 12:00:00 UTC  CLAIMED  bob: looking\n"));
  EXPECT_THAT(text, ::testing::Not(HasSubstr("generation")));
}

TEST_F(ReviewTest, ReviewsListsTheQueue) {
  reviews_.list.Returns(
      "review_tasks { review_task_id: 't1' state: REVIEW_STATE_CLAIMED campaign: 'vip' customer_id: 'ann' red_flags: "
      "'A' red_flags: 'B' claimed_by: 'bob' message { channel: CHANNEL_SMS } }");
  EXPECT_THAT(Tool({"reviews", "--state", "claimed"}).out,
              HasSubstr("t1    CLAIMED  vip       ann       SMS      A, B       -        bob\n"));
  EXPECT_EQ(reviews_.list.requests[0].state(), v1::REVIEW_STATE_CLAIMED);
}

}  // namespace
}  // namespace campaign::ctl
