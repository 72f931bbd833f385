// What comes back, over a real server.

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/channel.h"
#include "common/server.h"
#include "common/testing/fake_clock.h"
#include "common/testing/testing.h"
#include "services/delivery/delivery_service.h"
#include "services/delivery/record_callback.h"
#include "services/delivery/resolve_unknown.h"
#include "services/delivery/scripted_sender.h"
#include "services/delivery/webhook_sender.h"

namespace campaign::delivery {
namespace {

using ::campaign::testing::FakeClock;
using ::campaign::testing::TempDir;
using ::campaign::testing::Utc;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ReceiptsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(database_, OpenLedger(folder_.File("ledger.db")));
    ASSERT_OK_AND_ASSIGN(dispatcher_, Dispatcher::Create(*database_, router_, clock_, {[] { return 0.5; }}));
    CallbackSources sources;
    sources["fake"] = {CallbackSource::Kind::kStandardWebhooks, keys_, v1::CHANNEL_SMS};
    sources["twilio"] = {CallbackSource::Kind::kTwilio, {"12345"}, v1::CHANNEL_SMS};
    service_ = std::make_unique<DeliveryService>(*dispatcher_, *database_, clock_, std::move(sources));
    ASSERT_OK_AND_ASSIGN(server_, Server::Start("127.0.0.1:0", {service_.get()}));
    stub_ = v1::Delivery::NewStub(MakeChannel(absl::StrCat("127.0.0.1:", server_->port())));
  }
  void TearDown() override { server_->Stop(); }

  static v1::DeliverRequest DeliverRequestOf(const std::string& run) {
    v1::DeliverRequest request;
    request.set_campaign("win-back");
    v1::DeliverItem& item = *request.add_items();
    item.set_customer_run_id(run);
    item.set_customer_id(absl::StrCat("c-", run));
    item.mutable_message()->set_channel(v1::CHANNEL_SMS);
    item.mutable_message()->set_address("+43664123");
    item.mutable_message()->set_text("Hello");
    item.mutable_message()->set_brand("nordlicht");
    return request;
  }

