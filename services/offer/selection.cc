#include "services/offer/selection.h"

#include <algorithm>

#include "services/offer/holdout.h"

namespace campaign::offer {
namespace {

constexpr int kInvalidArgument = 3;  // google.rpc.Code.

void RefuseItem(v1::ItemError& error) {
  error.set_code(kInvalidArgument);
  error.set_reason(std::string(kCustomerMissing));
  error.set_message("profile.customer.customer_id: '' must not be empty");
}

}  // namespace

Selection::Selection(const CompiledOffers& offers, const std::string& campaign, absl::Time now, bool dry_run,
                     ReservationLedger& ledger, Assigner& assigner, OfferDraw* draw, bool again)
    : offers_(offers),
      campaign_(campaign),
      now_(now),
      today_(DayOf(now, offers.time_zone)),
      dry_run_(dry_run),
      again_(again),
      ledger_(ledger),
      assigner_(assigner),
      draw_(draw) {}

void Selection::Decide(const v1::SelectItem& item, v1::SelectItemResult& result) {
  if (item.profile().customer().customer_id().empty()) return RefuseItem(*result.mutable_error());
  v1::ActionDecision& decision = *result.mutable_decision();
  const absl::optional<Reservation> held = ledger_.Find(item.customer_run_id());
  const bool keeps = held && held->committed && !again_;
  if (!held || keeps) return DecideCustomer(item, held ? &*held : nullptr, decision);
  if (!dry_run_) {
    ledger_.Remove(*held);
    return DecideCustomer(item, nullptr, decision);
  }
  ledger_.Count(*held, -1);
  DecideCustomer(item, nullptr, decision);
  ledger_.Count(*held, 1);
}

void Selection::DecideCustomer(const v1::SelectItem& item, const Reservation* committed, v1::ActionDecision& decision) {
  if (DecideHoldout(*offers_.config, campaign_, item.profile().customer().customer_id(), decision)) return;
  absl::optional<absl::string_view> committed_action_id;
  if (committed != nullptr) committed_action_id = committed->action_id;
  const CompiledAction* winner =
      Arbitrate(offers_, {item, StandingOf(item), committed_action_id}, now_, draw_, decision);
  if (winner == nullptr) return;
  assigner_.Assign(item, *winner, decision);
  if (committed != nullptr) {
    decision.set_reserved_budget_minor(committed->budget_minor);
  } else if (!dry_run_ && winner->NeedsReservation()) {
    Reserve(item, *winner, decision);
  } else if (again_ && winner->NeedsReservation()) {
    decision.set_reserved_budget_minor(winner->spend_minor);
  }
}

const Standing& Selection::StandingOf(const v1::SelectItem& item) {
  const size_t count = offers_.actions.size();
  standing_.Reset(count);
  for (size_t i = 0; i < count; ++i) {
    const CompiledAction& action = offers_.actions[i];
    const std::string& action_id = action.decision.action_id();
    if (action.inventory) standing_.given[i] = ledger_.Given(action_id);
    if (action.daily_cap) standing_.given_today[i] = ledger_.GivenOn(campaign_, action_id, today_);
  }
  const v1::OfferConfig& config = *offers_.config;
  if (config.has_daily_budget_minor()) standing_.spent_today_minor = ledger_.SpentOn(campaign_, today_);
  if (config.has_total_budget_minor()) standing_.spent_minor = ledger_.Spent(campaign_);
  if (!offers_.any_history) return standing_;
  ledger_.ForEachOfCustomer(item.profile().customer().customer_id(),
                            [&](absl::string_view run_id, absl::string_view action_id, absl::Time time) {
                              // What the run itself holds does not stand against it.
                              if (run_id == item.customer_run_id() || (again_ && time > now_)) return;
                              for (size_t i = 0; i < count; ++i) {
                                if (offers_.actions[i].decision.action_id() != action_id) continue;
                                standing_.last_given[i] = std::max(standing_.last_given[i], time);
                                ++standing_.given_to_customer[i];
                              }
                            });
  return standing_;
}

void Selection::Reserve(const v1::SelectItem& item, const CompiledAction& action, v1::ActionDecision& decision) {
  ledger_.Add({.customer_run_id = item.customer_run_id(),
               .campaign = campaign_,
               .action_id = action.decision.action_id(),
               .customer_id = item.profile().customer().customer_id(),
               .day = today_,
               .budget_minor = action.spend_minor,
               .pieces = action.inventory ? 1 : 0,
               .committed = false,
               .time = now_});
  decision.set_reserved_budget_minor(action.spend_minor);
}

bool Settle(const v1::ReservationSettlement& settlement, absl::Time now, ReservationLedger& ledger) {
  if (settlement.settlement() == v1::SETTLEMENT_COMMIT) return ledger.Commit(settlement.customer_run_id(), now);
  const absl::optional<Reservation> held = ledger.Find(settlement.customer_run_id());
  if (!held || held->committed) return false;
  ledger.Remove(*held);
  return true;
}

}  // namespace campaign::offer
