#include "orchestrator/review_store.h"

#include "common/clock.h"

namespace campaign::orchestrator {
namespace {

constexpr char kSchema[] = R"(
CREATE TABLE IF NOT EXISTS review_task (
  number INTEGER PRIMARY KEY, task_id TEXT NOT NULL UNIQUE, customer_run INTEGER NOT NULL, campaign TEXT NOT NULL,
  state INTEGER NOT NULL, revision INTEGER NOT NULL, claim_for INTEGER NOT NULL, task BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS review_task_waiting ON review_task (number) WHERE state IN (1, 2);
CREATE INDEX IF NOT EXISTS review_task_customer_run ON review_task (customer_run);
CREATE TABLE IF NOT EXISTS review_event (
  id INTEGER PRIMARY KEY, task_id TEXT NOT NULL, event_time INTEGER NOT NULL, actor TEXT NOT NULL, state INTEGER NOT NULL,
  comment TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS review_event_task ON review_event (task_id);
CREATE TABLE IF NOT EXISTS decision_memo (
  request_id TEXT NOT NULL UNIQUE, fingerprint TEXT NOT NULL, task BLOB NOT NULL, create_time INTEGER NOT NULL);
)";

void BindMessage(SQLite::Statement& statement, int index, const google::protobuf::Message& message) {
  const std::string bytes = message.SerializeAsString();
  statement.bind(index, bytes.data(), static_cast<int>(bytes.size()));
}

ReviewRow ReadRow(SQLite::Statement& statement) {
  ReviewRow row;
  row.number = statement.getColumn(0).getInt64();
  row.customer_run = statement.getColumn(1).getInt64();
  row.claim_for = absl::Microseconds(statement.getColumn(2).getInt64());
  const SQLite::Column task = statement.getColumn(3);
  row.task.ParseFromArray(task.getBlob(), task.getBytes());
  return row;
}

}  // namespace

const char* ReviewStore::Schema() { return kSchema; }

void ReviewStore::Insert(const ReviewRow& row) {
  SQLite::Statement& insert = connection_.Prepare(
      "INSERT INTO review_task (task_id, customer_run, campaign, state, revision, claim_for, task) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7)");
  insert.bind(1, row.task.review_task_id());
  insert.bind(2, row.customer_run);
  insert.bind(3, row.task.campaign());
  insert.bind(4, static_cast<int>(row.task.state()));
  insert.bind(5, row.task.revision());
  insert.bind(6, absl::ToInt64Microseconds(row.claim_for));
  BindMessage(insert, 7, row.task);
  insert.exec();
}

absl::optional<ReviewRow> ReviewStore::Find(const std::string& task_id) {
  SQLite::Statement& select =
      connection_.Prepare("SELECT number, customer_run, claim_for, task FROM review_task WHERE task_id = $1");
  select.bind(1, task_id);
  if (!select.executeStep()) return absl::nullopt;
  return ReadRow(select);
}

absl::optional<ReviewRow> ReviewStore::FindWaiting(int64_t customer_run) {
  SQLite::Statement& select = connection_.Prepare(
      "SELECT number, customer_run, claim_for, task FROM review_task WHERE customer_run = $1 AND state IN (1, 2)");
  select.bind(1, customer_run);
  if (!select.executeStep()) return absl::nullopt;
  return ReadRow(select);
}

int ReviewStore::CountOf(int64_t customer_run) {
  SQLite::Statement& select = connection_.Prepare("SELECT count(*) FROM review_task WHERE customer_run = $1");
  select.bind(1, customer_run);
  select.executeStep();
  return select.getColumn(0).getInt();
}

std::vector<ReviewRow> ReviewStore::List(v1::ReviewState state, const std::string& campaign, int64_t after_number,
                                         int page_size) {
  const bool waiting = state == v1::REVIEW_STATE_UNSPECIFIED;
  SQLite::Statement& select =
      waiting ? connection_.Prepare(
                    "SELECT number, customer_run, claim_for, task FROM review_task "
                    "WHERE state IN (1, 2) AND number > $1 AND ($2 = '' OR campaign = $2) ORDER BY number LIMIT $3")
              : connection_.Prepare(
                    "SELECT number, customer_run, claim_for, task FROM review_task "
                    "WHERE number > $1 AND ($2 = '' OR campaign = $2) AND state = $3 ORDER BY number LIMIT $4");
  select.bind(1, after_number);
  select.bind(2, campaign);
  if (!waiting) select.bind(3, static_cast<int>(state));
  select.bind(waiting ? 3 : 4, page_size);
  std::vector<ReviewRow> rows;
  while (select.executeStep()) rows.push_back(ReadRow(select));
  return rows;
}

bool ReviewStore::CompareAndSet(ReviewRow& row) {
  const int64_t seen = row.task.revision();
  row.task.set_revision(seen + 1);
  SQLite::Statement& update = connection_.Prepare(
      "UPDATE review_task SET state = $1, revision = revision + 1, task = $2 WHERE number = $3 AND revision = $4");
  update.bind(1, static_cast<int>(row.task.state()));
  BindMessage(update, 2, row.task);
  update.bind(3, row.number);
  update.bind(4, seen);
  return update.exec() == 1;
}

void ReviewStore::AddEvent(const std::string& task_id, absl::Time now, const std::string& actor, v1::ReviewState state,
                           const std::string& comment) {
  SQLite::Statement& insert = connection_.Prepare(
      "INSERT INTO review_event (task_id, event_time, actor, state, comment) VALUES ($1, $2, $3, $4, $5)");
  insert.bind(1, task_id);
  insert.bind(2, absl::ToUnixMicros(now));
  insert.bind(3, actor);
  insert.bind(4, static_cast<int>(state));
  insert.bind(5, comment);
  insert.exec();
}

std::vector<v1::ReviewEvent> ReviewStore::History(const std::string& task_id) {
  SQLite::Statement& select =
      connection_.Prepare("SELECT event_time, actor, state, comment FROM review_event WHERE task_id = $1 ORDER BY id");
  select.bind(1, task_id);
  std::vector<v1::ReviewEvent> events;
  while (select.executeStep()) {
    v1::ReviewEvent& event = events.emplace_back();
    *event.mutable_event_time() = ToTimestamp(absl::FromUnixMicros(select.getColumn(0).getInt64()));
    event.set_actor(select.getColumn(1).getString());
    event.set_state(static_cast<v1::ReviewState>(select.getColumn(2).getInt()));
    event.set_comment(select.getColumn(3).getString());
  }
  return events;
}

absl::optional<ReviewStore::DecisionMemo> ReviewStore::FindMemo(const std::string& request_id) {
  SQLite::Statement& select = connection_.Prepare("SELECT fingerprint, task FROM decision_memo WHERE request_id = $1");
  select.bind(1, request_id);
  if (!select.executeStep()) return absl::nullopt;
  DecisionMemo memo;
  memo.fingerprint = select.getColumn(0).getString();
  const SQLite::Column task = select.getColumn(1);
  memo.task.ParseFromArray(task.getBlob(), task.getBytes());
  return memo;
}

void ReviewStore::InsertMemo(const std::string& request_id, const DecisionMemo& memo, absl::Time now) {
  SQLite::Statement& insert = connection_.Prepare(
      "INSERT INTO decision_memo (request_id, fingerprint, task, create_time) VALUES ($1, $2, $3, $4)");
  insert.bind(1, request_id);
  insert.bind(2, memo.fingerprint);
  BindMessage(insert, 3, memo.task);
  insert.bind(4, absl::ToUnixMicros(now));
  insert.exec();
}

}  // namespace campaign::orchestrator
