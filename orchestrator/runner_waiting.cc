// Runner's other half: customers who wait and go on, and what an earlier process left.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "common/log.h"
#include "common/status.h"
#include "orchestrator/names.h"
#include "orchestrator/review_tasks.h"
#include "orchestrator/runner.h"
#include "orchestrator/views.h"

namespace campaign::orchestrator {
namespace {

using google::protobuf::Arena;

// Customer runs woken in one transaction.
constexpr int kWakeChunk = 256;

// What became of the customer's dispatch is not known.
bool AwaitsResolution(const CustomerRunRow& row) {
  const auto& reasons = row.reasons.reasons();
  return row.state == v1::CUSTOMER_RUN_STATE_DEFERRED &&
         std::any_of(reasons.begin(), reasons.end(), [](const v1::Reason& r) { return r.code() == kDeliveryUnknown; });
}

v1::StepRecord DeliveryRecord(absl::Time now) {
  v1::StepRecord record;
  record.set_step(v1::STEP_DELIVERY);
  record.set_attempt_count(1);
  *record.mutable_start_time() = ToTimestamp(now);
  *record.mutable_end_time() = ToTimestamp(now);
  return record;
}

// Nobody found out in time.
v1::StepRecord UnresolvedRecord(absl::Time now) {
  v1::StepRecord record = DeliveryRecord(now);
  record.mutable_skipped()->set_code(kDeliveryUnknown);
  record.mutable_skipped()->set_text("nobody has said whether the message went out: it counts as sent");
  return record;
}

}  // namespace

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
          if (AwaitsResolution(wake.row)) wake.record = UnresolvedRecord(now);
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

Runner::Past Runner::PastOf(Connection& connection, const Wake& wake,
                            absl::flat_hash_map<int64_t, BatchRow>& journals) {
  if (wake.leaves != nullptr) {
    return {wake.leaves->plan, wake.leaves->dry_run, StepsOf(wake.leaves->entries, wake.row.slot)};
  }
  auto [journal, fresh] = journals.try_emplace(wake.row.batch_id);
  if (fresh) journal->second = RunStore(connection).LoadBatch(wake.row.batch_id);
  const BatchRow& batch = journal->second;
  return {campaigns_.Plan(connection, batch.campaign, batch.version), batch.dry_run, StepsOf(batch, wake.row.slot)};
}

std::vector<Runner::BatchPtr> Runner::Resume(Connection& connection, std::vector<Wake> wakes) {
  RunStore store(connection);
  absl::flat_hash_map<int64_t, BatchRow> journals;
  // Those who go on from the same place, in the same version, go together.
  absl::flat_hash_map<std::string, BatchPtr> batches;
  StateMoves moves;
  std::vector<BatchPtr> result;
  for (Wake& wake : wakes) {
    if (AwaitsResolution(wake.row)) store.EndResolution(wake.row.key);
    auto [plan, dry_run, steps] = PastOf(connection, wake, journals);
    if (wake.record.has_value()) steps.push_back(std::move(*wake.record));
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
    BatchPtr& batch = batches[absl::StrCat((*plan)->version, "/", dry_run, "/", position)];
    if (batch == nullptr) {
      batch = std::make_shared<Batch>();
      batch->plan = *plan;
      batch->dry_run = dry_run;
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
    Keep(batch, Arena::CreateMessage<JournalEntry>(&batch.arena));
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

absl::Status Runner::Resolve(int64_t customer_run, const v1::Receipt& receipt) {
  auto launched = std::make_shared<std::vector<BatchPtr>>();
  absl::Status result;
  absl::Notification finished;
  database_.Submit(
      [this, customer_run, &receipt, launched](Connection& connection) {
        launched->clear();
        auto row = RunStore(connection).FindCustomerRun(customer_run);
        // Its time may be over by now.
        if (!row.has_value() || !AwaitsResolution(*row)) return absl::OkStatus();
        v1::StepRecord record = DeliveryRecord(clock_.Now());
        *record.mutable_receipt() = receipt;
        std::vector<Wake> wakes;
        wakes.push_back({.row = *std::move(row), .record = std::move(record)});
        *launched = Resume(connection, std::move(wakes));
        return absl::OkStatus();
      },
      [this, launched, &result, &finished](absl::Status status) {
        if (status.ok()) Launch(*launched);
        result = std::move(status);
        finished.Notify();
      });
  finished.WaitForNotification();
  return result;
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
  // What lies before delivery is committed right before delivery is asked: that may have happened.
  if (!row.entries.empty()) {
    const int position = row.entries.back().next_position();
    batch->handed_over = position < batch->plan->campaign.route_size() &&
                         batch->plan->campaign.route(position).step() == v1::STEP_DELIVERY;
  }
  for (const JournalEntry& stored : row.entries) {
    auto* entry = Arena::CreateMessage<JournalEntry>(&batch->arena);
    *entry = stored;
    batch->entries.push_back(entry);
    batch->position = entry->next_position();
    for (const MemberRecord& record : entry->records()) RestoreProgress(*batch, batch->members[record.slot()], record);
  }
  return batch;
}

void Runner::RestoreProgress(const Batch& batch, Member& member, const MemberRecord& record) {
  for (const v1::StepRecord& step : record.steps()) {
    // Waits are over by now: they are rows, not judgements. Ends stay ends.
    Judgement judgement = Judge(step, member.progress, batch.dry_run, absl::InfinitePast());
    Advance(member.progress, step);
    if (judgement.next == Judgement::Next::kEnd && !member.ended) EndMember(member, std::move(judgement));
  }
}

}  // namespace campaign::orchestrator
