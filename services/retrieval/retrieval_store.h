#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "campaign/v1/profile.pb.h"
#include "common/database.h"
#include "services/retrieval/rfm.h"

namespace campaign::retrieval {

// A customer's row. The views end with the call that they were passed to; reading the customer's events leaves them.
struct CustomerRow {
  int64_t row_id = 0;
  absl::string_view customer_id;
  absl::string_view currency_code;  // The customer's; beside them because amounts are often all that is asked for.
  absl::string_view customer;       // A serialized v1.Customer.
  absl::string_view history;        // A serialized History.
};

// Retrieval's tables: customers with their histories, raw events, the RFM histogram. Functions that take a Connection
// run in that connection's transaction (Database::Read, Write or Submit); SQLite::Exception on failure, which Database
// turns into INTERNAL. Thread-safe as far as each thread uses a connection of its own.
class RetrievalStore {
 public:
  // Opens or creates the file. Errors as of Database::Open.
  static absl::StatusOr<std::unique_ptr<RetrievalStore>> Open(const std::string& path);

  Database& database() { return *database_; }

  // Calls `visit` with the customer's row; false, without a call, where there is none.
  static bool FindCustomer(Connection& connection, const std::string& customer_id,
                           absl::FunctionRef<void(const CustomerRow&)> visit);
  // Calls `visit` for the customers after `after_customer_id`, ascending by bytes, until it returns false. Returns
  // whether the end was reached.
  static bool ScanCustomers(Connection& connection, const std::string& after_customer_id,
                            absl::FunctionRef<bool(const CustomerRow&)> visit);
  // The same with nothing but the ids, which are read from the index.
  static bool ScanCustomerIds(Connection& connection, const std::string& after_customer_id,
                              absl::FunctionRef<bool(absl::string_view)> visit);
  // `serialized` is the customer's.
  static void InsertCustomer(Connection& connection, const v1::Customer& customer, const std::string& serialized);
  static void UpdateCustomer(Connection& connection, int64_t row_id, const v1::Customer& customer,
                             const std::string& serialized);
  static void UpdateHistory(Connection& connection, int64_t row_id, const std::string& history);
  // Returns whether it is new; false, and nothing changes, where an event of this id was there.
  static bool InsertEvent(Connection& connection, const std::string& event_id, int64_t customer_row, absl::Time time,
                          const std::string& event);
  // Calls `visit` with each event (a serialized v1::Event) of the customer that happened at `until` or before, in the
  // order in which they were recorded.
  static void ForEachEvent(Connection& connection, int64_t customer_row, absl::Time until,
                           absl::FunctionRef<void(absl::string_view)> visit);
  // Adds to the histogram.
  static void AddToHistogram(Connection& connection, const RfmCounts& changes);
  static RfmCounts ReadHistogram(Connection& connection);

 private:
  explicit RetrievalStore(std::unique_ptr<Database> database) : database_(std::move(database)) {}

  std::unique_ptr<Database> database_;
};

}  // namespace campaign::retrieval
