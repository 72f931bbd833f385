#include "services/compliance/compliance_service.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace campaign::compliance {
namespace {

constexpr absl::Duration kKeepContacts = absl::Hours(24 * 400);
constexpr absl::Duration kPruneEvery = absl::Minutes(1);
constexpr int kDefaultPageSize = 100;
// What a caller's clock may be ahead. A consent from further on would outlive every withdrawal until then.
constexpr absl::Duration kMostClockSkew = absl::Hours(1);

absl::Status CheckTargets(const google::protobuf::RepeatedPtrField<v1::Suppression>& suppressions) {
  for (int i = 0; i < suppressions.size(); ++i) {
    const v1::Suppression& suppression = suppressions[i];
    const std::string path = absl::StrCat("suppressions[", i, "]");
    if (suppression.target_case() == v1::Suppression::TARGET_NOT_SET) {
      return InvalidField(path + ".target", "none", "must be a customer_id or an address");
    }
    if (suppression.has_address() && AddressKey(suppression.address()).empty()) {
      return InvalidField(path + ".address", absl::StrCat("\"", suppression.address(), "\""), "is blank");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckConsents(const google::protobuf::RepeatedPtrField<v1::Consent>& consents, absl::Time now) {
  for (int i = 0; i < consents.size(); ++i) {
    const v1::Consent& consent = consents[i];
    const std::string path = absl::StrCat("consents[", i, "]");
    if (consent.channel() == v1::CHANNEL_UNSPECIFIED) {
      return InvalidField(path + ".channel", "CHANNEL_UNSPECIFIED", "is no channel");
    }
    if (!consent.has_event_time()) return InvalidField(path + ".event_time", "none", "must be set");
    if (FromTimestamp(consent.event_time()) > now + kMostClockSkew) {
      return InvalidField(path + ".event_time", absl::FormatTime(FromTimestamp(consent.event_time())),
                          "is more than an hour in the future");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> ParsePageToken(const std::string& token) {
  int64_t after = 0;
  if (token.empty() || (absl::SimpleAtoi(token, &after) && after > 0)) return after;
  return InvalidField("page_token", absl::StrCat("\"", token, "\""), "is not one that this call returned");
}

absl::Status List(Connection& connection, const v1::ListSuppressionsRequest& request,
                  v1::ListSuppressionsResponse& response) {
  ASSIGN_OR_RETURN(const int64_t after, ParsePageToken(request.page_token()));
  const int page_size = request.page_size() == 0 ? kDefaultPageSize : request.page_size();
  const int64_t next = ComplianceStore(connection).ListSuppressions(after, page_size, response);
  if (next != 0) response.set_next_page_token(absl::StrCat(next));
  return absl::OkStatus();
}

absl::Status Get(Connection& connection, const v1::GetConsentsRequest& request, v1::GetConsentsResponse& response) {
  ComplianceStore store(connection);
  for (const std::string& customer_id : request.customer_ids()) {
    store.FindConsentedChannels(customer_id, *response.add_results());
  }
  return absl::OkStatus();
}

absl::Status Add(Connection& connection, const v1::AddSuppressionsRequest& request,
                 v1::AddSuppressionsResponse& response, absl::Time now) {
  RETURN_IF_ERROR(CheckTargets(request.suppressions()));
  ComplianceStore store(connection);
  int added = 0;
  for (const v1::Suppression& suppression : request.suppressions()) added += store.AddSuppression(suppression, now);
  response.set_added_count(added);
  return absl::OkStatus();
}

absl::Status Remove(Connection& connection, const v1::RemoveSuppressionsRequest& request,
                    v1::RemoveSuppressionsResponse& response) {
  RETURN_IF_ERROR(CheckTargets(request.suppressions()));
  ComplianceStore store(connection);
  int removed = 0;
  for (const v1::Suppression& suppression : request.suppressions()) removed += store.RemoveSuppression(suppression);
  response.set_removed_count(removed);
  return absl::OkStatus();
}

}  // namespace

ComplianceService::ComplianceService(Database& database, const ZoneDatabase& zones, const Clock& clock)
    : database_(database), zones_(zones), clock_(clock) {
  SetMessageAllocatorFor_Check(&check_allocator_);
  SetMessageAllocatorFor_SettleReservations(&settle_allocator_);
  SetMessageAllocatorFor_AddSuppressions(&add_allocator_);
  SetMessageAllocatorFor_RemoveSuppressions(&remove_allocator_);
  SetMessageAllocatorFor_ListSuppressions(&list_allocator_);
  SetMessageAllocatorFor_RecordConsents(&record_allocator_);
  SetMessageAllocatorFor_GetConsents(&get_allocator_);
}

absl::StatusOr<std::shared_ptr<BatchCheck>> ComplianceService::PrepareCheck(const v1::CheckRequest& request) {
  RETURN_IF_ERROR(CheckLimits(request));
  if (request.has_decide_time() && !request.dry_run()) return InvalidField("decide_time", "set", "needs dry_run");
  const absl::Time now = request.has_decide_time() ? FromTimestamp(request.decide_time()) : clock_.Now();
  ASSIGN_OR_RETURN(auto compiled, configs_.Get(request.config_version(), [&] {
    return CompiledCompliance::Compile(request.config(), "config");
  }));
  return std::make_shared<BatchCheck>(request, std::move(compiled), zones_, now);
}

// Not by Answer and AnswerWithWrite: what needs no state is done before the writer's thread, which all requests share.
grpc::ServerUnaryReactor* ComplianceService::Check(grpc::CallbackServerContext* context,
                                                   const v1::CheckRequest* request, v1::CheckResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  absl::StatusOr<std::shared_ptr<BatchCheck>> prepared = PrepareCheck(*request);
  if (!prepared.ok()) {
    reactor->Finish(ToGrpcStatus(prepared.status()));
    return reactor;
  }
  const auto decide = [this, batch = *std::move(prepared), request, response](Connection& connection) {
    ComplianceStore store(connection);
    batch->Decide(store, *response);
    if (!request->dry_run()) PruneSometimes(store);
    return absl::OkStatus();
  };
  if (request->dry_run()) {
    reactor->Finish(ToGrpcStatus(database_.Read(decide)));
  } else {
    database_.Submit(decide, [reactor](absl::Status status) { reactor->Finish(ToGrpcStatus(status)); });
  }
  return reactor;
}

void ComplianceService::PruneSometimes(ComplianceStore& store) {
  const absl::Time now = clock_.Now();
  if (now < next_prune_) return;
  store.Prune(now - kKeepContacts);
  next_prune_ = now + kPruneEvery;
}

absl::Status ComplianceService::Settle(Connection& connection, const v1::ComplianceSettleReservationsRequest& request,
                                       v1::ComplianceSettleReservationsResponse& response) const {
  ComplianceStore store(connection);
  const absl::Time now = clock_.Now();
  int settled = 0;
  for (int i = 0; i < request.settlements_size(); ++i) {
    const v1::ReservationSettlement& settlement = request.settlements(i);
    if (settlement.settlement() == v1::SETTLEMENT_UNSPECIFIED) {
      return InvalidField(absl::StrCat("settlements[", i, "].settlement"), "SETTLEMENT_UNSPECIFIED",
                          "is neither commit nor release");
    }
    settled += settlement.settlement() == v1::SETTLEMENT_COMMIT ? store.Commit(settlement.customer_run_id(), now)
                                                                : store.Release(settlement.customer_run_id());
  }
  response.set_settled_count(settled);
  return absl::OkStatus();
}

absl::Status ComplianceService::Record(Connection& connection, const v1::RecordConsentsRequest& request,
                                       v1::RecordConsentsResponse& response) const {
  RETURN_IF_ERROR(CheckConsents(request.consents(), clock_.Now()));
  ComplianceStore store(connection);
  int changed = 0;
  for (const v1::Consent& consent : request.consents()) changed += store.RecordConsent(consent);
  response.set_changed_count(changed);
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* ComplianceService::SettleReservations(grpc::CallbackServerContext* context,
                                                                const v1::ComplianceSettleReservationsRequest* request,
                                                                v1::ComplianceSettleReservationsResponse* response) {
  return AnswerWithWrite(context, request, response, database_,
                         [this](Connection& connection, auto& in, auto& out) { return Settle(connection, in, out); });
}

grpc::ServerUnaryReactor* ComplianceService::AddSuppressions(grpc::CallbackServerContext* context,
                                                             const v1::AddSuppressionsRequest* request,
                                                             v1::AddSuppressionsResponse* response) {
  return AnswerWithWrite(context, request, response, database_, [this](Connection& connection, auto& in, auto& out) {
    return Add(connection, in, out, clock_.Now());
  });
}

grpc::ServerUnaryReactor* ComplianceService::RemoveSuppressions(grpc::CallbackServerContext* context,
                                                                const v1::RemoveSuppressionsRequest* request,
                                                                v1::RemoveSuppressionsResponse* response) {
  return AnswerWithWrite(context, request, response, database_, Remove);
}

grpc::ServerUnaryReactor* ComplianceService::ListSuppressions(grpc::CallbackServerContext* context,
                                                              const v1::ListSuppressionsRequest* request,
                                                              v1::ListSuppressionsResponse* response) {
  return Answer(context, request, response, [this](auto& in, auto& out) {
    return database_.Read([&](Connection& connection) { return List(connection, in, out); });
  });
}

grpc::ServerUnaryReactor* ComplianceService::RecordConsents(grpc::CallbackServerContext* context,
                                                            const v1::RecordConsentsRequest* request,
                                                            v1::RecordConsentsResponse* response) {
  return AnswerWithWrite(context, request, response, database_,
                         [this](Connection& connection, auto& in, auto& out) { return Record(connection, in, out); });
}

grpc::ServerUnaryReactor* ComplianceService::GetConsents(grpc::CallbackServerContext* context,
                                                         const v1::GetConsentsRequest* request,
                                                         v1::GetConsentsResponse* response) {
  return Answer(context, request, response, [this](auto& in, auto& out) {
    return database_.Read([&](Connection& connection) { return Get(connection, in, out); });
  });
}

}  // namespace campaign::compliance
