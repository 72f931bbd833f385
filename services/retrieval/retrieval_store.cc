#include "services/retrieval/retrieval_store.h"

#include <utility>

#include "common/status.h"

namespace campaign::retrieval {
namespace {

// A customer's features are derived from one row: one look-up a customer.
constexpr char kSchema[] = R"sql(
CREATE TABLE IF NOT EXISTS customer (
  row_id INTEGER PRIMARY KEY,
  customer_id TEXT NOT NULL UNIQUE,
  currency_code TEXT NOT NULL,
  customer BLOB NOT NULL,
  history BLOB NOT NULL
);
-- Append-only. event_time in microseconds.
CREATE TABLE IF NOT EXISTS event (
  row_id INTEGER PRIMARY KEY,
  event_id TEXT NOT NULL UNIQUE,
  customer_row INTEGER NOT NULL,
  event_time INTEGER NOT NULL,
  data BLOB NOT NULL
);
-- Its entries end in row_id, so that a customer's events come in the order of recording.
CREATE INDEX IF NOT EXISTS event_of_customer ON event (customer_row);
CREATE TABLE IF NOT EXISTS rfm_histogram (
  dimension INTEGER NOT NULL,
  bucket INTEGER NOT NULL,
  customers INTEGER NOT NULL,
  PRIMARY KEY (dimension, bucket)
);
)sql";

constexpr char kFindCustomer[] =
    "SELECT row_id, customer_id, currency_code, customer, history FROM customer WHERE customer_id = $1";
constexpr char kScanCustomers[] =
    "SELECT row_id, customer_id, currency_code, customer, history FROM customer WHERE customer_id > $1 ORDER BY "
    "customer_id";
constexpr char kScanCustomerIds[] = "SELECT customer_id FROM customer WHERE customer_id > $1 ORDER BY customer_id";
constexpr char kInsertCustomer[] =
    "INSERT INTO customer (customer_id, currency_code, customer, history) VALUES ($1, $2, $3, x'')";
constexpr char kUpdateCustomer[] = "UPDATE customer SET currency_code = $1, customer = $2 WHERE row_id = $3";
constexpr char kUpdateHistory[] = "UPDATE customer SET history = $1 WHERE row_id = $2";
constexpr char kInsertEvent[] =
    "INSERT INTO event (event_id, customer_row, event_time, data) VALUES ($1, $2, $3, $4) "
    "ON CONFLICT (event_id) DO NOTHING";
constexpr char kEventsOfCustomer[] =
    "SELECT data FROM event WHERE customer_row = $1 AND event_time <= $2 ORDER BY row_id";
constexpr char kAddToHistogram[] =
    "INSERT INTO rfm_histogram (dimension, bucket, customers) VALUES ($1, $2, $3) "
    "ON CONFLICT (dimension, bucket) DO UPDATE SET customers = customers + excluded.customers";
constexpr char kReadHistogram[] = "SELECT dimension, bucket, customers FROM rfm_histogram WHERE customers <> 0";

void BindBlob(SQLite::Statement& statement, int index, const std::string& blob) {
  statement.bindNoCopy(index, blob.data(), static_cast<int>(blob.size()));
}

absl::string_view View(const SQLite::Column& column) {
  // The size must be asked for after the pointer (sqlite.org/c3ref/column_blob.html).
  const void* data = column.getBlob();
  return data == nullptr ? absl::string_view() : absl::string_view(static_cast<const char*>(data), column.getBytes());
}

CustomerRow RowOf(SQLite::Statement& statement) {
  return {statement.getColumn(0).getInt64(), View(statement.getColumn(1)), View(statement.getColumn(2)),
          View(statement.getColumn(3)), View(statement.getColumn(4))};
}

}  // namespace

absl::StatusOr<std::unique_ptr<RetrievalStore>> RetrievalStore::Open(const std::string& path) {
  ASSIGN_OR_RETURN(std::unique_ptr<Database> database, Database::Open(path, kSchema));
  return std::unique_ptr<RetrievalStore>(new RetrievalStore(std::move(database)));
}

