#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "campaign/v1/compliance.grpc.pb.h"
#include "common/clock.h"
#include "common/config_cache.h"
#include "common/database.h"
#include "common/unary.h"
#include "services/compliance/batch_check.h"
#include "services/compliance/compiled_compliance.h"
#include "services/compliance/jurisdictions.h"
#include "services/compliance/reply_keywords.h"
#include "services/compliance/suppression_filter.h"
#include "services/compliance/zone_database.h"

namespace campaign::compliance {

// The RPC adapter; see compliance.proto for what each call does. Thread-safe. Does not own what it is given.
class ComplianceService final : public v1::Compliance::CallbackService {
 public:
  // Reads the suppression list's targets into memory.
  ComplianceService(Database& database, const ZoneDatabase& zones, const Jurisdictions& jurisdictions,
                    const ReplyKeywords& reply_keywords, const Clock& clock);

  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* context, const v1::CheckRequest* request,
                                  v1::CheckResponse* response) override;
  grpc::ServerUnaryReactor* SettleReservations(grpc::CallbackServerContext* context,
                                               const v1::ComplianceSettleReservationsRequest* request,
                                               v1::ComplianceSettleReservationsResponse* response) override;
  grpc::ServerUnaryReactor* AddSuppressions(grpc::CallbackServerContext* context,
                                            const v1::AddSuppressionsRequest* request,
                                            v1::AddSuppressionsResponse* response) override;
  grpc::ServerUnaryReactor* RemoveSuppressions(grpc::CallbackServerContext* context,
                                               const v1::RemoveSuppressionsRequest* request,
                                               v1::RemoveSuppressionsResponse* response) override;
  grpc::ServerUnaryReactor* ListSuppressions(grpc::CallbackServerContext* context,
                                             const v1::ListSuppressionsRequest* request,
                                             v1::ListSuppressionsResponse* response) override;
  grpc::ServerUnaryReactor* RecordConsents(grpc::CallbackServerContext* context,
                                           const v1::RecordConsentsRequest* request,
                                           v1::RecordConsentsResponse* response) override;
  grpc::ServerUnaryReactor* GetConsents(grpc::CallbackServerContext* context, const v1::GetConsentsRequest* request,
                                        v1::GetConsentsResponse* response) override;
  grpc::ServerUnaryReactor* RecordReplies(grpc::CallbackServerContext* context, const v1::RecordRepliesRequest* request,
                                          v1::RecordRepliesResponse* response) override;

 private:
  // The part of Check that needs no state.
  absl::StatusOr<std::shared_ptr<BatchCheck>> PrepareCheck(const v1::CheckRequest& request);
  absl::Status Settle(Connection& connection, const v1::ComplianceSettleReservationsRequest& request,
                      v1::ComplianceSettleReservationsResponse& response) const;
  absl::Status Record(Connection& connection, const v1::RecordConsentsRequest& request,
                      v1::RecordConsentsResponse& response) const;
  absl::Status Add(Connection& connection, const v1::AddSuppressionsRequest& request,
                   v1::AddSuppressionsResponse& response);
  absl::Status Remove(Connection& connection, const v1::RemoveSuppressionsRequest& request,
                      v1::RemoveSuppressionsResponse& response);
  absl::Status List(Connection& connection, const v1::ListSuppressionsRequest& request,
                    v1::ListSuppressionsResponse& response);
  absl::Status Get(Connection& connection, const v1::GetConsentsRequest& request,
                   v1::GetConsentsResponse& response) const;
  absl::Status RecordAll(Connection& connection, const v1::RecordRepliesRequest& request,
                         v1::RecordRepliesResponse& response);
  void PruneSometimes(ComplianceStore& store);

  Database& database_;
  const ZoneDatabase& zones_;
  const Jurisdictions& jurisdictions_;
  const ReplyKeywords& reply_keywords_;
  const Clock& clock_;
  SuppressionFilter filter_;
  ConfigCache<CompiledCompliance> configs_;
  // On the writer's thread alone.
  absl::Time next_prune_ = absl::InfinitePast();

  ArenaAllocator<v1::CheckRequest, v1::CheckResponse> check_allocator_;
  ArenaAllocator<v1::ComplianceSettleReservationsRequest, v1::ComplianceSettleReservationsResponse> settle_allocator_;
  ArenaAllocator<v1::AddSuppressionsRequest, v1::AddSuppressionsResponse> add_allocator_;
  ArenaAllocator<v1::RemoveSuppressionsRequest, v1::RemoveSuppressionsResponse> remove_allocator_;
  ArenaAllocator<v1::ListSuppressionsRequest, v1::ListSuppressionsResponse> list_allocator_;
  ArenaAllocator<v1::RecordConsentsRequest, v1::RecordConsentsResponse> record_allocator_;
  ArenaAllocator<v1::GetConsentsRequest, v1::GetConsentsResponse> get_allocator_;
  ArenaAllocator<v1::RecordRepliesRequest, v1::RecordRepliesResponse> replies_allocator_;
};

}  // namespace campaign::compliance
