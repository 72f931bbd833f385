#include "orchestrator/runner.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/log.h"
#include "common/status.h"
#include "orchestrator/names.h"
#include "orchestrator/review_store.h"
#include "orchestrator/review_tasks.h"
#include "orchestrator/views.h"

namespace campaign::orchestrator {
namespace {

using google::protobuf::Arena;

// Customer runs woken or cancelled in one transaction.
constexpr int kWakeChunk = 256;
constexpr absl::Duration kCommitRetry = absl::Seconds(1);

JournalEntry* NewEntry(Batch& batch, v1::Step step, absl::Time start, absl::Time end, int attempts) {
  auto* entry = Arena::CreateMessage<JournalEntry>(&batch.arena);
  entry->set_step(step);
  *entry->mutable_start_time() = ToTimestamp(start);
  *entry->mutable_end_time() = ToTimestamp(end);
  entry->set_attempt_count(attempts);
  return entry;
}

// A record of the orchestrator's own: the step was not walked, or ends the customer's way.
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

ReasonList ToReasonList(const std::vector<v1::Reason>& reasons) {
  ReasonList list;
  *list.mutable_reasons() = {reasons.begin(), reasons.end()};
  return list;
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

std::vector<Member*> Participants(Batch& batch) {
  std::vector<Member*> members;
  for (Member& member : batch.members) {
    if (IsParticipant(batch, member)) members.push_back(&member);
  }
  return members;
}

// The step's record of a member who goes on but is no participant: why not.
v1::StepRecord* LocalRecord(Batch& batch, const Member& member) {
  const v1::Step step = batch.step();
  const bool review = NeedsReview(member.progress);
  if (batch.dry_run && (step == v1::STEP_DELIVERY || (step == v1::STEP_REVIEW && review))) {
    return NewSkipped(batch, step, kDryRun, review ? "a dry run: it would wait for review" : "a dry run: it would be sent now");
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

// Who reaches analytics without an end was sent nothing, as the route sends nothing.
void EndTheRest(Batch& batch) {
  for (Member& member : batch.members) {
    if (!member.going()) continue;
    v1::Reason reason;
    reason.set_code(kRouteSendsNothing);
    reason.set_text("the campaign's route has no delivery");
    EndMember(member, {.next = Judgement::Next::kEnd, .state = v1::CUSTOMER_RUN_STATE_NO_ACTION, .until = {},
                       .reasons = {reason}});
  }
}

std::function<absl::Status(Connection&)> NoWrite() {
  return [](Connection&) { return absl::OkStatus(); };
}

// The state changes of members, for the counts of their runs.
class Moves {
 public:
  void Move(int64_t customer_run, v1::CustomerRunState from, v1::CustomerRunState to) {
    StateArray& deltas = deltas_[RunNumberOf(customer_run)];
    --deltas[from];
    ++deltas[to];
  }
  void Write(RunStore& store, absl::Time now) const {
    for (const auto& [run, deltas] : deltas_) store.CountRun(run, deltas, now);
  }
  std::vector<int64_t> Runs() const {
    std::vector<int64_t> runs;
    for (const auto& [run, deltas] : deltas_) runs.push_back(run);
    return runs;
  }

 private:
  absl::flat_hash_map<int64_t, StateArray> deltas_;
};

}  // namespace

Runner::Runner(Database& database, CampaignStore& campaigns, Steps& steps, Timers& timers, const Clock& clock,
               const Options& options)
    : database_(database),
      campaigns_(campaigns),
      steps_(steps),
      timers_(timers),
      clock_(clock),
      options_(options),
      intake_(options.batch_size) {}

void Runner::Post(std::function<void()> function) {
  database_.Submit([](Connection&) { return absl::OkStatus(); },
                   [function = std::move(function)](const absl::Status&) { function(); });
}

void Runner::Commit(WriteFunction write, std::function<void()> then) {
  database_.Submit(write, [this, write, then = std::move(then)](const absl::Status& status) {
    if (status.ok()) return then();
    LOG(ERROR) << "the run store did not take a commit and is asked again: " << status.message();
    timers_.At(clock_.Now() + kCommitRetry, [this, write, then] { Commit(write, then); });
  });
}

void Runner::CommitBatch(BatchPtr batch, WriteFunction extra, std::vector<int64_t> touched, std::function<void()> then) {
  auto entries = std::make_shared<std::vector<std::string>>();
  for (const JournalEntry* entry : batch->unsaved) entries->push_back(entry->SerializeAsString());
  auto answers = std::make_shared<std::vector<Waiters::Answer>>();
  Commit(
      [this, batch, entries, answers, extra = std::move(extra), touched = std::move(touched)](Connection& connection) {
        RunStore store(connection);
        int ordinal = batch->next_ordinal;
        for (const std::string& entry : *entries) store.AppendEntry(batch->id, ordinal++, entry);
        RETURN_IF_ERROR(extra(connection));
        *answers = waiters_.Make(connection, touched, /*even_if_unsettled=*/false);
        return absl::OkStatus();
      },
      [this, batch, entries, answers, then = std::move(then)] {
        batch->next_ordinal += static_cast<int>(entries->size());
        batch->unsaved.clear();
        waiters_.Give(*answers);
        then();
      });
}

// ---- Taking customers in ----

void Runner::SchedulePump() {
  // Posted, not called: calls that arrive together shall share a batch.
  if (std::exchange(pump_scheduled_, true)) return;
  Post([this] {
    pump_scheduled_ = false;
    Pump();
  });
}

void Runner::Pump() {
  while (single_in_flight_ < options_.single_batches) {
    std::vector<Intake::Take> takes;
    BatchPtr batch = intake_.NextSingles(takes);
    if (batch == nullptr) break;
    ++single_in_flight_;
    Expand(std::move(batch), std::move(takes));
  }
  while (bulk_in_flight_ < options_.bulk_batches) {
    std::vector<Intake::Take> takes;
    BatchPtr batch = intake_.NextBulk(takes);
    if (batch == nullptr) break;
    ++bulk_in_flight_;
    Expand(std::move(batch), std::move(takes));
  }
  while (auto source = intake_.NextToFetch()) Fetch(std::move(source));
}

void Runner::Fetch(std::shared_ptr<Source> source) {
  source->fetching = true;
  const v1::AudienceFilter& target = source->run.request.audience();
  const int64_t page = 4 * static_cast<int64_t>(options_.batch_size);
  const int64_t read = source->run.next_sequence + static_cast<int64_t>(source->customer_ids.size());
  // One more than a page where there is no bound, so that a full page is never taken for the last one.
  const int64_t left = target.max_customers() == 0 ? page + 1 : target.max_customers() - read;
  const int64_t wanted = std::min(page, left);
  v1::Rule filter;
  *filter.mutable_all()->add_rules() = source->plan->campaign.audience();
  *filter.mutable_all()->add_rules() = target.filter();
  auto& rules = *filter.mutable_all()->mutable_rules();
  rules.erase(std::remove_if(rules.begin(), rules.end(),
                             [](const v1::Rule& rule) { return rule.kind_case() == v1::Rule::KIND_NOT_SET; }),
              rules.end());
  if (rules.empty()) filter.Clear();
  const std::string after = source->customer_ids.empty() ? source->run.cursor : source->customer_ids.back();
  steps_.QueryAudience(filter, after, wanted, [this, source, wanted, left](absl::Status status, std::vector<std::string> ids) {
    Post([this, source, wanted, left, status, ids = std::move(ids)] {
      if (!status.ok()) {
        LOG(WARNING) << "run " << source->run.id << ": the audience cannot be read yet: " << status.message();
        timers_.At(clock_.Now() + RetryDelay(source->failed_fetches++), [this, source] {
          Post([this, source] {
            source->fetching = false;
            Pump();
          });
        });
        return;
      }
      source->fetching = false;
      source->failed_fetches = 0;
      source->customer_ids.insert(source->customer_ids.end(), ids.begin(), ids.end());
      source->exhausted = static_cast<int64_t>(ids.size()) < wanted || wanted == left;
      SchedulePump();
    });
  });
}

void Runner::Expand(BatchPtr batch, std::vector<Intake::Take> takes) {
  std::vector<int64_t> touched;
  for (const Intake::Take& take : takes) touched.push_back(take.run_number);
  CommitBatch(
      batch,
      [this, batch, takes](Connection& connection) {
        RunStore store(connection);
        BatchRow row;
        row.campaign = batch->plan->campaign.name();
        row.version = batch->plan->version;
        row.dry_run = batch->dry_run;
        row.bulk = batch->bulk;
        for (const Member& member : batch->members) row.members.add_customer_runs(member.customer_run);
        batch->id = store.InsertBatch(row);
        CustomerRunRow customer{.batch_id = batch->id, .state = v1::CUSTOMER_RUN_STATE_RUNNING};
        for (size_t slot = 0; slot < batch->members.size(); ++slot) {
          customer.key = batch->members[slot].customer_run;
          customer.customer_id = batch->members[slot].customer_id;
          customer.slot = static_cast<int32_t>(slot);
          store.InsertCustomerRun(customer);
        }
        for (const Intake::Take& take : takes) {
          store.AdvanceRun(take.run_number, take.cursor, take.next_sequence, take.expanded);
          StateArray deltas{};
          deltas[v1::CUSTOMER_RUN_STATE_RUNNING] = take.count;
          store.CountRun(take.run_number, deltas, clock_.Now());
        }
        if (batch->members.empty()) store.CloseBatch(batch->id);
        return absl::OkStatus();
      },
      touched,
      [this, batch] {
        if (batch->members.empty()) return BatchGone(batch);
        Walk(batch);
      });
}

// ---- Walking ----

void Runner::Walk(BatchPtr batch) {
  while (!batch->done()) {
    StopCancelled(*batch);
    const v1::Step step = batch->step();
    if (step == v1::STEP_ANALYTICS) EndTheRest(*batch);
    if (step == v1::STEP_GOAL || (step < v1::STEP_ANALYTICS && AllEnded(*batch)) ||
        (step == v1::STEP_ANALYTICS && batch->dry_run)) {
      batch->position = NextPosition(batch->plan->campaign, batch->position, AllEnded(*batch));
      continue;
    }
    std::vector<Member*> members = Participants(*batch);
    batch->attempts = 0;
    batch->step_start = clock_.Now();
    if (members.empty()) {
      TakeRecords(*batch, {}, {});
      continue;
    }
    if (step == v1::STEP_REVIEW) return ParkForReview(batch, members);
    if (step == v1::STEP_DELIVERY && !batch->unsaved.empty()) {
      // What is about to be sent, and why, must be on disk first.
      return CommitBatch(batch, NoWrite(), {}, [this, batch] { Walk(batch); });
    }
    return Call(batch, std::move(members));
  }
  FinishBatch(batch);
}

// Members of cancelled runs end here, unless what they wanted has been sent.
void Runner::StopCancelled(Batch& batch) {
  if (cancelled_runs_.empty() || batch.step() > v1::STEP_DELIVERY) return;
  const absl::Time now = clock_.Now();
  JournalEntry* entry = nullptr;
  for (Member& member : batch.members) {
    if (!member.going() || !cancelled_runs_.contains(RunNumberOf(member.customer_run))) continue;
    if (entry == nullptr) entry = NewEntry(batch, batch.step(), now, now, 1);
    v1::StepRecord* record = NewSkipped(batch, batch.step(), kRunCancelled, "the campaign run was cancelled");
    AddRecord(*entry, batch, member, record);
    EndMember(member, Judge(*record, batch.dry_run, 0, now));
  }
  if (entry == nullptr) return;
  entry->set_next_position(batch.position);
  batch.unsaved.push_back(entry);
}

void Runner::Call(const BatchPtr& batch, std::vector<Member*> members) {
  ++batch->attempts;
  steps_.Call(*batch, members, [this, batch, members](absl::Status status, std::vector<v1::StepRecord*> records) {
    Post([this, batch, members, status, records] {
      if (status.ok()) return Proceed(batch, TakeRecords(*batch, members, records));
      if (IsPassing(status.code())) return Retry(batch, members, status);
      CallOneByOne(batch, members);
    });
  });
}

void Runner::Retry(const BatchPtr& batch, std::vector<Member*> members, const absl::Status& status) {
  const absl::Duration delay = RetryDelay(batch->attempts - 1);
  LOG(WARNING) << "batch " << batch->id << ": " << v1::Step_Name(batch->step()) << " try " << batch->attempts
               << " failed, next in " << delay << ": " << status.message();
  const auto again = [this, batch, members, delay] {
    timers_.At(clock_.Now() + delay, [this, batch, members] { Post([this, batch, members] { Call(batch, members); }); });
  };
  // The wait may be long; what is known so far should be seen, and survive.
  if (batch->unsaved.empty()) return again();
  CommitBatch(batch, NoWrite(), {}, again);
}

// A call that the service refuses whole may be refused for one customer's sake: each alone, so that only that one fails.
void Runner::CallOneByOne(const BatchPtr& batch, std::vector<Member*> members) {
  struct Results {
    std::vector<v1::StepRecord*> records;
    size_t left;
  };
  auto results = std::make_shared<Results>(Results{std::vector<v1::StepRecord*>(members.size()), members.size()});
  for (size_t i = 0; i < members.size(); ++i) {
    steps_.Call(*batch, {members[i]}, [=, this](absl::Status status, std::vector<v1::StepRecord*> records) {
      Post([=, this] {
        results->records[i] = status.ok() ? records[0] : NewError(*batch, batch->step(), status);
        if (--results->left == 0) Proceed(batch, TakeRecords(*batch, members, results->records));
      });
    });
  }
}

std::vector<Runner::Parked> Runner::TakeRecords(Batch& batch, const std::vector<Member*>& members,
                                                const std::vector<v1::StepRecord*>& records) {
  const absl::Time now = clock_.Now();
  JournalEntry* entry = NewEntry(batch, batch.step(), batch.step_start, now, std::max(batch.attempts, 1));
  std::vector<Parked> parked;
  size_t next = 0;
  for (Member& member : batch.members) {
    const bool answered = next < members.size() && members[next] == &member;
    if (!answered && !member.going()) continue;
    v1::StepRecord* record = answered ? records[next++] : LocalRecord(batch, member);
    AddRecord(*entry, batch, member, record);
    const int failed_tries = member.progress.failed_tries;
    Advance(member.progress, *record);
    if (batch.step() == v1::STEP_ANALYTICS) continue;
    Judgement judgement = Judge(*record, batch.dry_run, failed_tries, now);
    if (judgement.next == Judgement::Next::kEnd) {
      EndMember(member, std::move(judgement));
    } else if (judgement.next == Judgement::Next::kWaitUntil) {
      parked.push_back({&member, std::move(judgement)});
    }
  }
  for (const Parked& one : parked) one.member->left = true;
  batch.position = NextPosition(batch.plan->campaign, batch.position, AllEnded(batch));
  entry->set_next_position(batch.position);
  batch.unsaved.push_back(entry);
  return parked;
}

void Runner::Proceed(const BatchPtr& batch, std::vector<Parked> parked) {
  if (parked.empty()) return Walk(batch);
  Moves moves;
  for (const Parked& one : parked) {
    moves.Move(one.member->customer_run, v1::CUSTOMER_RUN_STATE_RUNNING, one.judgement.state);
    ScheduleWake(one.judgement.until);
  }
  const bool gone = AllLeft(*batch);
  CommitBatch(
      batch,
      [this, batch, parked, moves, gone](Connection& connection) {
        RunStore store(connection);
        for (const Parked& one : parked) {
          store.SetCustomerRunState(one.member->customer_run, one.judgement.state, one.judgement.until,
                                    ToReasonList(one.judgement.reasons));
        }
        moves.Write(store, clock_.Now());
        if (gone) store.CloseBatch(batch->id);
        return absl::OkStatus();
      },
      moves.Runs(), [this, batch, gone] { gone ? BatchGone(batch) : Walk(batch); });
}

void Runner::ParkForReview(const BatchPtr& batch, const std::vector<Member*>& members) {
  // Those who need no review go on from the next step; those who do leave with a task each.
  const absl::Time now = clock_.Now();
  std::vector<ReviewRow> tasks;
  Moves moves;
  for (Member* member : members) {
    tasks.push_back(NewReviewTask(batch->plan->campaign, *member, now));
    moves.Move(member->customer_run, v1::CUSTOMER_RUN_STATE_RUNNING, v1::CUSTOMER_RUN_STATE_WAITING_REVIEW);
    member->left = true;
    ScheduleWake(FromTimestamp(tasks.back().task.expire_time()));
  }
  TakeRecords(*batch, {}, {});
  const bool gone = AllLeft(*batch);
  CommitBatch(
      batch,
      [batch, tasks, moves, gone, now](Connection& connection) {
        RunStore store(connection);
        for (const ReviewRow& task : tasks) {
          OpenReviewTask(connection, task, now);
          ReasonList reasons;
          *reasons.mutable_reasons() = task.task.reasons();
          store.SetCustomerRunState(task.customer_run, v1::CUSTOMER_RUN_STATE_WAITING_REVIEW,
                                    FromTimestamp(task.task.expire_time()), reasons);
        }
        moves.Write(store, now);
        if (gone) store.CloseBatch(batch->id);
        return absl::OkStatus();
      },
      moves.Runs(), [this, batch, gone] { gone ? BatchGone(batch) : Walk(batch); });
}

void Runner::FinishBatch(const BatchPtr& batch) {
  Moves moves;
  for (const Member& member : batch->members) {
    if (!member.left) moves.Move(member.customer_run, v1::CUSTOMER_RUN_STATE_RUNNING, member.end_state);
  }
  CommitBatch(
      batch,
      [this, batch, moves](Connection& connection) {
        RunStore store(connection);
        for (const Member& member : batch->members) {
          if (member.left) continue;
          store.SetCustomerRunState(member.customer_run, member.end_state, absl::nullopt,
                                    ToReasonList(member.end_reasons));
        }
        moves.Write(store, clock_.Now());
        store.CloseBatch(batch->id);
        return absl::OkStatus();
      },
      moves.Runs(), [this, batch] { BatchGone(batch); });
}

void Runner::BatchGone(const BatchPtr& batch) {
  --(batch->bulk ? bulk_in_flight_ : single_in_flight_);
  if (wake_blocked_) WakeDue();
  SchedulePump();
}

// ---- Waiting and going on ----

void Runner::ScheduleWake(absl::Time time) {
  if (time >= next_wake_) return;
  next_wake_ = time;
  timers_.At(time, [this] { Post([this] { WakeDue(); }); });
}

void Runner::WakeDue() {
  // Everybody who was deferred to eight o'clock is due at once; they come in as others leave.
  wake_blocked_ = bulk_in_flight_ >= 2 * options_.bulk_batches;
  if (wake_blocked_) return;
  // From here on, not from the commit on: who begins to wait meanwhile is not in what the transaction reads.
  next_wake_ = absl::InfiniteFuture();
  auto launched = std::make_shared<std::vector<BatchPtr>>();
  auto next = std::make_shared<absl::optional<absl::Time>>();
  Commit(
      [this, launched, next](Connection& connection) {
        RunStore store(connection);
        const absl::Time now = clock_.Now();
        std::vector<Wake> wakes;
        for (CustomerRunRow& row : store.DueCustomerRuns(now, kWakeChunk)) {
          Wake& wake = wakes.emplace_back(Wake{.row = std::move(row), .record = absl::nullopt});
          if (wake.row.state != v1::CUSTOMER_RUN_STATE_WAITING_REVIEW) continue;
          wake.record = CloseReviewTask(connection, wake.row.key, v1::REVIEW_STATE_EXPIRED, kReviewExpired,
                                        "nobody reviewed the message in time", now);
        }
        *launched = Resume(connection, std::move(wakes));
        *next = store.NextWakeTime();
        return absl::OkStatus();
      },
      [this, launched, next] {
        Launch(*launched);
        if (next->has_value()) ScheduleWake(**next);
      });
}

std::vector<Runner::BatchPtr> Runner::Resume(Connection& connection, std::vector<Wake> wakes) {
  RunStore store(connection);
  absl::flat_hash_map<int64_t, BatchRow> journals;
  // Those who go on from the same place, in the same version, go together.
  absl::flat_hash_map<std::string, BatchPtr> batches;
  Moves moves;
  std::vector<BatchPtr> result;
  for (Wake& wake : wakes) {
    auto [journal, fresh] = journals.try_emplace(wake.row.batch_id);
    if (fresh) journal->second = store.LoadBatch(wake.row.batch_id);
    const BatchRow& old = journal->second;
    std::vector<v1::StepRecord> steps = StepsOf(old, wake.row.slot);
    if (wake.record.has_value()) steps.push_back(std::move(*wake.record));
    auto plan = campaigns_.Plan(connection, old.campaign, old.version);
    if (!plan.ok() || steps.empty()) {
      const std::string why = plan.ok() ? "its journal is empty" : std::string(plan.status().message());
      LOG(ERROR) << "customer run " << wake.row.key << " cannot go on: " << why;
      ReasonList reasons;
      reasons.add_reasons()->set_code(kCannotResume);
      reasons.mutable_reasons(0)->set_text(why);
      store.SetCustomerRunState(wake.row.key, v1::CUSTOMER_RUN_STATE_FAILED, absl::nullopt, reasons);
      moves.Move(wake.row.key, wake.row.state, v1::CUSTOMER_RUN_STATE_FAILED);
      continue;
    }
    const int position = ResumePosition((*plan)->campaign, steps.back());
    BatchPtr& batch = batches[absl::StrCat(old.version, "/", old.dry_run, "/", position)];
    if (batch == nullptr) {
      batch = std::make_shared<Batch>();
      batch->plan = *plan;
      batch->dry_run = old.dry_run;
      batch->bulk = true;
      batch->position = position;
      result.push_back(batch);
    }
    moves.Move(wake.row.key, wake.row.state, v1::CUSTOMER_RUN_STATE_RUNNING);
    AddResumed(*batch, store, wake.row, steps);
  }
  for (const BatchPtr& batch : result) StoreResumed(*batch, store);
  moves.Write(store, clock_.Now());
  return result;
}

void Runner::AddResumed(Batch& batch, RunStore& store, const CustomerRunRow& row,
                        const std::vector<v1::StepRecord>& steps) {
  if (batch.unsaved.empty()) {
    batch.unsaved.push_back(Arena::CreateMessage<JournalEntry>(&batch.arena));
    batch.unsaved.back()->set_next_position(batch.position);
  }
  const auto run = store.FindRun(RunNumberOf(row.key));
  Member& member = batch.members.emplace_back();
  member.customer_run = row.key;
  member.campaign_run_id = run->id;
  member.customer_run_id = CustomerRunName(run->id, SequenceOf(row.key));
  member.customer_id = row.customer_id;
  MemberRecord& record = *batch.unsaved.back()->add_records();
  record.set_slot(static_cast<int32_t>(batch.members.size() - 1));
  *record.mutable_steps() = {steps.begin(), steps.end()};
  RestoreProgress(batch, member, record);
}

void Runner::StoreResumed(Batch& batch, RunStore& store) {
  BatchRow row;
  row.campaign = batch.plan->campaign.name();
  row.version = batch.plan->version;
  row.dry_run = batch.dry_run;
  row.bulk = batch.bulk;
  for (const Member& member : batch.members) row.members.add_customer_runs(member.customer_run);
  batch.id = store.InsertBatch(row);
  for (size_t slot = 0; slot < batch.members.size(); ++slot) {
    store.MoveCustomerRun(batch.members[slot].customer_run, batch.id, static_cast<int32_t>(slot));
  }
  for (const JournalEntry* entry : batch.unsaved) {
    store.AppendEntry(batch.id, batch.next_ordinal++, entry->SerializeAsString());
  }
  batch.unsaved.clear();
}

void Runner::Launch(const std::vector<BatchPtr>& batches) {
  for (const BatchPtr& batch : batches) {
    ++(batch->bulk ? bulk_in_flight_ : single_in_flight_);
    Walk(batch);
  }
}

// ---- Taking up what an earlier process left ----

absl::Status Runner::Start() {
  auto batches = std::make_shared<std::vector<BatchPtr>>();
  auto next_wake = std::make_shared<absl::optional<absl::Time>>();
  auto sources = std::make_shared<std::vector<std::shared_ptr<Source>>>();
  RETURN_IF_ERROR(database_.Write([this, batches, next_wake, sources](Connection& connection) {
    RunStore store(connection);
    for (const int64_t run : store.CancelledRuns()) cancelled_runs_.insert(run);
    for (const int64_t run : store.UnexpandedRuns()) {
      auto source = std::make_shared<Source>(Source{.run = *store.FindRun(run)});
      ASSIGN_OR_RETURN(source->plan, campaigns_.Plan(connection, source->run.campaign, source->run.version));
      sources->push_back(std::move(source));
    }
    for (const int64_t id : store.OpenBatches()) {
      ASSIGN_OR_RETURN(BatchPtr batch, RestoreBatch(connection, id));
      batches->push_back(std::move(batch));
    }
    *next_wake = store.NextWakeTime();
    return absl::OkStatus();
  }));
  if (!batches->empty() || !sources->empty()) {
    LOG(INFO) << "taking up " << batches->size() << " batches and " << sources->size() << " runs";
  }
  Post([this, batches, next_wake, sources] {
    for (auto& source : *sources) intake_.Add(std::move(source));
    Launch(*batches);
    if (next_wake->has_value()) ScheduleWake(**next_wake);
    SchedulePump();
  });
  return absl::OkStatus();
}

absl::StatusOr<Runner::BatchPtr> Runner::RestoreBatch(Connection& connection, int64_t id) {
  RunStore store(connection);
  BatchRow row = store.LoadBatch(id);
  auto batch = std::make_shared<Batch>();
  batch->id = id;
  batch->dry_run = row.dry_run;
  batch->bulk = row.bulk;
  batch->next_ordinal = static_cast<int>(row.entries.size());
  ASSIGN_OR_RETURN(batch->plan, campaigns_.Plan(connection, row.campaign, row.version));
  absl::flat_hash_map<int64_t, std::string> run_ids;
  for (const int64_t key : row.members.customer_runs()) {
    const auto customer = store.FindCustomerRun(key);
    std::string& run_id = run_ids[RunNumberOf(key)];
    if (run_id.empty()) run_id = store.FindRun(RunNumberOf(key))->id;
    Member& member = batch->members.emplace_back();
    member.customer_run = key;
    member.campaign_run_id = run_id;
    member.customer_run_id = CustomerRunName(run_id, SequenceOf(key));
    member.customer_id = customer->customer_id;
    member.left = customer->batch_id != id || customer->state != v1::CUSTOMER_RUN_STATE_RUNNING;
  }
  for (const JournalEntry& stored : row.entries) {
    auto* entry = Arena::CreateMessage<JournalEntry>(&batch->arena);
    *entry = stored;
    batch->position = entry->next_position();
    for (const MemberRecord& record : entry->records()) RestoreProgress(*batch, batch->members[record.slot()], record);
  }
  return batch;
}

void Runner::RestoreProgress(const Batch& batch, Member& member, const MemberRecord& record) {
  for (const v1::StepRecord& step : record.steps()) {
    const int failed_tries = member.progress.failed_tries;
    Advance(member.progress, step);
    // Waits are over by now: they are rows, not judgements. Ends stay ends.
    Judgement judgement = Judge(step, batch.dry_run, failed_tries, absl::InfinitePast());
    if (judgement.next == Judgement::Next::kEnd && !member.ended) EndMember(member, std::move(judgement));
  }
}

}  // namespace campaign::orchestrator
