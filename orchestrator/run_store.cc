#include "orchestrator/run_store.h"

#include <zstd.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"

namespace campaign::orchestrator {
namespace {

// The count columns stand in campaign_run itself: one UPDATE moves all of a run's counts.
constexpr char kSchema[] = R"(
CREATE TABLE IF NOT EXISTS campaign_run (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, campaign TEXT NOT NULL, version TEXT NOT NULL,
  dry_run INTEGER NOT NULL, cancelled INTEGER NOT NULL DEFAULT 0, expanded INTEGER NOT NULL DEFAULT 0,
  cursor TEXT NOT NULL DEFAULT '', next_sequence INTEGER NOT NULL DEFAULT 0, request BLOB NOT NULL,
  create_time INTEGER NOT NULL, update_time INTEGER NOT NULL,
  c1 INTEGER NOT NULL DEFAULT 0, c2 INTEGER NOT NULL DEFAULT 0, c3 INTEGER NOT NULL DEFAULT 0,
  c4 INTEGER NOT NULL DEFAULT 0, c5 INTEGER NOT NULL DEFAULT 0, c6 INTEGER NOT NULL DEFAULT 0,
  c7 INTEGER NOT NULL DEFAULT 0, c8 INTEGER NOT NULL DEFAULT 0, c9 INTEGER NOT NULL DEFAULT 0,
  c10 INTEGER NOT NULL DEFAULT 0, c11 INTEGER NOT NULL DEFAULT 0, c12 INTEGER NOT NULL DEFAULT 0,
  c13 INTEGER NOT NULL DEFAULT 0, c14 INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS campaign_run_unexpanded ON campaign_run (number) WHERE expanded = 0;
CREATE INDEX IF NOT EXISTS campaign_run_cancelled ON campaign_run (number) WHERE cancelled = 1;
CREATE TABLE IF NOT EXISTS customer_run (
  key INTEGER PRIMARY KEY, customer_id TEXT NOT NULL, batch_id INTEGER NOT NULL, slot INTEGER NOT NULL,
  state INTEGER NOT NULL, wake_time INTEGER, reasons BLOB);
CREATE INDEX IF NOT EXISTS customer_run_wake ON customer_run (wake_time) WHERE wake_time IS NOT NULL;
CREATE TABLE IF NOT EXISTS dispatch_in_doubt (customer_run INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS batch (
  id INTEGER PRIMARY KEY, campaign TEXT NOT NULL, version TEXT NOT NULL, dry_run INTEGER NOT NULL,
  bulk INTEGER NOT NULL, open INTEGER NOT NULL, members BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS batch_open ON batch (id) WHERE open = 1;
CREATE TABLE IF NOT EXISTS journal (
  batch_id INTEGER NOT NULL, ordinal INTEGER NOT NULL, entry BLOB NOT NULL, UNIQUE (batch_id, ordinal));
CREATE TABLE IF NOT EXISTS request_memo (
  request_id TEXT NOT NULL UNIQUE, fingerprint TEXT NOT NULL, run_number INTEGER NOT NULL, response BLOB,
  create_time INTEGER NOT NULL);
)";

constexpr char kRunColumns[] =
    "number, id, campaign, version, dry_run, cancelled, expanded, cursor, next_sequence, request, create_time, "
    "update_time, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14";

std::string Blob(SQLite::Statement& statement, int column) {
  const SQLite::Column value = statement.getColumn(column);
  return std::string(static_cast<const char*>(value.getBlob()), value.getBytes());
}

void BindBlob(SQLite::Statement& statement, int index, const std::string& bytes) {
  statement.bind(index, bytes.data(), static_cast<int>(bytes.size()));
}

// Entries of a batch say nearly the same for each of its customers: compressed they are a tenth, which is a tenth to
// write, to checkpoint and to keep. Level 1 makes a tenth less of them in a fifth more of time.
constexpr int kLevel = -1;

// Tables that would be made anew for each entry.
struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

std::string Compress(const std::string& bytes) {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  thread_local std::string buffer;
  if (context == nullptr) throw SQLite::Exception("zstd: no memory");
  buffer.resize(std::max(buffer.size(), ZSTD_compressBound(bytes.size())));
  const size_t size =
      ZSTD_compressCCtx(context.get(), buffer.data(), buffer.size(), bytes.data(), bytes.size(), kLevel);
  if (ZSTD_isError(size)) throw SQLite::Exception(absl::StrCat("zstd: ", ZSTD_getErrorName(size)));
  return buffer.substr(0, size);
}

std::string Decompress(const std::string& bytes) {
  const unsigned long long full = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
  if (full == ZSTD_CONTENTSIZE_UNKNOWN || full == ZSTD_CONTENTSIZE_ERROR) {
    throw SQLite::Exception("a journal entry is damaged");
  }
  std::string out(full, '\0');
  const size_t size = ZSTD_decompress(out.data(), out.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(size)) throw SQLite::Exception(absl::StrCat("zstd: ", ZSTD_getErrorName(size)));
  return out;
}

CampaignRunRow ReadRun(SQLite::Statement& statement) {
  CampaignRunRow run;
  run.number = statement.getColumn(0).getInt64();
  run.id = statement.getColumn(1).getString();
  run.campaign = statement.getColumn(2).getString();
  run.version = statement.getColumn(3).getString();
  run.dry_run = statement.getColumn(4).getInt() != 0;
  run.cancelled = statement.getColumn(5).getInt() != 0;
  run.expanded = statement.getColumn(6).getInt() != 0;
  run.cursor = statement.getColumn(7).getString();
  run.next_sequence = statement.getColumn(8).getInt64();
  run.request.ParseFromString(Blob(statement, 9));
  run.create_time = absl::FromUnixMicros(statement.getColumn(10).getInt64());
  run.update_time = absl::FromUnixMicros(statement.getColumn(11).getInt64());
  for (size_t state = 1; state < run.counts.size(); ++state) {
    run.counts[state] = statement.getColumn(static_cast<int>(11 + state)).getInt64();
  }
  return run;
}

CustomerRunRow ReadCustomerRun(SQLite::Statement& statement) {
  CustomerRunRow row;
  row.key = statement.getColumn(0).getInt64();
  row.customer_id = statement.getColumn(1).getString();
  row.batch_id = statement.getColumn(2).getInt64();
  row.slot = statement.getColumn(3).getInt();
  row.state = static_cast<v1::CustomerRunState>(statement.getColumn(4).getInt());
  if (!statement.isColumnNull(5)) row.wake_time = absl::FromUnixMicros(statement.getColumn(5).getInt64());
  if (!statement.isColumnNull(6)) row.reasons.ParseFromString(Blob(statement, 6));
  return row;
}

std::vector<int64_t> ReadNumbers(SQLite::Statement& statement) {
  std::vector<int64_t> numbers;
  while (statement.executeStep()) numbers.push_back(statement.getColumn(0).getInt64());
  return numbers;
}

std::vector<CustomerRunRow> ReadCustomerRuns(SQLite::Statement& statement) {
  std::vector<CustomerRunRow> rows;
  while (statement.executeStep()) rows.push_back(ReadCustomerRun(statement));
  return rows;
}

}  // namespace

const char* RunStore::Schema() { return kSchema; }

void RunStore::InsertRun(CampaignRunRow& run) {
  SQLite::Statement& insert = connection_.Prepare(
      "INSERT INTO campaign_run (id, campaign, version, dry_run, request, create_time, update_time) "
      "VALUES ($1, $2, $3, $4, $5, $6, $6) RETURNING number");
  insert.bind(1, run.id);
  insert.bind(2, run.campaign);
  insert.bind(3, run.version);
  insert.bind(4, run.dry_run ? 1 : 0);
  BindBlob(insert, 5, run.request.SerializeAsString());
  insert.bind(6, absl::ToUnixMicros(run.create_time));
  insert.executeStep();
  run.number = insert.getColumn(0).getInt64();
  insert.reset();
}

absl::optional<CampaignRunRow> RunStore::FindRun(absl::string_view id) {
  static const auto& sql = *new std::string(absl::StrCat("SELECT ", kRunColumns, " FROM campaign_run WHERE id = $1"));
  SQLite::Statement& select = connection_.Prepare(sql.c_str());
  select.bind(1, std::string(id));
  if (!select.executeStep()) return absl::nullopt;
  return ReadRun(select);
}

absl::optional<CampaignRunRow> RunStore::FindRun(int64_t number) {
  static const auto& sql =
      *new std::string(absl::StrCat("SELECT ", kRunColumns, " FROM campaign_run WHERE number = $1"));
  SQLite::Statement& select = connection_.Prepare(sql.c_str());
  select.bind(1, number);
  if (!select.executeStep()) return absl::nullopt;
  return ReadRun(select);
}

std::vector<CampaignRunRow> RunStore::ListRuns(const std::string& campaign, int64_t before_number, int page_size) {
  static const auto& sql =
      *new std::string(absl::StrCat("SELECT ", kRunColumns,
                                    " FROM campaign_run WHERE ($1 = 0 OR number < $1) AND ($2 = '' OR campaign = $2) "
                                    "ORDER BY number DESC LIMIT $3"));
  SQLite::Statement& select = connection_.Prepare(sql.c_str());
  select.bind(1, before_number);
  select.bind(2, campaign);
  select.bind(3, page_size);
  std::vector<CampaignRunRow> runs;
  while (select.executeStep()) runs.push_back(ReadRun(select));
  return runs;
}

std::vector<int64_t> RunStore::UnexpandedRuns() {
  return ReadNumbers(
      connection_.Prepare("SELECT number FROM campaign_run WHERE expanded = 0 AND cancelled = 0 ORDER BY number"));
}

std::vector<int64_t> RunStore::CancelledRuns() {
  return ReadNumbers(connection_.Prepare("SELECT number FROM campaign_run WHERE cancelled = 1 ORDER BY number"));
}

void RunStore::AdvanceRun(int64_t number, const std::string& cursor, int64_t next_sequence, bool expanded) {
  SQLite::Statement& update = connection_.Prepare(
      "UPDATE campaign_run SET cursor = $1, next_sequence = $2, expanded = max(expanded, $3) WHERE number = $4");
  update.bind(1, cursor);
  update.bind(2, next_sequence);
  update.bind(3, expanded ? 1 : 0);
  update.bind(4, number);
  update.exec();
}

void RunStore::CancelRun(int64_t number, absl::Time now) {
  SQLite::Statement& update =
      connection_.Prepare("UPDATE campaign_run SET cancelled = 1, expanded = 1, update_time = $1 WHERE number = $2");
  update.bind(1, absl::ToUnixMicros(now));
  update.bind(2, number);
  update.exec();
}

void RunStore::CountRun(int64_t number, const StateArray& deltas, absl::Time now) {
  SQLite::Statement& update = connection_.Prepare(
      "UPDATE campaign_run SET c1 = c1 + $1, c2 = c2 + $2, c3 = c3 + $3, c4 = c4 + $4, c5 = c5 + $5, c6 = c6 + $6, "
      "c7 = c7 + $7, c8 = c8 + $8, c9 = c9 + $9, c10 = c10 + $10, c11 = c11 + $11, c12 = c12 + $12, c13 = c13 + $13, "
      "c14 = c14 + $14, update_time = $15 WHERE number = $16");
  for (size_t state = 1; state < deltas.size(); ++state) update.bind(static_cast<int>(state), deltas[state]);
  update.bind(15, absl::ToUnixMicros(now));
  update.bind(16, number);
  update.exec();
}

void RunStore::InsertCustomerRun(const CustomerRunRow& row) {
  SQLite::Statement& insert = connection_.Prepare(
      "INSERT INTO customer_run (key, customer_id, batch_id, slot, state) VALUES ($1, $2, $3, $4, $5)");
  insert.bind(1, row.key);
  insert.bindNoCopy(2, row.customer_id);
  insert.bind(3, row.batch_id);
  insert.bind(4, row.slot);
  insert.bind(5, static_cast<int>(row.state));
  insert.exec();
}

absl::optional<CustomerRunRow> RunStore::FindCustomerRun(int64_t key) {
  SQLite::Statement& select = connection_.Prepare(
      "SELECT key, customer_id, batch_id, slot, state, wake_time, reasons FROM customer_run WHERE key = $1");
  select.bind(1, key);
  if (!select.executeStep()) return absl::nullopt;
  return ReadCustomerRun(select);
}

std::vector<CustomerRunRow> RunStore::ListCustomerRuns(int64_t run_number, int64_t after_key,
                                                       v1::CustomerRunState state, const std::string& customer_id,
                                                       int page_size) {
  SQLite::Statement& select = connection_.Prepare(
      "SELECT key, customer_id, batch_id, slot, state, wake_time, reasons FROM customer_run "
      "WHERE key > $1 AND key < $2 AND ($3 = 0 OR state = $3) AND ($4 = '' OR customer_id = $4) ORDER BY key LIMIT $5");
  // The key before the run's first one.
  select.bind(1, std::max(after_key, (run_number << 32) - 1));
  select.bind(2, (run_number + 1) << 32);
  select.bind(3, static_cast<int>(state));
  select.bind(4, customer_id);
  select.bind(5, page_size);
  return ReadCustomerRuns(select);
}

void RunStore::MoveCustomerRun(int64_t key, int64_t batch_id, int32_t slot) {
  SQLite::Statement& update = connection_.Prepare(
      "UPDATE customer_run SET batch_id = $1, slot = $2, state = $3, wake_time = NULL, reasons = NULL WHERE key = $4");
  update.bind(1, batch_id);
  update.bind(2, slot);
  update.bind(3, static_cast<int>(v1::CUSTOMER_RUN_STATE_RUNNING));
  update.bind(4, key);
  update.exec();
}

void RunStore::SetCustomerRunState(int64_t key, v1::CustomerRunState state, absl::optional<absl::Time> wake_time,
                                   const ReasonList& reasons) {
  SQLite::Statement& update =
      connection_.Prepare("UPDATE customer_run SET state = $1, wake_time = $2, reasons = $3 WHERE key = $4");
  update.bind(1, static_cast<int>(state));
  if (wake_time.has_value()) update.bind(2, absl::ToUnixMicros(*wake_time));
  if (reasons.reasons_size() > 0) BindBlob(update, 3, reasons.SerializeAsString());
  update.bind(4, key);
  update.exec();
}

std::vector<CustomerRunRow> RunStore::DueCustomerRuns(absl::Time now, int limit) {
  SQLite::Statement& select = connection_.Prepare(
      "SELECT key, customer_id, batch_id, slot, state, wake_time, reasons FROM customer_run "
      "WHERE wake_time IS NOT NULL AND wake_time <= $1 ORDER BY wake_time LIMIT $2");
  select.bind(1, absl::ToUnixMicros(now));
  select.bind(2, limit);
  return ReadCustomerRuns(select);
}

std::vector<CustomerRunRow> RunStore::WaitingCustomerRuns(int64_t run_number, int limit) {
  SQLite::Statement& select = connection_.Prepare(
      "SELECT key, customer_id, batch_id, slot, state, wake_time, reasons FROM customer_run "
      "WHERE key >= $1 AND key < $2 AND wake_time IS NOT NULL "
      "AND key NOT IN (SELECT customer_run FROM dispatch_in_doubt) ORDER BY key LIMIT $3");
  select.bind(1, run_number << 32);
  select.bind(2, (run_number + 1) << 32);
  select.bind(3, limit);
  return ReadCustomerRuns(select);
}

absl::optional<absl::Time> RunStore::NextWakeTime() {
  SQLite::Statement& select =
      connection_.Prepare("SELECT wake_time FROM customer_run WHERE wake_time IS NOT NULL ORDER BY wake_time LIMIT 1");
  if (!select.executeStep()) return absl::nullopt;
  return absl::FromUnixMicros(select.getColumn(0).getInt64());
}

void RunStore::AwaitResolution(int64_t key) {
  SQLite::Statement& insert =
      connection_.Prepare("INSERT INTO dispatch_in_doubt (customer_run) VALUES ($1) ON CONFLICT DO NOTHING");
  insert.bind(1, key);
  insert.exec();
}

void RunStore::EndResolution(int64_t key) {
  SQLite::Statement& remove = connection_.Prepare("DELETE FROM dispatch_in_doubt WHERE customer_run = $1");
  remove.bind(1, key);
  remove.exec();
}

std::vector<int64_t> RunStore::AwaitingResolution(int64_t after_key, int limit) {
  SQLite::Statement& select = connection_.Prepare(
      "SELECT customer_run FROM dispatch_in_doubt WHERE customer_run > $1 ORDER BY customer_run LIMIT $2");
  select.bind(1, after_key);
  select.bind(2, limit);
  return ReadNumbers(select);
}

int64_t RunStore::InsertBatch(const BatchRow& batch) {
  SQLite::Statement& insert = connection_.Prepare(
      "INSERT INTO batch (campaign, version, dry_run, bulk, open, members) VALUES ($1, $2, $3, $4, 1, $5) RETURNING "
      "id");
  insert.bind(1, batch.campaign);
  insert.bind(2, batch.version);
  insert.bind(3, batch.dry_run ? 1 : 0);
  insert.bind(4, batch.bulk ? 1 : 0);
  BindBlob(insert, 5, batch.members.SerializeAsString());
  insert.executeStep();
  const int64_t id = insert.getColumn(0).getInt64();
  insert.reset();
  return id;
}

void RunStore::AppendEntry(int64_t batch_id, int ordinal, const std::string& entry) {
  SQLite::Statement& insert = connection_.Prepare("INSERT INTO journal (batch_id, ordinal, entry) VALUES ($1, $2, $3)");
  insert.bind(1, batch_id);
  insert.bind(2, ordinal);
  BindBlob(insert, 3, Compress(entry));
  insert.exec();
}

void RunStore::CloseBatch(int64_t batch_id) {
  SQLite::Statement& update = connection_.Prepare("UPDATE batch SET open = 0 WHERE id = $1");
  update.bind(1, batch_id);
  update.exec();
}

BatchRow RunStore::LoadBatch(int64_t batch_id) {
  SQLite::Statement& select =
      connection_.Prepare("SELECT campaign, version, dry_run, bulk, members FROM batch WHERE id = $1");
  select.bind(1, batch_id);
  BatchRow batch;
  if (!select.executeStep()) throw SQLite::Exception(absl::StrCat("batch ", batch_id, " is not in the journal"));
  batch.id = batch_id;
  batch.campaign = select.getColumn(0).getString();
  batch.version = select.getColumn(1).getString();
  batch.dry_run = select.getColumn(2).getInt() != 0;
  batch.bulk = select.getColumn(3).getInt() != 0;
  batch.members.ParseFromString(Blob(select, 4));
  SQLite::Statement& entries = connection_.Prepare("SELECT entry FROM journal WHERE batch_id = $1 ORDER BY ordinal");
  entries.bind(1, batch_id);
  while (entries.executeStep()) batch.entries.emplace_back().ParseFromString(Decompress(Blob(entries, 0)));
  return batch;
}

std::vector<int64_t> RunStore::OpenBatches() {
  return ReadNumbers(connection_.Prepare("SELECT id FROM batch WHERE open = 1 ORDER BY id"));
}

absl::optional<RequestMemo> RunStore::FindMemo(absl::string_view request_id) {
  SQLite::Statement& select =
      connection_.Prepare("SELECT fingerprint, run_number, response FROM request_memo WHERE request_id = $1");
  select.bind(1, std::string(request_id));
  if (!select.executeStep()) return absl::nullopt;
  RequestMemo memo;
  memo.fingerprint = select.getColumn(0).getString();
  memo.run_number = select.getColumn(1).getInt64();
  if (!select.isColumnNull(2)) memo.response = Blob(select, 2);
  return memo;
}

void RunStore::InsertMemo(absl::string_view request_id, const RequestMemo& memo, absl::Time now) {
  SQLite::Statement& insert = connection_.Prepare(
      "INSERT INTO request_memo (request_id, fingerprint, run_number, create_time) VALUES ($1, $2, $3, $4)");
  insert.bind(1, std::string(request_id));
  insert.bind(2, memo.fingerprint);
  insert.bind(3, memo.run_number);
  insert.bind(4, absl::ToUnixMicros(now));
  insert.exec();
}

void RunStore::SetMemoResponse(absl::string_view request_id, const std::string& response) {
  SQLite::Statement& update =
      connection_.Prepare("UPDATE request_memo SET response = $1 WHERE request_id = $2 AND response IS NULL");
  BindBlob(update, 1, response);
  update.bind(2, std::string(request_id));
  update.exec();
}

}  // namespace campaign::orchestrator
