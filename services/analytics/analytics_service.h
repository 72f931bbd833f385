#pragma once

#include "campaign/v1/analytics.grpc.pb.h"
#include "common/database.h"
#include "common/unary.h"

namespace campaign::analytics {

// The RPC adapter; see analytics.proto for what each call does. Thread-safe. Does not own the database.
class AnalyticsService final : public v1::Analytics::CallbackService {
 public:
  explicit AnalyticsService(Database& database);

  grpc::ServerUnaryReactor* Record(grpc::CallbackServerContext* context, const v1::RecordRequest* request,
                                   v1::RecordResponse* response) override;
  grpc::ServerUnaryReactor* RecordResponses(grpc::CallbackServerContext* context,
                                            const v1::RecordResponsesRequest* request,
                                            v1::RecordResponsesResponse* response) override;
  grpc::ServerUnaryReactor* GetReport(grpc::CallbackServerContext* context, const v1::GetReportRequest* request,
                                      v1::GetReportResponse* response) override;

 private:
  Database& database_;
  ArenaAllocator<v1::RecordRequest, v1::RecordResponse> record_allocator_;
  ArenaAllocator<v1::RecordResponsesRequest, v1::RecordResponsesResponse> responses_allocator_;
  ArenaAllocator<v1::GetReportRequest, v1::GetReportResponse> report_allocator_;
};

}  // namespace campaign::analytics
