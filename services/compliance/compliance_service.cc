#include "services/compliance/compliance_service.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "common/log.h"
#include "common/status.h"
#include "services/compliance/consent_store.h"
#include "services/compliance/replies.h"
#include "services/compliance/reply_store.h"
#include "services/compliance/suppression_store.h"

namespace campaign::compliance {
namespace {

constexpr absl::Duration kKeepContacts = absl::Hours(24 * 400);
constexpr absl::Duration kPruneEvery = absl::Minutes(1);
constexpr int kDefaultPageSize = 100;
constexpr v1::Channel kChannels[] = {v1::CHANNEL_EMAIL, v1::CHANNEL_SMS, v1::CHANNEL_PUSH, v1::CHANNEL_CHAT};

// The targets of all entries, in order.
absl::StatusOr<std::vector<SuppressionTarget>> TargetsOf(
    const google::protobuf::RepeatedPtrField<v1::Suppression>& suppressions) {
  std::vector<SuppressionTarget> targets;
  targets.reserve(suppressions.size());
  for (int i = 0; i < suppressions.size(); ++i) {
    ASSIGN_OR_RETURN(SuppressionTarget target, TargetOf(suppressions[i], absl::StrCat("suppressions[", i, "]")));
    targets.push_back(std::move(target));
  }
  return targets;
}

absl::StatusOr<int64_t> ParsePageToken(const std::string& token) {
  int64_t after = 0;
  if (token.empty() || (absl::SimpleAtoi(token, &after) && after > 0)) return after;
  return InvalidField("page_token", absl::StrCat("\"", token, "\""), "is not one that this call returned");
}

}  // namespace

ComplianceService::ComplianceService(Database& database, const ZoneDatabase& zones, const Jurisdictions& jurisdictions,
                                     const ReplyKeywords& reply_keywords, const Clock& clock)
    : database_(database),
      zones_(zones),
      jurisdictions_(jurisdictions),
      reply_keywords_(reply_keywords),
      clock_(clock) {
  const absl::Status filled = database_.Read([this](Connection& connection) {
    SuppressionStore(connection, filter_).FillFilter();
    return absl::OkStatus();
  });
  if (!filled.ok()) LOG(WARNING) << "every target will be looked up in the suppression list: " << filled;
  SetMessageAllocatorFor_Check(&check_allocator_);
  SetMessageAllocatorFor_SettleReservations(&settle_allocator_);
  SetMessageAllocatorFor_AddSuppressions(&add_allocator_);
  SetMessageAllocatorFor_RemoveSuppressions(&remove_allocator_);
  SetMessageAllocatorFor_ListSuppressions(&list_allocator_);
  SetMessageAllocatorFor_RecordConsents(&record_allocator_);
  SetMessageAllocatorFor_GetConsents(&get_allocator_);
  SetMessageAllocatorFor_RecordReplies(&replies_allocator_);
}

absl::StatusOr<std::shared_ptr<BatchCheck>> ComplianceService::PrepareCheck(const v1::CheckRequest& request) {
  RETURN_IF_ERROR(CheckLimits(request));
  if (request.has_decide_time() && !request.dry_run()) return InvalidField("decide_time", "set", "needs dry_run");
  const absl::Time now = request.has_decide_time() ? FromTimestamp(request.decide_time()) : clock_.Now();
  ASSIGN_OR_RETURN(auto compiled, configs_.Get(request.config_version(), [&] {
    return CompiledCompliance::Compile(request.config(), "config", zones_, jurisdictions_);
  }));
  return std::make_shared<BatchCheck>(request, std::move(compiled), zones_, jurisdictions_, now);
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
    ComplianceStore contacts(connection);
    SuppressionStore suppressions(connection, filter_);
    ConsentStore consents(connection);
    batch->Decide(contacts, suppressions, consents, *response);
    if (!request->dry_run()) PruneSometimes(contacts);
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

absl::Status ComplianceService::Add(Connection& connection, const v1::AddSuppressionsRequest& request,
                                    v1::AddSuppressionsResponse& response) {
  ASSIGN_OR_RETURN(const std::vector<SuppressionTarget> targets, TargetsOf(request.suppressions()));
  SuppressionStore store(connection, filter_);
  const absl::Time now = clock_.Now();
  int added = 0;
  for (size_t i = 0; i < targets.size(); ++i) added += store.Add(request.suppressions(i), targets[i], now);
  response.set_added_count(added);
  return absl::OkStatus();
}

absl::Status ComplianceService::Remove(Connection& connection, const v1::RemoveSuppressionsRequest& request,
                                       v1::RemoveSuppressionsResponse& response) {
  ASSIGN_OR_RETURN(const std::vector<SuppressionTarget> targets, TargetsOf(request.suppressions()));
  SuppressionStore store(connection, filter_);
  int removed = 0;
  for (size_t i = 0; i < targets.size(); ++i) removed += store.Remove(request.suppressions(i), targets[i]);
  response.set_removed_count(removed);
  return absl::OkStatus();
}

absl::Status ComplianceService::List(Connection& connection, const v1::ListSuppressionsRequest& request,
                                     v1::ListSuppressionsResponse& response) {
  ASSIGN_OR_RETURN(const int64_t after, ParsePageToken(request.page_token()));
  const int page_size = request.page_size() == 0 ? kDefaultPageSize : request.page_size();
  const int64_t next = SuppressionStore(connection, filter_).List(after, page_size, response);
  if (next != 0) response.set_next_page_token(absl::StrCat(next));
  return absl::OkStatus();
}

absl::Status ComplianceService::Record(Connection& connection, const v1::RecordConsentsRequest& request,
                                       v1::RecordConsentsResponse& response) const {
  RETURN_IF_ERROR(CheckConsentRequest(request, clock_.Now()));
  ConsentStore store(connection);
  int changed = 0;
  for (const v1::Consent& consent : request.consents()) changed += store.Record(consent);
  response.set_changed_count(changed);
  return absl::OkStatus();
}

absl::Status ComplianceService::Get(Connection& connection, const v1::GetConsentsRequest& request,
                                    v1::GetConsentsResponse& response) const {
  if (!request.countries().empty() && request.countries_size() != request.customer_ids_size()) {
    return InvalidField("countries", request.countries_size(), "of them are not one for each of customer_ids");
  }
  ConsentStore store(connection);
  const absl::Time now = clock_.Now();
  std::vector<ConsentRecord> records;
  for (int i = 0; i < request.customer_ids_size(); ++i) {
    const Jurisdiction& jurisdiction = jurisdictions_.Of(request.countries().empty() ? "" : request.countries(i));
    store.FindAll(request.customer_ids(i), records);
    v1::ConsentedChannels& result = *response.add_results();
    // Ordered by channel.
    auto begin = records.begin();
    for (const v1::Channel channel : kChannels) {
      const auto end = std::find_if(begin, records.end(), [&](const auto& r) { return r.channel != channel; });
      const ConsentRule& rule = jurisdiction.RuleFor(channel, v1::MESSAGE_CLASS_MARKETING);
      const absl::Span<const ConsentRecord> of_channel(records.data() + (begin - records.begin()), end - begin);
      if (EvaluateConsent(rule, of_channel, request.purpose(), now).allowed) result.add_channels(channel);
      begin = end;
    }
  }
  return absl::OkStatus();
}

absl::Status ComplianceService::RecordAll(Connection& connection, const v1::RecordRepliesRequest& request,
                                          v1::RecordRepliesResponse& response) {
  ReplyStore replies(connection);
  SuppressionStore suppressions(connection, filter_);
  return compliance::RecordReplies(request, reply_keywords_, clock_.Now(), replies, suppressions, response);
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
  return AnswerWithWrite(context, request, response, database_,
                         [this](Connection& connection, auto& in, auto& out) { return Add(connection, in, out); });
}

grpc::ServerUnaryReactor* ComplianceService::RemoveSuppressions(grpc::CallbackServerContext* context,
                                                                const v1::RemoveSuppressionsRequest* request,
                                                                v1::RemoveSuppressionsResponse* response) {
  return AnswerWithWrite(context, request, response, database_,
                         [this](Connection& connection, auto& in, auto& out) { return Remove(connection, in, out); });
}

grpc::ServerUnaryReactor* ComplianceService::ListSuppressions(grpc::CallbackServerContext* context,
                                                              const v1::ListSuppressionsRequest* request,
                                                              v1::ListSuppressionsResponse* response) {
  return AnswerWithRead(context, request, response, database_,
                        [this](Connection& connection, auto& in, auto& out) { return List(connection, in, out); });
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
  return AnswerWithRead(context, request, response, database_,
                        [this](Connection& connection, auto& in, auto& out) { return Get(connection, in, out); });
}

grpc::ServerUnaryReactor* ComplianceService::RecordReplies(grpc::CallbackServerContext* context,
                                                           const v1::RecordRepliesRequest* request,
                                                           v1::RecordRepliesResponse* response) {
  return AnswerWithWrite(context, request, response, database_, [this](Connection& connection, auto& in, auto& out) {
    return RecordAll(connection, in, out);
  });
}

}  // namespace campaign::compliance
