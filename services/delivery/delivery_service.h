#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "campaign/v1/delivery.grpc.pb.h"
#include "common/clock.h"
#include "common/database.h"
#include "common/unary.h"
#include "services/delivery/callback_event.h"
#include "services/delivery/dispatcher.h"
#include "services/delivery/receipt_signature.h"

namespace campaign::delivery {

// Sends messages, takes what comes back about them, and shows the ledger over gRPC. Thread-safe.
class DeliveryService final : public v1::Delivery::CallbackService {
 public:
  // Dispatcher, database (see OpenLedger) and clock must outlive the service. `callbacks`: who may call back.
  DeliveryService(Dispatcher& dispatcher, Database& database, const Clock& clock, CallbackSources callbacks);

  grpc::ServerUnaryReactor* Deliver(grpc::CallbackServerContext* context, const v1::DeliverRequest* request,
                                    v1::DeliverResponse* response) override;
  grpc::ServerUnaryReactor* ListDeliveries(grpc::CallbackServerContext* context,
                                           const v1::ListDeliveriesRequest* request,
                                           v1::ListDeliveriesResponse* response) override;
  grpc::ServerUnaryReactor* RecordReceipts(grpc::CallbackServerContext* context,
                                           const v1::RecordReceiptsRequest* request,
                                           v1::RecordReceiptsResponse* response) override;
  grpc::ServerUnaryReactor* ListFeedback(grpc::CallbackServerContext* context, const v1::ListFeedbackRequest* request,
                                         v1::ListFeedbackResponse* response) override;
  grpc::ServerUnaryReactor* ResolveUnknown(grpc::CallbackServerContext* context,
                                           const v1::ResolveUnknownRequest* request,
                                           v1::ResolveUnknownResponse* response) override;

 private:
  absl::StatusOr<Callback> Read(const v1::RecordReceiptsRequest& request) const;
  absl::Status List(const v1::ListDeliveriesRequest& request, v1::ListDeliveriesResponse& response);

  Dispatcher& dispatcher_;
  Database& database_;
  const Clock& clock_;
  const CallbackSources callbacks_;
  ArenaAllocator<v1::DeliverRequest, v1::DeliverResponse> deliver_allocator_;
  ArenaAllocator<v1::ListDeliveriesRequest, v1::ListDeliveriesResponse> list_allocator_;
};

}  // namespace campaign::delivery
