#include "services/offer/offer_service.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "common/clock.h"
#include "common/status.h"
#include "services/offer/assignment_store.h"
#include "services/offer/reservation_store.h"
#include "services/offer/selection.h"

namespace campaign::offer {

std::string OfferSchema() { return absl::StrCat(kReservationSchema, kAssignmentSchema); }

namespace {

void RecordExposures(Connection& connection, const v1::OffersSettleReservationsRequest& request, absl::Time now) {
  if (request.exposures().empty()) return;
  RunIds runs;
  for (const v1::ReservationSettlement& settlement : request.settlements()) runs.insert(settlement.customer_run_id());
  absl::optional<AssignmentLedger> ledger;
  for (const v1::Exposure& exposure : request.exposures()) {
    // They mostly are of one campaign.
    if (!ledger || ledger->campaign() != exposure.campaign()) ledger.emplace(connection, exposure.campaign());
    ledger->RecordExposure(exposure, runs, now);
  }
}

}  // namespace

OfferService::OfferService(Database& database, const Clock& clock) : database_(database), clock_(clock) {
  SetMessageAllocatorFor_SelectActions(&select_allocator_);
  SetMessageAllocatorFor_SettleReservations(&settle_allocator_);
}

grpc::ServerUnaryReactor* OfferService::SelectActions(grpc::CallbackServerContext* context,
                                                      const v1::SelectActionsRequest* request,
                                                      v1::SelectActionsResponse* response) {
  if (request->dry_run()) {
    return Answer(context, request, response, [this](const auto& asked, auto& answer) {
      return database_.Read([&](Connection& connection) { return Select(connection, asked, answer); });
    });
  }
  return AnswerWithWrite(
      context, request, response, database_,
      [this](Connection& connection, const auto& asked, auto& answer) { return Select(connection, asked, answer); });
}

grpc::ServerUnaryReactor* OfferService::SettleReservations(grpc::CallbackServerContext* context,
                                                           const v1::OffersSettleReservationsRequest* request,
                                                           v1::OffersSettleReservationsResponse* response) {
  return AnswerWithWrite(
      context, request, response, database_,
      [this](Connection& connection, const auto& asked, auto& answer) { return SettleAll(connection, asked, answer); });
}

absl::Status OfferService::Select(Connection& connection, const v1::SelectActionsRequest& request,
                                  v1::SelectActionsResponse& response) {
  if (request.has_decide_time() && !request.dry_run()) return InvalidField("decide_time", "set", "needs dry_run");
  ASSIGN_OR_RETURN(const std::shared_ptr<const CompiledOffers> offers,
                   cache_.Get(request.config_version(), [&] { return CompileOffers(request.config()); }));
  const absl::Time now = request.has_decide_time() ? FromTimestamp(request.decide_time()) : clock_.Now();
  ReservationLedger ledger(connection);
  AssignmentLedger assignments(connection, request.campaign());
  Assigner assigner(request, now, assignments);
  absl::optional<OfferDraw> draw;
  if (offers->config->arbitration().has_thompson_sampling()) draw.emplace(*offers, request);
  Selection selection(*offers, request.campaign(), now, request.dry_run(), ledger, assigner, draw ? &*draw : nullptr,
                      request.has_decide_time());
  response.mutable_results()->Reserve(request.items_size());
  for (const v1::SelectItem& item : request.items()) selection.Decide(item, *response.add_results());
  if (!request.dry_run()) ledger.Flush();
  return absl::OkStatus();
}

absl::Status OfferService::SettleAll(Connection& connection, const v1::OffersSettleReservationsRequest& request,
                                     v1::OffersSettleReservationsResponse& response) {
  for (int i = 0; i < request.settlements_size(); ++i) {
    if (request.settlements(i).settlement() == v1::SETTLEMENT_UNSPECIFIED) {
      return InvalidField(absl::StrCat("settlements[", i, "].settlement"), "SETTLEMENT_UNSPECIFIED", "must be set");
    }
  }
  ReservationLedger ledger(connection);
  const absl::Time now = clock_.Now();
  int settled = 0;
  for (const v1::ReservationSettlement& settlement : request.settlements()) settled += Settle(settlement, now, ledger);
  ledger.Flush();
  RecordExposures(connection, request, now);
  response.set_settled_count(settled);
  return absl::OkStatus();
}

}  // namespace campaign::offer
