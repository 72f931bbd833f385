#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "campaign/v1/orchestrator.grpc.pb.h"
#include "common/clock.h"
#include "common/database.h"
#include "orchestrator/timers.h"

namespace campaign::orchestrator {

// One call of WatchCampaignRun: reads the run ten times a second, writes it when it has changed, ends when it has
// settled. Deletes itself.
class Watch final : public grpc::ServerWriteReactor<v1::WatchCampaignRunResponse> {
 public:
  // References must outlive the call. Ends with UNAVAILABLE once `stopping` is set.
  Watch(std::string run_id, Database& database, Timers& timers, const Clock& clock, const std::atomic<bool>& stopping);

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  ~Watch() override = default;

  void Look();
  void LookLater();
  absl::Status Read();

  const std::string run_id_;
  Database& database_;
  Timers& timers_;
  const Clock& clock_;
  const std::atomic<bool>& stopping_;
  v1::WatchCampaignRunResponse shown_;
  std::string last_;

  absl::Mutex mutex_;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace campaign::orchestrator
