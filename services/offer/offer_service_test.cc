#include "services/offer/offer_service.h"

#include <string>
#include <vector>

#include "services/offer/offer_service_testing.h"
#include "services/offer/selection.h"

namespace campaign::offer {
namespace {

using testing::ConfigOf;
using ::testing::HasSubstr;
using testing::ItemFor;
using testing::kDiscounted;
using testing::LossCode;
using testing::Nudge;
using testing::OfferServiceTest;
using testing::RequestOf;

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

TEST_F(OfferServiceTest, ADecisionIsMadeAgainAsOfItsTimeWhateverWasGivenSince) {
  const v1::OfferConfig config = ConfigOf(std::string("total_budget_minor: 10000 ") + kDiscounted +
                                          Nudge("again", "cooldown { seconds: 864000 } cost_minor: 3 inventory: 2"));
  const absl::Time then = clock_.Now();
  const v1::ActionDecision first = DecisionFor(config, "run-1", "ada");
  ASSERT_GT(first.reserved_budget_minor(), 0);
  ASSERT_EQ(Settle("run-1", v1::SETTLEMENT_COMMIT), 1);
  clock_.Advance(absl::Hours(24));
  DecisionFor(config, "run-2", "ada");
  v1::SelectActionsRequest request = RequestOf(config, {ItemFor("run-1", "ada")});
  request.set_dry_run(true);
  EXPECT_NE(DecisionFor(request).SerializeAsString(), first.SerializeAsString());
  *request.mutable_decide_time() = ToTimestamp(then);
  EXPECT_EQ(DecisionFor(request).DebugString(), first.DebugString());
  const int64_t reservations = ReservationCount();
  const int64_t total = Total();
  DecisionFor(request);
  EXPECT_EQ(ReservationCount(), reservations);
  EXPECT_EQ(Total(), total);
}

TEST_F(OfferServiceTest, ATimeToDecideAsOfNeedsADryRun) {
  v1::SelectActionsRequest request = RequestOf(ConfigOf(kDiscounted), {ItemFor("run-1", "ada")});
  request.mutable_decide_time()->set_seconds(1);
  v1::SelectActionsResponse response;
  const grpc::Status status = Select(request, response);
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("decide_time: set needs dry_run"));
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

}  // namespace
}  // namespace campaign::offer
