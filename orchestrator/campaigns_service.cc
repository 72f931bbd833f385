#include "orchestrator/campaigns_service.h"

#include "common/limits.h"
#include "common/status.h"
#include "common/unary.h"
#include "orchestrator/campaign_plan.h"
#include "orchestrator/campaign_store.h"

namespace campaign::orchestrator {
namespace {

constexpr int kDefaultPage = 50;

absl::StatusOr<std::shared_ptr<const CampaignPlan>> Check(const v1::ApplyCampaignRequest& request) {
  RETURN_IF_ERROR(CheckLimits(request));
  if (!request.has_campaign()) return InvalidField("campaign", "(absent)", "is required");
  return MakePlan(request.campaign());
}

absl::Status Put(Connection& connection, const CampaignPlan& plan, absl::Time now,
                 v1::ApplyCampaignResponse& response) {
  response.set_changed(CampaignStore::Put(connection, plan, now));
  ASSIGN_OR_RETURN(*response.mutable_campaign_version(),
                   CampaignStore::Get(connection, plan.campaign.name(), plan.version));
  return absl::OkStatus();
}

absl::Status Get(Connection& connection, const v1::GetCampaignRequest& request, v1::GetCampaignResponse& response) {
  ASSIGN_OR_RETURN(*response.mutable_campaign_version(),
                   CampaignStore::Get(connection, request.name(), request.version()));
  return absl::OkStatus();
}

absl::Status List(Connection& connection, const v1::ListCampaignsRequest& request,
                  v1::ListCampaignsResponse& response) {
  const int page_size = request.page_size() > 0 ? request.page_size() : kDefaultPage;
  std::vector<v1::CampaignVersion> versions = CampaignStore::List(connection, request.page_token(), page_size + 1);
  if (static_cast<int>(versions.size()) > page_size) {
    versions.pop_back();
    response.set_next_page_token(versions.back().campaign().name());
  }
  *response.mutable_campaign_versions() = {versions.begin(), versions.end()};
  return absl::OkStatus();
}

}  // namespace

grpc::ServerUnaryReactor* CampaignsService::ApplyCampaign(grpc::CallbackServerContext* context,
                                                          const v1::ApplyCampaignRequest* request,
                                                          v1::ApplyCampaignResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const auto finish = [reactor](const absl::Status& status) { reactor->Finish(ToGrpcStatus(status)); };
  const auto plan = Check(*request);
  if (!plan.ok()) {
    finish(plan.status());
    return reactor;
  }
  steps_.CheckConfiguration(*plan, [=, this, plan = *plan](const absl::Status& status) {
    if (!status.ok()) return finish(status);
    if (request->validate_only()) {
      *response->mutable_campaign_version()->mutable_campaign() = plan->campaign;
      response->mutable_campaign_version()->set_version(plan->version);
      return finish(absl::OkStatus());
    }
    database_.Submit([=, this](Connection& connection) { return Put(connection, *plan, clock_.Now(), *response); },
                     finish);
  });
  return reactor;
}

grpc::ServerUnaryReactor* CampaignsService::GetCampaign(grpc::CallbackServerContext* context,
                                                        const v1::GetCampaignRequest* request,
                                                        v1::GetCampaignResponse* response) {
  return AnswerWithRead(context, request, response, database_, Get);
}

grpc::ServerUnaryReactor* CampaignsService::ListCampaigns(grpc::CallbackServerContext* context,
                                                          const v1::ListCampaignsRequest* request,
                                                          v1::ListCampaignsResponse* response) {
  return AnswerWithRead(context, request, response, database_, List);
}

}  // namespace campaign::orchestrator
