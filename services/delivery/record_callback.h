#pragma once

#include <string>

#include "absl/time/time.h"
#include "campaign/v1/delivery.pb.h"
#include "common/database.h"
#include "services/delivery/callback_event.h"
#include "services/delivery/receipt_signature.h"

namespace campaign::delivery {

// Feedback is kept this long.
inline constexpr absl::Duration kFeedbackAge = absl::Hours(24 * 30);

// Writes down what a callback says, each event once, beside the dispatch that it is about: the one that has the
// provider's name for the message, else the one of the idempotency key, else, of replies, the last that this provider
// sent to the number within 30 days. A dispatch that is named so and UNKNOWN has been sent (ResolveByReport). Removes
// feedback older than kFeedbackAge, a bounded number at each call.
v1::RecordReceiptsResponse RecordCallback(Connection& connection, const std::string& provider,
                                          const CallbackSource& source, const Callback& callback, absl::Time now);

// "<provider>:<event id>", or where that is longer than 64 bytes its SHA-256 in hexadecimal.
std::string FeedbackEventId(absl::string_view provider, absl::string_view event_id);

}  // namespace campaign::delivery
