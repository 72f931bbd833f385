#pragma once

#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "campaign/v1/orchestrator.pb.h"
#include "common/clock.h"
#include "common/database.h"
#include "orchestrator/batch.h"
#include "orchestrator/campaign_store.h"
#include "orchestrator/intake.h"
#include "orchestrator/run_store.h"
#include "orchestrator/steps.h"
#include "orchestrator/timers.h"
#include "orchestrator/waiters.h"

namespace campaign::orchestrator {

// A waiting customer run that goes on, and what is added to its journal (nothing for one whose time has come).
struct Wake {
  CustomerRunRow row;
  absl::optional<v1::StepRecord> record;
  // Of one that has not waited: the batch that it leaves, which knows its journal. Reading a batch's journal takes as
  // long as all of its customers together.
  const Batch* leaves = nullptr;
};

// Walks batches along their routes: asks the planner, calls the steps, commits what came of it. All of its state lives
// on the database's writer thread: what arrives elsewhere (answers, timers, calls) is posted there, so there are no
// locks, and what arrives together is committed together.
//
// The journal is written before anything is sent, whenever a member leaves the batch, and when a step must wait.
// Between these points a batch's results are in memory only: the steps before delivery can be repeated, as their
// reservations are keyed by customer run.
class Runner {
 public:
  struct Options {
    // Customers a batch, at most.
    int batch_size = 512;
    // Batches on the way at once, of audiences and lists, and of single calls.
    int bulk_batches = 4;
    int single_batches = 4;
  };

  // References must outlive the runner.
  Runner(Database& database, CampaignStore& campaigns, Steps& steps, Timers& timers, const Clock& clock,
         const Options& options);

  // Takes up whatever an earlier process left. Call once.
  absl::Status Start();

  // Starts a run; `done` when it is to be answered. `response` must stay until then. See the proto.
  void RunCampaign(const v1::RunCampaignRequest& request, v1::RunCampaignResponse* response,
                   std::function<void(absl::Status)> done);

  // Stops a run; `done` once nothing of it will be sent any more.
  void CancelRun(const std::string& run_id, std::function<void(absl::Status)> done);

  // Somebody knows what became of a dispatch that was in doubt: its customer run goes on with that receipt. Changes
  // nothing where it does not wait for it. Waits for the commit; not for the writer's thread.
  absl::Status Resolve(int64_t customer_run, const v1::Receipt& receipt);

  // Answers every call that waits for a run to settle; for shutdown.
  void AnswerWaiters();

  // In a transaction of the writer: moves waiting customer runs into new batches. Launch what it returns once that is
  // committed.
  std::vector<std::shared_ptr<Batch>> Resume(Connection& connection, std::vector<Wake> wakes);
  // On the writer's thread.
  void Launch(const std::vector<std::shared_ptr<Batch>>& batches);

 private:
  using BatchPtr = std::shared_ptr<Batch>;
  using WriteFunction = std::function<absl::Status(Connection&)>;

  // Runs `function` on the writer's thread.
  void Post(std::function<void()> function);
  // Commits, again and again if need be, then runs `then` on the writer's thread.
  void Commit(WriteFunction write, std::function<void()> then);
  // Commits the batch's unsaved entries and `extra`, then answers calls that waited for the runs of `touched`.
  void CommitBatch(BatchPtr batch, WriteFunction extra, std::vector<int64_t> touched, std::function<void()> then);

  void Pump();
  void SchedulePump();
  void Fetch(std::shared_ptr<Source> source);
  void Expand(BatchPtr batch, std::vector<Intake::Take> takes);

  // A member that leaves the batch, and why.
  struct Parked {
    Member* member;
    Judgement judgement;
  };

  void Walk(BatchPtr batch);
  void StopCancelled(Batch& batch);
  void Call(const BatchPtr& batch, std::vector<Member*> members);
  // Lets the batch's next call spend some of the campaign's money for a language model, then makes it.
  void AllotAndCall(const BatchPtr& batch, std::vector<Member*> members);
  void Retry(const BatchPtr& batch, const absl::Status& status);
  void CallOneByOne(const BatchPtr& batch, std::vector<Member*> members);
  // Notes the step's records of `members`, and why the others had none; moves the batch to its next step.
  std::vector<Parked> TakeRecords(Batch& batch, const std::vector<Member*>& members,
                                  const std::vector<v1::StepRecord*>& records);
  void Proceed(const BatchPtr& batch, std::vector<Parked> parked);
  void ParkForReview(const BatchPtr& batch, const std::vector<Member*>& members);
  void FinishBatch(const BatchPtr& batch);
  void BatchGone(const BatchPtr& batch);

  void Wait(int64_t run_number, Waiter waiter, absl::Duration wait);
  void WaitIsOver(int64_t run_number, int64_t waiter_id);
  // Answers those who wait for the run if it has settled without a batch of its own to say so.
  void AnswerIfSettled(int64_t run_number);
  void ScheduleWake(absl::Time time);
  void WakeDue();
  // What a customer run that goes on comes from; batches read for it are kept in `journals`.
  struct Past {
    absl::StatusOr<std::shared_ptr<const CampaignPlan>> plan;
    bool dry_run;
    std::vector<v1::StepRecord> steps;
  };
  Past PastOf(Connection& connection, const Wake& wake, absl::flat_hash_map<int64_t, BatchRow>& journals);
  void AddResumed(Batch& batch, RunStore& store, const CustomerRunRow& row, const std::vector<v1::StepRecord>& steps);
  void StoreResumed(Batch& batch, RunStore& store);
  absl::StatusOr<BatchPtr> RestoreBatch(Connection& connection, int64_t id);
  static void RestoreProgress(const Batch& batch, Member& member, const MemberRecord& record);
  void CancelWaiting(int64_t run_number, std::function<void(absl::Status)> done);

  Database& database_;
  CampaignStore& campaigns_;
  Steps& steps_;
  Timers& timers_;
  const Clock& clock_;
  const Options options_;

  // All below: on the writer's thread only.
  Intake intake_;
  Waiters waiters_;
  bool pump_scheduled_ = false;
  int bulk_in_flight_ = 0;
  int single_in_flight_ = 0;
  absl::flat_hash_set<int64_t> cancelled_runs_;
  bool wake_blocked_ = false;
  absl::Time next_wake_ = absl::InfiniteFuture();
};

}  // namespace campaign::orchestrator
