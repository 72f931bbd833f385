#include "orchestrator/runner.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/log.h"
#include "common/status.h"
#include "orchestrator/model_budget_store.h"
#include "orchestrator/names.h"
#include "orchestrator/review_store.h"
#include "orchestrator/review_tasks.h"
#include "orchestrator/views.h"

namespace campaign::orchestrator {
namespace {

using google::protobuf::Arena;

constexpr absl::Duration kCommitRetry = absl::Seconds(1);

ReasonList ToReasonList(const std::vector<v1::Reason>& reasons) {
  ReasonList list;
  *list.mutable_reasons() = {reasons.begin(), reasons.end()};
  return list;
}

absl::Status NoWrite(Connection&) { return absl::OkStatus(); }

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

void Runner::Post(std::function<void()> function) { database_.Post(std::move(function)); }

void Runner::Commit(WriteFunction write, std::function<void()> then) {
  database_.Submit(write, [this, write, then = std::move(then)](const absl::Status& status) {
    if (status.ok()) return then();
    LOG(ERROR) << "the run store did not take a commit and is asked again: " << status.message();
    timers_.At(clock_.Now() + kCommitRetry, [this, write, then] { Commit(write, then); });
  });
}

void Runner::CommitBatch(BatchPtr batch, WriteFunction extra, std::vector<int64_t> touched,
                         std::function<void()> then) {
  auto entries = std::make_shared<std::vector<std::string>>();
  for (const JournalEntry* entry : batch->unsaved) entries->push_back(entry->SerializeAsString());
  auto answers = std::make_shared<std::vector<Waiters::Answer>>();
  const int64_t unspent = batch->model_unspent.exchange(0);
  Commit(
      [this, batch, entries, answers, unspent, extra = std::move(extra),
       touched = std::move(touched)](Connection& connection) {
        if (unspent > 0) ModelBudgetStore(connection).Return(batch->plan->campaign.name(), unspent);
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
  const std::string after = source->read_to.empty() ? source->run.cursor : source->read_to;
  steps_.QueryAudience(
      filter, after, wanted, [this, source, wanted, left](absl::Status status, Steps::AudiencePage page) {
        Post([this, source, wanted, left, status, page = std::move(page)] {
          const auto& ids = page.customer_ids;
          source->customer_ids.insert(source->customer_ids.end(), ids.begin(), ids.end());
          if (!page.read_to.empty()) {
            source->read_to = page.read_to;
            source->failed_fetches = 0;
          }
          const bool full = static_cast<int64_t>(ids.size()) == wanted;
          if (!status.ok() && !full) {
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
          source->exhausted = !full || wanted == left;
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
    // A try after the first keeps its beginning.
    if (batch->attempts == 0) batch->step_start = clock_.Now();
    if (members.empty()) {
      TakeRecords(*batch, {}, {});
      continue;
    }
    if (step == v1::STEP_REVIEW) return ParkForReview(batch, members);
    if (step == v1::STEP_DELIVERY && !batch->unsaved.empty()) {
      // What is about to be sent, and why, must be on disk first.
      return CommitBatch(batch, NoWrite, {}, [this, batch] { Walk(batch); });
    }
    if (Steps::AsksModel(*batch)) return AllotAndCall(batch, std::move(members));
    return Call(batch, std::move(members));
  }
  FinishBatch(batch);
}

// Members of cancelled runs end here, unless what they wanted has been sent.
void Runner::StopCancelled(Batch& batch) {
  if (cancelled_runs_.empty() || batch.handed_over || batch.step() > v1::STEP_DELIVERY) return;
  const absl::Time now = clock_.Now();
  JournalEntry* entry = nullptr;
  for (Member& member : batch.members) {
    if (!member.going() || !cancelled_runs_.contains(RunNumberOf(member.customer_run))) continue;
    if (entry == nullptr) entry = NewEntry(batch, batch.step(), now, now, 1);
    v1::StepRecord* record = NewSkipped(batch, batch.step(), kRunCancelled, "the campaign run was cancelled");
    AddRecord(*entry, batch, member, record);
    EndMember(member, Judge(*record, member.progress, batch.dry_run, now));
  }
  if (entry == nullptr) return;
  entry->set_next_position(batch.position);
  Keep(batch, entry);
}

void Runner::AllotAndCall(const BatchPtr& batch, std::vector<Member*> members) {
  auto allotment = std::make_shared<int64_t>(0);
  const int64_t unspent = batch->model_unspent.exchange(0);
  Commit(
      [batch, allotment, unspent](Connection& connection) {
        const v1::Campaign& campaign = batch->plan->campaign;
        ModelBudgetStore store(connection);
        if (unspent > 0) store.Return(campaign.name(), unspent);
        *allotment = store.Allot(campaign.name(), campaign.generation().text_model().budget_micros());
        return absl::OkStatus();
      },
      [this, batch, members = std::move(members), allotment] {
        batch->model_allotment = *allotment;
        Call(batch, members);
      });
}

void Runner::Call(const BatchPtr& batch, std::vector<Member*> members) {
  ++batch->attempts;
  batch->handed_over = batch->handed_over || batch->step() == v1::STEP_DELIVERY;
  steps_.Call(*batch, members, [this, batch, members](absl::Status status, std::vector<v1::StepRecord*> records) {
    Post([this, batch, members, status, records] {
      if (status.ok()) return Proceed(batch, TakeRecords(*batch, members, records));
      if (IsPassing(status.code())) return Retry(batch, status);
      CallOneByOne(batch, members);
    });
  });
}

void Runner::Retry(const BatchPtr& batch, const absl::Status& status) {
  const absl::Duration delay = RetryDelay(batch->attempts - 1);
  LOG(WARNING) << "batch " << batch->id << ": " << v1::Step_Name(batch->step()) << " try " << batch->attempts
               << " failed, next in " << delay << ": " << status.message();
  // The whole step again, not the call: the run may be cancelled by then.
  const auto again = [this, batch, delay] {
    timers_.At(clock_.Now() + delay, [this, batch] { Post([this, batch] { Walk(batch); }); });
  };
  // The wait may be long; what is known so far should be seen, and survive.
  if (batch->unsaved.empty()) return again();
  CommitBatch(batch, NoWrite, {}, again);
}

// A call that the service refuses whole may be refused for one customer's sake: each alone, so that only that one
// fails.
void Runner::CallOneByOne(const BatchPtr& batch, std::vector<Member*> members) {
  struct Results {
    std::vector<v1::StepRecord*> records;
    size_t left;
  };
  auto results = std::make_shared<Results>(Results{std::vector<v1::StepRecord*>(members.size()), members.size()});
  // Each may spend its part of what the refused call did not.
  const auto count = static_cast<int64_t>(members.size());
  const int64_t unspent = batch->model_unspent.exchange(0);
  batch->model_allotment = unspent / count;
  batch->model_unspent = unspent % count;
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
    Judgement judgement = Judge(*record, member.progress, batch.dry_run, now);
    Advance(member.progress, *record);
    if (batch.step() == v1::STEP_ANALYTICS) continue;
    if (judgement.next == Judgement::Next::kEnd) {
      EndMember(member, std::move(judgement));
    } else if (judgement.next != Judgement::Next::kContinue) {
      parked.push_back({&member, std::move(judgement)});
    }
  }
  for (const Parked& one : parked) one.member->left = true;
  batch.attempts = 0;
  batch.position = NextPosition(batch.plan->campaign, batch.position, AllEnded(batch));
  entry->set_next_position(batch.position);
  Keep(batch, entry);
  return parked;
}

void Runner::Proceed(const BatchPtr& batch, std::vector<Parked> parked) {
  if (parked.empty()) return Walk(batch);
  StateMoves moves;
  for (const Parked& one : parked) {
    if (one.judgement.next == Judgement::Next::kNextChannel) continue;
    moves.Move(one.member->customer_run, v1::CUSTOMER_RUN_STATE_RUNNING, one.judgement.state);
    ScheduleWake(one.judgement.until);
  }
  const bool gone = AllLeft(*batch);
  auto launched = std::make_shared<std::vector<BatchPtr>>();
  CommitBatch(
      batch,
      [this, batch, parked, moves, gone, launched](Connection& connection) {
        RunStore store(connection);
        std::vector<Wake> wakes;
        for (const Parked& one : parked) {
          const int64_t key = one.member->customer_run;
          if (one.judgement.next == Judgement::Next::kNextChannel) {
            wakes.push_back({.row = *store.FindCustomerRun(key), .record = absl::nullopt, .leaves = batch.get()});
            continue;
          }
          store.SetCustomerRunState(key, one.judgement.state, one.judgement.until, ToReasonList(one.judgement.reasons));
          if (one.judgement.next == Judgement::Next::kWaitForResolution) store.AwaitResolution(key);
        }
        moves.Write(store, clock_.Now());
        if (gone) store.CloseBatch(batch->id);
        // Who goes on by another channel does so in a batch of their own, in the same transaction: they never wait.
        *launched = Resume(connection, std::move(wakes));
        return absl::OkStatus();
      },
      moves.Runs(),
      [this, batch, gone, launched] {
        Launch(*launched);
        gone ? BatchGone(batch) : Walk(batch);
      });
}

void Runner::ParkForReview(const BatchPtr& batch, const std::vector<Member*>& members) {
  // Those who need no review go on from the next step; those who do leave with a task each.
  const absl::Time now = clock_.Now();
  std::vector<ReviewRow> tasks;
  StateMoves moves;
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
  StateMoves moves;
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

}  // namespace campaign::orchestrator
