#pragma once

#include <cstdint>

#include "common/database.h"

namespace campaign::orchestrator {

// How far what came back about messages has been passed on. A view of a connection, as RunStore.
class FeedbackStore {
 public:
  explicit FeedbackStore(Connection& connection) : connection_(connection) {}

  static const char* Schema();

  // The last feedback_id passed on; 0 at first.
  int64_t Cursor();
  void SetCursor(int64_t feedback_id);

 private:
  Connection& connection_;
};

}  // namespace campaign::orchestrator
