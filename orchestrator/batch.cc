#include "orchestrator/batch.h"

#include <algorithm>
#include <utility>

#include "common/clock.h"

namespace campaign::orchestrator {
namespace {

using google::protobuf::Arena;

bool ConditionHolds(const Batch& batch, const Member& member) {
  const auto& condition = batch.plan->conditions[batch.position];
  return !condition.has_value() || member.progress.router == nullptr ||
         condition->Matches({member.progress.router->profile(), member.progress.segment});
}

// Whether a service (or a reviewer) is asked about the member at the batch's step.
bool IsParticipant(const Batch& batch, const Member& member) {
  switch (batch.step()) {
    case v1::STEP_ANALYTICS:
      return member.ended && !member.left;
    case v1::STEP_REVIEW:
      return member.going() && !batch.dry_run && NeedsReview(member.progress);
    case v1::STEP_DELIVERY:
      return member.going() && !batch.dry_run && MayBeSent(member.progress);
    case v1::STEP_SEGMENTATION:
      return member.going() && ConditionHolds(batch, member) && member.progress.router->strategies_size() > 0;
    default:
      return member.going() && ConditionHolds(batch, member);
  }
}

}  // namespace

JournalEntry* NewEntry(Batch& batch, v1::Step step, absl::Time start, absl::Time end, int attempts) {
  auto* entry = Arena::CreateMessage<JournalEntry>(&batch.arena);
  entry->set_step(step);
  *entry->mutable_start_time() = ToTimestamp(start);
  *entry->mutable_end_time() = ToTimestamp(end);
  entry->set_attempt_count(attempts);
  return entry;
}

void Keep(Batch& batch, JournalEntry* entry) {
  batch.unsaved.push_back(entry);
  batch.entries.push_back(entry);
}

v1::StepRecord* NewSkipped(Batch& batch, v1::Step step, absl::string_view code, absl::string_view text) {
  auto* record = Arena::CreateMessage<v1::StepRecord>(&batch.arena);
  record->set_step(step);
  record->mutable_skipped()->set_code(std::string(code));
  record->mutable_skipped()->set_text(std::string(text));
  return record;
}

v1::StepRecord* NewError(Batch& batch, v1::Step step, const absl::Status& status) {
  auto* record = Arena::CreateMessage<v1::StepRecord>(&batch.arena);
  record->set_step(step);
  record->mutable_error()->set_code(static_cast<int>(status.code()));
  record->mutable_error()->set_reason("CALL_FAILED");
  record->mutable_error()->set_message(std::string(status.message()));
  return record;
}

void AddRecord(JournalEntry& entry, const Batch& batch, const Member& member, v1::StepRecord* record) {
  MemberRecord& added = *entry.add_records();
  added.set_slot(static_cast<int32_t>(&member - batch.members.data()));
  added.mutable_steps()->UnsafeArenaAddAllocated(record);
}

bool AllEnded(const Batch& batch) {
  return std::none_of(batch.members.begin(), batch.members.end(), [](const Member& member) { return member.going(); });
}

bool AllLeft(const Batch& batch) {
  return std::all_of(batch.members.begin(), batch.members.end(), [](const Member& member) { return member.left; });
}

void EndMember(Member& member, Judgement judgement) {
  member.ended = true;
  member.end_state = judgement.state;
  member.end_reasons = std::move(judgement.reasons);
}

std::vector<Member*> Participants(Batch& batch) {
  std::vector<Member*> members;
  for (Member& member : batch.members) {
    if (IsParticipant(batch, member)) members.push_back(&member);
  }
  return members;
}

v1::StepRecord* LocalRecord(Batch& batch, const Member& member) {
  const v1::Step step = batch.step();
  const bool review = NeedsReview(member.progress);
  if (batch.dry_run && (step == v1::STEP_DELIVERY || (step == v1::STEP_REVIEW && review))) {
    return NewSkipped(batch, step, kDryRun,
                      review ? "a dry run: it would wait for review" : "a dry run: it would be sent now");
  }
  if (step == v1::STEP_REVIEW) return NewSkipped(batch, step, kReviewNotNeeded, "compliance asked for no review");
  if (step == v1::STEP_DELIVERY) {
    return NewError(batch, step, absl::FailedPreconditionError("compliance has not allowed this message"));
  }
  if (step == v1::STEP_SEGMENTATION && ConditionHolds(batch, member)) {
    return NewSkipped(batch, step, kNoStrategy, "no enabled strategy has the data that it needs");
  }
  return NewSkipped(batch, step, kRouteCondition, "the route's condition does not hold for this customer");
}

void EndTheRest(Batch& batch) {
  for (Member& member : batch.members) {
    if (!member.going()) continue;
    v1::Reason reason;
    reason.set_code(kRouteSendsNothing);
    reason.set_text("the campaign's route has no delivery");
    EndMember(
        member,
        {.next = Judgement::Next::kEnd, .state = v1::CUSTOMER_RUN_STATE_NO_ACTION, .until = {}, .reasons = {reason}});
  }
}

}  // namespace campaign::orchestrator
