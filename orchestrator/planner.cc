#include "orchestrator/planner.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/clock.h"
#include "orchestrator/channel_refusal.h"

namespace campaign::orchestrator {
namespace {

// Tries of one item within a step that otherwise works.
constexpr int kMaxItemTries = 8;
// Of an end: limit of RunRecord.reason_codes.
constexpr size_t kMaxEndReasons = 64;

v1::Reason MakeReason(absl::string_view code, absl::string_view text) {
  v1::Reason reason;
  reason.set_code(std::string(code));
  reason.set_text(std::string(text));
  return reason;
}

Judgement End(v1::CustomerRunState state, std::vector<v1::Reason> reasons = {}) {
  return {.next = Judgement::Next::kEnd, .state = state, .until = {}, .reasons = std::move(reasons)};
}

Judgement WaitUntil(absl::Time until, std::vector<v1::Reason> reasons) {
  return {.next = Judgement::Next::kWaitUntil,
          .state = v1::CUSTOMER_RUN_STATE_DEFERRED,
          .until = until,
          .reasons = std::move(reasons)};
}

template <class Message>
std::vector<v1::Reason> ReasonsOf(const Message& message) {
  return {message.reasons().begin(), message.reasons().end()};
}

Judgement JudgeError(const v1::ItemError& error, int failed_tries, absl::Time now) {
  const std::vector<v1::Reason> reasons = {
      MakeReason(error.reason().empty() ? "STEP_FAILED" : error.reason(), error.message())};
  if (IsPassing(static_cast<absl::StatusCode>(error.code())) && failed_tries + 1 < kMaxItemTries) {
    return WaitUntil(now + RetryDelay(failed_tries), reasons);
  }
  return End(v1::CUSTOMER_RUN_STATE_FAILED, reasons);
}

Judgement JudgeDecision(const v1::ActionDecision& decision) {
  if (decision.held_out()) return End(v1::CUSTOMER_RUN_STATE_HELD_OUT, ReasonsOf(decision));
  if (decision.kind() == v1::ACTION_KIND_NONE || decision.kind() == v1::ACTION_KIND_UNSPECIFIED) {
    return End(v1::CUSTOMER_RUN_STATE_NO_ACTION, ReasonsOf(decision));
  }
  return {};
}

Judgement JudgeCheck(const v1::CheckResult& check, bool dry_run) {
  switch (check.verdict()) {
    case v1::VERDICT_ALLOW:
    case v1::VERDICT_REVIEW:  // The review step makes them wait.
      return {};
    case v1::VERDICT_DEFER:
      if (dry_run) return End(v1::CUSTOMER_RUN_STATE_PREVIEWED, ReasonsOf(check));
      return WaitUntil(FromTimestamp(check.defer_until_time()), ReasonsOf(check));
    case v1::VERDICT_BLOCK:
      return End(v1::CUSTOMER_RUN_STATE_SUPPRESSED, ReasonsOf(check));
    default:
      return End(v1::CUSTOMER_RUN_STATE_FAILED, {MakeReason(kVerdictMissing, "compliance gave no verdict")});
  }
}

Judgement JudgeReceipt(const v1::Receipt& receipt, absl::Time now) {
  switch (receipt.state()) {
    case v1::DELIVERY_STATE_ACCEPTED:
      return End(v1::CUSTOMER_RUN_STATE_DELIVERED);
    case v1::DELIVERY_STATE_REJECTED:
      return End(v1::CUSTOMER_RUN_STATE_UNDELIVERABLE, ReasonsOf(receipt));
    case v1::DELIVERY_STATE_RETRY_WAIT:
      return WaitUntil(FromTimestamp(receipt.retry_time()), ReasonsOf(receipt));
    default: {
      // Its provider knows what it has been sent before, and is asked again then.
      if (receipt.has_retry_time()) return WaitUntil(FromTimestamp(receipt.retry_time()), ReasonsOf(receipt));
      std::vector<v1::Reason> reasons = ReasonsOf(receipt);
      reasons.push_back(MakeReason(kDeliveryUnknown,
                                   "nobody can say whether the message went out; it waits for somebody who finds out, "
                                   "and then counts as sent"));
      return {.next = Judgement::Next::kWaitForResolution,
              .state = v1::CUSTOMER_RUN_STATE_DEFERRED,
              .until = now + kResolutionPatience,
              .reasons = std::move(reasons)};
    }
  }
}

Judgement JudgeReview(const v1::ReviewResult& review) {
  if (review.decision() != v1::REVIEW_DECISION_REJECT) return {};
  return End(v1::CUSTOMER_RUN_STATE_REJECTED,
             {MakeReason(kReviewRejected, absl::StrCat("rejected by ", review.reviewer(),
                                                       review.comment().empty() ? "" : ": ", review.comment()))});
}

Judgement JudgeSkipped(const v1::Reason& reason) {
  if (reason.code() == kRunCancelled) return End(v1::CUSTOMER_RUN_STATE_CANCELLED, {reason});
  if (reason.code() == kReviewExpired) return End(v1::CUSTOMER_RUN_STATE_EXPIRED, {reason});
  if (reason.code() == kDryRun) return End(v1::CUSTOMER_RUN_STATE_PREVIEWED, {reason});
  if (reason.code() == kDeliveryUnknown) return End(v1::CUSTOMER_RUN_STATE_FAILED, {reason});
  return {};
}

// A record by itself, whatever other channels there are.
Judgement JudgeAlone(const v1::StepRecord& record, int failed_tries, bool dry_run, absl::Time now) {
  switch (record.result_case()) {
    case v1::StepRecord::kError:
      return JudgeError(record.error(), failed_tries, now);
    case v1::StepRecord::kRouter:
      if (!record.router().outside_audience()) return {};
      return End(v1::CUSTOMER_RUN_STATE_NO_ACTION, ReasonsOf(record.router()));
    case v1::StepRecord::kDecision:
      return JudgeDecision(record.decision());
    case v1::StepRecord::kCheck:
      return JudgeCheck(record.check(), dry_run);
    case v1::StepRecord::kReview:
      return JudgeReview(record.review());
    case v1::StepRecord::kReceipt:
      return JudgeReceipt(record.receipt(), now);
    case v1::StepRecord::kSkipped:
      return JudgeSkipped(record.skipped());
    default:
      return {};
  }
}

// Never after a dispatch that may have gone out.
bool HasNextChannel(const Progress& progress) {
  return progress.decision != nullptr && !progress.in_doubt &&
         static_cast<int>(progress.refusals.size()) < progress.decision->fallback_channels_size();
}

// The last channel refused too: the end of the refusal that came furthest, with the reasons of all in order.
Judgement EndOfAll(const Progress& before, const v1::StepRecord& last, bool dry_run, absl::Time now) {
  Judgement furthest = JudgeAlone(last, 0, dry_run, now);
  std::vector<v1::Reason> last_reasons = std::move(furthest.reasons);
  std::vector<v1::Reason> reasons;
  v1::Step step = last.step();
  for (const v1::StepRecord* refusal : before.refusals) {
    Judgement one = JudgeAlone(*refusal, 0, dry_run, now);
    reasons.insert(reasons.end(), one.reasons.begin(), one.reasons.end());
    if (refusal->step() <= step) continue;
    step = refusal->step();
    furthest = std::move(one);
  }
  reasons.insert(reasons.end(), last_reasons.begin(), last_reasons.end());
  if (reasons.size() > kMaxEndReasons) reasons.resize(kMaxEndReasons);
  furthest.reasons = std::move(reasons);
  return furthest;
}

}  // namespace

bool IsPassing(absl::StatusCode code) {
  return code == absl::StatusCode::kUnavailable || code == absl::StatusCode::kDeadlineExceeded ||
         code == absl::StatusCode::kAborted || code == absl::StatusCode::kResourceExhausted ||
         code == absl::StatusCode::kCancelled;
}

absl::Duration RetryDelay(int failed_tries) {
  return std::min(absl::Milliseconds(100) * (1 << std::min(failed_tries, 6)), absl::Seconds(5));
}

Judgement Judge(const v1::StepRecord& record, const Progress& before, bool dry_run, absl::Time now) {
  if (RefusesChannel(record)) {
    if (HasNextChannel(before)) return {.next = Judgement::Next::kNextChannel, .state = {}, .until = {}, .reasons = {}};
    if (!before.refusals.empty()) return EndOfAll(before, record, dry_run, now);
  }
  return JudgeAlone(record, before.failed_tries, dry_run, now);
}

int PositionOf(const v1::Campaign& campaign, v1::Step step) {
  for (int i = 0; i < campaign.route_size(); ++i) {
    if (campaign.route(i).step() == step) return i;
  }
  return -1;
}

int NextPosition(const v1::Campaign& campaign, int position, bool all_ended) {
  if (!all_ended) return position + 1;
  const int analytics = PositionOf(campaign, v1::STEP_ANALYTICS);
  return position < analytics ? analytics : position + 1;
}

int ResumePosition(const v1::Campaign& campaign, const v1::StepRecord& last) {
  if (RefusesChannel(last)) return PositionOf(campaign, v1::STEP_GENERATION);
  if (last.result_case() == v1::StepRecord::kError) return PositionOf(campaign, last.step());
  return PositionOf(campaign, v1::STEP_COMPLIANCE);
}

v1::Channel ChannelOf(const Progress& progress) {
  if (progress.decision == nullptr) return v1::CHANNEL_UNSPECIFIED;
  const int refused = static_cast<int>(progress.refusals.size());
  return refused == 0 ? progress.decision->channel() : progress.decision->fallback_channels(refused - 1);
}

namespace {

// What was written, checked and reviewed was for the channel that is left behind.
void LeaveChannel(Progress& progress, const v1::StepRecord& refusal) {
  progress.refusals.push_back(&refusal);
  progress.message = nullptr;
  progress.check = nullptr;
  progress.checked_message = nullptr;
  progress.review = nullptr;
  progress.failed_tries = 0;
}

void TakeReceipt(Progress& progress, const v1::Receipt& receipt) {
  progress.receipt = &receipt;
  progress.dispatch_failed = false;
  switch (receipt.state()) {
    case v1::DELIVERY_STATE_ACCEPTED:
    case v1::DELIVERY_STATE_RETRY_WAIT:
      progress.in_doubt = false;
      break;
    case v1::DELIVERY_STATE_REJECTED:
      break;
    default:
      progress.in_doubt = true;
  }
}

}  // namespace

void Advance(Progress& progress, const v1::StepRecord& record) {
  if (RefusesChannel(record) && HasNextChannel(progress)) {
    if (record.has_receipt()) TakeReceipt(progress, record.receipt());
    return LeaveChannel(progress, record);
  }
  if (record.has_error()) {
    ++progress.failed_tries;
    progress.dispatch_failed = progress.dispatch_failed || record.step() == v1::STEP_DELIVERY;
    return;
  }
  progress.failed_tries = 0;
  switch (record.result_case()) {
    case v1::StepRecord::kRouter:
      progress.router = &record.router();
      break;
    case v1::StepRecord::kSegment:
      progress.segment = &record.segment();
      break;
    case v1::StepRecord::kInsights:
      progress.insights = &record.insights();
      break;
    case v1::StepRecord::kDecision:
      progress.decision = &record.decision();
      progress.refusals.clear();
      break;
    case v1::StepRecord::kMessage:
      progress.message = &record.message();
      progress.review = nullptr;
      break;
    case v1::StepRecord::kCheck:
      progress.check = &record.check();
      progress.checked_message = progress.message;
      break;
    case v1::StepRecord::kReview:
      progress.review = &record.review();
      if (record.review().has_message()) progress.message = &record.review().message();
      break;
    case v1::StepRecord::kReceipt:
      TakeReceipt(progress, record.receipt());
      break;
    default:
      break;
  }
}

bool NeedsReview(const Progress& progress) {
  return progress.check != nullptr && progress.check->verdict() == v1::VERDICT_REVIEW;
}

bool MayBeSent(const Progress& progress) {
  return progress.message != nullptr && progress.checked_message == progress.message &&
         progress.check->verdict() == v1::VERDICT_ALLOW;
}

}  // namespace campaign::orchestrator
