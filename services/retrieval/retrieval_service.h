#pragma once

#include "campaign/v1/retrieval.grpc.pb.h"
#include "common/clock.h"
#include "common/config_cache.h"
#include "common/unary.h"
#include "services/retrieval/insights.h"
#include "services/retrieval/retrieval_store.h"

namespace campaign::retrieval {

// The Retrieval service of campaign/v1/retrieval.proto. Thread-safe; `store` and `clock` must outlive it.
class RetrievalService final : public v1::Retrieval::CallbackService {
 public:
  RetrievalService(RetrievalStore& store, const Clock& clock);

  grpc::ServerReadReactor<v1::ImportCustomersRequest>* ImportCustomers(grpc::CallbackServerContext* context,
                                                                       v1::ImportCustomersResponse* response) override;
  grpc::ServerReadReactor<v1::RecordEventsRequest>* RecordEvents(grpc::CallbackServerContext* context,
                                                                 v1::RecordEventsResponse* response) override;
  grpc::ServerUnaryReactor* GetProfiles(grpc::CallbackServerContext* context, const v1::GetProfilesRequest* request,
                                        v1::GetProfilesResponse* response) override;
  grpc::ServerUnaryReactor* GetInsights(grpc::CallbackServerContext* context, const v1::GetInsightsRequest* request,
                                        v1::GetInsightsResponse* response) override;
  grpc::ServerWriteReactor<v1::QueryAudienceResponse>* QueryAudience(grpc::CallbackServerContext* context,
                                                                     const v1::QueryAudienceRequest* request) override;
  grpc::ServerUnaryReactor* GetRfmCutoffs(grpc::CallbackServerContext* context, const v1::GetRfmCutoffsRequest* request,
                                          v1::GetRfmCutoffsResponse* response) override;

 private:
  absl::Status Profiles(const v1::GetProfilesRequest& request, v1::GetProfilesResponse& response);
  absl::Status Insights(const v1::GetInsightsRequest& request, v1::GetInsightsResponse& response);
  absl::Status RfmCutoffs(v1::GetRfmCutoffsResponse& response);

  RetrievalStore& store_;
  const Clock& clock_;
  ConfigCache<InsightPlan> plans_;
  ArenaAllocator<v1::GetProfilesRequest, v1::GetProfilesResponse> profiles_allocator_;
  ArenaAllocator<v1::GetInsightsRequest, v1::GetInsightsResponse> insights_allocator_;
};

}  // namespace campaign::retrieval
