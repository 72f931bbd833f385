#include "services/delivery/delivery_store.h"

#include <limits>

namespace campaign::delivery {

// States are v1::DeliveryState; 3 is ACCEPTED, which nearly all rows end in and nobody has to search for. Times are
// microseconds since 1970, UTC.
const char kLedgerSchema[] = R"sql(
  CREATE TABLE IF NOT EXISTS dispatch (
    dispatch_id INTEGER PRIMARY KEY,
    customer_run_id TEXT NOT NULL,
    channel INTEGER NOT NULL,
    customer_id TEXT NOT NULL,
    campaign TEXT NOT NULL,
    state INTEGER NOT NULL,
    provider TEXT NOT NULL,
    attempt_count INTEGER NOT NULL,
    retry_time INTEGER NOT NULL,
    reason_code TEXT NOT NULL,
    reason_text TEXT NOT NULL,
    create_time INTEGER NOT NULL,
    update_time INTEGER NOT NULL,
    UNIQUE (customer_run_id, channel));
  CREATE INDEX IF NOT EXISTS dispatch_not_accepted ON dispatch (state, dispatch_id) WHERE state <> 3;
)sql";

namespace {

#define CAMPAIGN_SELECT_DISPATCH                                                                                      \
  "SELECT dispatch_id, customer_run_id, channel, customer_id, campaign, state, provider, attempt_count, retry_time, " \
  "reason_code, reason_text, create_time, update_time FROM dispatch "

constexpr char kInsert[] =
    "INSERT INTO dispatch (customer_run_id, channel, customer_id, campaign, state, provider, attempt_count, "
    "retry_time, "
    "reason_code, reason_text, create_time, update_time) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) "
    "ON CONFLICT (customer_run_id, channel) DO NOTHING RETURNING dispatch_id";
constexpr char kFind[] = CAMPAIGN_SELECT_DISPATCH "WHERE customer_run_id = $1 AND channel = $2";
constexpr char kUpdate[] =
    "UPDATE dispatch SET state = $1, provider = $2, attempt_count = $3, retry_time = $4, reason_code = $5, "
    "reason_text = $6, update_time = $7 WHERE dispatch_id = $8";
// "state <> 3" lets the partial index serve.
constexpr char kMarkSending[] =
    "UPDATE dispatch SET state = $1, reason_code = $2, reason_text = $3, update_time = $4 "
    "WHERE state = $5 AND state <> 3";
constexpr char kListAll[] = CAMPAIGN_SELECT_DISPATCH "WHERE dispatch_id < $1 ORDER BY dispatch_id DESC LIMIT $2";
constexpr char kListAccepted[] =
    CAMPAIGN_SELECT_DISPATCH "WHERE dispatch_id < $1 AND state = 3 ORDER BY dispatch_id DESC LIMIT $2";
constexpr char kListState[] =
    CAMPAIGN_SELECT_DISPATCH "WHERE dispatch_id < $1 AND state = $3 AND state <> 3 ORDER BY dispatch_id DESC LIMIT $2";
constexpr char kListRun[] = CAMPAIGN_SELECT_DISPATCH
    "WHERE dispatch_id < $1 AND customer_run_id = $3 AND ($4 = 0 OR state = $4) ORDER BY dispatch_id DESC LIMIT $2";

LedgerRow ReadRow(SQLite::Statement& statement) {
  LedgerRow row;
  row.dispatch_id = statement.getColumn(0).getInt64();
  row.customer_run_id = statement.getColumn(1).getString();
  row.channel = static_cast<v1::Channel>(statement.getColumn(2).getInt());
  row.customer_id = statement.getColumn(3).getString();
  row.campaign = statement.getColumn(4).getString();
  row.state = static_cast<v1::DeliveryState>(statement.getColumn(5).getInt());
  row.provider = statement.getColumn(6).getString();
  row.attempt_count = statement.getColumn(7).getInt();
  row.retry_time = absl::FromUnixMicros(statement.getColumn(8).getInt64());
  row.reason_code = statement.getColumn(9).getString();
  row.reason_text = statement.getColumn(10).getString();
  row.create_time = absl::FromUnixMicros(statement.getColumn(11).getInt64());
  row.update_time = absl::FromUnixMicros(statement.getColumn(12).getInt64());
  return row;
}

// $1 and $2 are bound already.
SQLite::Statement& ListStatement(Connection& connection, const LedgerFilter& filter) {
  if (!filter.customer_run_id.empty()) {
    SQLite::Statement& statement = connection.Prepare(kListRun);
    statement.bind("$3", filter.customer_run_id);
    statement.bind("$4", static_cast<int>(filter.state));
    return statement;
  }
  if (filter.state == v1::DELIVERY_STATE_UNSPECIFIED) return connection.Prepare(kListAll);
  if (filter.state == v1::DELIVERY_STATE_ACCEPTED) return connection.Prepare(kListAccepted);
  SQLite::Statement& statement = connection.Prepare(kListState);
  statement.bind("$3", static_cast<int>(filter.state));
  return statement;
}

}  // namespace

