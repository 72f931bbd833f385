#include "tools/load/single_load.h"

#include <algorithm>
#include <atomic>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "tools/shop/shop.h"

namespace campaign::load {
namespace {

constexpr int64_t kWaitSeconds = 30;

bool Delivered(const v1::RunCampaignResponse& response) {
  return response.customer_runs_size() == 1 && response.customer_runs(0).state() == v1::CUSTOMER_RUN_STATE_DELIVERED;
}

// Keeps `in_flight` calls on their way: the callback of one starts the next. Used once.
class Volley {
 public:
  Volley(ctl::Peer& orchestrator, const SingleLoad& load, const Clock& clock)
      : peer_(orchestrator),
        stub_(orchestrator.channel()),
        load_(load),
        clock_(clock),
        lanes_(static_cast<int>(std::min<int64_t>(load.in_flight, load.call_count))),
        lanes_done_(lanes_) {
    result_.latencies.resize(load.call_count);
  }

  absl::StatusOr<SingleResult> Run() {
    const absl::Time start = clock_.Now();
    for (int lane = 0; lane < lanes_; ++lane) StartNext();
    lanes_done_.Wait();
    result_.elapsed = clock_.Now() - start;
    result_.delivered_count = delivered_;
    absl::MutexLock lock(&mutex_);
    if (!error_.ok()) return error_;
    return std::move(result_);
  }

 private:
  struct CallState {
    int64_t index;
    absl::Time start;
    grpc::ClientContext context;
    v1::RunCampaignRequest request;
    v1::RunCampaignResponse response;
  };

  void StartNext() {
    const int64_t index = next_++;
    if (index >= load_.call_count || failed_) {
      lanes_done_.DecrementCount();
      return;
    }
    auto call = std::make_shared<CallState>();
    call->index = index;
    call->request.set_campaign(load_.campaign);
    call->request.set_customer_id(shop::Shop::CustomerId(load_.first_customer + index));
    call->request.set_request_id(absl::StrCat("load-", call->request.customer_id()));
    call->request.mutable_wait()->set_seconds(kWaitSeconds);
    peer_.SetDeadline(call->context);
    call->start = clock_.Now();
    stub_.async()->RunCampaign(&call->context, &call->request, &call->response,
                               [this, call](const grpc::Status& status) { OnDone(*call, status); });
  }

  void OnDone(CallState& call, const grpc::Status& status) {
    // Calls in flight have different indexes, so no two write to one place.
    result_.latencies[call.index] = clock_.Now() - call.start;
    if (!status.ok()) {
      failed_ = true;
      absl::MutexLock lock(&mutex_);
      error_.Update(peer_.Explain(status, call.context));
    } else if (Delivered(call.response)) {
      ++delivered_;
    }
    StartNext();
  }

  ctl::Peer& peer_;
  v1::Orchestrator::Stub stub_;
  const SingleLoad& load_;
  const Clock& clock_;
  const int lanes_;
  SingleResult result_;
  std::atomic<int64_t> next_ = 0;
  std::atomic<int64_t> delivered_ = 0;
  std::atomic<bool> failed_ = false;
  absl::Mutex mutex_;
  absl::Status error_ ABSL_GUARDED_BY(mutex_);
  absl::BlockingCounter lanes_done_;
};

}  // namespace

absl::StatusOr<SingleResult> RunSingles(ctl::Clients& clients, const SingleLoad& load, const Clock& clock) {
  return Volley(clients.orchestrator, load, clock).Run();
}

}  // namespace campaign::load
