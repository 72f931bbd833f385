#include "services/offer/offer_service.h"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/channel.h"
#include "common/server.h"
#include "common/testing/fake_clock.h"
#include "services/offer/offer_testing.h"
#include "services/offer/reservation_store.h"
#include "services/offer/selection.h"

namespace campaign::offer {
namespace {

using campaign::testing::FakeClock;
using campaign::testing::TempDir;
using campaign::testing::Utc;
using testing::ConfigOf;
using ::testing::HasSubstr;
using testing::ItemFor;
using testing::LossCode;
using testing::Nudge;

// Costs 1.00 of budget: 10 % of 10.00.
constexpr char kDiscounted[] =
    "actions { action_id: 'deal' kind: ACTION_KIND_OFFER price_minor: 1000 margin_bps: 5000 discount_bps: 1000 "
    "propensity: 0.5 } ";

v1::SelectActionsRequest RequestOf(const v1::OfferConfig& config, const std::vector<v1::SelectItem>& items,
                                   const std::string& campaign = "win-back") {
  v1::SelectActionsRequest request;
  request.set_campaign(campaign);
  request.set_config_version(std::to_string(std::hash<std::string>()(config.SerializeAsString() + campaign)));
  *request.mutable_config() = config;
  for (const v1::SelectItem& item : items) *request.add_items() = item;
  return request;
}

class OfferServiceTest : public ::testing::Test {
 protected:
  OfferServiceTest() { Start(); }
  ~OfferServiceTest() override { Stop(); }

