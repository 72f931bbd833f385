#include "services/delivery/delivery_store.h"

#include <limits>

#include "common/status.h"

namespace campaign::delivery {
namespace {

// States are v1::DeliveryState; 3 is ACCEPTED, which nearly all rows end in and nobody has to search for. Times are
// microseconds since 1970, UTC.
constexpr char kSchema[] = R"sql(
  CREATE TABLE IF NOT EXISTS dispatch (
    dispatch_id INTEGER PRIMARY KEY,
    customer_run_id TEXT NOT NULL,
    channel INTEGER NOT NULL,
    customer_id TEXT NOT NULL,
    campaign TEXT NOT NULL,
    brand TEXT NOT NULL DEFAULT '',
    address_hash INTEGER NOT NULL DEFAULT 0,
    state INTEGER NOT NULL,
    provider TEXT NOT NULL,
    attempt_count INTEGER NOT NULL,
    retry_time INTEGER NOT NULL,
    reason_code TEXT NOT NULL,
    reason_text TEXT NOT NULL,
    provider_message_id TEXT NOT NULL DEFAULT '',
    create_time INTEGER NOT NULL,
    update_time INTEGER NOT NULL,
    UNIQUE (customer_run_id, channel));
  CREATE INDEX IF NOT EXISTS dispatch_not_accepted ON dispatch (state, dispatch_id) WHERE state <> 3;
  CREATE TABLE IF NOT EXISTS resolution (
    resolution_id INTEGER PRIMARY KEY,
    dispatch_id INTEGER NOT NULL,
    resolution INTEGER NOT NULL,
    resolved_by TEXT NOT NULL,
    comment TEXT NOT NULL,
    resolve_time INTEGER NOT NULL);
  CREATE INDEX IF NOT EXISTS resolution_of_dispatch ON resolution (dispatch_id);
  CREATE TABLE IF NOT EXISTS feedback (
    feedback_id INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT NOT NULL UNIQUE,
    kind INTEGER NOT NULL,
    provider TEXT NOT NULL,
    channel INTEGER NOT NULL,
    dispatch_id INTEGER NOT NULL,
    address TEXT NOT NULL,
    text TEXT NOT NULL,
    event_time INTEGER NOT NULL,
    create_time INTEGER NOT NULL);
)sql";

// What later releases added to `dispatch`, in the form of ALTER TABLE.
struct AddedColumn {
  const char* name;
  const char* statement;
};
constexpr AddedColumn kAddedColumns[] = {
    {"brand", "ALTER TABLE dispatch ADD COLUMN brand TEXT NOT NULL DEFAULT ''"},
    {"address_hash", "ALTER TABLE dispatch ADD COLUMN address_hash INTEGER NOT NULL DEFAULT 0"},
    {"provider_message_id", "ALTER TABLE dispatch ADD COLUMN provider_message_id TEXT NOT NULL DEFAULT ''"},
};
// Partial: a spool's millions of e-mails, which have neither, cost nothing.
constexpr char kIndexesOnAdded[] = R"sql(
  CREATE INDEX IF NOT EXISTS dispatch_provider_message ON dispatch (provider, provider_message_id)
    WHERE provider_message_id <> '';
  CREATE INDEX IF NOT EXISTS dispatch_address ON dispatch (address_hash) WHERE address_hash <> 0;
)sql";

#define CAMPAIGN_SELECT_DISPATCH                                                                                      \
  "SELECT dispatch_id, customer_run_id, channel, customer_id, campaign, state, provider, attempt_count, retry_time, " \
  "reason_code, reason_text, create_time, update_time, brand, address_hash, provider_message_id FROM dispatch "

constexpr char kInsert[] =
    "INSERT INTO dispatch (customer_run_id, channel, customer_id, campaign, state, provider, attempt_count, "
    "retry_time, reason_code, reason_text, create_time, update_time, brand, address_hash) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) "
    "ON CONFLICT (customer_run_id, channel) DO NOTHING RETURNING dispatch_id";
constexpr char kFind[] = CAMPAIGN_SELECT_DISPATCH "WHERE customer_run_id = $1 AND channel = $2";
constexpr char kUpdate[] =
    "UPDATE dispatch SET state = $1, provider = $2, attempt_count = $3, retry_time = $4, reason_code = $5, "
    "reason_text = $6, provider_message_id = $7, update_time = $8 WHERE dispatch_id = $9";
constexpr char kFindByProviderMessageId[] = CAMPAIGN_SELECT_DISPATCH
    "WHERE provider = $1 AND provider_message_id = $2 AND provider_message_id <> '' ORDER BY dispatch_id DESC LIMIT 1";
constexpr char kFindByAddressHash[] = CAMPAIGN_SELECT_DISPATCH
    "WHERE address_hash = $1 AND address_hash <> 0 AND provider = $2 AND update_time >= $3 "
    "ORDER BY dispatch_id DESC LIMIT 1";
