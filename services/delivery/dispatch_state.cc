#include "services/delivery/dispatch_state.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "services/delivery/mime.h"

namespace campaign::delivery {
namespace {

constexpr size_t kMaxCodeBytes = 64;
constexpr size_t kMaxReasonBytes = 240;
constexpr size_t kMaxProviderMessageId = 256;

// Providers may be talkative; the ledger is not, and a receipt has its bounds.
void SetReason(absl::string_view code, absl::string_view text, LedgerRow& row) {
  row.reason_code = std::string(code.substr(0, kMaxCodeBytes));
  row.reason_text = std::string(text.substr(0, WholeCharacters(text, kMaxReasonBytes)));
}

void Reject(absl::string_view code, absl::string_view text, LedgerRow& row) {
  row.state = v1::DELIVERY_STATE_REJECTED;
  row.retry_time = absl::UnixEpoch();
  SetReason(code, text, row);
}

absl::Time NextTry(absl::Duration least, const Circumstances& circumstances, const LedgerRow& row) {
  return circumstances.now +
         RetryDelay(circumstances.retry, std::max(row.attempt_count, 1), least, circumstances.uniform());
}

void WaitUntil(absl::Time time, const SendOutcome& outcome, const Circumstances& circumstances, LedgerRow& row) {
  if (time >= circumstances.expire_time) {
    return Reject(kDeliveryExpired, absl::StrCat("its time is over before the next attempt; last: ", outcome.text),
                  row);
  }
  row.state = v1::DELIVERY_STATE_RETRY_WAIT;
  row.retry_time = time;
  SetReason(outcome.code, outcome.text, row);
}

// The last attempt that may be made decides nothing, so that an operator has to.
void BecomeUnknown(absl::Duration least, const Circumstances& circumstances, LedgerRow& row) {
  row.state = v1::DELIVERY_STATE_UNKNOWN;
  row.retry_time = absl::UnixEpoch();
  if (!circumstances.deduplicates || row.attempt_count >= circumstances.retry.max_attempts) return;
  const absl::Time time = NextTry(least, circumstances, row);
  if (time < circumstances.expire_time) row.retry_time = time;
}

void RetryLater(const SendOutcome& outcome, const Circumstances& circumstances, LedgerRow& row) {
  if (row.attempt_count >= circumstances.retry.max_attempts) {
    return Reject(kAttemptsExhausted,
                  absl::StrCat("gave up after ", row.attempt_count, " attempts; last: ", outcome.text), row);
  }
  WaitUntil(NextTry(outcome.retry_after, circumstances, row), outcome, circumstances, row);
}

}  // namespace

bool IsDue(const LedgerRow& row, const Circumstances& circumstances) {
  const bool expired = circumstances.now >= circumstances.expire_time;
  switch (row.state) {
    case v1::DELIVERY_STATE_RESERVED:
      return true;
    case v1::DELIVERY_STATE_RETRY_WAIT:
      return circumstances.now >= row.retry_time || expired;
    case v1::DELIVERY_STATE_SENDING:
    case v1::DELIVERY_STATE_UNKNOWN:
      // Only the provider that may have it already can tell that it has.
      return circumstances.deduplicates && row.attempt_count < circumstances.retry.max_attempts &&
             circumstances.now >= row.retry_time && !expired;
    default:
      return false;
  }
}

void ApplyOutcome(const SendOutcome& outcome, const Circumstances& circumstances, LedgerRow& row) {
  row.update_time = circumstances.now;
  row.retry_time = absl::UnixEpoch();
  if (!outcome.provider_message_id.empty()) {
    row.provider_message_id = outcome.provider_message_id.substr(0, kMaxProviderMessageId);
  }
  SetReason(outcome.code, outcome.text, row);
  switch (outcome.kind) {
    case SendOutcome::Kind::kAccepted:
      row.state = v1::DELIVERY_STATE_ACCEPTED;
      return;
    case SendOutcome::Kind::kRejected:
      row.state = v1::DELIVERY_STATE_REJECTED;
      return;
    case SendOutcome::Kind::kUnknown:
      return BecomeUnknown(outcome.retry_after, circumstances, row);
    case SendOutcome::Kind::kRetry:
      if (outcome.may_have_arrived || circumstances.may_have_it) {
        return BecomeUnknown(outcome.retry_after, circumstances, row);
      }
      return RetryLater(outcome, circumstances, row);
  }
}

void ApplyWait(const SendOutcome& outcome, bool exact, const Circumstances& circumstances, LedgerRow& row) {
  row.update_time = circumstances.now;
  if (circumstances.may_have_it) {
    if (row.state == v1::DELIVERY_STATE_SENDING) ApplyInterruption(circumstances.now, row);
    return BecomeUnknown(outcome.retry_after, circumstances, row);
  }
  if (outcome.kind == SendOutcome::Kind::kRejected) return Reject(outcome.code, outcome.text, row);
  WaitUntil(exact ? circumstances.now + outcome.retry_after : NextTry(outcome.retry_after, circumstances, row), outcome,
            circumstances, row);
}

void ApplyInterruption(absl::Time now, LedgerRow& row) {
  row.state = v1::DELIVERY_STATE_UNKNOWN;
  row.update_time = now;
  SetReason(kSendInterrupted, kInterruptedText, row);
}

}  // namespace campaign::delivery
