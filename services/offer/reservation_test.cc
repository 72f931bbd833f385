#include <string>

#include "services/offer/offer_service_testing.h"
#include "services/offer/selection.h"

namespace campaign::offer {
namespace {

using campaign::testing::Utc;
using testing::ConfigOf;
using testing::ItemFor;
using testing::kDiscounted;
using testing::LossCode;
using testing::Nudge;
using testing::OfferServiceTest;
using testing::RequestOf;

using ReservationTest = OfferServiceTest;

TEST_F(ReservationTest, WritesNothingForWhatNeedsNoReservation) {
  EXPECT_EQ(DecisionFor(ConfigOf(Nudge("a")), "run", "ada").action_id(), "a");
  EXPECT_EQ(ReservationCount(), 0);
}

TEST_F(ReservationTest, ReservesDiscountAndCost) {
  const v1::ActionDecision decision = DecisionFor(ConfigOf(kDiscounted), "run", "ada");
  EXPECT_EQ(decision.reserved_budget_minor(), 100);
  EXPECT_EQ(ReservationCount(), 1);
  EXPECT_EQ(Total(), 100);
}

TEST_F(ReservationTest, TheSecondOfABatchSeesWhatTheFirstReserved) {
  const v1::SelectActionsRequest request =
      RequestOf(ConfigOf(Nudge("last", "inventory: 1")), {ItemFor("run-1", "ada"), ItemFor("run-2", "bob")});
  v1::SelectActionsResponse response;
  ASSERT_TRUE(Select(request, response).ok());
  EXPECT_EQ(response.results(0).decision().action_id(), "last");
  EXPECT_EQ(LossCode(response.results(1).decision(), "last"), kOutOfStock);
}

TEST_F(ReservationTest, AskedAgainReplacesTheReservation) {
  const v1::OfferConfig config = ConfigOf(Nudge("last", "inventory: 1 cooldown { seconds: 60 } cost_minor: 7"));
  const v1::SelectActionsRequest request = RequestOf(config, {ItemFor("run", "ada")});
  const v1::ActionDecision first = DecisionFor(request);
  const v1::ActionDecision again = DecisionFor(request);
  EXPECT_EQ(first.action_id(), "last");
  EXPECT_EQ(first.SerializeAsString(), again.SerializeAsString());
  EXPECT_EQ(ReservationCount(), 1);
  EXPECT_EQ(Total(), 7);
}

TEST_F(ReservationTest, TheSameRunTwiceInABatchReservesOnce) {
  const v1::SelectActionsRequest request =
      RequestOf(ConfigOf(Nudge("last", "inventory: 1 cost_minor: 7")), {ItemFor("run", "ada"), ItemFor("run", "ada")});
  EXPECT_EQ(DecisionFor(request, 1).action_id(), "last");
  EXPECT_EQ(ReservationCount(), 1);
  EXPECT_EQ(Total(), 7);
}

TEST_F(ReservationTest, AskedAgainAfterItWasSentKeepsTheActionAndReservesNothingMore) {
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

TEST_F(ReservationTest, ReleaseGivesBack) {
  const v1::OfferConfig config =
      ConfigOf("total_budget_minor: 7 " + Nudge("last", "inventory: 1 cooldown { seconds: 60 } cost_minor: 7"));
  EXPECT_EQ(DecisionFor(config, "run-1", "ada").action_id(), "last");
  EXPECT_EQ(LossCode(DecisionFor(config, "run-2", "bob"), "last"), kOutOfStock);
  EXPECT_EQ(Settle("run-1", v1::SETTLEMENT_RELEASE), 1);
  EXPECT_EQ(Settle("run-1", v1::SETTLEMENT_RELEASE), 0);
  EXPECT_EQ(Total(), 0);
  EXPECT_EQ(DecisionFor(config, "run-3", "ada").action_id(), "last");
}

TEST_F(ReservationTest, ReleaseGivesBackToTheDayItTookFrom) {
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

TEST_F(ReservationTest, ADayBeginsAtMidnightOfTheCampaignsTimeZone) {
  const v1::OfferConfig config =
      ConfigOf(std::string("time_zone: 'America/New_York' daily_budget_minor: 100 ") + kDiscounted);
  // Midnight in New York is 04:00 UTC in summer.
  clock_.Set(Utc("2026-06-15 04:00:00"));
  EXPECT_EQ(DecisionFor(config, "run-1", "ada").action_id(), "deal");
  clock_.Set(Utc("2026-06-16 03:59:59"));
  EXPECT_EQ(LossCode(DecisionFor(config, "run-2", "bob"), "deal"), kBudgetExhausted);
  clock_.Set(Utc("2026-06-16 04:00:00"));
  EXPECT_EQ(DecisionFor(config, "run-3", "cleo").action_id(), "deal");
}

TEST_F(ReservationTest, TheDayOnWhichClocksGoBackHas25Hours) {
  const v1::OfferConfig config = ConfigOf("time_zone: 'Europe/Berlin' " + Nudge("a", "daily_cap: 1"));
  clock_.Set(Utc("2026-10-24 22:00:00"));
  EXPECT_EQ(DecisionFor(config, "run-1", "ada").action_id(), "a");
  clock_.Set(Utc("2026-10-25 22:59:59"));
  EXPECT_EQ(LossCode(DecisionFor(config, "run-2", "bob"), "a"), kDailyCapReached);
  clock_.Set(Utc("2026-10-25 23:00:00"));
  EXPECT_EQ(DecisionFor(config, "run-3", "cleo").action_id(), "a");
}

TEST_F(ReservationTest, ADailyCapIsEachCampaignsOwnAndGivenBack) {
  const v1::OfferConfig config = ConfigOf(Nudge("a", "daily_cap: 1"));
  EXPECT_EQ(DecisionFor(config, "run-1", "ada", "win-back").action_id(), "a");
  EXPECT_EQ(DecisionFor(config, "run-2", "bob", "reduce-churn").action_id(), "a");
  EXPECT_EQ(LossCode(DecisionFor(config, "run-3", "cleo", "win-back"), "a"), kDailyCapReached);
  EXPECT_EQ(Settle("run-1", v1::SETTLEMENT_RELEASE), 1);
  EXPECT_EQ(DecisionFor(config, "run-3", "cleo", "win-back").action_id(), "a");
}

TEST_F(ReservationTest, ACapThatALaterVersionSetsCountsWhatWasGivenBefore) {
  EXPECT_EQ(DecisionFor(ConfigOf(Nudge("a", "cost_minor: 7")), "run-1", "ada").action_id(), "a");
  EXPECT_EQ(LossCode(DecisionFor(ConfigOf(Nudge("a", "cost_minor: 7 daily_cap: 1")), "run-2", "bob"), "a"),
            kDailyCapReached);
}

TEST_F(ReservationTest, ACustomersCapCountsEveryCampaignAndNotTheRunItself) {
  const v1::OfferConfig config = ConfigOf(Nudge("a", "customer_cap: 2"));
  EXPECT_EQ(DecisionFor(config, "run-1", "ada", "win-back").action_id(), "a");
  EXPECT_EQ(DecisionFor(config, "run-2", "ada", "reduce-churn").action_id(), "a");
  EXPECT_EQ(DecisionFor(config, "run-2", "ada", "reduce-churn").action_id(), "a");
  const v1::ActionDecision third = DecisionFor(config, "run-3", "ada");
  EXPECT_EQ(LossCode(third, "a"), kCustomerCapReached);
  EXPECT_EQ(third.losing_candidates(0).reason().text(), "given to this customer 2 times, at most 2");
  EXPECT_EQ(DecisionFor(config, "run-4", "bob").action_id(), "a");
  EXPECT_EQ(Settle("run-2", v1::SETTLEMENT_RELEASE), 1);
  EXPECT_EQ(DecisionFor(config, "run-3", "ada").action_id(), "a");
}

TEST_F(ReservationTest, TheFallbackReservesToo) {
  const v1::OfferConfig config =
      ConfigOf("fallback_action_id: 'hello' " + Nudge("hello", "inventory: 1 cost_minor: 900"));
  EXPECT_TRUE(DecisionFor(config, "run-1", "ada").fallback());
  EXPECT_EQ(Total(), 900);
  EXPECT_EQ(LossCode(DecisionFor(config, "run-2", "bob"), "hello"), kOutOfStock);
}

TEST_F(ReservationTest, CommitStaysCountedAndCannotBeReleased) {
  const v1::OfferConfig config = ConfigOf(Nudge("last", "inventory: 1"));
  EXPECT_EQ(DecisionFor(config, "run-1", "ada").action_id(), "last");
  EXPECT_EQ(Settle("run-1", v1::SETTLEMENT_COMMIT), 1);
  EXPECT_EQ(Settle("run-1", v1::SETTLEMENT_COMMIT), 0);
  EXPECT_EQ(Settle("run-1", v1::SETTLEMENT_RELEASE), 0);
  EXPECT_EQ(LossCode(DecisionFor(config, "run-2", "bob"), "last"), kOutOfStock);
}

TEST_F(ReservationTest, SettlingWhatWasNeverReservedIsNoError) {
  EXPECT_EQ(Settle("unknown", v1::SETTLEMENT_COMMIT), 0);
  EXPECT_EQ(Settle("unknown", v1::SETTLEMENT_RELEASE), 0);
}

TEST_F(ReservationTest, CooldownHoldsAcrossCampaignsAndStartsAnewWhenSent) {
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

TEST_F(ReservationTest, ReservationsOutliveAProcessThatNeverSettled) {
  const v1::OfferConfig config = ConfigOf("total_budget_minor: 107 " + Nudge("last", "inventory: 1 cost_minor: 7"));
  EXPECT_EQ(DecisionFor(config, "run-1", "ada").action_id(), "last");
  Stop();
  Start();
  EXPECT_EQ(LossCode(DecisionFor(config, "run-2", "bob"), "last"), kOutOfStock);
  EXPECT_EQ(Total(), 7);
  EXPECT_EQ(Settle("run-1", v1::SETTLEMENT_RELEASE), 1);
  EXPECT_EQ(DecisionFor(config, "run-2", "bob").action_id(), "last");
}

TEST_F(ReservationTest, AWriteThatFailsLeavesNoCount) {
  const v1::OfferConfig config = ConfigOf(Nudge("last", "inventory: 1 cost_minor: 7"));
  ASSERT_OK_AND_ASSIGN(const CompiledOffers offers, CompileOffers(config));
  const v1::SelectActionsRequest request = RequestOf(config, {});
  const absl::Status status = database_->Write([&](Connection& connection) {
    ReservationLedger ledger(connection);
    AssignmentLedger assignments(connection, request.campaign());
    Assigner assigner(request, clock_.Now(), assignments);
    Selection selection(offers, request.campaign(), clock_.Now(), /*dry_run=*/false, ledger, assigner,
                        /*draw=*/nullptr);
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

}  // namespace
}  // namespace campaign::offer
