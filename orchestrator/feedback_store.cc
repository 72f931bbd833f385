#include "orchestrator/feedback_store.h"

namespace campaign::orchestrator {
namespace {

constexpr char kSchema[] = R"(
CREATE TABLE IF NOT EXISTS feedback_cursor (only INTEGER PRIMARY KEY CHECK (only = 1), feedback_id INTEGER NOT NULL);
)";

}  // namespace

const char* FeedbackStore::Schema() { return kSchema; }

int64_t FeedbackStore::Cursor() {
  SQLite::Statement& select = connection_.Prepare("SELECT feedback_id FROM feedback_cursor");
  return select.executeStep() ? select.getColumn(0).getInt64() : 0;
}

void FeedbackStore::SetCursor(int64_t feedback_id) {
  SQLite::Statement& write = connection_.Prepare(
      "INSERT INTO feedback_cursor (only, feedback_id) VALUES (1, $1) "
      "ON CONFLICT (only) DO UPDATE SET feedback_id = excluded.feedback_id");
  write.bind(1, feedback_id);
  write.exec();
}

}  // namespace campaign::orchestrator
