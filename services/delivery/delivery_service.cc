#include "services/delivery/delivery_service.h"

#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "services/delivery/delivery_store.h"
#include "services/delivery/feedback_store.h"
#include "services/delivery/idempotency_key.h"
#include "services/delivery/provider_callback.h"
#include "services/delivery/record_callback.h"
#include "services/delivery/resolve_unknown.h"

namespace campaign::delivery {
namespace {

constexpr int kDefaultPageSize = 100;

// A page token is the last dispatch_id of the page before, in hexadecimal.
absl::StatusOr<int64_t> ParsePageToken(const std::string& token) {
  int64_t dispatch_id = 0;
  if (token.empty()) return dispatch_id;
  if (absl::SimpleHexAtoi(token, &dispatch_id) && dispatch_id > 0) return dispatch_id;
  return InvalidField("page_token", token, "is no token of an earlier page");
}

void FillDispatch(Connection& connection, const LedgerRow& row, v1::Dispatch& dispatch) {
  dispatch.set_customer_run_id(row.customer_run_id);
  dispatch.set_customer_id(row.customer_id);
  dispatch.set_campaign(row.campaign);
  FillReceipt(row, *dispatch.mutable_receipt());
  AddResolutions(connection, row, *dispatch.mutable_receipt());
  *dispatch.mutable_create_time() = ToTimestamp(row.create_time);
  *dispatch.mutable_update_time() = ToTimestamp(row.update_time);
}

}  // namespace

DeliveryService::DeliveryService(Dispatcher& dispatcher, Database& database, const Clock& clock,
                                 CallbackSources callbacks)
    : dispatcher_(dispatcher), database_(database), clock_(clock), callbacks_(std::move(callbacks)) {
  SetMessageAllocatorFor_Deliver(&deliver_allocator_);
  SetMessageAllocatorFor_ListDeliveries(&list_allocator_);
}

grpc::ServerUnaryReactor* DeliveryService::Deliver(grpc::CallbackServerContext* context,
                                                   const v1::DeliverRequest* request, v1::DeliverResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  if (const absl::Status status = CheckLimits(*request); !status.ok()) {
    reactor->Finish(ToGrpcStatus(status));
    return reactor;
  }
  dispatcher_.Deliver(*request, *response, [reactor](const absl::Status& s) { reactor->Finish(ToGrpcStatus(s)); });
  return reactor;
}

grpc::ServerUnaryReactor* DeliveryService::ListDeliveries(grpc::CallbackServerContext* context,
                                                          const v1::ListDeliveriesRequest* request,
                                                          v1::ListDeliveriesResponse* response) {
  return Answer(context, request, response, [this](const auto& req, auto& res) { return List(req, res); });
}

absl::Status DeliveryService::List(const v1::ListDeliveriesRequest& request, v1::ListDeliveriesResponse& response) {
  ASSIGN_OR_RETURN(const int64_t before, ParsePageToken(request.page_token()));
  const int page_size = request.page_size() == 0 ? kDefaultPageSize : request.page_size();
  // One more than the page tells whether there is a next.
  const LedgerFilter filter{request.state(), request.customer_run_id(), before, page_size + 1};
  return database_.Read([&](Connection& connection) {
    std::vector<LedgerRow> rows = ListRows(connection, filter);
    const bool has_next = rows.size() > static_cast<size_t>(page_size);
    if (has_next) rows.pop_back();
    for (const LedgerRow& row : rows) FillDispatch(connection, row, *response.add_deliveries());
    if (has_next) response.set_next_page_token(absl::StrCat(absl::Hex(rows.back().dispatch_id)));
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* DeliveryService::RecordReceipts(grpc::CallbackServerContext* context,
                                                          const v1::RecordReceiptsRequest* request,
                                                          v1::RecordReceiptsResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const auto finish = [reactor](const absl::Status& status) { reactor->Finish(ToGrpcStatus(status)); };
  // Here, not on the writer's thread: that one has better things to do than to read what anybody sends.
  absl::StatusOr<Callback> callback = Read(*request);
  if (!callback.ok()) {
    finish(callback.status());
    return reactor;
  }
  database_.Submit(
      [this, request, response, callback = *std::move(callback)](Connection& connection) {
        const std::string& provider = request->provider();
        *response = RecordCallback(connection, provider, callbacks_.at(provider), callback, clock_.Now());
        return absl::OkStatus();
      },
      finish);
  return reactor;
}

absl::StatusOr<Callback> DeliveryService::Read(const v1::RecordReceiptsRequest& request) const {
  RETURN_IF_ERROR(CheckLimits(request));
  const auto source = callbacks_.find(request.provider());
  if (source == callbacks_.end()) {
    return InvalidField("provider", request.provider(), "is no provider that may call back by delivery's settings");
  }
  return ReadCallback(source->second, request, clock_.Now());
}

grpc::ServerUnaryReactor* DeliveryService::ListFeedback(grpc::CallbackServerContext* context,
                                                        const v1::ListFeedbackRequest* request,
                                                        v1::ListFeedbackResponse* response) {
  return AnswerWithRead(context, request, response, database_, [](Connection& connection, const auto& req, auto& res) {
    const int page_size = req.page_size() == 0 ? kDefaultPageSize : req.page_size();
    delivery::ListFeedback(connection, req.after_feedback_id(), page_size, res);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* DeliveryService::ResolveUnknown(grpc::CallbackServerContext* context,
                                                          const v1::ResolveUnknownRequest* request,
                                                          v1::ResolveUnknownResponse* response) {
  return AnswerWithWrite(
      context, request, response, database_,
      [this](Connection& connection, const auto& req, auto& res) -> absl::Status {
        const bool in_flight = dispatcher_.IsInFlight(IdempotencyKey(req.customer_run_id(), req.channel()));
        ASSIGN_OR_RETURN(*res.mutable_receipt(), delivery::ResolveUnknown(connection, req, in_flight, clock_.Now()));
        return absl::OkStatus();
      });
}

}  // namespace campaign::delivery