  void Start() {
    auto database = Database::Open(folder_.File("offer.db"), kReservationSchema);
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

  TempDir folder_;
  FakeClock clock_{Utc("2026-06-15 12:00:00")};
  std::unique_ptr<Database> database_;
  std::unique_ptr<OfferService> service_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<v1::Offers::Stub> stub_;
};

TEST_F(OfferServiceTest, AnswersEachItemInOrder) {
  v1::SelectActionsRequest request =
      RequestOf(ConfigOf(Nudge("a")), {ItemFor("run-1", "ada"), ItemFor("run-2", "cleo"), ItemFor("run-3", "bob")});
  request.mutable_items(1)->clear_profile();
  request.mutable_items(2)->clear_consented_channels();
  v1::SelectActionsResponse response;
  ASSERT_TRUE(Select(request, response).ok());
  ASSERT_EQ(response.results_size(), 3);
  EXPECT_EQ(response.results(0).decision().action_id(), "a");
  EXPECT_EQ(response.results(1).error().reason(), kCustomerMissing);
  EXPECT_EQ(response.results(1).error().code(), grpc::INVALID_ARGUMENT);
  EXPECT_EQ(response.results(2).decision().kind(), v1::ACTION_KIND_NONE);
}

TEST_F(OfferServiceTest, RefusesAConfigurationThatDoesNotCompile) {
  v1::SelectActionsResponse response;
  const grpc::Status status = Select(
      RequestOf(ConfigOf("actions { action_id: 'x' kind: ACTION_KIND_EDUCATION price_minor: 1 discount_bps: 9 }"),
                {ItemFor("run", "ada")}),
      response);
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("config.actions[0].discount_bps: 9 must be 0"));
}

TEST_F(OfferServiceTest, WritesNothingForWhatNeedsNoReservation) {
  EXPECT_EQ(DecisionFor(ConfigOf(Nudge("a")), "run", "ada").action_id(), "a");
  EXPECT_EQ(ReservationCount(), 0);
}

TEST_F(OfferServiceTest, ReservesDiscountAndCost) {
  const v1::ActionDecision decision = DecisionFor(ConfigOf(kDiscounted), "run", "ada");
  EXPECT_EQ(decision.reserved_budget_minor(), 100);
  EXPECT_EQ(ReservationCount(), 1);
  EXPECT_EQ(Total(), 100);
}

TEST_F(OfferServiceTest, DryRunChecksConstraintsAndReservesNothing) {
  const v1::OfferConfig config = ConfigOf(Nudge("last", "inventory: 1"));
  v1::SelectActionsRequest request = RequestOf(config, {ItemFor("run-1", "ada"), ItemFor("run-2", "bob")});
  request.set_dry_run(true);
  EXPECT_EQ(DecisionFor(request, 0).action_id(), "last");
  EXPECT_EQ(DecisionFor(request, 1).action_id(), "last");
  EXPECT_EQ(ReservationCount(), 0);
  EXPECT_EQ(DecisionFor(config, "run-3", "cleo").action_id(), "last");
  EXPECT_EQ(LossCode(DecisionFor(request, 1), "last"), kOutOfStock);
}

TEST_F(OfferServiceTest, DryRunDoesNotCountWhatTheRunItselfHolds) {
  const v1::OfferConfig config = ConfigOf(Nudge("last", "inventory: 1 cooldown { seconds: 60 }"));
  EXPECT_EQ(DecisionFor(config, "run-1", "ada").action_id(), "last");
  v1::SelectActionsRequest request = RequestOf(config, {ItemFor("run-1", "ada"), ItemFor("run-2", "bob")});
  request.set_dry_run(true);
  EXPECT_EQ(DecisionFor(request, 0).action_id(), "last");
  EXPECT_EQ(LossCode(DecisionFor(request, 1), "last"), kOutOfStock);
  EXPECT_EQ(ReservationCount(), 1);
}

TEST_F(OfferServiceTest, TheSecondOfABatchSeesWhatTheFirstReserved) {
  const v1::SelectActionsRequest request =
      RequestOf(ConfigOf(Nudge("last", "inventory: 1")), {ItemFor("run-1", "ada"), ItemFor("run-2", "bob")});
  v1::SelectActionsResponse response;
  ASSERT_TRUE(Select(request, response).ok());
  EXPECT_EQ(response.results(0).decision().action_id(), "last");
  EXPECT_EQ(LossCode(response.results(1).decision(), "last"), kOutOfStock);
}

TEST_F(OfferServiceTest, AskedAgainReplacesTheReservation) {
  const v1::OfferConfig config = ConfigOf(Nudge("last", "inventory: 1 cooldown { seconds: 60 } cost_minor: 7"));
  const v1::SelectActionsRequest request = RequestOf(config, {ItemFor("run", "ada")});
  const v1::ActionDecision first = DecisionFor(request);
  const v1::ActionDecision again = DecisionFor(request);
  EXPECT_EQ(first.action_id(), "last");
  EXPECT_EQ(first.SerializeAsString(), again.SerializeAsString());
  EXPECT_EQ(ReservationCount(), 1);
  EXPECT_EQ(Total(), 7);
}

TEST_F(OfferServiceTest, TheSameRunTwiceInABatchReservesOnce) {
  const v1::SelectActionsRequest request =
      RequestOf(ConfigOf(Nudge("last", "inventory: 1 cost_minor: 7")), {ItemFor("run", "ada"), ItemFor("run", "ada")});
  EXPECT_EQ(DecisionFor(request, 1).action_id(), "last");
  EXPECT_EQ(ReservationCount(), 1);
  EXPECT_EQ(Total(), 7);
}

TEST_F(OfferServiceTest, AskedAgainAfterItWasSentKeepsTheActionAndReservesNothingMore) {
  const v1::OfferConfig config = ConfigOf(Nudge("sent", "inventory: 1 cooldown { seconds: 60 } cost_minor: 7"));
  EXPECT_EQ(DecisionFor(config, "run", "ada").action_id(), "sent");
  EXPECT_EQ(Settle("run", v1::SETTLEMENT_COMMIT), 1);
  // Better by far, but the run has had its action.
  const v1::OfferConfig changed = ConfigOf(Nudge("better", "propensity: 0.9 inventory: 10") +
                                           Nudge("sent", "inventory: 1 cooldown { seconds: 60 } cost_minor: 7"));
  const v1::ActionDecision again = DecisionFor(changed, "run", "ada");
  EXPECT_EQ(again.action_id(), "sent");
  EXPECT_EQ(again.reserved_budget_minor(), 7);
  EXPECT_EQ(LossCode(again, "better"), kAlreadyCommitted);
  EXPECT_EQ(ReservationCount(), 1);
  EXPECT_EQ(Total(), 7);
}

TEST_F(OfferServiceTest, ReleaseGivesBack) {
  const v1::OfferConfig config =
      ConfigOf("total_budget_minor: 7 " + Nudge("last", "inventory: 1 cooldown { seconds: 60 } cost_minor: 7"));
  EXPECT_EQ(DecisionFor(config, "run-1", "ada").action_id(), "last");
  EXPECT_EQ(LossCode(DecisionFor(config, "run-2", "bob"), "last"), kOutOfStock);
  EXPECT_EQ(Settle("run-1", v1::SETTLEMENT_RELEASE), 1);
  EXPECT_EQ(Settle("run-1", v1::SETTLEMENT_RELEASE), 0);
  EXPECT_EQ(Total(), 0);
  EXPECT_EQ(DecisionFor(config, "run-3", "ada").action_id(), "last");
}

TEST_F(OfferServiceTest, ReleaseGivesBackToTheDayItTookFrom) {
  const v1::OfferConfig config = ConfigOf(std::string("daily_budget_minor: 100 ") + kDiscounted);
  EXPECT_EQ(DecisionFor(config, "run-1", "ada").action_id(), "deal");
  EXPECT_EQ(LossCode(DecisionFor(config, "run-2", "bob"), "deal"), kBudgetExhausted);
  clock_.Set(Utc("2026-06-16 00:00:00"));
  EXPECT_EQ(DecisionFor(config, "run-3", "cleo").action_id(), "deal");
  EXPECT_EQ(Settle("run-1", v1::SETTLEMENT_RELEASE), 1);
  EXPECT_EQ(LossCode(DecisionFor(config, "run-4", "dan"), "deal"), kBudgetExhausted);
  clock_.Set(Utc("2026-06-15 23:59:59"));
  EXPECT_EQ(DecisionFor(config, "run-5", "eve").action_id(), "deal");
}

TEST_F(OfferServiceTest, CommitStaysCountedAndCannotBeReleased) {
  const v1::OfferConfig config = ConfigOf(Nudge("last", "inventory: 1"));
  EXPECT_EQ(DecisionFor(config, "run-1", "ada").action_id(), "last");
  EXPECT_EQ(Settle("run-1", v1::SETTLEMENT_COMMIT), 1);
  EXPECT_EQ(Settle("run-1", v1::SETTLEMENT_COMMIT), 0);
  EXPECT_EQ(Settle("run-1", v1::SETTLEMENT_RELEASE), 0);
  EXPECT_EQ(LossCode(DecisionFor(config, "run-2", "bob"), "last"), kOutOfStock);
}

TEST_F(OfferServiceTest, SettlingWhatWasNeverReservedIsNoError) {
  EXPECT_EQ(Settle("unknown", v1::SETTLEMENT_COMMIT), 0);
  EXPECT_EQ(Settle("unknown", v1::SETTLEMENT_RELEASE), 0);
}

TEST_F(OfferServiceTest, RefusesASettlementThatIsNone) {
  v1::OffersSettleReservationsRequest request;
  request.add_settlements()->set_customer_run_id("run");
  v1::OffersSettleReservationsResponse response;
  grpc::ClientContext context;
  const grpc::Status status = stub_->SettleReservations(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("settlements[0].settlement: SETTLEMENT_UNSPECIFIED must be set"));
}

TEST_F(OfferServiceTest, CooldownHoldsAcrossCampaignsAndStartsAnewWhenSent) {
  const v1::OfferConfig config = ConfigOf(Nudge("a", "cooldown { seconds: 3600 }"));
  EXPECT_EQ(DecisionFor(config, "run-1", "ada", "win-back").action_id(), "a");
  EXPECT_EQ(LossCode(DecisionFor(config, "run-2", "ada", "reduce-churn"), "a"), kInCooldown);
  EXPECT_EQ(DecisionFor(config, "run-3", "bob", "reduce-churn").action_id(), "a");
  clock_.Advance(absl::Minutes(50));
  EXPECT_EQ(Settle("run-1", v1::SETTLEMENT_COMMIT), 1);
  clock_.Advance(absl::Minutes(50));
  EXPECT_EQ(LossCode(DecisionFor(config, "run-4", "ada"), "a"), kInCooldown);
  clock_.Advance(absl::Minutes(10));
  EXPECT_EQ(DecisionFor(config, "run-5", "ada").action_id(), "a");
}

TEST_F(OfferServiceTest, BudgetsAreEachCampaignsOwnInventoryIsShared) {
  const v1::OfferConfig budget = ConfigOf(std::string("total_budget_minor: 100 ") + kDiscounted);
  EXPECT_EQ(DecisionFor(budget, "run-1", "ada", "win-back").action_id(), "deal");
  EXPECT_EQ(DecisionFor(budget, "run-2", "bob", "reduce-churn").action_id(), "deal");
  EXPECT_EQ(LossCode(DecisionFor(budget, "run-3", "cleo", "win-back"), "deal"), kBudgetExhausted);
  const v1::OfferConfig stock = ConfigOf(Nudge("last", "inventory: 1"));
  EXPECT_EQ(DecisionFor(stock, "run-4", "ada", "win-back").action_id(), "last");
  EXPECT_EQ(LossCode(DecisionFor(stock, "run-5", "bob", "reduce-churn"), "last"), kOutOfStock);
}

TEST_F(OfferServiceTest, HoldsOutTheControlGroupAndReservesNothing) {
  v1::OfferConfig config = ConfigOf(std::string("holdout { share_bps: 5000 } ") + kDiscounted);
  std::vector<v1::SelectItem> items;
  for (int i = 0; i < 500; ++i) items.push_back(ItemFor(absl::StrCat("run-", i), absl::StrCat("customer-", i)));
  v1::SelectActionsResponse response;
  ASSERT_TRUE(Select(RequestOf(config, items), response).ok());
  int held_out = 0;
  for (const v1::SelectItemResult& result : response.results()) held_out += result.decision().held_out();
  EXPECT_NEAR(held_out, 250, 50);
  EXPECT_EQ(ReservationCount(), 500 - held_out);
}

TEST_F(OfferServiceTest, ReservationsOutliveAProcessThatNeverSettled) {
  const v1::OfferConfig config = ConfigOf("total_budget_minor: 107 " + Nudge("last", "inventory: 1 cost_minor: 7"));
  EXPECT_EQ(DecisionFor(config, "run-1", "ada").action_id(), "last");
  Stop();
  Start();
  EXPECT_EQ(LossCode(DecisionFor(config, "run-2", "bob"), "last"), kOutOfStock);
  EXPECT_EQ(Total(), 7);
  EXPECT_EQ(Settle("run-1", v1::SETTLEMENT_RELEASE), 1);
  EXPECT_EQ(DecisionFor(config, "run-2", "bob").action_id(), "last");
}

TEST_F(OfferServiceTest, AWriteThatFailsLeavesNoCount) {
  const v1::OfferConfig config = ConfigOf(Nudge("last", "inventory: 1 cost_minor: 7"));
  ASSERT_OK_AND_ASSIGN(const CompiledOffers offers, CompileOffers(config));
  const std::string campaign = "win-back";
  const absl::Status status = database_->Write([&](Connection& connection) {
    ReservationLedger ledger(connection);
    Selection selection(offers, campaign, clock_.Now(), /*dry_run=*/false, ledger);
    v1::SelectItemResult result;
    selection.Decide(ItemFor("run-1", "ada"), result);
    EXPECT_EQ(result.decision().action_id(), "last");
    ledger.Flush();
    return absl::AbortedError("after the reservation");
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ReservationCount(), 0);
  EXPECT_EQ(Total(), 0);
  EXPECT_EQ(DecisionFor(config, "run-2", "bob").action_id(), "last");
}

// Runs `batch_count` requests at once and counts the items whose action won.
template <class MakeRequest>
int RaceAndCountWins(v1::Offers::Stub& stub, int batch_count, MakeRequest make_request) {
  std::atomic<int> wins{0};
  std::vector<std::thread> threads;
  for (int batch = 0; batch < batch_count; ++batch) {
    threads.emplace_back([&, batch] {
      const v1::SelectActionsRequest request = make_request(batch);
      v1::SelectActionsResponse response;
      grpc::ClientContext context;
      EXPECT_TRUE(stub.SelectActions(&context, request, &response).ok());
      for (const v1::SelectItemResult& result : response.results()) wins += !result.decision().action_id().empty();
    });
  }
  for (std::thread& thread : threads) thread.join();
  return wins;
}

std::vector<v1::SelectItem> ItemsOf(int batch, int count) {
  std::vector<v1::SelectItem> items;
  for (int i = 0; i < count; ++i) {
    items.push_back(ItemFor(absl::StrCat("run-", batch, "-", i), absl::StrCat("customer-", batch, "-", i)));
  }
  return items;
}

TEST_F(OfferServiceTest, OneOfSixtyFourRacingBatchesGetsTheLastItem) {
  const v1::OfferConfig config = ConfigOf(Nudge("last", "inventory: 1"));
  EXPECT_EQ(RaceAndCountWins(*stub_, 64, [&](int batch) { return RequestOf(config, ItemsOf(batch, 4)); }), 1);
  EXPECT_EQ(ReservationCount(), 1);
}

TEST_F(OfferServiceTest, OneOfTwoCampaignsThatRaceForACustomersCooldownWins) {
  const v1::OfferConfig config = ConfigOf(Nudge("a", "cooldown { seconds: 3600 }"));
  EXPECT_EQ(RaceAndCountWins(*stub_, 32,
                             [&](int batch) {
                               return RequestOf(config, {ItemFor(absl::StrCat("run-", batch), "ada")},
                                                absl::StrCat("campaign-", batch % 2));
                             }),
            1);
}

TEST_F(OfferServiceTest, RacingBatchesNeverExceedABudget) {
  const v1::OfferConfig config =
      ConfigOf(std::string("daily_budget_minor: 10050 total_budget_minor: 20000 ") + kDiscounted);
  const auto make_request = [&](int batch) { return RequestOf(config, ItemsOf(batch, 8)); };
  EXPECT_EQ(RaceAndCountWins(*stub_, 32, make_request), 100);
  EXPECT_EQ(Total(), 10'000);
  clock_.Advance(absl::Hours(24));
  EXPECT_EQ(RaceAndCountWins(*stub_, 32, [&](int batch) { return make_request(batch + 32); }), 100);
  EXPECT_EQ(Total(), 20'000);
  clock_.Advance(absl::Hours(24));
  EXPECT_EQ(RaceAndCountWins(*stub_, 4, [&](int batch) { return make_request(batch + 64); }), 0);
  EXPECT_EQ(ReservationCount(), 200);
}

TEST_F(OfferServiceTest, TheSameRunRacingWithItselfReservesOnce) {
  const v1::OfferConfig config = ConfigOf(kDiscounted);
  EXPECT_EQ(RaceAndCountWins(*stub_, 16, [&](int) { return RequestOf(config, {ItemFor("run", "ada")}); }), 16);
  EXPECT_EQ(ReservationCount(), 1);
  EXPECT_EQ(Total(), 100);
}

}  // namespace
}  // namespace campaign::offer
