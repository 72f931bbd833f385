#include "services/analytics/analytics_store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/clock.h"
#include "services/analytics/name_set.h"

namespace campaign::analytics {
namespace {

// Names are numbers of the table `name`; assignments and reasons are numbers of whole sets (name_set.h). Times are
// microseconds since 1970. responses: a bit for each kind.
constexpr char kSchema[] = R"sql(
CREATE TABLE IF NOT EXISTS name (
  name_id INTEGER PRIMARY KEY,
  text TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS run_record (
  record_id INTEGER PRIMARY KEY,
  customer_run_id TEXT NOT NULL UNIQUE,
  customer_id TEXT NOT NULL,
  campaign INTEGER NOT NULL,
  campaign_run INTEGER NOT NULL,
  state INTEGER NOT NULL,
  segment INTEGER NOT NULL,
  action_kind INTEGER NOT NULL,
  action INTEGER NOT NULL,
  channel INTEGER NOT NULL,
  assignments INTEGER NOT NULL,
  reasons INTEGER NOT NULL,
  responses INTEGER NOT NULL,
  finish_time INTEGER);
CREATE TABLE IF NOT EXISTS response (
  response_id TEXT NOT NULL UNIQUE,
  record_id INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  response_time INTEGER,
  revenue_minor INTEGER NOT NULL,
  currency INTEGER NOT NULL);
)sql";

constexpr char kFindName[] = "SELECT name_id FROM name WHERE text = $1";
constexpr char kAddName[] = "INSERT INTO name (text) VALUES ($1) RETURNING name_id";
constexpr char kNameOf[] = "SELECT text FROM name WHERE name_id = $1";

// The same parameters in both.
constexpr char kAddRecord[] =
    "INSERT INTO run_record (customer_id, campaign, campaign_run, state, segment, action_kind, action, channel, "
    "assignments, reasons, finish_time, customer_run_id, responses) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0) ON CONFLICT DO NOTHING";
constexpr char kReplaceRecord[] =
    "UPDATE run_record SET customer_id = $1, campaign = $2, campaign_run = $3, state = $4, segment = $5, "
    "action_kind = $6, action = $7, channel = $8, assignments = $9, reasons = $10, finish_time = $11 "
    "WHERE customer_run_id = $12";

constexpr char kFindRecord[] = "SELECT record_id FROM run_record WHERE customer_run_id = $1";
constexpr char kAddResponse[] =
    "INSERT INTO response (response_id, record_id, kind, response_time, revenue_minor, currency) "
    "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
constexpr char kMarkRecord[] = "UPDATE run_record SET responses = responses | $1 WHERE record_id = $2";

// 6: SUPPRESSED. Only suppressed runs are told apart by their reasons.
#define GROUP_RECORDS_BY(column)                                                               \
  "SELECT " column                                                                             \
  ", state, responses, CASE WHEN state = 6 THEN reasons ELSE 0 END AS why, COUNT(*) "          \
  "FROM run_record WHERE ($1 IS NULL OR campaign = $1) AND ($2 IS NULL OR campaign_run = $2) " \
  "GROUP BY " column ", state, responses, why"
// 3: CONVERTED.
#define GROUP_REVENUE_BY(column)                                                    \
  "SELECT " column                                                                  \
  ", currency, SUM(revenue_minor) FROM response JOIN run_record USING (record_id) " \
  "WHERE kind = 3 AND revenue_minor <> 0 "                                          \
  "AND ($1 IS NULL OR campaign = $1) AND ($2 IS NULL OR campaign_run = $2) GROUP BY " column ", currency"

struct DimensionSql {
  v1::ReportDimension dimension;
  const char* records;
  const char* revenue;
};
constexpr DimensionSql kDimensions[] = {
    {v1::REPORT_DIMENSION_CAMPAIGN, GROUP_RECORDS_BY("campaign"), GROUP_REVENUE_BY("campaign")},
    {v1::REPORT_DIMENSION_SEGMENT, GROUP_RECORDS_BY("segment"), GROUP_REVENUE_BY("segment")},
    {v1::REPORT_DIMENSION_OFFER, GROUP_RECORDS_BY("action"), GROUP_REVENUE_BY("action")},
    {v1::REPORT_DIMENSION_VARIANT, GROUP_RECORDS_BY("assignments"), GROUP_REVENUE_BY("assignments")},
    {v1::REPORT_DIMENSION_CHANNEL, GROUP_RECORDS_BY("channel"), GROUP_REVENUE_BY("channel")},
};
static_assert(v1::CUSTOMER_RUN_STATE_SUPPRESSED == 6 && v1::RESPONSE_KIND_CONVERTED == 3);

const DimensionSql& SqlOf(v1::ReportDimension dimension) {
  for (const DimensionSql& sql : kDimensions) {
    if (sql.dimension == dimension) return sql;
  }
  return kDimensions[0];
}

void BindFilter(SQLite::Statement& statement, const RecordFilter& filter) {
  if (filter.campaign_id.has_value()) statement.bind(1, *filter.campaign_id);
  if (filter.campaign_run_id.has_value()) statement.bind(2, *filter.campaign_run_id);
}

std::string AssignmentsOf(const v1::RunRecord& record) {
  std::vector<std::string> names;
  for (const v1::Assignment& assignment : record.assignments()) {
    names.push_back(absl::StrCat(assignment.experiment_id(), "/", assignment.variant_id()));
  }
  return JoinNames(std::move(names));
}

std::string ReasonsOf(const v1::RunRecord& record) {
  return JoinNames({record.reason_codes().begin(), record.reason_codes().end()});
}

}  // namespace

absl::StatusOr<std::unique_ptr<Database>> AnalyticsStore::Open(const std::string& path) {
  return Database::Open(path, kSchema);
}

absl::optional<int64_t> AnalyticsStore::FindName(absl::string_view name) {
  if (auto it = ids_.find(name); it != ids_.end()) return it->second;
  const std::string text(name);
  SQLite::Statement& find = connection_.Prepare(kFindName);
  find.bindNoCopy(1, text);
  absl::optional<int64_t> id;
  while (find.executeStep()) id = find.getColumn(0).getInt64();
  if (id.has_value()) ids_.emplace(text, *id);
  return id;
}

int64_t AnalyticsStore::FindOrAddName(absl::string_view name) {
  if (const absl::optional<int64_t> id = FindName(name)) return *id;
  const std::string text(name);
  SQLite::Statement& add = connection_.Prepare(kAddName);
  add.bindNoCopy(1, text);
  int64_t id = 0;
  while (add.executeStep()) id = add.getColumn(0).getInt64();
  ids_.emplace(text, id);
  return id;
}

const std::string& AnalyticsStore::NameOf(int64_t id) {
  auto [it, added] = names_.try_emplace(id);
  if (!added) return it->second;
  SQLite::Statement& find = connection_.Prepare(kNameOf);
  find.bind(1, id);
  while (find.executeStep()) it->second = find.getColumn(0).getString();
  return it->second;
}

AnalyticsStore::RecordNames AnalyticsStore::NamesOf(const v1::RunRecord& record) {
  return {.campaign = FindOrAddName(record.campaign()),
          .campaign_run = FindOrAddName(record.campaign_run_id()),
          .segment = FindOrAddName(record.segment()),
          .action = FindOrAddName(record.action_id()),
          .assignments = FindOrAddName(AssignmentsOf(record)),
          .reasons = FindOrAddName(ReasonsOf(record))};
}

void AnalyticsStore::BindRecord(SQLite::Statement& statement, const v1::RunRecord& record, const RecordNames& names) {
  statement.bindNoCopy(1, record.customer_id());
  statement.bind(2, names.campaign);
  statement.bind(3, names.campaign_run);
  statement.bind(4, static_cast<int>(record.state()));
  statement.bind(5, names.segment);
  statement.bind(6, static_cast<int>(record.action_kind()));
  statement.bind(7, names.action);
  statement.bind(8, static_cast<int>(record.channel()));
  statement.bind(9, names.assignments);
  statement.bind(10, names.reasons);
  if (record.has_finish_time()) statement.bind(11, absl::ToUnixMicros(FromTimestamp(record.finish_time())));
  statement.bindNoCopy(12, record.customer_run_id());
}

bool AnalyticsStore::Record(const v1::RunRecord& record) {
  const RecordNames names = NamesOf(record);
  SQLite::Statement& add = connection_.Prepare(kAddRecord);
  BindRecord(add, record, names);
  if (add.exec() > 0) return true;
  SQLite::Statement& replace = connection_.Prepare(kReplaceRecord);
  BindRecord(replace, record, names);
  replace.exec();
  return false;
}

ResponseOutcome AnalyticsStore::AddResponse(const v1::Response& response) {
  SQLite::Statement& find = connection_.Prepare(kFindRecord);
  find.bindNoCopy(1, response.customer_run_id());
  int64_t record_id = 0;
  while (find.executeStep()) record_id = find.getColumn(0).getInt64();
  if (record_id == 0) return ResponseOutcome::kUnknownRun;
  const int64_t currency = FindOrAddName(response.revenue().currency_code());
  SQLite::Statement& add = connection_.Prepare(kAddResponse);
  add.bindNoCopy(1, response.response_id());
  add.bind(2, record_id);
  add.bind(3, static_cast<int>(response.kind()));
  if (response.has_response_time()) add.bind(4, absl::ToUnixMicros(FromTimestamp(response.response_time())));
  add.bind(5, response.revenue().minor_units());
  add.bind(6, currency);
  if (add.exec() == 0) return ResponseOutcome::kDuplicate;
  SQLite::Statement& mark = connection_.Prepare(kMarkRecord);
  mark.bind(1, 1 << response.kind());
  mark.bind(2, record_id);
  mark.exec();
  return ResponseOutcome::kRecorded;
}

void AnalyticsStore::GroupRecords(v1::ReportDimension dimension, const RecordFilter& filter,
                                  absl::FunctionRef<void(const RecordGroup&)> visit) {
  SQLite::Statement& rows = connection_.Prepare(SqlOf(dimension).records);
  BindFilter(rows, filter);
  while (rows.executeStep()) {
    visit({.key_id = rows.getColumn(0).getInt64(),
           .reasons_id = rows.getColumn(3).getInt64(),
           .state = static_cast<v1::CustomerRunState>(rows.getColumn(1).getInt()),
           .responses = rows.getColumn(2).getInt(),
           .count = rows.getColumn(4).getInt64()});
  }
}

void AnalyticsStore::GroupRevenue(v1::ReportDimension dimension, const RecordFilter& filter,
                                  absl::FunctionRef<void(const RevenueGroup&)> visit) {
  SQLite::Statement& rows = connection_.Prepare(SqlOf(dimension).revenue);
  BindFilter(rows, filter);
  while (rows.executeStep()) {
    visit({.key_id = rows.getColumn(0).getInt64(),
           .currency_id = rows.getColumn(1).getInt64(),
           .minor_units = rows.getColumn(2).getInt64()});
  }
}

}  // namespace campaign::analytics
