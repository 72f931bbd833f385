#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "campaign/v1/delivery.pb.h"

namespace campaign::delivery {

// The bounds of what is taken from a callback, in bytes.
inline constexpr size_t kMaxEventText = 2048;
inline constexpr size_t kMaxEventAddress = 320;
inline constexpr size_t kMaxEventName = 256;

// One thing that a callback says, before it is known which dispatch it is about. All texts are UTF-8.
struct CallbackEvent {
  v1::FeedbackKind kind = v1::FEEDBACK_KIND_UNSPECIFIED;
  // The provider's name for the event; the same when it calls back once more.
  std::string event_id;
  // What it is about, by the provider's name for the message or by ours; either or neither.
  std::string provider_message_id;
  std::string idempotency_key;
  // Whom the message went to, or the reply came from; may be empty.
  std::string address;
  std::string text;
  absl::Time event_time;
};

// All that a callback says.
struct Callback {
  std::vector<CallbackEvent> events;
  // Parts that mean nothing here.
  int ignored_count = 0;
};

}  // namespace campaign::delivery
