#pragma once

#include "campaign/v1/campaigns.grpc.pb.h"
#include "common/clock.h"
#include "common/database.h"
#include "orchestrator/steps.h"

namespace campaign::orchestrator {

// campaign.v1.Campaigns over the campaign store. A campaign is stored once every service that it configures has
// accepted its part. Thread-safe.
class CampaignsService final : public v1::Campaigns::CallbackService {
 public:
  // References must outlive the service.
  CampaignsService(Database& database, Steps& steps, const Clock& clock)
      : database_(database), steps_(steps), clock_(clock) {}

  grpc::ServerUnaryReactor* ApplyCampaign(grpc::CallbackServerContext* context, const v1::ApplyCampaignRequest* request,
                                          v1::ApplyCampaignResponse* response) override;
  grpc::ServerUnaryReactor* GetCampaign(grpc::CallbackServerContext* context, const v1::GetCampaignRequest* request,
                                        v1::GetCampaignResponse* response) override;
  grpc::ServerUnaryReactor* ListCampaigns(grpc::CallbackServerContext* context, const v1::ListCampaignsRequest* request,
                                          v1::ListCampaignsResponse* response) override;

 private:
  Database& database_;
  Steps& steps_;
  const Clock& clock_;
};

}  // namespace campaign::orchestrator
