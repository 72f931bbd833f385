#include "orchestrator/review_tasks.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/clock.h"
#include "common/status.h"
#include "google/protobuf/stubs/common.h"
#include "orchestrator/campaign_plan.h"

namespace campaign::orchestrator {
namespace {

constexpr char kSystem[] = "system";
constexpr absl::Duration kDefaultExpiry = absl::Hours(72);
constexpr absl::Duration kDefaultClaim = absl::Minutes(30);

absl::Duration ToDuration(const google::protobuf::Duration& duration, absl::Duration if_zero) {
  const absl::Duration value = absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
  return value > absl::ZeroDuration() ? value : if_zero;
}

bool IsWaiting(const v1::ReviewTask& task) {
  return task.state() == v1::REVIEW_STATE_OPEN || task.state() == v1::REVIEW_STATE_CLAIMED;
}

absl::Status Aborted(const v1::ReviewTask& task, absl::string_view what) {
  const bool claimed = task.state() == v1::REVIEW_STATE_CLAIMED;
  return absl::AbortedError(absl::StrCat(task.review_task_id(), ": ", what, "; it is now ",
                                         v1::ReviewState_Name(task.state()), claimed ? " by " : "",
                                         claimed ? task.claimed_by() : "", " at revision ", task.revision()));
}

absl::StatusOr<ReviewRow> FindTask(Connection& connection, const std::string& task_id, absl::Time now) {
  auto row = ReviewStore(connection).Find(task_id);
  if (!row.has_value()) return absl::NotFoundError(absl::StrCat("there is no review task ", task_id));
  row->task = ViewTask(*row, now);
  return *std::move(row);
}

absl::Status CheckReviewer(const v1::ReviewTask& task, const std::string& reviewer, absl::Time now) {
  if (!IsWaiting(task)) return Aborted(task, "the task is over");
  if (FromTimestamp(task.expire_time()) <= now) return Aborted(task, "the time for reviewing it is over");
  if (task.state() == v1::REVIEW_STATE_CLAIMED && task.claimed_by() != reviewer) {
    return Aborted(task, "another reviewer holds it");
  }
  return absl::OkStatus();
}

absl::Status Store(Connection& connection, ReviewRow& row, const std::string& actor, const std::string& comment,
                   absl::Time now) {
  ReviewStore store(connection);
  if (!store.CompareAndSet(row)) return Aborted(row.task, "somebody else changed it meanwhile");
  store.AddEvent(row.task.review_task_id(), now, actor, row.task.state(), comment);
  return absl::OkStatus();
}

v1::ReviewState StateAfter(v1::ReviewDecision decision) {
  switch (decision) {
    case v1::REVIEW_DECISION_APPROVE:
      return v1::REVIEW_STATE_APPROVED;
    case v1::REVIEW_DECISION_MODIFY:
      return v1::REVIEW_STATE_MODIFIED;
    case v1::REVIEW_DECISION_REJECT:
      return v1::REVIEW_STATE_REJECTED;
    default:
      return v1::REVIEW_STATE_UNSPECIFIED;
  }
}

absl::Status CheckUtf8(const v1::Message& change) {
  for (const auto& [path, text] : {std::pair<const char*, const std::string&>{"message.subject", change.subject()},
                                   {"message.preheader", change.preheader()},
                                   {"message.text", change.text()},
                                   {"message.plain_text", change.plain_text()},
                                   {"message.html", change.html()},
                                   {"message.title", change.title()},
                                   {"message.deep_link", change.deep_link()}}) {
    if (!google::protobuf::internal::IsStructurallyValidUTF8(text.data(), static_cast<int>(text.size()))) {
      return InvalidField(path, "the text", "is not UTF-8");
    }
  }
  return absl::OkStatus();
}

// The words of a message: what a reviewer may change.
void ClearWords(v1::Message& message) {
  message.clear_subject();
  message.clear_preheader();
  message.clear_text();
  message.clear_plain_text();
  message.clear_html();
  message.clear_title();
  message.clear_deep_link();
}

// The message with the reviewer's words in it; what decides where and under which rules it goes cannot be changed.
absl::StatusOr<v1::Message> Modified(const v1::Message& original, const v1::Message& change) {
  v1::Message rest = change;
  ClearWords(rest);
  if (rest.ByteSizeLong() > 0) {
    return InvalidField(
        "message", "a field",
        "other than subject, text, html, title, deep_link, preheader and plain_text cannot be modified");
  }
  RETURN_IF_ERROR(CheckUtf8(change));
  if (change.text().empty()) return InvalidField("message.text", "''", "is required with REVIEW_DECISION_MODIFY");
  v1::Message message = original;
  ClearWords(message);
  message.MergeFrom(change);
  return message;
}

v1::ReviewResult ResultOf(const v1::DecideReviewRequest& request, const v1::ReviewTask& task,
                          const std::vector<std::string>& accepted_before) {
  v1::ReviewResult result;
  result.set_review_task_id(task.review_task_id());
  result.set_decision(request.decision());
  result.set_reviewer(request.reviewer());
  result.set_comment(request.comment());
  if (request.decision() == v1::REVIEW_DECISION_REJECT) return result;
  for (const std::string& flag : accepted_before) result.add_accepted_red_flags(flag);
  result.mutable_accepted_red_flags()->MergeFrom(task.red_flags());
  return result;
}

}  // namespace

ReviewRow NewReviewTask(const v1::Campaign& campaign, const Member& member, absl::Time now) {
  ReviewRow row;
  row.customer_run = member.customer_run;
  row.claim_for = ToDuration(campaign.review().claim_for(), kDefaultClaim);
  v1::ReviewTask& task = row.task;
  task.set_customer_run_id(member.customer_run_id);
  task.set_campaign(campaign.name());
  task.set_customer_id(member.customer_id);
  task.set_state(v1::REVIEW_STATE_OPEN);
  task.set_revision(1);
  *task.mutable_message() = *member.progress.message;
  task.set_content_hash(ContentHash(task.message()));
  *task.mutable_reasons() = member.progress.check->reasons();
  *task.mutable_red_flags() = member.progress.check->red_flags();
  *task.mutable_create_time() = ToTimestamp(now);
  *task.mutable_expire_time() = ToTimestamp(now + ToDuration(campaign.review().expire_after(), kDefaultExpiry));
  return row;
}

void OpenReviewTask(Connection& connection, ReviewRow row, absl::Time now) {
  ReviewStore store(connection);
  row.task.set_review_task_id(absl::StrCat(row.task.customer_run_id(), "-r", store.CountOf(row.customer_run) + 1));
  store.Insert(row);
  store.AddEvent(row.task.review_task_id(), now, kSystem, v1::REVIEW_STATE_OPEN, "");
}

v1::StepRecord CloseReviewTask(Connection& connection, int64_t customer_run, v1::ReviewState state,
                               absl::string_view code, absl::string_view text, absl::Time now) {
  ReviewStore store(connection);
  if (auto row = store.FindWaiting(customer_run)) {
    row->task.set_state(state);
    row->task.clear_claimed_by();
    row->task.clear_claim_expire_time();
    store.CompareAndSet(*row);
    store.AddEvent(row->task.review_task_id(), now, kSystem, state, std::string(text));
  }
  v1::StepRecord record;
  record.set_step(v1::STEP_REVIEW);
  record.set_attempt_count(1);
  *record.mutable_start_time() = ToTimestamp(now);
  *record.mutable_end_time() = ToTimestamp(now);
  record.mutable_skipped()->set_code(std::string(code));
  record.mutable_skipped()->set_text(std::string(text));
  return record;
}

v1::ReviewTask ViewTask(const ReviewRow& row, absl::Time now) {
  v1::ReviewTask task = row.task;
  if (task.state() == v1::REVIEW_STATE_CLAIMED && FromTimestamp(task.claim_expire_time()) <= now) {
    task.set_state(v1::REVIEW_STATE_OPEN);
    task.clear_claimed_by();
    task.clear_claim_expire_time();
  }
  return task;
}

absl::StatusOr<v1::ReviewTask> ClaimReview(Connection& connection, const v1::ClaimReviewRequest& request,
                                           absl::Time now) {
  ASSIGN_OR_RETURN(ReviewRow row, FindTask(connection, request.review_task_id(), now));
  RETURN_IF_ERROR(CheckReviewer(row.task, request.reviewer(), now));
  row.task.set_state(v1::REVIEW_STATE_CLAIMED);
  row.task.set_claimed_by(request.reviewer());
  *row.task.mutable_claim_expire_time() = ToTimestamp(now + row.claim_for);
  RETURN_IF_ERROR(Store(connection, row, request.reviewer(), "", now));
  return row.task;
}

absl::StatusOr<Decided> DecideReview(Connection& connection, const v1::DecideReviewRequest& request,
                                     const std::vector<std::string>& accepted_before, absl::Time now) {
  ReviewStore store(connection);
  const std::string fingerprint = ContentHash(request);
  if (!request.request_id().empty()) {
    if (auto memo = store.FindMemo(request.request_id())) {
      if (memo->fingerprint == fingerprint) return Decided{.task = memo->task, .repeated = true};
      return absl::AlreadyExistsError(
          absl::StrCat("request_id: '", request.request_id(), "' was used for another decision before"));
    }
  }
  ASSIGN_OR_RETURN(ReviewRow row, FindTask(connection, request.review_task_id(), now));
  RETURN_IF_ERROR(CheckReviewer(row.task, request.reviewer(), now));
  if (row.task.revision() != request.revision()) return Aborted(row.task, "it has changed since it was read");
  if (row.task.content_hash() != request.content_hash()) return Aborted(row.task, "the message is another one");
  const v1::ReviewState state = StateAfter(request.decision());
  if (state == v1::REVIEW_STATE_UNSPECIFIED) {
    return InvalidField("decision", "REVIEW_DECISION_UNSPECIFIED", "must be APPROVE, MODIFY or REJECT");
  }
  Decided decided{.customer_run = row.customer_run};
  v1::ReviewResult& result = *decided.record.mutable_review();
  result = ResultOf(request, row.task, accepted_before);
  if (request.decision() == v1::REVIEW_DECISION_MODIFY) {
    ASSIGN_OR_RETURN(*result.mutable_message(), Modified(row.task.message(), request.message()));
    *row.task.mutable_message() = result.message();
    row.task.set_content_hash(ContentHash(row.task.message()));
  } else if (request.has_message()) {
    return InvalidField("message", "(given)", "belongs to REVIEW_DECISION_MODIFY only");
  }
  decided.record.set_step(v1::STEP_REVIEW);
  decided.record.set_attempt_count(1);
  *decided.record.mutable_start_time() = row.task.create_time();
  *decided.record.mutable_end_time() = ToTimestamp(now);
  row.task.set_state(state);
  row.task.clear_claimed_by();
  row.task.clear_claim_expire_time();
  RETURN_IF_ERROR(Store(connection, row, request.reviewer(), request.comment(), now));
  decided.task = row.task;
  if (!request.request_id().empty()) store.InsertMemo(request.request_id(), {fingerprint, decided.task}, now);
  return decided;
}

}  // namespace campaign::orchestrator
