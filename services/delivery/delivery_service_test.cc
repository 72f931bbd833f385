#include "services/delivery/delivery_service.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/channel.h"
#include "common/server.h"
#include "common/testing/fake_clock.h"
#include "common/testing/testing.h"
#include "services/delivery/scripted_sender.h"

namespace campaign::delivery {
namespace {

using ::campaign::testing::FakeClock;
using ::campaign::testing::TempDir;
using ::campaign::testing::Utc;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class DeliveryServiceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(database_, OpenLedger(folder_.File("ledger.db")));
    ASSERT_OK_AND_ASSIGN(dispatcher_, Dispatcher::Create(*database_, router_, clock_, {[] { return 0.5; }}));
    service_ = std::make_unique<DeliveryService>(*dispatcher_, *database_, clock_, CallbackSources());
    ASSERT_OK_AND_ASSIGN(server_, Server::Start("127.0.0.1:0", {service_.get()}));
    stub_ = v1::Delivery::NewStub(MakeChannel(absl::StrCat("127.0.0.1:", server_->port())));
  }
  void TearDown() override { server_->Stop(); }

  v1::DeliverResponse Deliver(const std::vector<std::string>& runs) {
    v1::DeliverRequest request;
    request.set_campaign("win-back");
    for (const std::string& run : runs) {
      v1::DeliverItem& item = *request.add_items();
      item.set_customer_run_id(run);
      item.set_customer_id(absl::StrCat("c-", run));
      item.mutable_message()->set_channel(v1::CHANNEL_SMS);
      item.mutable_message()->set_address("+4312345");
      item.mutable_message()->set_text("Hello");
    }
    grpc::ClientContext context;
    v1::DeliverResponse response;
    const grpc::Status status = stub_->Deliver(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }

  grpc::Status List(const v1::ListDeliveriesRequest& request, v1::ListDeliveriesResponse& response) {
    grpc::ClientContext context;
    return stub_->ListDeliveries(&context, request, &response);
  }

  std::vector<std::string> ListedRuns(const v1::ListDeliveriesRequest& request) {
    v1::ListDeliveriesResponse response;
    EXPECT_TRUE(List(request, response).ok());
    std::vector<std::string> runs;
    for (const v1::Dispatch& dispatch : response.deliveries()) runs.push_back(dispatch.customer_run_id());
    return runs;
  }

  TempDir folder_;
  FakeClock clock_{Utc("2026-06-15 12:00:00")};
  testing::ScriptedSender sender_{/*deduplicates=*/false};
  ProviderRouter router_ = testing::RouterOf(sender_);
  std::unique_ptr<Database> database_;
  std::unique_ptr<Dispatcher> dispatcher_;
  std::unique_ptr<DeliveryService> service_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<v1::Delivery::Stub> stub_;
};

TEST_F(DeliveryServiceTest, DeliversAndLists) {
  EXPECT_EQ(Deliver({"r1"}).results(0).receipt().state(), v1::DELIVERY_STATE_ACCEPTED);
  v1::ListDeliveriesResponse response;
  ASSERT_TRUE(List({}, response).ok());
  ASSERT_EQ(response.deliveries_size(), 1);
  const v1::Dispatch& dispatch = response.deliveries(0);
  EXPECT_EQ(dispatch.customer_run_id(), "r1");
  EXPECT_EQ(dispatch.customer_id(), "c-r1");
  EXPECT_EQ(dispatch.campaign(), "win-back");
  EXPECT_EQ(dispatch.receipt().state(), v1::DELIVERY_STATE_ACCEPTED);
  EXPECT_EQ(dispatch.receipt().idempotency_key(), "r1.sms");
  EXPECT_EQ(FromTimestamp(dispatch.create_time()), clock_.Now());
  EXPECT_EQ(FromTimestamp(dispatch.update_time()), clock_.Now());
  EXPECT_EQ(response.next_page_token(), "");
}

TEST_F(DeliveryServiceTest, ListsNewestFirstAPageAtATime) {
  Deliver({"r1", "r2", "r3", "r4"});
  v1::ListDeliveriesRequest request;
  request.set_page_size(2);
  std::vector<std::string> runs;
  for (int page = 0; page < 3; ++page) {
    v1::ListDeliveriesResponse response;
    ASSERT_TRUE(List(request, response).ok());
    EXPECT_LE(response.deliveries_size(), 2);
    for (const v1::Dispatch& dispatch : response.deliveries()) runs.push_back(dispatch.customer_run_id());
    // What arrives meanwhile does not move the pages.
    Deliver({absl::StrCat("new", page)});
    request.set_page_token(response.next_page_token());
    if (response.next_page_token().empty()) break;
  }
  EXPECT_THAT(runs, ElementsAre("r4", "r3", "r2", "r1"));
}

TEST_F(DeliveryServiceTest, ListsByStateAndByRun) {
  sender_.Answer(SendOutcome::Accepted());
  sender_.Answer(SendOutcome::Rejected("NO", "no"));
  sender_.Answer(SendOutcome::Unknown("TIMEOUT", "no answer"));
  sender_.Answer(SendOutcome::Unknown("TIMEOUT", "no answer"));
  Deliver({"r1", "r2", "r3", "r4"});
  v1::ListDeliveriesRequest request;
  request.set_state(v1::DELIVERY_STATE_UNKNOWN);
  EXPECT_THAT(ListedRuns(request), ElementsAre("r4", "r3"));
  request.set_state(v1::DELIVERY_STATE_ACCEPTED);
  EXPECT_THAT(ListedRuns(request), ElementsAre("r1"));
  request.set_state(v1::DELIVERY_STATE_SENDING);
  EXPECT_THAT(ListedRuns(request), IsEmpty());
  request.Clear();
  request.set_customer_run_id("r2");
  EXPECT_THAT(ListedRuns(request), ElementsAre("r2"));
  request.set_state(v1::DELIVERY_STATE_ACCEPTED);
  EXPECT_THAT(ListedRuns(request), IsEmpty());
}

TEST_F(DeliveryServiceTest, RefusesAPageTokenOfSomebodyElses) {
  for (const char* token : {"zebra", "-5", "0", "ffffffffffffffffffffffff"}) {
    v1::ListDeliveriesRequest request;
    request.set_page_token(token);
    v1::ListDeliveriesResponse response;
    const grpc::Status status = List(request, response);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << token;
    EXPECT_THAT(status.error_message(), HasSubstr("page_token"));
  }
}

TEST_F(DeliveryServiceTest, RefusesARequestAboveItsLimits) {
  grpc::ClientContext context;
  v1::DeliverResponse response;
  EXPECT_EQ(stub_->Deliver(&context, v1::DeliverRequest(), &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(sender_.sent(), IsEmpty());
}

}  // namespace
}  // namespace campaign::delivery
