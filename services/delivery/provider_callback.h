#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "campaign/v1/delivery.pb.h"
#include "services/delivery/callback_event.h"
#include "services/delivery/receipt_signature.h"

namespace campaign::delivery {

// What a provider says with a callback, once its signature is verified: Twilio's forms (see ReadTwilioForm), or with
// Standard Webhooks' signature by Content-Type JSON (see ReadWebhookEvents; also the default) or "message/rfc822" (see
// ReadMailReport).
//
// UNAUTHENTICATED as VerifySignature. INVALID_ARGUMENT naming `body` or `headers`: it cannot be understood.
absl::StatusOr<Callback> ReadCallback(const CallbackSource& source, const v1::RecordReceiptsRequest& request,
                                      absl::Time now);

// What Twilio says of an SMS: with MessageStatus delivered, read (of WhatsApp), undelivered or failed that, a bounce
// being hard where ErrorCode says that the number takes no messages; other statuses settle nothing. With SmsStatus
// "received", or without a status, it is a customer's message: REPLIED, or UNSUBSCRIBED where OptOutType says that
// Twilio took it for STOP. The event's id is the message's and the status, "SM...:delivered". Source: Twilio's
// documentation, "Track the Message Status of Outbound Messages", "Twilio's Request to your Incoming Message Webhook
// URL", "Error and Warning Dictionary".
absl::StatusOr<Callback> ReadTwilioForm(absl::string_view body, absl::Time now);

}  // namespace campaign::delivery
