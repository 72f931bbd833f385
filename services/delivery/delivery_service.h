#pragma once

#include "absl/status/status.h"
#include "campaign/v1/delivery.grpc.pb.h"
#include "common/database.h"
#include "common/unary.h"
#include "services/delivery/dispatcher.h"

namespace campaign::delivery {

// Sends messages and shows the ledger over gRPC. Thread-safe.
class DeliveryService final : public v1::Delivery::CallbackService {
 public:
  // Both must outlive the service.
  DeliveryService(Dispatcher& dispatcher, Database& database);

  grpc::ServerUnaryReactor* Deliver(grpc::CallbackServerContext* context, const v1::DeliverRequest* request,
                                    v1::DeliverResponse* response) override;
  grpc::ServerUnaryReactor* ListDeliveries(grpc::CallbackServerContext* context,
                                           const v1::ListDeliveriesRequest* request,
                                           v1::ListDeliveriesResponse* response) override;

 private:
  absl::Status List(const v1::ListDeliveriesRequest& request, v1::ListDeliveriesResponse& response);

  Dispatcher& dispatcher_;
  Database& database_;
  ArenaAllocator<v1::DeliverRequest, v1::DeliverResponse> deliver_allocator_;
  ArenaAllocator<v1::ListDeliveriesRequest, v1::ListDeliveriesResponse> list_allocator_;
};

}  // namespace campaign::delivery
