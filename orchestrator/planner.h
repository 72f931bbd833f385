#pragma once

#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "campaign/v1/campaigns.pb.h"
#include "campaign/v1/orchestrator.pb.h"
#include "campaign/v1/reason.pb.h"
#include "campaign/v1/types.pb.h"

// What comes next, from the route and the journal alone. Pure: no clock, no store, no calls; after a crash the same
// journal gives the same plan.
namespace campaign::orchestrator {

// Codes of the reasons that the orchestrator itself gives.
inline constexpr char kRunCancelled[] = "RUN_CANCELLED";
inline constexpr char kReviewExpired[] = "REVIEW_EXPIRED";
inline constexpr char kReviewRejected[] = "REVIEW_REJECTED";
inline constexpr char kOutsideAudience[] = "OUTSIDE_AUDIENCE";
inline constexpr char kDryRun[] = "DRY_RUN";
inline constexpr char kRouteCondition[] = "ROUTE_CONDITION_NOT_MET";
inline constexpr char kNoStrategy[] = "NO_STRATEGY_HAS_DATA";
inline constexpr char kReviewNotNeeded[] = "REVIEW_NOT_NEEDED";
inline constexpr char kRouteSendsNothing[] = "ROUTE_SENDS_NOTHING";
inline constexpr char kDeliveryUnknown[] = "DELIVERY_UNKNOWN";
inline constexpr char kCannotResume[] = "CANNOT_RESUME";
inline constexpr char kVerdictMissing[] = "VERDICT_MISSING";

// What a customer's records say so far. Pointers into the records; null where there is none.
struct Progress {
  const v1::RouterResult* router = nullptr;
  const v1::SegmentResult* segment = nullptr;
  const v1::Insights* insights = nullptr;
  const v1::ActionDecision* decision = nullptr;
  // As generated, or as a reviewer left it.
  const v1::Message* message = nullptr;
  const v1::CheckResult* check = nullptr;
  // The message that `check` is about.
  const v1::Message* checked_message = nullptr;
  const v1::Receipt* receipt = nullptr;
  // Accepted by a reviewer for this very message.
  const v1::ReviewResult* review = nullptr;
  // Records that refused a channel of the decision, in order: as many as channels have been left behind.
  absl::InlinedVector<const v1::StepRecord*, 1> refusals;
  // Failed records of the last step in a row.
  int failed_tries = 0;
  // A dispatch broke off with an error: the message may be out although no receipt says so.
  bool dispatch_failed = false;
  // Of a dispatch nobody could say whether it went out, nor has anybody since.
  bool in_doubt = false;
};

// What one step's record means for its customer.
struct Judgement {
  enum class Next {
    kContinue,
    // Terminal with `state`; what is left is analytics.
    kEnd,
    // Leaves the batch until `until`.
    kWaitUntil,
    // Leaves it until somebody says what became of the dispatch, at most until `until`.
    kWaitForResolution,
    // Leaves it for one that goes back to generation, for the decision's next channel.
    kNextChannel,
  };
  Next next = Next::kContinue;
  v1::CustomerRunState state = v1::CUSTOMER_RUN_STATE_UNSPECIFIED;
  absl::Time until;
  // Of the end or the wait.
  std::vector<v1::Reason> reasons;
};

// Judges a record by what was known before it. `now` only dates waits that the record itself does not.
Judgement Judge(const v1::StepRecord& record, const Progress& before, bool dry_run, absl::Time now);

// How long a dispatch of which nobody can say whether it went out waits for somebody who can. Then it counts as sent.
inline constexpr absl::Duration kResolutionPatience = absl::Hours(7 * 24);

// The wait before try `failed_tries` + 1 of a step whose service does not answer: 100 ms doubling to 5 s.
absl::Duration RetryDelay(int failed_tries);

// True for a code that is worth another try: the service was down, busy, or too slow.
bool IsPassing(absl::StatusCode code);

// Index of `step` in the route, or -1.
int PositionOf(const v1::Campaign& campaign, v1::Step step);

// Where the batch goes after `position`: the next step, or straight to analytics when every member has ended.
// The route's size when nothing is left.
int NextPosition(const v1::Campaign& campaign, int position, bool all_ended);

// Where a customer that waited goes on: everything that may have changed meanwhile is checked again, so after a review,
// a deferral or a refused dispatch at compliance; after a refused channel at generation; after a passing error at the
// step that failed.
int ResumePosition(const v1::Campaign& campaign, const v1::StepRecord& last);

// Takes one more record in.
void Advance(Progress& progress, const v1::StepRecord& record);

// The channel that the message is for, or is to be made for: the decision's, or the one after those that were refused.
v1::Channel ChannelOf(const Progress& progress);

// True where the last check asks for a person.
bool NeedsReview(const Progress& progress);

// True where this very message was allowed: the last gate before anything is sent.
bool MayBeSent(const Progress& progress);

}  // namespace campaign::orchestrator
