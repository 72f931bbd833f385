#include "services/analytics/analytics_service.h"

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "services/analytics/analytics_store.h"
#include "services/analytics/report.h"
#include "services/analytics/responses.h"

namespace campaign::analytics {
namespace {

// A run that is still under way has no outcome to count.
absl::Status CheckStates(const v1::RecordRequest& request) {
  for (int i = 0; i < request.records_size(); ++i) {
    const v1::CustomerRunState state = request.records(i).state();
    if (state >= v1::CUSTOMER_RUN_STATE_DELIVERED) continue;
    return InvalidField(absl::StrCat("records[", i, "].state"), v1::CustomerRunState_Name(state), "is not terminal");
  }
  return absl::OkStatus();
}

absl::Status Keep(Connection& connection, const v1::RecordRequest& request, v1::RecordResponse& response) {
  RETURN_IF_ERROR(CheckStates(request));
  AnalyticsStore store(connection);
  int recorded = 0;
  for (const v1::RunRecord& record : request.records()) recorded += store.Record(record);
  response.set_recorded_count(recorded);
  return absl::OkStatus();
}

absl::Status Add(Connection& connection, const v1::RecordResponsesRequest& request,
                 v1::RecordResponsesResponse& response) {
  AnalyticsStore store(connection);
  AddResponses(store, request, response);
  return absl::OkStatus();
}

absl::Status Report(Connection& connection, const v1::GetReportRequest& request, v1::GetReportResponse& response) {
  AnalyticsStore store(connection);
  MakeReport(store, request, response);
  return absl::OkStatus();
}

}  // namespace

AnalyticsService::AnalyticsService(Database& database) : database_(database) {
  SetMessageAllocatorFor_Record(&record_allocator_);
  SetMessageAllocatorFor_RecordResponses(&responses_allocator_);
  SetMessageAllocatorFor_GetReport(&report_allocator_);
}

grpc::ServerUnaryReactor* AnalyticsService::Record(grpc::CallbackServerContext* context,
                                                   const v1::RecordRequest* request, v1::RecordResponse* response) {
  return AnswerWithWrite(context, request, response, database_, Keep);
}

grpc::ServerUnaryReactor* AnalyticsService::RecordResponses(grpc::CallbackServerContext* context,
                                                            const v1::RecordResponsesRequest* request,
                                                            v1::RecordResponsesResponse* response) {
  return AnswerWithWrite(context, request, response, database_, Add);
}

grpc::ServerUnaryReactor* AnalyticsService::GetReport(grpc::CallbackServerContext* context,
                                                      const v1::GetReportRequest* request,
                                                      v1::GetReportResponse* response) {
  return Answer(context, request, response, [this](auto& in, auto& out) {
    return database_.Read([&](Connection& connection) { return Report(connection, in, out); });
  });
}

}  // namespace campaign::analytics
