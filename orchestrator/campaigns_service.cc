#include "orchestrator/campaigns_service.h"

#include "common/status.h"
#include "common/unary.h"
#include "orchestrator/campaign_plan.h"
#include "orchestrator/campaign_store.h"

namespace campaign::orchestrator {
namespace {

constexpr int kDefaultPage = 50;

absl::Status Apply(Connection& connection, const Clock& clock, const v1::ApplyCampaignRequest& request,
                   v1::ApplyCampaignResponse& response) {
  if (!request.has_campaign()) return InvalidField("campaign", "(absent)", "is required");
  ASSIGN_OR_RETURN(const std::shared_ptr<const CampaignPlan> plan, MakePlan(request.campaign()));
  v1::CampaignVersion& version = *response.mutable_campaign_version();
  if (request.validate_only()) {
    *version.mutable_campaign() = plan->campaign;
    version.set_version(plan->version);
    return absl::OkStatus();
  }
  response.set_changed(CampaignStore::Put(connection, *plan, clock.Now()));
  ASSIGN_OR_RETURN(version, CampaignStore::Get(connection, plan->campaign.name(), plan->version));
  return absl::OkStatus();
}

absl::Status Get(Connection& connection, const v1::GetCampaignRequest& request, v1::GetCampaignResponse& response) {
  ASSIGN_OR_RETURN(*response.mutable_campaign_version(),
                   CampaignStore::Get(connection, request.name(), request.version()));
  return absl::OkStatus();
}

absl::Status List(Connection& connection, const v1::ListCampaignsRequest& request, v1::ListCampaignsResponse& response) {
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
  return AnswerWithWrite(context, request, response, database_,
                         [this](Connection& connection, const auto& in, auto& out) {
                           return Apply(connection, clock_, in, out);
                         });
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
