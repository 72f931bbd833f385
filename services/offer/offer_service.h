#pragma once

#include <string>

#include "campaign/v1/offers.grpc.pb.h"
#include "common/clock.h"
#include "common/config_cache.h"
#include "common/database.h"
#include "common/unary.h"
#include "services/offer/compiled_offers.h"

namespace campaign::offer {

// The tables of the service; for Database::Open.
std::string OfferSchema();

// The Offers service. Decisions that reserve run one request after another on the database's writer thread, so that
// inventory, budgets and cooldowns hold exactly however many batches race. Thread-safe. References must outlive it.
class OfferService final : public v1::Offers::CallbackService {
 public:
  // `database` is opened with OfferSchema().
  OfferService(Database& database, const Clock& clock);

  grpc::ServerUnaryReactor* SelectActions(grpc::CallbackServerContext* context, const v1::SelectActionsRequest* request,
                                          v1::SelectActionsResponse* response) override;
  grpc::ServerUnaryReactor* SettleReservations(grpc::CallbackServerContext* context,
                                               const v1::OffersSettleReservationsRequest* request,
                                               v1::OffersSettleReservationsResponse* response) override;

 private:
  absl::Status Select(Connection& connection, const v1::SelectActionsRequest& request,
                      v1::SelectActionsResponse& response);
  absl::Status SettleAll(Connection& connection, const v1::OffersSettleReservationsRequest& request,
                         v1::OffersSettleReservationsResponse& response);

  Database& database_;
  const Clock& clock_;
  ConfigCache<CompiledOffers> cache_;
  ArenaAllocator<v1::SelectActionsRequest, v1::SelectActionsResponse> select_allocator_;
  ArenaAllocator<v1::OffersSettleReservationsRequest, v1::OffersSettleReservationsResponse> settle_allocator_;
};

}  // namespace campaign::offer