  v1::Receipt Deliver(const std::string& run) {
    grpc::ClientContext context;
    v1::DeliverResponse response;
    const grpc::Status status = stub_->Deliver(&context, DeliverRequestOf(run), &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.results_size() == 1 ? response.results(0).receipt() : v1::Receipt();
  }

  v1::RecordReceiptsRequest Signed(const std::string& webhook_id, const std::string& body) const {
    v1::RecordReceiptsRequest request;
    request.set_provider("fake");
    request.set_body(body);
    const std::pair<const char*, std::string> headers[] = {
        {"webhook-id", webhook_id},
        {"webhook-timestamp", absl::StrCat(absl::ToUnixSeconds(clock_.Now()))},
        {"webhook-signature", SignWebhook(keys_, webhook_id, clock_.Now(), body)}};
    for (const auto& [name, value] : headers) {
      v1::Fact& header = *request.add_headers();
      header.set_name(name);
      header.set_value(value);
    }
    return request;
  }

  grpc::Status Record(const v1::RecordReceiptsRequest& request, v1::RecordReceiptsResponse& response) {
    grpc::ClientContext context;
    return stub_->RecordReceipts(&context, request, &response);
  }

  // {recorded, ignored}
  std::vector<int> Recorded(const v1::RecordReceiptsRequest& request) {
    v1::RecordReceiptsResponse response;
    const grpc::Status status = Record(request, response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return {response.recorded_count(), response.ignored_count()};
  }

  std::vector<v1::Feedback> Feedback(int64_t after = 0, int page_size = 0) {
    grpc::ClientContext context;
    v1::ListFeedbackRequest request;
    request.set_after_feedback_id(after);
    request.set_page_size(page_size);
    v1::ListFeedbackResponse response;
    const grpc::Status status = stub_->ListFeedback(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return {response.feedback().begin(), response.feedback().end()};
  }

  grpc::Status Resolve(const std::string& run, v1::UnknownResolution resolution, v1::Receipt& receipt,
                       v1::Channel channel = v1::CHANNEL_SMS) {
    grpc::ClientContext context;
    v1::ResolveUnknownRequest request;
    request.set_customer_run_id(run);
    request.set_channel(channel);
    request.set_resolution(resolution);
    request.set_resolved_by("ann");
    request.set_comment("seen in the provider's log");
    v1::ResolveUnknownResponse response;
    const grpc::Status status = stub_->ResolveUnknown(&context, request, &response);
    receipt = response.receipt();
    return status;
  }

  v1::Receipt Listed(const std::string& run) {
    grpc::ClientContext context;
    v1::ListDeliveriesRequest request;
    request.set_customer_run_id(run);
    v1::ListDeliveriesResponse response;
    EXPECT_TRUE(stub_->ListDeliveries(&context, request, &response).ok());
    return response.deliveries_size() == 1 ? response.deliveries(0).receipt() : v1::Receipt();
  }

  static std::vector<std::string> Codes(const v1::Receipt& receipt) {
    std::vector<std::string> codes;
    for (const v1::Reason& reason : receipt.reasons()) codes.push_back(reason.code());
    return codes;
  }

  TempDir folder_;
  FakeClock clock_{Utc("2026-06-15 12:00:00")};
  const std::vector<std::string> keys_{std::string(32, 'k')};
  testing::ScriptedSender sender_{/*deduplicates=*/false};
  ProviderRouter router_ = testing::RouterOf(sender_);
  std::unique_ptr<Database> database_;
  std::unique_ptr<Dispatcher> dispatcher_;
  std::unique_ptr<DeliveryService> service_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<v1::Delivery::Stub> stub_;
};

TEST_F(ReceiptsTest, ReceiptFindsItsDispatchByTheProvidersName) {
  sender_.Answer(SendOutcome::Accepted("m-1"));
  EXPECT_EQ(Deliver("r1").provider_message_id(), "m-1");
  EXPECT_EQ(Listed("r1").provider_message_id(), "m-1");
  EXPECT_THAT(Recorded(Signed("w1", R"({"type":"delivered","data":{"message_id":"m-1","address":"+43664123"}})")),
              ElementsAre(1, 0));
  const std::vector<v1::Feedback> feedback = Feedback();
  ASSERT_THAT(feedback, SizeIs(1));
  EXPECT_EQ(feedback[0].kind(), v1::FEEDBACK_KIND_DELIVERED);
  EXPECT_EQ(feedback[0].event_id(), "fake:w1");
  EXPECT_EQ(feedback[0].customer_run_id(), "r1");
  EXPECT_EQ(feedback[0].customer_id(), "c-r1");
  EXPECT_EQ(feedback[0].campaign(), "win-back");
  EXPECT_EQ(feedback[0].brand(), "nordlicht");
  EXPECT_EQ(feedback[0].address(), "+43664123");
  EXPECT_EQ(feedback[0].channel(), v1::CHANNEL_SMS);
  EXPECT_EQ(FromTimestamp(feedback[0].event_time()), clock_.Now());
}

TEST_F(ReceiptsTest, UnknownThatTheProviderReportsOnWasSent) {
  sender_.Answer(SendOutcome::Unknown("TIMEOUT", "no answer"));
  ASSERT_EQ(Deliver("r1").state(), v1::DELIVERY_STATE_UNKNOWN);
  Recorded(Signed("w1", R"({"type":"delivered","data":{"idempotency_key":"r1.sms"}})"));
  EXPECT_EQ(Feedback().at(0).customer_run_id(), "r1");
  const v1::Receipt receipt = Listed("r1");
  EXPECT_EQ(receipt.state(), v1::DELIVERY_STATE_ACCEPTED);
  ASSERT_THAT(Codes(receipt), ElementsAre(kResolvedSent));
  EXPECT_EQ(receipt.reasons(0).text(), "provider fake says that it was sent: it has reported on it");
  EXPECT_EQ(Deliver("r1").state(), v1::DELIVERY_STATE_ACCEPTED);
  EXPECT_THAT(sender_.sent(), SizeIs(1));
  // A person who says the same is right; one who says otherwise hears of it.
  v1::Receipt again;
  EXPECT_TRUE(Resolve("r1", v1::UNKNOWN_RESOLUTION_SENT, again).ok());
  EXPECT_EQ(Resolve("r1", v1::UNKNOWN_RESOLUTION_NOT_SENT, again).error_code(), grpc::StatusCode::FAILED_PRECONDITION);
}

TEST_F(ReceiptsTest, AReplyAloneDoesNotTellThatTheUnknownWasSent) {
  sender_.Answer(SendOutcome::Unknown("TIMEOUT", "no answer"));
  Deliver("r1");
  Recorded(Signed("w1", R"({"type":"replied","data":{"address":"+43664123","text":"Hello?"}})"));
  EXPECT_EQ(Feedback().at(0).customer_run_id(), "r1");
  EXPECT_EQ(Listed("r1").state(), v1::DELIVERY_STATE_UNKNOWN);
}

TEST_F(ReceiptsTest, ReplyFindsTheLastMessageToTheNumber) {
  Deliver("r1");
  Deliver("r2");
  Recorded(Signed("w1", R"({"type":"replied","data":{"address":"+43664123","text":"STOP"}})"));
  EXPECT_EQ(Feedback().at(0).customer_run_id(), "r2");
  EXPECT_EQ(Feedback().at(0).text(), "STOP");
  // A month later it answers something else.
  clock_.Advance(absl::Hours(24 * 30) + absl::Seconds(1));
  Recorded(Signed("w2", R"({"type":"replied","data":{"address":"+43664123","text":"Hello?"}})"));
  EXPECT_EQ(Feedback().back().customer_run_id(), "");
}

TEST_F(ReceiptsTest, FeedbackAboutNobodyWeKnowIsKept) {
  Recorded(Signed("w1", R"([{"type":"complained","data":{"message_id":"m-9","address":"+43664999"}},
                            {"type":"replied","data":{"address":"+43664999","text":"who is this"}}])"));
  const std::vector<v1::Feedback> feedback = Feedback();
  ASSERT_THAT(feedback, SizeIs(2));
  for (const v1::Feedback& one : feedback) {
    EXPECT_EQ(one.customer_run_id(), "");
    EXPECT_EQ(one.address(), "+43664999");
    EXPECT_EQ(one.channel(), v1::CHANNEL_SMS);
  }
}

TEST_F(ReceiptsTest, EachEventIsRecordedOnce) {
  const v1::RecordReceiptsRequest request =
      Signed("w1", R"([{"type":"opened","data":{"id":"e1","message_id":"m"}},{"type":"rendered"},
                       {"type":"clicked","data":{"message_id":"m"}}])");
  EXPECT_THAT(Recorded(request), ElementsAre(2, 1));
  EXPECT_THAT(Recorded(request), ElementsAre(0, 3));
  // The same event in another call.
  EXPECT_THAT(Recorded(Signed("w2", R"({"type":"opened","data":{"id":"e1","message_id":"m"}})")), ElementsAre(0, 1));
  EXPECT_THAT(Feedback(), SizeIs(2));
}

TEST_F(ReceiptsTest, TwiliosPublishedExampleIsAuthentic) {
  v1::RecordReceiptsRequest request;
  request.set_provider("twilio");
  request.set_url("https://mycompany.com/myapp.php?foo=1&bar=2");
  request.set_body("CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212");
  v1::Fact& header = *request.add_headers();
  header.set_name("X-Twilio-Signature");
  header.set_value("RSOYDt4T1cUTdK1PDd93/VVr8B8=");
  v1::RecordReceiptsResponse response;
  // It is a call's: authentic, but about no message.
  grpc::Status status = Record(request, response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("body.MessageSid"));
  header.set_value("RSOYDt4T1cUTdK1PDd93/VVr8B9=");
  status = Record(request, response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(ReceiptsTest, UnsignedAndOldCallbacksLeaveNothing) {
  const std::string body = R"({"type":"opened","data":{"message_id":"m"}})";
  v1::RecordReceiptsRequest request = Signed("w1", body);
  v1::RecordReceiptsResponse response;
  request.clear_headers();
  EXPECT_EQ(Record(request, response).error_code(), grpc::StatusCode::UNAUTHENTICATED);
  request = Signed("w1", body);
  request.mutable_body()->append(" ");
  EXPECT_EQ(Record(request, response).error_code(), grpc::StatusCode::UNAUTHENTICATED);
  request = Signed("w1", body);
  clock_.Advance(absl::Minutes(5) + absl::Seconds(1));
  EXPECT_EQ(Record(request, response).error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_THAT(Feedback(), IsEmpty());
}

TEST_F(ReceiptsTest, RefusesProvidersThatMayNotCallBack) {
  v1::RecordReceiptsRequest request = Signed("w1", "{}");
  request.set_provider("nobody");
  v1::RecordReceiptsResponse response;
  grpc::Status status = Record(request, response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("provider: nobody is no provider"));
  request.set_body(std::string(262'145, 'x'));
  status = Record(request, response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("body"));
}

TEST_F(ReceiptsTest, OneWrongEventLeavesNothingOfItsCallback) {
  v1::RecordReceiptsResponse response;
  const grpc::Status status = Record(
      Signed("w1", R"([{"type":"opened","data":{"message_id":"m"}},{"type":"bounced","data":{"message_id":"m"}}])"),
      response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("body[1].data.bounce"));
  EXPECT_THAT(Feedback(), IsEmpty());
}

TEST_F(ReceiptsTest, FeedbackIsListedInPagesAndLeavesAfterThirtyDays) {
  for (int i = 0; i < 3; ++i) {
    Recorded(Signed(absl::StrCat("w", i), R"({"type":"opened","data":{"message_id":"m"}})"));
  }
  const std::vector<v1::Feedback> page = Feedback(0, 2);
  ASSERT_THAT(page, SizeIs(2));
  EXPECT_EQ(Feedback(page[1].feedback_id(), 2).at(0).event_id(), "fake:w2");
  clock_.Advance(kFeedbackAge);
  Recorded(Signed("w3", R"({"type":"opened","data":{"message_id":"m"}})"));
  EXPECT_THAT(Feedback(), SizeIs(4));
  clock_.Advance(absl::Seconds(1));
  Recorded(Signed("w4", R"({"type":"opened","data":{"message_id":"m"}})"));
  ASSERT_THAT(Feedback(), SizeIs(2));
  EXPECT_EQ(Feedback()[0].event_id(), "fake:w3");
}

TEST_F(ReceiptsTest, LongEventIdsAreHashed) {
  EXPECT_EQ(FeedbackEventId("p", std::string(62, 'x')), "p:" + std::string(62, 'x'));
  const std::string hashed = FeedbackEventId("p", std::string(63, 'x'));
  EXPECT_THAT(hashed, SizeIs(64));
  EXPECT_NE(hashed, FeedbackEventId("p", std::string(64, 'x')));
}

TEST_F(ReceiptsTest, RefusesABadPage) {
  grpc::ClientContext context;
  v1::ListFeedbackRequest request;
  request.set_page_size(1001);
  v1::ListFeedbackResponse response;
  const grpc::Status status = stub_->ListFeedback(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("page_size"));
}

TEST_F(ReceiptsTest, UnknownThatWasSentIsAccepted) {
  sender_.Answer(SendOutcome::Unknown("TIMEOUT", "no answer"));
  ASSERT_EQ(Deliver("r1").state(), v1::DELIVERY_STATE_UNKNOWN);
  clock_.Advance(absl::Seconds(90));
  v1::Receipt receipt;
  ASSERT_TRUE(Resolve("r1", v1::UNKNOWN_RESOLUTION_SENT, receipt).ok());
  EXPECT_EQ(receipt.state(), v1::DELIVERY_STATE_ACCEPTED);
  ASSERT_THAT(Codes(receipt), ElementsAre(kResolvedSent));
  EXPECT_EQ(receipt.reasons(0).text(), "ann says that it was sent: seen in the provider's log");
  ASSERT_THAT(receipt.reasons(0).facts(), SizeIs(3));
  EXPECT_EQ(receipt.reasons(0).facts(0).value(), "ann");
  EXPECT_EQ(receipt.reasons(0).facts(1).value(), "2026-06-15T12:01:30Z");
  EXPECT_EQ(receipt.reasons(0).facts(2).value(), "seen in the provider's log");
  EXPECT_EQ(Listed("r1").SerializeAsString(), receipt.SerializeAsString());
  // Whoever asks for it to be sent hears the same, and nothing is sent.
  EXPECT_EQ(Deliver("r1").state(), v1::DELIVERY_STATE_ACCEPTED);
  EXPECT_THAT(sender_.sent(), SizeIs(1));
}

TEST_F(ReceiptsTest, UnknownThatWasNotSentIsSentWhenAskedForAgain) {
  sender_.Answer(SendOutcome::Unknown("TIMEOUT", "no answer"));
  Deliver("r1");
  EXPECT_EQ(Deliver("r1").state(), v1::DELIVERY_STATE_UNKNOWN);
  ASSERT_THAT(sender_.sent(), SizeIs(1));
  v1::Receipt receipt;
  ASSERT_TRUE(Resolve("r1", v1::UNKNOWN_RESOLUTION_NOT_SENT, receipt).ok());
  EXPECT_EQ(receipt.state(), v1::DELIVERY_STATE_RETRY_WAIT);
  EXPECT_EQ(FromTimestamp(receipt.retry_time()), clock_.Now());
  EXPECT_THAT(Codes(receipt), ElementsAre(kResolvedNotSent));
  EXPECT_EQ(Deliver("r1").state(), v1::DELIVERY_STATE_ACCEPTED);
  EXPECT_THAT(sender_.sent(), SizeIs(2));
  // The ledger still tells who said what.
  receipt = Listed("r1");
  EXPECT_EQ(receipt.state(), v1::DELIVERY_STATE_ACCEPTED);
  EXPECT_EQ(receipt.attempt_count(), 2);
  EXPECT_THAT(Codes(receipt), ElementsAre(kResolvedNotSent));
}

TEST_F(ReceiptsTest, ResolvingAgainTheSameWayChangesNothing) {
  sender_.Answer(SendOutcome::Unknown("TIMEOUT", "no answer"));
  Deliver("r1");
  v1::Receipt first;
  v1::Receipt again;
  ASSERT_TRUE(Resolve("r1", v1::UNKNOWN_RESOLUTION_NOT_SENT, first).ok());
  clock_.Advance(absl::Seconds(5));
  ASSERT_TRUE(Resolve("r1", v1::UNKNOWN_RESOLUTION_NOT_SENT, again).ok());
  EXPECT_EQ(again.SerializeAsString(), first.SerializeAsString());
  Deliver("r1");
  // By then it has been sent.
  ASSERT_TRUE(Resolve("r1", v1::UNKNOWN_RESOLUTION_NOT_SENT, again).ok());
  EXPECT_EQ(again.state(), v1::DELIVERY_STATE_ACCEPTED);
  EXPECT_THAT(Codes(again), ElementsAre(kResolvedNotSent));
  const grpc::Status other = Resolve("r1", v1::UNKNOWN_RESOLUTION_SENT, again);
  EXPECT_EQ(other.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(other.error_message(), HasSubstr("DELIVERY_STATE_ACCEPTED"));
  EXPECT_THAT(other.error_message(), HasSubstr("ann says that it was not sent"));
}

TEST_F(ReceiptsTest, ADispatchCanBecomeUnknownTwice) {
  sender_.Answer(SendOutcome::Unknown("TIMEOUT", "no answer"));
  sender_.Answer(SendOutcome::Unknown("TIMEOUT", "no answer again"));
  Deliver("r1");
  v1::Receipt receipt;
  ASSERT_TRUE(Resolve("r1", v1::UNKNOWN_RESOLUTION_NOT_SENT, receipt).ok());
  EXPECT_EQ(Deliver("r1").state(), v1::DELIVERY_STATE_UNKNOWN);
  EXPECT_THAT(Codes(Listed("r1")), ElementsAre("TIMEOUT", kResolvedNotSent));
  ASSERT_TRUE(Resolve("r1", v1::UNKNOWN_RESOLUTION_SENT, receipt).ok());
  EXPECT_THAT(Codes(Listed("r1")), ElementsAre(kResolvedNotSent, kResolvedSent));
}

TEST_F(ReceiptsTest, OnlyUnknownDispatchesAreResolved) {
  v1::Receipt receipt;
  grpc::Status status = Resolve("r1", v1::UNKNOWN_RESOLUTION_SENT, receipt);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(status.error_message(), HasSubstr("no dispatch of r1 by sms"));
  sender_.Answer(SendOutcome::Rejected("NO", "no"));
  Deliver("r1");
  status = Resolve("r1", v1::UNKNOWN_RESOLUTION_NOT_SENT, receipt);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("DELIVERY_STATE_REJECTED"));
  EXPECT_EQ(Resolve("r1", v1::UNKNOWN_RESOLUTION_SENT, receipt, v1::CHANNEL_EMAIL).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(ReceiptsTest, ResolveNamesTheFieldThatIsWrong) {
  v1::Receipt receipt;
  grpc::Status status = Resolve("r1", v1::UNKNOWN_RESOLUTION_UNSPECIFIED, receipt);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("resolution: UNKNOWN_RESOLUTION_UNSPECIFIED is neither"));
  status = Resolve("r1", v1::UNKNOWN_RESOLUTION_SENT, receipt, v1::CHANNEL_UNSPECIFIED);
  EXPECT_THAT(status.error_message(), HasSubstr("channel: CHANNEL_UNSPECIFIED names no channel"));
  status = Resolve("", v1::UNKNOWN_RESOLUTION_SENT, receipt);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("customer_run_id"));
}

TEST_F(ReceiptsTest, WhatIsBeingSentRightNowIsNotResolved) {
  sender_.Hold();
  grpc::ClientContext context;
  const v1::DeliverRequest request = DeliverRequestOf("r1");
  v1::DeliverResponse response;
  grpc::CompletionQueue queue;
  const auto call = stub_->AsyncDeliver(&context, request, &queue);
  grpc::Status delivered;
  call->Finish(&response, &delivered, this);
  sender_.WaitUntilHeld();
  v1::Receipt receipt;
  const grpc::Status status = Resolve("r1", v1::UNKNOWN_RESOLUTION_NOT_SENT, receipt);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_THAT(status.error_message(), HasSubstr("is being sent right now"));
  sender_.Release();
  void* tag = nullptr;
  bool ok = false;
  ASSERT_TRUE(queue.Next(&tag, &ok));
  EXPECT_TRUE(delivered.ok());
  EXPECT_EQ(response.results(0).receipt().state(), v1::DELIVERY_STATE_ACCEPTED);
  EXPECT_THAT(sender_.sent(), SizeIs(1));
  queue.Shutdown();
}

}  // namespace
}  // namespace campaign::delivery
