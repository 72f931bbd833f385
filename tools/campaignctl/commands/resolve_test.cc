#include "tools/campaignctl/testing_fakes.h"

namespace campaign::ctl {
namespace {

using ::testing::HasSubstr;

class ResolveTest : public ToolTest {
 protected:
  ResolveTest() {
    delivery_.list.Returns(
        "deliveries { receipt { state: DELIVERY_STATE_UNKNOWN channel: CHANNEL_SMS } } "
        "deliveries { receipt { state: DELIVERY_STATE_REJECTED channel: CHANNEL_EMAIL } }");
    delivery_.resolve.Returns("receipt { state: DELIVERY_STATE_RETRY_WAIT channel: CHANNEL_SMS }");
  }
};

TEST_F(ResolveTest, SaysWhatBecameOfTheDispatchInDoubt) {
  const Outcome outcome = Tool({"resolve", "r1-0", "--not_sent", "--comment", "their log has no such id"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "r1-0 on SMS is now RETRY_WAIT; its run goes on by itself\n");
  ASSERT_EQ(delivery_.resolve.requests.size(), 1u);
  EXPECT_EQ(
      delivery_.resolve.requests[0].ShortDebugString(),
      "customer_run_id: \"r1-0\" channel: CHANNEL_SMS resolution: UNKNOWN_RESOLUTION_NOT_SENT resolved_by: \"ada\" "
      "comment: \"their log has no such id\"");
}

TEST_F(ResolveTest, AsksForNothingWhereTheChannelIsSaid) {
  EXPECT_EQ(Tool({"resolve", "r1-0", "--sent", "--channel", "email", "--by", "bob"}).code, 0);
  EXPECT_TRUE(delivery_.list.requests.empty());
  EXPECT_EQ(delivery_.resolve.requests[0].channel(), v1::CHANNEL_EMAIL);
  EXPECT_EQ(delivery_.resolve.requests[0].resolution(), v1::UNKNOWN_RESOLUTION_SENT);
  EXPECT_EQ(delivery_.resolve.requests[0].resolved_by(), "bob");
}

TEST_F(ResolveTest, CanBeSaidAgain) {
  delivery_.list.Returns("deliveries { receipt { state: DELIVERY_STATE_ACCEPTED channel: CHANNEL_PUSH } }");
  EXPECT_EQ(Tool({"resolve", "r1-0", "--sent"}).code, 0);
  EXPECT_EQ(delivery_.resolve.requests[0].channel(), v1::CHANNEL_PUSH);
}

TEST_F(ResolveTest, ChangesNothingWhereItIsNotClearWhatIsMeant) {
  EXPECT_EQ(Tool({"resolve", "r1-0"}).code, 2);
  EXPECT_EQ(Tool({"resolve", "r1-0", "--sent", "--not_sent"}).code, 2);
  delivery_.list.Returns("");
  EXPECT_THAT(Tool({"resolve", "r1-0", "--sent"}).err,
              HasSubstr("nothing was handed to delivery for customer run r1-0"));
  delivery_.list.Returns(
      "deliveries { receipt { state: DELIVERY_STATE_ACCEPTED channel: CHANNEL_SMS } } "
      "deliveries { receipt { state: DELIVERY_STATE_REJECTED channel: CHANNEL_EMAIL } }");
  EXPECT_THAT(Tool({"resolve", "r1-0", "--sent"}).err, HasSubstr("say --channel"));
  EXPECT_TRUE(delivery_.resolve.requests.empty());
}

TEST_F(ResolveTest, TellsWhyItCannotBe) {
  delivery_.resolve.Fails(grpc::StatusCode::FAILED_PRECONDITION, "it is ACCEPTED");
  const Outcome outcome = Tool({"resolve", "r1-0", "--sent"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("it is ACCEPTED"));
}

}  // namespace
}  // namespace campaign::ctl
