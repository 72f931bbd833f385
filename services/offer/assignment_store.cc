#include "services/offer/assignment_store.h"

#include "absl/container/inlined_vector.h"

namespace campaign::offer {

// The experiment's number stands in for its two names: a million customers have a row each.
const char* const kAssignmentSchema = R"sql(
CREATE TABLE IF NOT EXISTS experiment (
  id INTEGER PRIMARY KEY,
  campaign TEXT NOT NULL,
  experiment_id TEXT NOT NULL,
  UNIQUE (campaign, experiment_id)
);
CREATE TABLE IF NOT EXISTS assignment (
  id INTEGER PRIMARY KEY,
  customer_id TEXT NOT NULL,
  experiment INTEGER NOT NULL REFERENCES experiment (id),
  scope TEXT NOT NULL,
  variant_id TEXT NOT NULL,
  customer_run_id TEXT NOT NULL,
  probability REAL NOT NULL,
  assign_micros INTEGER NOT NULL,
  exposure_micros INTEGER,
  UNIQUE (customer_id, experiment, scope)
);
)sql";

int64_t AssignmentLedger::NumberOf(const std::string& experiment_id, bool add) {
  const auto [it, inserted] = numbers_.try_emplace(experiment_id, 0);
  if (it->second != 0) return it->second;
  if (inserted) {
    SQLite::Statement& find =
        connection_.Prepare("SELECT id FROM experiment WHERE campaign = $1 AND experiment_id = $2");
    find.bindNoCopy(1, campaign_);
    find.bindNoCopy(2, experiment_id);
    if (find.executeStep()) it->second = find.getColumn(0).getInt64();
  }
  if (it->second != 0 || !add) return it->second;
  SQLite::Statement& insert =
      connection_.Prepare("INSERT INTO experiment (campaign, experiment_id) VALUES ($1, $2) RETURNING id");
  insert.bindNoCopy(1, campaign_);
  insert.bindNoCopy(2, experiment_id);
  while (insert.executeStep()) it->second = insert.getColumn(0).getInt64();
  return it->second;
}

absl::optional<RecordedAssignment> AssignmentLedger::Find(const std::string& customer_id,
                                                          const std::string& experiment_id, const std::string& scope) {
  const int64_t experiment = NumberOf(experiment_id, false);
  if (experiment == 0) return absl::nullopt;
  SQLite::Statement& query = connection_.Prepare(
      "SELECT variant_id, customer_run_id, probability, assign_micros FROM assignment"
      " WHERE customer_id = $1 AND experiment = $2 AND scope = $3");
  query.bindNoCopy(1, customer_id);
  query.bind(2, experiment);
  query.bindNoCopy(3, scope);
  if (!query.executeStep()) return absl::nullopt;
  return RecordedAssignment{.variant_id = query.getColumn(0).getString(),
                            .customer_run_id = query.getColumn(1).getString(),
                            .probability = query.getColumn(2).getDouble(),
                            .time = absl::FromUnixMicros(query.getColumn(3).getInt64())};
}

namespace {

void BindAssignment(int first, const RecordedAssignment& assignment, SQLite::Statement& statement) {
  statement.bindNoCopy(first, assignment.variant_id);
  statement.bindNoCopy(first + 1, assignment.customer_run_id);
  statement.bind(first + 2, assignment.probability);
  statement.bind(first + 3, absl::ToUnixMicros(assignment.time));
}

}  // namespace

bool AssignmentLedger::RecordNew(const std::string& customer_id, const std::string& experiment_id,
                                 const std::string& scope, const RecordedAssignment& assignment) {
  SQLite::Statement& insert = connection_.Prepare(
      "INSERT INTO assignment (customer_id, experiment, scope, variant_id, customer_run_id, probability, assign_micros)"
      " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (customer_id, experiment, scope) DO NOTHING");
  insert.bindNoCopy(1, customer_id);
  insert.bind(2, NumberOf(experiment_id, true));
  insert.bindNoCopy(3, scope);
  BindAssignment(4, assignment, insert);
  return insert.exec() > 0;
}

void AssignmentLedger::Replace(const std::string& customer_id, const std::string& experiment_id,
                               const std::string& scope, const RecordedAssignment& assignment) {
  SQLite::Statement& update = connection_.Prepare(
      "UPDATE assignment SET variant_id = $1, customer_run_id = $2, probability = $3, assign_micros = $4,"
      " exposure_micros = NULL WHERE customer_id = $5 AND experiment = $6 AND scope = $7");
  BindAssignment(1, assignment, update);
  update.bindNoCopy(5, customer_id);
  update.bind(6, NumberOf(experiment_id, false));
  update.bindNoCopy(7, scope);
  update.exec();
}

void AssignmentLedger::RecordExposure(const v1::Exposure& exposure, const RunIds& runs, absl::Time now) {
  const int64_t experiment = NumberOf(exposure.experiment_id(), false);
  if (experiment == 0) return;
  SQLite::Statement& update = connection_.Prepare(
      "UPDATE assignment SET exposure_micros = $1 WHERE customer_id = $2 AND experiment = $3 AND scope = ''"
      " AND variant_id = $4 AND exposure_micros IS NULL");
  update.bind(1, absl::ToUnixMicros(now));
  update.bindNoCopy(2, exposure.customer_id());
  update.bind(3, experiment);
  update.bindNoCopy(4, exposure.variant_id());
  if (update.exec() == 0) RecordExposureOfRuns(exposure, runs, now);
}

void AssignmentLedger::RecordExposureOfRuns(const v1::Exposure& exposure, const RunIds& runs, absl::Time now) {
  SQLite::Statement& find = connection_.Prepare(
      "SELECT id, scope FROM assignment WHERE customer_id = $1 AND experiment = $2 AND scope > ''"
      " AND variant_id = $3 AND exposure_micros IS NULL");
  find.bindNoCopy(1, exposure.customer_id());
  find.bind(2, NumberOf(exposure.experiment_id(), false));
  find.bindNoCopy(3, exposure.variant_id());
  absl::InlinedVector<int64_t, 4> seen;
  while (find.executeStep()) {
    if (runs.contains(find.getColumn(1).getString())) seen.push_back(find.getColumn(0).getInt64());
  }
  for (const int64_t id : seen) {
    SQLite::Statement& update = connection_.Prepare("UPDATE assignment SET exposure_micros = $1 WHERE id = $2");
    update.bind(1, absl::ToUnixMicros(now));
    update.bind(2, id);
    update.exec();
  }
}

}  // namespace campaign::offer
