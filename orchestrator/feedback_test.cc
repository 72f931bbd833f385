#include "orchestrator/feedback.h"

#include <atomic>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "orchestrator/testing_world.h"

namespace campaign::orchestrator {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::IsOk;
using testing::ParseProto;
using ::testing::SizeIs;
using testing::StatusIs;
using Strings = std::vector<std::string>;

class FeedbackTest : public StoreTest {
 protected:
  // "event kind address" and whatever else.
  void Back(const std::string& event, const std::string& kind, const std::string& more = "") {
    fakes_.AddFeedback(ParseProto<v1::Feedback>(
        absl::StrCat("event_id: '", event, "' kind: FEEDBACK_KIND_", kind,
                     " provider: 'mail' channel: CHANNEL_EMAIL address: 'ann@example.com' ", more)));
  }
  // Makes `rpc` answer with an error while `broken_` is true, for calls that name `what`.
  void Break(const std::string& rpc, grpc::StatusCode code, const std::string& what = "") {
    broken_ = true;
    fakes_.set_hook([=, this](const std::string& name, const Strings& ids) {
      const bool named = what.empty() || absl::StrContains(absl::StrJoin(ids, " "), what);
      return broken_ && name == rpc && named ? grpc::Status(code, "no") : grpc::Status::OK;
    });
  }
  // Passes a page on; whether there is more.
  bool Forward() {
    const absl::StatusOr<bool> more = forwarder_.Forward();
    EXPECT_OK(more);
    return more.ok() && *more;
  }
  int64_t Cursor() {
    int64_t cursor = -1;
    Read([&](Connection& connection) { cursor = FeedbackStore(connection).Cursor(); });
    return cursor;
  }

