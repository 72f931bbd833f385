#include "services/delivery/delivery_service.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "services/delivery/delivery_store.h"

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

void FillDispatch(const LedgerRow& row, v1::Dispatch& dispatch) {
  dispatch.set_customer_run_id(row.customer_run_id);
  dispatch.set_customer_id(row.customer_id);
  dispatch.set_campaign(row.campaign);
  FillReceipt(row, *dispatch.mutable_receipt());
  *dispatch.mutable_create_time() = ToTimestamp(row.create_time);
  *dispatch.mutable_update_time() = ToTimestamp(row.update_time);
}

}  // namespace

DeliveryService::DeliveryService(Dispatcher& dispatcher, Database& database)
    : dispatcher_(dispatcher), database_(database) {
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
  std::vector<LedgerRow> rows;
  RETURN_IF_ERROR(database_.Read([&](Connection& connection) {
    rows = ListRows(connection, filter);
    return absl::OkStatus();
  }));
  const bool has_next = rows.size() > static_cast<size_t>(page_size);
  if (has_next) rows.pop_back();
  for (const LedgerRow& row : rows) FillDispatch(row, *response.add_deliveries());
  if (has_next) response.set_next_page_token(absl::StrCat(absl::Hex(rows.back().dispatch_id)));
  return absl::OkStatus();
}

}  // namespace campaign::delivery
