#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/delivery/callback_event.h"

namespace campaign::delivery {

// What a provider of one's own says about messages, as JSON (RFC 8259); one event or an array of up to 500:
//
//   {"type": "bounced", "timestamp": "2026-06-15T12:00:00Z", "data": {"id": "evt-1", "message_id": "m-1",
//    "idempotency_key": "r1-0.email", "address": "ann@example.com", "text": "550 no such user", "bounce": "hard"}}
//
// type: delivered, bounced, complained, opened, clicked, unsubscribed or replied; others are ignored. timestamp: when
// it happened (RFC 3339); default and latest: `now`. All of data are strings and may be left out, but one of
// message_id (what the provider answered when it took the message), idempotency_key (what it was given) and address
// must be there. id: the event's, at every call; default: `webhook_id` and, of an array, the place in it. text: what a
// bounce's server or a replying customer said; all but the first 2048 bytes is dropped. bounce: "hard" or "soft",
// needed for bounced, unless there is a "status" such as "5.1.1" (RFC 3463).
//
// INVALID_ARGUMENT `body...: value bound` for what is not so: no JSON, nested more than 8 deep, a name twice in one
// object, a number out of range.
absl::StatusOr<Callback> ReadWebhookEvents(absl::string_view body, absl::string_view webhook_id, absl::Time now);

}  // namespace campaign::delivery