constexpr char kListResolutions[] =
    "SELECT dispatch_id, resolution, resolved_by, comment, resolve_time FROM resolution WHERE dispatch_id = $1 "
    "ORDER BY resolution_id";
constexpr char kInsertResolution[] =
    "INSERT INTO resolution (dispatch_id, resolution, resolved_by, comment, resolve_time) VALUES ($1, $2, $3, $4, $5)";
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
  row.brand = statement.getColumn(13).getString();
  row.address_hash = statement.getColumn(14).getInt64();
  row.provider_message_id = statement.getColumn(15).getString();
  return row;
}

// The row of a statement that is bound and gives at most one.
absl::optional<LedgerRow> ReadOne(SQLite::Statement& statement) {
  if (!statement.executeStep()) return absl::nullopt;
  LedgerRow row = ReadRow(statement);
  statement.reset();
  return row;
}

// PostgreSQL says ADD COLUMN IF NOT EXISTS; SQLite has to be asked first.
bool HasColumn(SQLite::Database& database, const char* name) {
  SQLite::Statement statement(database, "SELECT 1 FROM pragma_table_info('dispatch') WHERE name = $1");
  statement.bind(1, name);
  return statement.executeStep();
}

absl::Status AddColumns(Connection& connection) {
  SQLite::Database& database = connection.database();
  for (const AddedColumn& column : kAddedColumns) {
    if (!HasColumn(database, column.name)) database.exec(column.statement);
  }
  database.exec(kIndexesOnAdded);
  return absl::OkStatus();
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

absl::StatusOr<std::unique_ptr<Database>> OpenLedger(const std::string& path) {
  ASSIGN_OR_RETURN(auto database, Database::Open(path, kSchema));
  RETURN_IF_ERROR(database->Write(AddColumns));
  return database;
}

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
  statement.bindNoCopy(13, row.brand);
  statement.bind(14, row.address_hash);
  absl::optional<int64_t> dispatch_id;
  while (statement.executeStep()) dispatch_id = statement.getColumn(0).getInt64();
  return dispatch_id;
}

absl::optional<LedgerRow> FindRow(Connection& connection, const std::string& customer_run_id, v1::Channel channel) {
  SQLite::Statement& statement = connection.Prepare(kFind);
  statement.bind(1, customer_run_id);
  statement.bind(2, static_cast<int>(channel));
  return ReadOne(statement);
}

absl::optional<LedgerRow> FindByProviderMessageId(Connection& connection, const std::string& provider,
                                                  const std::string& provider_message_id) {
  SQLite::Statement& statement = connection.Prepare(kFindByProviderMessageId);
  statement.bind(1, provider);
  statement.bind(2, provider_message_id);
  return ReadOne(statement);
}

absl::optional<LedgerRow> FindByAddressHash(Connection& connection, const std::string& provider, int64_t address_hash,
                                            absl::Time since) {
  SQLite::Statement& statement = connection.Prepare(kFindByAddressHash);
  statement.bind(1, address_hash);
  statement.bind(2, provider);
  statement.bind(3, absl::ToUnixMicros(since));
  return ReadOne(statement);
}

void UpdateRow(Connection& connection, const LedgerRow& row) {
  SQLite::Statement& statement = connection.Prepare(kUpdate);
  statement.bind(1, static_cast<int>(row.state));
  statement.bindNoCopy(2, row.provider);
  statement.bind(3, row.attempt_count);
  statement.bind(4, absl::ToUnixMicros(row.retry_time));
  statement.bindNoCopy(5, row.reason_code);
  statement.bindNoCopy(6, row.reason_text);
  statement.bindNoCopy(7, row.provider_message_id);
  statement.bind(8, absl::ToUnixMicros(row.update_time));
  statement.bind(9, row.dispatch_id);
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

std::vector<ResolutionRow> ListResolutions(Connection& connection, int64_t dispatch_id) {
  SQLite::Statement& statement = connection.Prepare(kListResolutions);
  statement.bind(1, dispatch_id);
  std::vector<ResolutionRow> rows;
  while (statement.executeStep()) {
    rows.push_back({statement.getColumn(0).getInt64(),
                    static_cast<v1::UnknownResolution>(statement.getColumn(1).getInt()),
                    statement.getColumn(2).getString(), statement.getColumn(3).getString(),
                    absl::FromUnixMicros(statement.getColumn(4).getInt64())});
  }
  return rows;
}

void InsertResolution(Connection& connection, const ResolutionRow& row) {
  SQLite::Statement& statement = connection.Prepare(kInsertResolution);
  statement.bind(1, row.dispatch_id);
  statement.bind(2, static_cast<int>(row.resolution));
  statement.bind(3, row.resolved_by);
  statement.bind(4, row.comment);
  statement.bind(5, absl::ToUnixMicros(row.resolve_time));
  statement.exec();
}

}  // namespace campaign::delivery
