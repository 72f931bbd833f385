#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "campaign/v1/analytics.pb.h"
#include "common/database.h"

namespace campaign::analytics {

// Customer runs that are the same in all that a report counts.
struct RecordGroup {
  int64_t key_id = 0;      // Of the dimension: the number of a name, or for CHANNEL the channel.
  int64_t reasons_id = 0;  // The number of the set of reason codes; 0 unless the state is SUPPRESSED.
  v1::CustomerRunState state = v1::CUSTOMER_RUN_STATE_UNSPECIFIED;
  int responses = 0;  // A bit (1 << ResponseKind) for each kind of response.
  int64_t count = 0;
};

// Revenue of one currency.
struct RevenueGroup {
  int64_t key_id = 0;
  int64_t currency_id = 0;
  int64_t minor_units = 0;
};

// Which records a report counts, by the numbers of names; nullopt: all.
struct RecordFilter {
  absl::optional<int64_t> campaign_id;
  absl::optional<int64_t> campaign_run_id;
};

// What became of a response that was to be added.
enum class ResponseOutcome { kRecorded, kDuplicate, kUnknownRun };

// Run records, responses and the dictionary of names: every SQL statement of the service. A view of one connection, in
// the transaction that is open on it; it keeps the names that it has looked up, so it must not outlive the transaction.
// What writes needs the writer's connection.
class AnalyticsStore {
 public:
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& path);

  explicit AnalyticsStore(Connection& connection) : connection_(connection) {}

  // Keeps the record, in place of an earlier one of the same customer run; responses stay. True: it is new.
  bool Record(const v1::RunRecord& record);

  // Adds a response and marks its run.
  ResponseOutcome AddResponse(const v1::Response& response);

  // The number of a name; nullopt where no record has it.
  absl::optional<int64_t> FindName(absl::string_view name);
  // The name of a number from this store.
  const std::string& NameOf(int64_t id);

  // Calls `visit` for each group of records; the key is the dimension's, for VARIANT the set of assignments.
  void GroupRecords(v1::ReportDimension dimension, const RecordFilter& filter,
                    absl::FunctionRef<void(const RecordGroup&)> visit);
  // Calls `visit` for each key and currency that conversions brought revenue in.
  void GroupRevenue(v1::ReportDimension dimension, const RecordFilter& filter,
                    absl::FunctionRef<void(const RevenueGroup&)> visit);

 private:
  // The numbers of a record's names.
  struct RecordNames {
    int64_t campaign, campaign_run, segment, action, assignments, reasons;
  };

  int64_t FindOrAddName(absl::string_view name);
  RecordNames NamesOf(const v1::RunRecord& record);
  static void BindRecord(SQLite::Statement& statement, const v1::RunRecord& record, const RecordNames& names);

  Connection& connection_;
  absl::flat_hash_map<std::string, int64_t> ids_;
  absl::flat_hash_map<int64_t, std::string> names_;
};

}  // namespace campaign::analytics
