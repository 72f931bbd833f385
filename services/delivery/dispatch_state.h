#pragma once

#include <functional>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/delivery/channel_sender.h"
#include "services/delivery/delivery_store.h"
#include "services/delivery/retry_policy.h"

// How a dispatch goes from state to state: pure functions over a row of the ledger.
namespace campaign::delivery {

inline constexpr char kSendInterrupted[] = "SEND_INTERRUPTED";      // The service ended while it was being sent.
inline constexpr char kAttemptsExhausted[] = "ATTEMPTS_EXHAUSTED";  // Refused for now too often.
inline constexpr char kDeliveryExpired[] = "DELIVERY_EXPIRED";      // Its time is over, or will be before the next try.

inline constexpr char kInterruptedText[] =
    "the service stopped while it was being sent; nobody can say whether it went out";

// What decides, besides the outcome.
struct Circumstances {
  const RetryPolicy& retry;
  // Random in [0, 1).
  const std::function<double()>& uniform;
  absl::Time now;
  // No attempt starts from then on.
  absl::Time expire_time = absl::InfiniteFuture();
  // The row's provider may already have the message, by an earlier attempt or this one: SENDING or UNKNOWN.
  bool may_have_it = false;
  // The row's provider sends what it has already been sent once.
  bool deduplicates = false;
};

// Whether to send, or give up, now what the ledger knows already. Nobody in this process is sending it.
bool IsDue(const LedgerRow& row, const Circumstances& circumstances);

// Takes a row out of SENDING by what its provider said, after an attempt that is counted already. What may have gone
// out becomes UNKNOWN, with a retry_time only if it will be sent again: there, and nowhere else.
void ApplyOutcome(const SendOutcome& outcome, const Circumstances& circumstances, LedgerRow& row);

// A row that no provider was asked about: `outcome` is a kRetry (it waits so long and, if `exact`, no longer) or a
// kRejected. What may have gone out before stays UNKNOWN, with the reason that it had.
void ApplyWait(const SendOutcome& outcome, bool exact, const Circumstances& circumstances, LedgerRow& row);

// Nobody is sending a row that is SENDING.
void ApplyInterruption(absl::Time now, LedgerRow& row);

}  // namespace campaign::delivery