bool RetrievalStore::FindCustomer(Connection& connection, const std::string& customer_id,
                                  absl::FunctionRef<void(const CustomerRow&)> visit) {
  SQLite::Statement& statement = connection.Prepare(kFindCustomer);
  statement.bindNoCopy(1, customer_id);
  const bool found = statement.executeStep();
  if (found) visit(RowOf(statement));
  statement.reset();  // A statement that is not at its end would keep the transaction's snapshot.
  return found;
}

bool RetrievalStore::ScanCustomers(Connection& connection, const std::string& after_customer_id,
                                   absl::FunctionRef<bool(const CustomerRow&)> visit) {
  SQLite::Statement& statement = connection.Prepare(kScanCustomers);
  statement.bindNoCopy(1, after_customer_id);
  bool more = true;
  while (more && statement.executeStep()) more = visit(RowOf(statement));
  statement.reset();
  return more;
}

bool RetrievalStore::ScanCustomerIds(Connection& connection, const std::string& after_customer_id,
                                     absl::FunctionRef<bool(absl::string_view)> visit) {
  SQLite::Statement& statement = connection.Prepare(kScanCustomerIds);
  statement.bindNoCopy(1, after_customer_id);
  bool more = true;
  while (more && statement.executeStep()) more = visit(View(statement.getColumn(0)));
  statement.reset();
  return more;
}

void RetrievalStore::InsertCustomer(Connection& connection, const v1::Customer& customer,
                                    const std::string& serialized) {
  SQLite::Statement& statement = connection.Prepare(kInsertCustomer);
  statement.bindNoCopy(1, customer.customer_id());
  statement.bindNoCopy(2, customer.currency_code());
  BindBlob(statement, 3, serialized);
  statement.exec();
}

void RetrievalStore::UpdateCustomer(Connection& connection, int64_t row_id, const v1::Customer& customer,
                                    const std::string& serialized) {
  SQLite::Statement& statement = connection.Prepare(kUpdateCustomer);
  statement.bindNoCopy(1, customer.currency_code());
  BindBlob(statement, 2, serialized);
  statement.bind(3, row_id);
  statement.exec();
}

void RetrievalStore::UpdateHistory(Connection& connection, int64_t row_id, const std::string& history) {
  SQLite::Statement& statement = connection.Prepare(kUpdateHistory);
  BindBlob(statement, 1, history);
  statement.bind(2, row_id);
  statement.exec();
}

bool RetrievalStore::InsertEvent(Connection& connection, const std::string& event_id, int64_t customer_row,
                                 absl::Time time, const std::string& event) {
  SQLite::Statement& statement = connection.Prepare(kInsertEvent);
  statement.bindNoCopy(1, event_id);
  statement.bind(2, customer_row);
  statement.bind(3, static_cast<int64_t>(absl::ToUnixMicros(time)));
  BindBlob(statement, 4, event);
  return statement.exec() > 0;
}

void RetrievalStore::ForEachEvent(Connection& connection, int64_t customer_row, absl::Time until,
                                  absl::FunctionRef<void(absl::string_view)> visit) {
  SQLite::Statement& statement = connection.Prepare(kEventsOfCustomer);
  statement.bind(1, customer_row);
  statement.bind(2, static_cast<int64_t>(absl::ToUnixMicros(until)));
  while (statement.executeStep()) visit(View(statement.getColumn(0)));
  statement.reset();
}

void RetrievalStore::AddToHistogram(Connection& connection, const RfmCounts& changes) {
  for (const auto& [bucket, change] : changes) {
    if (change == 0) continue;
    SQLite::Statement& statement = connection.Prepare(kAddToHistogram);
    statement.bind(1, static_cast<int>(bucket.dimension));
    statement.bind(2, bucket.bucket);
    statement.bind(3, change);
    statement.exec();
  }
}

RfmCounts RetrievalStore::ReadHistogram(Connection& connection) {
  SQLite::Statement& statement = connection.Prepare(kReadHistogram);
  RfmCounts counts;
  while (statement.executeStep()) {
    const auto dimension = static_cast<RfmDimension>(statement.getColumn(0).getInt());
    counts[{dimension, statement.getColumn(1).getInt64()}] = statement.getColumn(2).getInt64();
  }
  statement.reset();
  return counts;
}

}  // namespace campaign::retrieval
