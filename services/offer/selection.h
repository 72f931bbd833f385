#pragma once

#include <string>

#include "absl/time/time.h"
#include "campaign/v1/offers.pb.h"
#include "services/offer/arbitration.h"
#include "services/offer/assignment.h"
#include "services/offer/compiled_offers.h"
#include "services/offer/reservation_store.h"

namespace campaign::offer {

// The item names no customer.
constexpr absl::string_view kCustomerMissing = "CUSTOMER_MISSING";

// Decides for the customers of one request within one transaction: takes back what a run held, decides, reserves.
// References must outlive it.
//
// A run asked again gives back what it had reserved, in the same transaction, and is decided as if new. One that has
// already sent its action keeps what it holds: that action alone may win, is not checked against what the run itself
// uses up, and nothing is reserved a second time.
class Selection {
 public:
  // In a dry run nothing is written, and no customer's decision is seen by the next one's. `again`, in a dry run, makes
  // a decision that was made before, at `now`: what the run itself holds since does not count, nor what the customer
  // was given later, and what would be reserved is said. Inventory and budgets count as they are. `draw` is null where
  // the campaign draws no actions.
  Selection(const CompiledOffers& offers, const std::string& campaign, absl::Time now, bool dry_run,
            ReservationLedger& ledger, Assigner& assigner, OfferDraw* draw, bool again = false);

  // The item's decision, or its error where it names no customer.
  void Decide(const v1::SelectItem& item, v1::SelectItemResult& result);

 private:
  void DecideCustomer(const v1::SelectItem& item, const Reservation* committed, v1::ActionDecision& decision);
  const Standing& StandingOf(const v1::SelectItem& item);
  void Reserve(const v1::SelectItem& item, const CompiledAction& action, v1::ActionDecision& decision);

  const CompiledOffers& offers_;
  const std::string& campaign_;
  const absl::Time now_;
  const int64_t today_;
  const bool dry_run_;
  const bool again_;
  ReservationLedger& ledger_;
  Assigner& assigner_;
  OfferDraw* const draw_;
  Standing standing_;  // Of the customer being decided.
};

// Settles one run's reservation. False where it has none open. `ledger` is to be flushed after the last one.
bool Settle(const v1::ReservationSettlement& settlement, absl::Time now, ReservationLedger& ledger);

}  // namespace campaign::offer
