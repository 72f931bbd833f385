#pragma once

#include <atomic>
#include <memory>

#include "absl/status/statusor.h"
#include "campaign/v1/orchestrator.grpc.pb.h"
#include "common/clock.h"
#include "common/database.h"
#include "orchestrator/campaign_store.h"
#include "orchestrator/runner.h"
#include "orchestrator/steps.h"
#include "orchestrator/timers.h"

namespace campaign::orchestrator {

// campaign.v1.Orchestrator: starts and stops runs through the runner, reads them from the run store. Thread-safe.
class OrchestratorService final : public v1::Orchestrator::CallbackService {
 public:
  // References must outlive the service.
  OrchestratorService(Database& database, CampaignStore& campaigns, Steps& steps, Runner& runner, Timers& timers,
                      const Clock& clock)
      : database_(database), campaigns_(campaigns), steps_(steps), runner_(runner), timers_(timers), clock_(clock) {}

  grpc::ServerUnaryReactor* RunCampaign(grpc::CallbackServerContext* context, const v1::RunCampaignRequest* request,
                                        v1::RunCampaignResponse* response) override;
  grpc::ServerUnaryReactor* GetCampaignRun(grpc::CallbackServerContext* context,
                                           const v1::GetCampaignRunRequest* request,
                                           v1::GetCampaignRunResponse* response) override;
  grpc::ServerUnaryReactor* ListCampaignRuns(grpc::CallbackServerContext* context,
                                             const v1::ListCampaignRunsRequest* request,
                                             v1::ListCampaignRunsResponse* response) override;
  grpc::ServerWriteReactor<v1::WatchCampaignRunResponse>* WatchCampaignRun(
      grpc::CallbackServerContext* context, const v1::WatchCampaignRunRequest* request) override;
  grpc::ServerUnaryReactor* CancelCampaignRun(grpc::CallbackServerContext* context,
                                              const v1::CancelCampaignRunRequest* request,
                                              v1::CancelCampaignRunResponse* response) override;
  grpc::ServerUnaryReactor* GetCustomerRun(grpc::CallbackServerContext* context,
                                           const v1::GetCustomerRunRequest* request,
                                           v1::GetCustomerRunResponse* response) override;
  grpc::ServerUnaryReactor* ListCustomerRuns(grpc::CallbackServerContext* context,
                                             const v1::ListCustomerRunsRequest* request,
                                             v1::ListCustomerRunsResponse* response) override;

  grpc::ServerUnaryReactor* ReplayCustomerRun(grpc::CallbackServerContext* context,
                                              const v1::ReplayCustomerRunRequest* request,
                                              v1::ReplayCustomerRunResponse* response) override;

  // Ends every WatchCampaignRun, so that the server need not wait for them.
  void StopWatches() { stopping_ = true; }

 private:
  // What a replay goes by.
  struct Recorded {
    v1::CustomerRun run;
    std::shared_ptr<const CampaignPlan> plan;
  };
  absl::StatusOr<Recorded> LoadRecorded(const v1::ReplayCustomerRunRequest& request);

  Database& database_;
  CampaignStore& campaigns_;
  Steps& steps_;
  Runner& runner_;
  Timers& timers_;
  const Clock& clock_;
  std::atomic<bool> stopping_ = false;
};

}  // namespace campaign::orchestrator
