#include "services/delivery/feedback_store.h"

#include "common/clock.h"

namespace campaign::delivery {
namespace {

constexpr char kInsert[] =
    "INSERT INTO feedback (event_id, kind, provider, channel, dispatch_id, address, text, event_time, create_time) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (event_id) DO NOTHING";
constexpr char kList[] =
    "SELECT feedback_id, kind, event_id, f.provider, f.channel, address, text, event_time, "
    "COALESCE(customer_run_id, ''), COALESCE(customer_id, ''), COALESCE(campaign, ''), COALESCE(brand, '') "
    "FROM feedback f LEFT JOIN dispatch d ON d.dispatch_id = f.dispatch_id "
    "WHERE feedback_id > $1 ORDER BY feedback_id LIMIT $2";
// Ids grow with time: the oldest come first, and no index on the time is needed.
constexpr char kPrune[] =
    "DELETE FROM feedback WHERE feedback_id IN (SELECT feedback_id FROM "
    "(SELECT feedback_id, create_time FROM feedback ORDER BY feedback_id LIMIT $1) AS oldest WHERE create_time < $2)";

void Fill(SQLite::Statement& statement, v1::Feedback& feedback) {
  feedback.set_feedback_id(statement.getColumn(0).getInt64());
  feedback.set_kind(static_cast<v1::FeedbackKind>(statement.getColumn(1).getInt()));
  feedback.set_event_id(statement.getColumn(2).getString());
  feedback.set_provider(statement.getColumn(3).getString());
  feedback.set_channel(static_cast<v1::Channel>(statement.getColumn(4).getInt()));
  feedback.set_address(statement.getColumn(5).getString());
  feedback.set_text(statement.getColumn(6).getString());
  *feedback.mutable_event_time() = ToTimestamp(absl::FromUnixMicros(statement.getColumn(7).getInt64()));
  feedback.set_customer_run_id(statement.getColumn(8).getString());
  feedback.set_customer_id(statement.getColumn(9).getString());
  feedback.set_campaign(statement.getColumn(10).getString());
  feedback.set_brand(statement.getColumn(11).getString());
}

}  // namespace

bool InsertFeedback(Connection& connection, const FeedbackRow& row) {
  SQLite::Statement& statement = connection.Prepare(kInsert);
  statement.bindNoCopy(1, row.event_id);
  statement.bind(2, static_cast<int>(row.kind));
  statement.bindNoCopy(3, row.provider);
  statement.bind(4, static_cast<int>(row.channel));
  statement.bind(5, row.dispatch_id);
  statement.bindNoCopy(6, row.address);
  statement.bindNoCopy(7, row.text);
  statement.bind(8, absl::ToUnixMicros(row.event_time));
  statement.bind(9, absl::ToUnixMicros(row.create_time));
  return statement.exec() == 1;
}

void ListFeedback(Connection& connection, int64_t after, int limit, v1::ListFeedbackResponse& response) {
  SQLite::Statement& statement = connection.Prepare(kList);
  statement.bind(1, after);
  statement.bind(2, limit);
  while (statement.executeStep()) Fill(statement, *response.add_feedback());
}

void PruneFeedback(Connection& connection, absl::Time before, int limit) {
  SQLite::Statement& statement = connection.Prepare(kPrune);
  statement.bind(1, limit);
  statement.bind(2, absl::ToUnixMicros(before));
  statement.exec();
}

}  // namespace campaign::delivery
