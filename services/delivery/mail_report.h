#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/delivery/callback_event.h"

namespace campaign::delivery {

// What a mail server or mailbox provider reports about e-mails of ours, from the raw message (RFC 5322) that it sent:
// delivery status notifications (RFC 3464, RFC 6533) and abuse reports (RFC 5965), both multipart/report (RFC 6522).
//
// Of a notification each recipient's "failed" is a bounce, hard or soft as ClassifyBounce says of Status and
// Diagnostic-Code, and "delivered" a delivery; "delayed", "relayed" and "expanded" settle nothing. An abuse report is a
// complaint, but for types that say otherwise ("not-spam", "auth-failure", "dkim"). Which e-mail it is about, the
// Message-ID of the original in its last part says. Any other e-mail, an answer of a machine or a person, is ignored.
//
// event_id is empty where the report has no Message-ID. INVALID_ARGUMENT naming `body`: a report without the part that
// makes it one, or with more than 100 recipients.
absl::StatusOr<Callback> ReadMailReport(absl::string_view message, absl::Time now);

}  // namespace campaign::delivery