absl::optional<int64_t> InsertRow(Connection& connection, const LedgerRow& row) {
  SQLite::Statement& statement = connection.Prepare(kInsert);
  statement.bindNoCopy(1, row.customer_run_id);
  statement.bind(2, static_cast<int>(row.channel));
  statement.bindNoCopy(3, row.customer_id);
  statement.bindNoCopy(4, row.campaign);
  statement.bind(5, static_cast<int>(row.state));
  statement.bindNoCopy(6, row.provider);
  statement.bind(7, row.attempt_count);
  statement.bind(8, absl::ToUnixMicros(row.retry_time));
  statement.bindNoCopy(9, row.reason_code);
  statement.bindNoCopy(10, row.reason_text);
  statement.bind(11, absl::ToUnixMicros(row.create_time));
  statement.bind(12, absl::ToUnixMicros(row.update_time));
  absl::optional<int64_t> dispatch_id;
  while (statement.executeStep()) dispatch_id = statement.getColumn(0).getInt64();
  return dispatch_id;
}

absl::optional<LedgerRow> FindRow(Connection& connection, const std::string& customer_run_id, v1::Channel channel) {
  SQLite::Statement& statement = connection.Prepare(kFind);
  statement.bind(1, customer_run_id);
  statement.bind(2, static_cast<int>(channel));
  if (!statement.executeStep()) return absl::nullopt;
  LedgerRow row = ReadRow(statement);
  statement.reset();
  return row;
}

void UpdateRow(Connection& connection, const LedgerRow& row) {
  SQLite::Statement& statement = connection.Prepare(kUpdate);
  statement.bind(1, static_cast<int>(row.state));
  statement.bindNoCopy(2, row.provider);
  statement.bind(3, row.attempt_count);
  statement.bind(4, absl::ToUnixMicros(row.retry_time));
  statement.bindNoCopy(5, row.reason_code);
  statement.bindNoCopy(6, row.reason_text);
  statement.bind(7, absl::ToUnixMicros(row.update_time));
  statement.bind(8, row.dispatch_id);
  statement.exec();
}

int64_t MarkSendingUnknown(Connection& connection, const std::string& reason_code, const std::string& reason_text,
                           absl::Time now) {
  SQLite::Statement& statement = connection.Prepare(kMarkSending);
  statement.bind(1, static_cast<int>(v1::DELIVERY_STATE_UNKNOWN));
  statement.bind(2, reason_code);
  statement.bind(3, reason_text);
  statement.bind(4, absl::ToUnixMicros(now));
  statement.bind(5, static_cast<int>(v1::DELIVERY_STATE_SENDING));
  return statement.exec();
}

std::vector<LedgerRow> ListRows(Connection& connection, const LedgerFilter& filter) {
  SQLite::Statement& statement = ListStatement(connection, filter);
  constexpr int64_t kNewest = std::numeric_limits<int64_t>::max();
  statement.bind("$1", filter.before_dispatch_id > 0 ? filter.before_dispatch_id : kNewest);
  statement.bind("$2", filter.limit);
  std::vector<LedgerRow> rows;
  while (statement.executeStep()) rows.push_back(ReadRow(statement));
  statement.reset();
  return rows;
}

}  // namespace campaign::delivery
