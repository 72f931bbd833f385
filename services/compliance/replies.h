#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "campaign/v1/compliance.pb.h"
#include "services/compliance/reply_keywords.h"
#include "services/compliance/reply_store.h"
#include "services/compliance/suppression_store.h"

namespace campaign::compliance {

// Takes in what customers wrote back, in the order of the request. STOP puts the address that it came from on the
// suppression list, for the channel and brand that it answered; START removes what a reply put there, never what
// anybody else did. Of a STOP and a START the one that was written later counts, whichever comes first; of the same
// moment, STOP. A STOP withdraws no consent: the suppression stands in the way of every message, also of those that
// need none, and a START brings back what was agreed to before it.
//
// INVALID_ARGUMENT under "replies[i]", and nothing is recorded: no channel, no reply_time or one in the future, an SMS
// from what is no telephone number with a country code.
absl::Status RecordReplies(const v1::RecordRepliesRequest& request, const ReplyKeywords& keywords, absl::Time now,
                           ReplyStore& replies, SuppressionStore& suppressions, v1::RecordRepliesResponse& response);

}  // namespace campaign::compliance
