// Runner's entry points: starting, cancelling, and answering calls that wait.

#include <utility>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "common/log.h"
#include "common/status.h"
#include "orchestrator/campaign_plan.h"
#include "orchestrator/review_tasks.h"
#include "orchestrator/runner.h"
#include "orchestrator/views.h"

namespace campaign::orchestrator {
namespace {

constexpr int kCancelChunk = 256;

// 12 characters of 32: unique for longer than any ledger is kept, short enough to type. No vowels and no look-alikes.
std::string NewRunId() {
  static constexpr char kAlphabet[] = "23456789bcdfghjkmnpqrstvwxz";
  absl::BitGen random;
  std::string id = "r";
  for (int i = 0; i < 11; ++i) id += kAlphabet[absl::Uniform<size_t>(random, 0, sizeof(kAlphabet) - 1)];
  return id;
}

absl::Duration WaitOf(const v1::RunCampaignRequest& request) {
  return absl::Seconds(request.wait().seconds()) + absl::Nanoseconds(request.wait().nanos());
}

// What must be equal for two calls to be the same; how long the caller waits is not part of it.
std::string Fingerprint(v1::RunCampaignRequest request) {
  request.clear_wait();
  return ContentHash(request);
}

}  // namespace

// What RunCampaign's transaction found or made.
struct StartedRun {
  CampaignRunRow run;
  std::shared_ptr<const CampaignPlan> plan;
  // The request_id is known; nothing was started.
  bool known = false;
  // The answer, where it can be given at once.
  absl::optional<v1::RunCampaignResponse> response;
};

namespace {

// The run that an earlier call with this request_id started. True: found.
absl::StatusOr<bool> FindEarlier(Connection& connection, const v1::RunCampaignRequest& request, StartedRun& started) {
  if (request.request_id().empty()) return false;
  RunStore store(connection);
  const auto memo = store.FindMemo(request.request_id());
  if (!memo.has_value()) return false;
  if (memo->fingerprint != Fingerprint(request)) {
    return absl::AlreadyExistsError(
        absl::StrCat("request_id: '", request.request_id(), "' was used for another RunCampaign before"));
  }
  started.known = true;
  started.run = *store.FindRun(memo->run_number);
  if (memo->response.has_value()) started.response.emplace().ParseFromString(*memo->response);
  return true;
}

absl::Status StartNew(Connection& connection, CampaignStore& campaigns, const v1::RunCampaignRequest& request,
                      absl::Time now, StartedRun& started) {
  ASSIGN_OR_RETURN(started.plan, campaigns.Plan(connection, request.campaign(), ""));
  RunStore store(connection);
  CampaignRunRow& run = started.run;
  run.id = NewRunId();
  run.campaign = request.campaign();
  run.version = started.plan->version;
  run.dry_run = request.dry_run();
  run.request = request;
  run.create_time = run.update_time = now;
  store.InsertRun(run);
  if (request.request_id().empty()) return absl::OkStatus();
  store.InsertMemo(request.request_id(),
                   {.fingerprint = Fingerprint(request), .run_number = run.number, .response = {}}, now);
  return absl::OkStatus();
}

}  // namespace

void Runner::RunCampaign(const v1::RunCampaignRequest& request, v1::RunCampaignResponse* response,
                         std::function<void(absl::Status)> done) {
  auto started = std::make_shared<StartedRun>();
  const absl::Duration wait = WaitOf(request);
  database_.Submit(
      [this, request, started, wait](Connection& connection) {
        *started = StartedRun();
        ASSIGN_OR_RETURN(const bool earlier, FindEarlier(connection, request, *started));
        if (!earlier) RETURN_IF_ERROR(StartNew(connection, campaigns_, request, clock_.Now(), *started));
        const bool answer_now = wait <= absl::ZeroDuration() || (earlier && IsSettled(started->run));
        if (!started->response.has_value() && answer_now) {
          started->response = ViewResponse(connection, started->run);
          if (!request.request_id().empty()) {
            RunStore(connection).SetMemoResponse(request.request_id(), started->response->SerializeAsString());
          }
        }
        return absl::OkStatus();
      },
      [this, request, response, started, wait, done = std::move(done)](absl::Status status) {
        if (!status.ok()) return done(std::move(status));
        const int64_t number = started->run.number;
        if (started->response.has_value()) {
          *response = *started->response;
          done(absl::OkStatus());
        } else {
          Wait(number, {.request_id = request.request_id(), .response = response, .done = done}, wait);
        }
        // The run may have settled between the reading and the waiting.
        if (started->known && !started->response.has_value()) AnswerIfSettled(number);
        if (started->known) return;
        intake_.Add(std::make_shared<Source>(Source{.run = std::move(started->run), .plan = started->plan}));
        SchedulePump();
      });
}

void Runner::Wait(int64_t run_number, Waiter waiter, absl::Duration wait) {
  const int64_t id = waiters_.Add(run_number, std::move(waiter));
  timers_.At(clock_.Now() + wait,
             [this, run_number, id] { Post([this, run_number, id] { WaitIsOver(run_number, id); }); });
}

void Runner::WaitIsOver(int64_t run_number, int64_t waiter_id) {
  if (!waiters_.Waits(run_number)) return;
  auto answers = std::make_shared<std::vector<Waiters::Answer>>();
  Commit(
      [this, run_number, answers](Connection& connection) {
        *answers = waiters_.Make(connection, {run_number}, /*even_if_unsettled=*/true);
        return absl::OkStatus();
      },
      [this, waiter_id, answers] {
        for (const Waiters::Answer& answer : *answers) waiters_.Give(answer, waiter_id);
      });
}

void Runner::AnswerIfSettled(int64_t run_number) {
  if (!waiters_.Waits(run_number)) return;
  auto answers = std::make_shared<std::vector<Waiters::Answer>>();
  Commit(
      [this, run_number, answers](Connection& connection) {
        *answers = waiters_.Make(connection, {run_number}, /*even_if_unsettled=*/false);
        return absl::OkStatus();
      },
      [this, answers] { waiters_.Give(*answers); });
}

void Runner::AnswerWaiters() {
  absl::Notification answered;
  auto answers = std::make_shared<std::vector<Waiters::Answer>>();
  database_.Submit(
      [this, answers](Connection& connection) {
        *answers = waiters_.Make(connection, waiters_.Runs(), /*even_if_unsettled=*/true);
        return absl::OkStatus();
      },
      [this, answers, &answered](const absl::Status& status) {
        if (!status.ok()) LOG(ERROR) << "answers to calls that wait were not kept: " << status.message();
        waiters_.Give(*answers);
        answered.Notify();
      });
  answered.WaitForNotification();
}

void Runner::CancelRun(const std::string& run_id, std::function<void(absl::Status)> done) {
  auto number = std::make_shared<int64_t>(0);
  database_.Submit(
      [this, run_id, number](Connection& connection) -> absl::Status {
        RunStore store(connection);
        const auto run = store.FindRun(run_id);
        if (!run.has_value()) return absl::NotFoundError(absl::StrCat("there is no campaign run ", run_id));
        *number = run->number;
        if (!run->cancelled && ViewRun(*run).state() != v1::CAMPAIGN_RUN_STATE_FINISHED) {
          store.CancelRun(run->number, clock_.Now());
        }
        return absl::OkStatus();
      },
      [this, number, done = std::move(done)](absl::Status status) {
        if (!status.ok()) return done(std::move(status));
        cancelled_runs_.insert(*number);
        intake_.Remove(*number);
        CancelWaiting(*number, done);
      });
}

// Waiting customers go on, a chunk at a time, and end at their next step because the run is cancelled.
void Runner::CancelWaiting(int64_t run_number, std::function<void(absl::Status)> done) {
  auto launched = std::make_shared<std::vector<BatchPtr>>();
  auto more = std::make_shared<bool>(false);
  Commit(
      [this, run_number, launched, more](Connection& connection) {
        RunStore store(connection);
        std::vector<CustomerRunRow> rows = store.WaitingCustomerRuns(run_number, kCancelChunk);
        *more = rows.size() == kCancelChunk;
        std::vector<Wake> wakes;
        for (CustomerRunRow& row : rows) {
          if (row.state == v1::CUSTOMER_RUN_STATE_WAITING_REVIEW) {
            CloseReviewTask(connection, row.key, v1::REVIEW_STATE_CANCELLED, kRunCancelled,
                            "the campaign run was cancelled", clock_.Now());
          }
          wakes.push_back({.row = std::move(row), .record = absl::nullopt});
        }
        *launched = Resume(connection, std::move(wakes));
        return absl::OkStatus();
      },
      [this, run_number, launched, more, done = std::move(done)] {
        Launch(*launched);
        if (*more) return CancelWaiting(run_number, done);
        AnswerIfSettled(run_number);
        done(absl::OkStatus());
      });
}

}  // namespace campaign::orchestrator
