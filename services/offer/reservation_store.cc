#include "services/offer/reservation_store.h"

#include "absl/strings/str_cat.h"

namespace campaign::offer {
namespace {

constexpr int64_t kReserved = 1;
constexpr int64_t kCommitted = 2;

// Names end in what a caller chose, so that no two of them can meet.
std::string InventoryKey(absl::string_view action_id) { return absl::StrCat("inventory/", action_id); }
std::string DayKey(absl::string_view campaign, int64_t day) { return absl::StrCat("day/", day, "/", campaign); }
// A campaign's name may hold anything, so its length stands before it.
std::string DailyCapKey(absl::string_view campaign, absl::string_view action_id, int64_t day) {
  return absl::StrCat("cap/", day, "/", campaign.size(), "/", campaign, "/", action_id);
}
std::string TotalKey(absl::string_view campaign) { return absl::StrCat("total/", campaign); }

// Valid until the statement moves on.
absl::string_view Text(const SQLite::Column& column) {
  const char* text = column.getText();
  return {text, static_cast<size_t>(column.getBytes())};
}

}  // namespace

const char* const kReservationSchema = R"sql(
CREATE TABLE IF NOT EXISTS reservation (
  id INTEGER PRIMARY KEY,
  customer_run_id TEXT NOT NULL UNIQUE,
  campaign TEXT NOT NULL,
  action_id TEXT NOT NULL,
  customer_id TEXT NOT NULL,
  day INTEGER NOT NULL,
  budget_minor INTEGER NOT NULL,
  pieces INTEGER NOT NULL,
  state INTEGER NOT NULL,
  time_micros INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS reservation_of_customer ON reservation (customer_id, action_id);
CREATE TABLE IF NOT EXISTS usage (
  key TEXT NOT NULL PRIMARY KEY,
  amount INTEGER NOT NULL
);
)sql";

int64_t DayOf(absl::Time time, absl::TimeZone zone) {
  return absl::ToCivilDay(time, zone) - absl::CivilDay(1970, 1, 1);
}

absl::optional<Reservation> ReservationLedger::Find(const std::string& customer_run_id) {
  SQLite::Statement& query = connection_.Prepare(
      "SELECT campaign, action_id, customer_id, day, budget_minor, pieces, state, time_micros FROM reservation"
      " WHERE customer_run_id = $1");
  query.bindNoCopy(1, customer_run_id);
  if (!query.executeStep()) return absl::nullopt;
  return Reservation{.customer_run_id = customer_run_id,
                     .campaign = query.getColumn(0).getString(),
                     .action_id = query.getColumn(1).getString(),
                     .customer_id = query.getColumn(2).getString(),
                     .day = query.getColumn(3).getInt64(),
                     .budget_minor = query.getColumn(4).getInt64(),
                     .pieces = query.getColumn(5).getInt64(),
                     .committed = query.getColumn(6).getInt64() == kCommitted,
                     .time = absl::FromUnixMicros(query.getColumn(7).getInt64())};
}

void ReservationLedger::Add(const Reservation& reservation) {
  SQLite::Statement& insert = connection_.Prepare(
      "INSERT INTO reservation"
      " (customer_run_id, campaign, action_id, customer_id, day, budget_minor, pieces, state, time_micros)"
      " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
  insert.bindNoCopy(1, reservation.customer_run_id);
  insert.bindNoCopy(2, reservation.campaign);
  insert.bindNoCopy(3, reservation.action_id);
  insert.bindNoCopy(4, reservation.customer_id);
  insert.bind(5, reservation.day);
  insert.bind(6, reservation.budget_minor);
  insert.bind(7, reservation.pieces);
  insert.bind(8, reservation.committed ? kCommitted : kReserved);
  insert.bind(9, absl::ToUnixMicros(reservation.time));
  insert.exec();
  Count(reservation, 1);
}

void ReservationLedger::Remove(const Reservation& reservation) {
  SQLite::Statement& remove = connection_.Prepare("DELETE FROM reservation WHERE customer_run_id = $1");
  remove.bindNoCopy(1, reservation.customer_run_id);
  remove.exec();
  Count(reservation, -1);
}

void ReservationLedger::Count(const Reservation& reservation, int64_t sign) {
  if (reservation.pieces != 0) {
    CounterOf(InventoryKey(reservation.action_id)).change += sign * reservation.pieces;
  }
  // Also of what has no cap today: a later version of the campaign may set one.
  CounterOf(DailyCapKey(reservation.campaign, reservation.action_id, reservation.day)).change += sign;
  if (reservation.budget_minor != 0) {
    CounterOf(DayKey(reservation.campaign, reservation.day)).change += sign * reservation.budget_minor;
    CounterOf(TotalKey(reservation.campaign)).change += sign * reservation.budget_minor;
  }
}

bool ReservationLedger::Commit(const std::string& customer_run_id, absl::Time now) {
  // SQLite numbers parameters by where they stand, whatever their names.
  SQLite::Statement& update = connection_.Prepare(
      "UPDATE reservation SET state = $1, time_micros = $2 WHERE customer_run_id = $3 AND state = $4");
  update.bind(1, kCommitted);
  update.bind(2, absl::ToUnixMicros(now));
  update.bindNoCopy(3, customer_run_id);
  update.bind(4, kReserved);
  return update.exec() > 0;
}

void ReservationLedger::ForEachOfCustomer(
    const std::string& customer_id, absl::FunctionRef<void(absl::string_view, absl::string_view, absl::Time)> visit) {
  SQLite::Statement& query =
      connection_.Prepare("SELECT customer_run_id, action_id, time_micros FROM reservation WHERE customer_id = $1");
  query.bindNoCopy(1, customer_id);
  while (query.executeStep()) {
    visit(Text(query.getColumn(0)), Text(query.getColumn(1)), absl::FromUnixMicros(query.getColumn(2).getInt64()));
  }
}

int64_t ReservationLedger::Given(const std::string& action_id) {
  const Counter& counter = CounterOf(InventoryKey(action_id));
  return counter.stored + counter.change;
}

int64_t ReservationLedger::GivenOn(const std::string& campaign, const std::string& action_id, int64_t day) {
  const Counter& counter = CounterOf(DailyCapKey(campaign, action_id, day));
  return counter.stored + counter.change;
}

int64_t ReservationLedger::SpentOn(const std::string& campaign, int64_t day) {
  const Counter& counter = CounterOf(DayKey(campaign, day));
  return counter.stored + counter.change;
}

int64_t ReservationLedger::Spent(const std::string& campaign) {
  const Counter& counter = CounterOf(TotalKey(campaign));
  return counter.stored + counter.change;
}

ReservationLedger::Counter& ReservationLedger::CounterOf(const std::string& key) {
  const auto [it, inserted] = counters_.try_emplace(key);
  if (!inserted) return it->second;
  SQLite::Statement& query = connection_.Prepare("SELECT amount FROM usage WHERE key = $1");
  query.bindNoCopy(1, it->first);
  if (query.executeStep()) it->second.stored = query.getColumn(0).getInt64();
  return it->second;
}

void ReservationLedger::Flush() {
  for (auto& [key, counter] : counters_) {
    if (counter.change == 0) continue;
    SQLite::Statement& upsert = connection_.Prepare(
        "INSERT INTO usage (key, amount) VALUES ($1, $2)"
        " ON CONFLICT (key) DO UPDATE SET amount = usage.amount + excluded.amount");
    upsert.bindNoCopy(1, key);
    upsert.bind(2, counter.change);
    upsert.exec();
    counter.stored += counter.change;
    counter.change = 0;
  }
}

}  // namespace campaign::offer
