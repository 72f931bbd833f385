#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "campaign/v1/delivery.pb.h"
#include "common/database.h"

namespace campaign::delivery {

// One thing that came back, as the ledger's database has it (OpenLedger makes the table).
struct FeedbackRow {
  v1::FeedbackKind kind = v1::FEEDBACK_KIND_UNSPECIFIED;
  // Unique.
  std::string event_id;
  std::string provider;
  v1::Channel channel = v1::CHANNEL_UNSPECIFIED;
  // 0: about no known dispatch.
  int64_t dispatch_id = 0;
  std::string address;
  std::string text;
  absl::Time event_time;
  absl::Time create_time;
};

// False: an event of this event_id is there already.
bool InsertFeedback(Connection& connection, const FeedbackRow& row);

// Adds up to `limit` to the response, from the first feedback_id after `after` on, with what their dispatches tell.
void ListFeedback(Connection& connection, int64_t after, int limit, v1::ListFeedbackResponse& response);

// Removes what was created before `before`; looks at no more than the `limit` oldest.
void PruneFeedback(Connection& connection, absl::Time before, int limit);

}  // namespace campaign::delivery