  FakeServices fakes_;
  std::atomic<bool> broken_ = false;
  FeedbackForwarder forwarder_{*database_, fakes_.targets()};
};

constexpr char kRun[] = "customer_run_id: 'rann-0' customer_id: 'ann'";

TEST_F(FeedbackTest, BouncesComplaintsAndUnsubscribingGoToTheSuppressionList) {
  Back("m:1", "HARD_BOUNCE", "brand: 'Acme'");
  Back("m:2", "COMPLAINT", "brand: 'Acme'");
  Back("m:3", "UNSUBSCRIBED", "brand: 'Acme'");
  EXPECT_FALSE(Forward());
  // An address that bounces does so for every brand; unsubscribing is from one.
  EXPECT_THAT(fakes_.calls("AddSuppressions"), ElementsAre("ann@example.com/EMAIL/hard bounce/feedback:mail "
                                                           "ann@example.com/EMAIL/complaint/feedback:mail "
                                                           "ann@example.com/EMAIL/unsubscribed/feedback:mail/Acme"));
  EXPECT_THAT(fakes_.calls("RecordResponses"), IsEmpty());
  EXPECT_EQ(Cursor(), 3);
}

TEST_F(FeedbackTest, RepliesGoToComplianceWithTheirWords) {
  Back("m:1", "REPLIED", "text: 'Stop'");
  EXPECT_THAT(forwarder_.Forward(), IsOk());
  EXPECT_THAT(fakes_.calls("RecordReplies"), ElementsAre("m:1/ann@example.com/Stop"));
}

TEST_F(FeedbackTest, ResponsesGoToAnalyticsAndIntoTheCustomersHistory) {
  Back("m:1", "OPENED", kRun);
  Back("m:2", "CLICKED", kRun);
  Back("m:3", "COMPLAINT", kRun);
  Back("m:4", "UNSUBSCRIBED", kRun);
  Back("m:5", "DELIVERED", kRun);
  Back("m:6", "SOFT_BOUNCE", kRun);
  Back("m:7", "OPENED");
  EXPECT_THAT(forwarder_.Forward(), IsOk());
  EXPECT_THAT(fakes_.calls("RecordResponses"), ElementsAre("m:1/OPENED m:2/CLICKED m:3/COMPLAINED m:4/UNSUBSCRIBED"));
  EXPECT_THAT(fakes_.calls("RecordEvents"), ElementsAre("ann/rann-0/OPENED ann/rann-0/CLICKED ann/rann-0/COMPLAINED "
                                                        "ann/rann-0/UNSUBSCRIBED"));
  EXPECT_EQ(Cursor(), 7);
}

TEST_F(FeedbackTest, IsAskedForFromWhereItStopped) {
  Back("m:1", "DELIVERED");
  EXPECT_THAT(forwarder_.Forward(), IsOk());
  Back("m:2", "HARD_BOUNCE");
  EXPECT_THAT(FeedbackForwarder(*database_, fakes_.targets()).Forward(), IsOk());
  EXPECT_FALSE(Forward());
  EXPECT_THAT(fakes_.calls("ListFeedback"), ElementsAre("0", "1", "2"));
  EXPECT_THAT(fakes_.calls("AddSuppressions"), SizeIs(1));
}

TEST_F(FeedbackTest, SaysThatThereIsMoreAfterAFullPage) {
  for (int i = 0; i < 501; ++i) Back(absl::StrCat("m:", i), "DELIVERED");
  EXPECT_TRUE(Forward());
  EXPECT_FALSE(Forward());
  EXPECT_EQ(Cursor(), 501);
}

// START after a bounce, and STOP after START, must not be swapped.
TEST_F(FeedbackTest, KeepsTheOrderOfWhatSuppressesAndWhatCustomersWrite) {
  Back("m:1", "UNSUBSCRIBED");
  Back("m:2", "OPENED", kRun);
  Back("m:3", "REPLIED", "text: 'START'");
  Back("m:4", "UNSUBSCRIBED");
  std::vector<std::string> order;
  absl::Mutex mutex;
  fakes_.set_hook([&](const std::string& rpc, const Strings&) {
    absl::MutexLock lock(&mutex);
    if (rpc == "AddSuppressions" || rpc == "RecordReplies") order.push_back(rpc);
    return grpc::Status::OK;
  });
  EXPECT_THAT(forwarder_.Forward(), IsOk());
  EXPECT_THAT(order, ElementsAre("AddSuppressions", "RecordReplies", "AddSuppressions"));
}

TEST_F(FeedbackTest, WaitsForAServiceThatIsDownAndForgetsNothing) {
  Back("m:1", "REPLIED", "text: 'STOP'");
  Back("m:2", "COMPLAINT", kRun);
  for (const char* rpc : {"AddSuppressions", "RecordResponses", "RecordEvents"}) {
    Break(rpc, grpc::StatusCode::ABORTED);
    EXPECT_THAT(forwarder_.Forward(), StatusIs(absl::StatusCode::kAborted, "no")) << rpc;
    // The reply has been taken and is not sent again; what comes after it is.
    EXPECT_EQ(Cursor(), 1);
  }
  broken_ = false;
  EXPECT_FALSE(Forward());
  EXPECT_EQ(Cursor(), 2);
  EXPECT_THAT(fakes_.calls("RecordReplies"), SizeIs(1));
  EXPECT_THAT(fakes_.calls("AddSuppressions"), SizeIs(4));
}

TEST_F(FeedbackTest, PassesByWhatAServiceWillNeverTakeAndNothingElse) {
  Back("m:1", "REPLIED", "text: 'STOP'");
  Back("m:poison", "REPLIED", "text: 'STOP'");
  Back("m:3", "REPLIED", "text: 'STOP'");
  Back("m:4", "HARD_BOUNCE");
  Break("RecordReplies", grpc::StatusCode::INVALID_ARGUMENT, "m:poison");
  EXPECT_THAT(forwarder_.Forward(), IsOk());
  EXPECT_EQ(Cursor(), 4);
  EXPECT_THAT(fakes_.calls("RecordReplies"),
              ElementsAre("m:1/ann@example.com/STOP m:poison/ann@example.com/STOP m:3/ann@example.com/STOP",
                          "m:1/ann@example.com/STOP", "m:poison/ann@example.com/STOP", "m:3/ann@example.com/STOP"));
  EXPECT_THAT(fakes_.calls("AddSuppressions"), SizeIs(1));
}

TEST_F(FeedbackTest, AServiceThatDoesNotKnowTheCallIsNoPoison) {
  Back("m:1", "HARD_BOUNCE");
  Break("AddSuppressions", grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_THAT(forwarder_.Forward(), StatusIs(absl::StatusCode::kUnimplemented, "no"));
  EXPECT_EQ(Cursor(), 0);
}

TEST_F(FeedbackTest, ForgetsNothingWhereDeliveryIsDown) {
  Break("ListFeedback", grpc::StatusCode::ABORTED);
  EXPECT_THAT(forwarder_.Forward(), StatusIs(absl::StatusCode::kAborted, "no"));
  EXPECT_EQ(Cursor(), 0);
}

TEST_F(FeedbackTest, ATooEarlyResponseWaitsUntilAnalyticsKnowsTheRun) {
  v1::RunCampaignRequest request;
  Write([&](Connection& connection) {
    RunStore store(connection);
    CampaignRunRow run{.id = "rann", .campaign = "win-back", .version = "v", .create_time = now_, .update_time = now_};
    store.InsertRun(run);
    store.InsertCustomerRun(
        {.key = CustomerRunKey(run.number, 0), .customer_id = "ann", .state = v1::CUSTOMER_RUN_STATE_RUNNING});
  });
  fakes_.set_unknown_run("rann-0");
  Back("m:1", "OPENED", kRun);
  EXPECT_THAT(forwarder_.Forward(), StatusIs(absl::StatusCode::kUnavailable, "analytics does not know yet"));
  EXPECT_EQ(Cursor(), 0);
  Write([&](Connection& connection) {
    RunStore store(connection);
    store.SetCustomerRunState(CustomerRunKey(store.FindRun("rann")->number, 0), v1::CUSTOMER_RUN_STATE_DELIVERED,
                              absl::nullopt, {});
  });
  // Over, and still not known: nobody will ever know it.
  EXPECT_THAT(forwarder_.Forward(), IsOk());
  EXPECT_EQ(Cursor(), 1);
  EXPECT_THAT(fakes_.calls("RecordEvents"), SizeIs(1));
}

TEST_F(FeedbackTest, AResponseToARunOfNobodyIsPassedBy) {
  fakes_.set_unknown_run("somebody-elses");
  Back("m:1", "OPENED", "customer_run_id: 'somebody-elses' customer_id: 'ann'");
  EXPECT_THAT(forwarder_.Forward(), IsOk());
  EXPECT_EQ(Cursor(), 1);
}

TEST_F(FeedbackTest, IsBrokenOffWhenItIsToStop) {
  forwarder_.Stop();
  EXPECT_THAT(forwarder_.Forward(), StatusIs(absl::StatusCode::kCancelled, "stopped"));
}

}  // namespace
}  // namespace campaign::orchestrator
