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
