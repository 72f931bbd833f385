#pragma once

#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "common/database.h"

namespace campaign::offer {

// The tables; for Database::Open.
extern const char* const kReservationSchema;

// What one customer run holds of inventory, budget and cooldown.
struct Reservation {
  std::string customer_run_id;
  std::string campaign;
  std::string action_id;
  std::string customer_id;
  // Day whose budget and cap it takes from; DayOf.
  int64_t day = 0;
  // Discount and cost, minor units.
  int64_t budget_minor = 0;
  // Pieces of the action's inventory: 1 or 0.
  int64_t pieces = 0;
  // The message went out: it is held for good.
  bool committed = false;
  // Cooldown runs from here: when it was reserved, then when it was committed.
  absl::Time time;
};

// The day of `time` in a zone, days since 1970-01-01.
int64_t DayOf(absl::Time time, absl::TimeZone zone);

// Reservations and the counters of what they use, as one transaction sees them. Lives within one Database write or
// read, on its thread. Counters are read once each and kept here for the transaction alone, so a transaction that is
// rolled back leaves nothing behind; Flush() writes what changed.
class ReservationLedger {
 public:
  explicit ReservationLedger(Connection& connection) : connection_(connection) {}
  ReservationLedger(const ReservationLedger&) = delete;
  ReservationLedger& operator=(const ReservationLedger&) = delete;

  // The run's reservation.
  absl::optional<Reservation> Find(const std::string& customer_run_id);

  // Stores a reservation of a run that has none, and counts it.
  void Add(const Reservation& reservation);

  // Deletes it and gives back what it held.
  void Remove(const Reservation& reservation);

  // Counts (`sign` 1) or gives back (-1) without touching the reservation itself.
  void Count(const Reservation& reservation, int64_t sign);

  // Marks an open reservation as sent at `now`. False where the run has none open.
  bool Commit(const std::string& customer_run_id, absl::Time now);

  // Each reservation that the customer has, of every campaign: its run, action and time.
  void ForEachOfCustomer(const std::string& customer_id,
                         absl::FunctionRef<void(absl::string_view, absl::string_view, absl::Time)> visit);

  // Pieces of the action that are given or reserved, by all campaigns.
  int64_t Given(const std::string& action_id);
  // How many of the action the campaign has given or reserved on a day.
  int64_t GivenOn(const std::string& campaign, const std::string& action_id, int64_t day);
  // Budget that the campaign has spent or reserved, minor units: on a day, and in all.
  int64_t SpentOn(const std::string& campaign, int64_t day);
  int64_t Spent(const std::string& campaign);

  // Writes the counters that changed. The last call of a transaction that writes.
  void Flush();

 private:
  struct Counter {
    int64_t stored = 0;
    int64_t change = 0;
  };

  Counter& CounterOf(const std::string& key);

  Connection& connection_;
  absl::flat_hash_map<std::string, Counter> counters_;
};

}  // namespace campaign::offer
