#pragma once

#include "campaign/v1/reviews.grpc.pb.h"
#include "common/clock.h"
#include "common/database.h"
#include "orchestrator/runner.h"

namespace campaign::orchestrator {

// campaign.v1.Reviews. A decision and the run's going on are one transaction. Thread-safe.
class ReviewsService final : public v1::Reviews::CallbackService {
 public:
  // References must outlive the service.
  ReviewsService(Database& database, Runner& runner, const Clock& clock)
      : database_(database), runner_(runner), clock_(clock) {}

  grpc::ServerUnaryReactor* ListReviews(grpc::CallbackServerContext* context, const v1::ListReviewsRequest* request,
                                        v1::ListReviewsResponse* response) override;
  grpc::ServerUnaryReactor* GetReview(grpc::CallbackServerContext* context, const v1::GetReviewRequest* request,
                                      v1::GetReviewResponse* response) override;
  grpc::ServerUnaryReactor* ClaimReview(grpc::CallbackServerContext* context, const v1::ClaimReviewRequest* request,
                                        v1::ClaimReviewResponse* response) override;
  grpc::ServerUnaryReactor* DecideReview(grpc::CallbackServerContext* context, const v1::DecideReviewRequest* request,
                                         v1::DecideReviewResponse* response) override;

 private:
  Database& database_;
  Runner& runner_;
  const Clock& clock_;
};

}  // namespace campaign::orchestrator
