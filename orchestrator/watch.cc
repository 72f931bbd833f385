#include "orchestrator/watch.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/grpc_status.h"
#include "orchestrator/run_store.h"
#include "orchestrator/views.h"

namespace campaign::orchestrator {
namespace {

constexpr absl::Duration kInterval = absl::Milliseconds(100);

}  // namespace

Watch::Watch(std::string run_id, Database& database, Timers& timers, const Clock& clock,
             const std::atomic<bool>& stopping)
    : run_id_(std::move(run_id)), database_(database), timers_(timers), clock_(clock), stopping_(stopping) {
  Look();
}

absl::Status Watch::Read() {
  return database_.Read([this](Connection& connection) -> absl::Status {
    const auto run = RunStore(connection).FindRun(run_id_);
    if (!run.has_value()) return absl::NotFoundError(absl::StrCat("there is no campaign run ", run_id_));
    *shown_.mutable_campaign_run() = ViewRun(*run);
    return absl::OkStatus();
  });
}

// One look, write or wait is on the way at a time, so only `cancelled_` needs the lock; Finish is called once, by the
// look that finds a reason to.
void Watch::Look() {
  bool cancelled = false;
  {
    absl::MutexLock lock(&mutex_);
    cancelled = cancelled_;
  }
  // Not under the lock: OnDone may run, and delete this, before Finish returns.
  if (cancelled) return Finish(grpc::Status::CANCELLED);
  if (stopping_) return Finish(ToGrpcStatus(absl::UnavailableError("the orchestrator is stopping; watch again")));
  if (absl::Status status = Read(); !status.ok()) return Finish(ToGrpcStatus(status));
  std::string now = shown_.SerializeAsString();
  if (now == last_) return LookLater();
  last_ = std::move(now);
  StartWrite(&shown_);
}

void Watch::LookLater() {
  timers_.At(clock_.Now() + kInterval, [this] { Look(); });
}

void Watch::OnWriteDone(bool ok) {
  if (!ok) return Finish(grpc::Status::CANCELLED);
  if (shown_.campaign_run().state() != v1::CAMPAIGN_RUN_STATE_RUNNING) return Finish(grpc::Status::OK);
  LookLater();
}

void Watch::OnCancel() {
  absl::MutexLock lock(&mutex_);
  cancelled_ = true;
}

void Watch::OnDone() { delete this; }

}  // namespace campaign::orchestrator
