#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/channel.h"
#include "common/server.h"
#include "common/testing/fake_clock.h"
#include "services/offer/offer_service.h"
#include "services/offer/offer_testing.h"
#include "services/offer/reservation_store.h"

namespace campaign::offer::testing {

// Costs 1.00 of budget: 10 % of 10.00.
inline constexpr char kDiscounted[] =
    "actions { action_id: 'deal' kind: ACTION_KIND_OFFER price_minor: 1000 margin_bps: 5000 discount_bps: 1000 "
    "propensity: 0.5 } ";

inline v1::SelectActionsRequest RequestOf(const v1::OfferConfig& config, const std::vector<v1::SelectItem>& items,
                                          const std::string& campaign = "win-back") {
  v1::SelectActionsRequest request;
  request.set_campaign(campaign);
  request.set_config_version(std::to_string(std::hash<std::string>()(config.SerializeAsString() + campaign)));
  *request.mutable_config() = config;
  for (const v1::SelectItem& item : items) *request.add_items() = item;
  return request;
}

// The service on a real server and database, with a stub to call it.
class OfferServiceTest : public ::testing::Test {
 protected:
  OfferServiceTest() { Start(); }
  ~OfferServiceTest() override { Stop(); }

  void Start() {
    auto database = Database::Open(folder_.File("offer.db"), OfferSchema().c_str());
    ASSERT_OK(database);
    database_ = *std::move(database);
    service_ = std::make_unique<OfferService>(*database_, clock_);
    auto server = Server::Start("127.0.0.1:0", {service_.get()});
    ASSERT_OK(server);
    server_ = *std::move(server);
    stub_ = v1::Offers::NewStub(MakeChannel("127.0.0.1:" + std::to_string(server_->port())));
  }
  void Stop() {
    stub_.reset();
    server_->Stop();
    server_.reset();
    service_.reset();
    database_.reset();
  }

  grpc::Status Select(const v1::SelectActionsRequest& request, v1::SelectActionsResponse& response) {
    grpc::ClientContext context;
    return stub_->SelectActions(&context, request, &response);
  }
  v1::ActionDecision DecisionFor(const v1::SelectActionsRequest& request, int index = 0) {
    v1::SelectActionsResponse response;
    const grpc::Status status = Select(request, response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return status.ok() ? response.results(index).decision() : v1::ActionDecision();
  }
  v1::ActionDecision DecisionFor(const v1::OfferConfig& config, const std::string& run, const std::string& customer,
                                 const std::string& campaign = "win-back") {
    return DecisionFor(RequestOf(config, {ItemFor(run, customer)}, campaign));
  }
  int Settle(const std::string& run, v1::Settlement settlement) {
    v1::OffersSettleReservationsRequest request;
    request.add_settlements()->set_customer_run_id(run);
    request.mutable_settlements(0)->set_settlement(settlement);
    v1::OffersSettleReservationsResponse response;
    grpc::ClientContext context;
    const grpc::Status status = stub_->SettleReservations(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.settled_count();
  }
  int64_t Number(const char* sql) {
    int64_t number = -1;
    EXPECT_OK(database_->Read([&](Connection& connection) {
      number = connection.database().execAndGet(sql).getInt64();
      return absl::OkStatus();
    }));
    return number;
  }
  int64_t ReservationCount() { return Number("SELECT COUNT(*) FROM reservation"); }
  int64_t Total() { return Number("SELECT COALESCE(SUM(amount), 0) FROM usage WHERE key = 'total/win-back'"); }

  campaign::testing::TempDir folder_;
  campaign::testing::FakeClock clock_{campaign::testing::Utc("2026-06-15 12:00:00")};
  std::unique_ptr<Database> database_;
  std::unique_ptr<OfferService> service_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<v1::Offers::Stub> stub_;
};

}  // namespace campaign::offer::testing
