#include "services/retrieval/retrieval_service.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "common/status.h"
#include "services/retrieval/audience.h"
#include "services/retrieval/features.h"
#include "services/retrieval/importer.h"
#include "services/retrieval/moment.h"
#include "services/retrieval/recorder.h"

namespace campaign::retrieval {
namespace {

void Merge(const v1::ImportCustomersResponse& one, v1::ImportCustomersResponse& all) {
  all.set_created_count(all.created_count() + one.created_count());
  all.set_updated_count(all.updated_count() + one.updated_count());
}

void Merge(const v1::RecordEventsResponse& one, v1::RecordEventsResponse& all) {
  all.set_recorded_count(all.recorded_count() + one.recorded_count());
  all.set_duplicate_count(all.duplicate_count() + one.duplicate_count());
  all.set_refused_count(all.refused_count() + one.refused_count());
  for (const v1::RefusedEvent& refused : one.refused()) {
    if (all.refused_size() < kMaxRefused) *all.add_refused() = refused;
  }
}

// A stream of messages, each committed as one write before the next is read. An error ends the call; what was committed
// before stands. Owned by itself, from the start of the call to its end.
template <class Request, class Response>
class WriteStream final : public grpc::ServerReadReactor<Request> {
 public:
  // Writes one message in the database's transaction and counts it in an empty response.
  using Handler = std::function<absl::Status(Connection&, const Request&, Response&)>;

  WriteStream(Database& database, Response* response, Handler handler)
      : database_(database), response_(response), handler_(std::move(handler)) {
    this->StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) return this->Finish(grpc::Status::OK);
    if (absl::Status status = CheckLimits(request_); !status.ok()) return this->Finish(ToGrpcStatus(status));
    database_.Submit(
        [this](Connection& connection) {
          counted_.Clear();
          return handler_(connection, request_, counted_);
        },
        [this](absl::Status status) { OnWritten(status); });
  }

  void OnDone() override { delete this; }

 private:
  // Counts only what is durable.
  void OnWritten(const absl::Status& status) {
    if (!status.ok()) return this->Finish(ToGrpcStatus(status));
    Merge(counted_, *response_);
    this->StartRead(&request_);
  }

  Database& database_;
  Response* const response_;
  const Handler handler_;
  Request request_;
  Response counted_;
};

// Streams an audience, reading a page after the one before is on its way. Owned by itself.
class AudienceStream final : public grpc::ServerWriteReactor<v1::QueryAudienceResponse> {
 public:
  explicit AudienceStream(AudienceScan scan) : scan_(std::move(scan)) { SendNext(); }

  void OnWriteDone(bool ok) override {
    if (ok) return SendNext();
    Finish(ToGrpcStatus(absl::CancelledError("the caller has gone")));
  }
  void OnDone() override { delete this; }

 private:
  void SendNext() {
    if (scan_.done()) return Finish(grpc::Status::OK);
    if (absl::Status status = scan_.NextPage(page_); !status.ok()) return Finish(ToGrpcStatus(status));
    if (page_.scanned_to_customer_id().empty()) return Finish(grpc::Status::OK);
    StartWrite(&page_);
  }

  AudienceScan scan_;
  v1::QueryAudienceResponse page_;
};

// A stream that ends at once.
class FailedStream final : public grpc::ServerWriteReactor<v1::QueryAudienceResponse> {
 public:
  explicit FailedStream(const absl::Status& status) { Finish(ToGrpcStatus(status)); }
  void OnDone() override { delete this; }
};

}  // namespace

RetrievalService::RetrievalService(RetrievalStore& store, const Clock& clock) : store_(store), clock_(clock) {
  SetMessageAllocatorFor_GetProfiles(&profiles_allocator_);
  SetMessageAllocatorFor_GetInsights(&insights_allocator_);
}

grpc::ServerReadReactor<v1::ImportCustomersRequest>* RetrievalService::ImportCustomers(
    grpc::CallbackServerContext*, v1::ImportCustomersResponse* response) {
  const auto handler = [](Connection& connection, const v1::ImportCustomersRequest& request,
                          v1::ImportCustomersResponse& counted) {
    RETURN_IF_ERROR(CheckCustomers(request));
    retrieval::ImportCustomers(connection, request, counted);
    return absl::OkStatus();
  };
  return new WriteStream<v1::ImportCustomersRequest, v1::ImportCustomersResponse>(store_.database(), response, handler);
}

grpc::ServerReadReactor<v1::RecordEventsRequest>* RetrievalService::RecordEvents(grpc::CallbackServerContext*,
                                                                                 v1::RecordEventsResponse* response) {
  const auto handler = [this](Connection& connection, const v1::RecordEventsRequest& request,
                              v1::RecordEventsResponse& counted) {
    retrieval::RecordEvents(connection, request, clock_.Now(), counted);
    return absl::OkStatus();
  };
  return new WriteStream<v1::RecordEventsRequest, v1::RecordEventsResponse>(store_.database(), response, handler);
}

grpc::ServerUnaryReactor* RetrievalService::GetProfiles(grpc::CallbackServerContext* context,
                                                        const v1::GetProfilesRequest* request,
                                                        v1::GetProfilesResponse* response) {
  return Answer(context, request, response, [this](auto& asked, auto& answer) { return Profiles(asked, answer); });
}

grpc::ServerUnaryReactor* RetrievalService::GetInsights(grpc::CallbackServerContext* context,
                                                        const v1::GetInsightsRequest* request,
                                                        v1::GetInsightsResponse* response) {
  return Answer(context, request, response, [this](auto& asked, auto& answer) { return Insights(asked, answer); });
}

grpc::ServerWriteReactor<v1::QueryAudienceResponse>* RetrievalService::QueryAudience(
    grpc::CallbackServerContext*, const v1::QueryAudienceRequest* request) {
  if (absl::Status status = CheckLimits(*request); !status.ok()) return new FailedStream(status);
  absl::StatusOr<rules::CompiledRule> filter = rules::CompiledRule::Compile(request->filter(), "filter");
  if (!filter.ok()) return new FailedStream(filter.status());
  const absl::StatusOr<Moment> moment = Moment::Of(*request, clock_.Now());
  if (!moment.ok()) return new FailedStream(moment.status());
  return new AudienceStream(
      AudienceScan(store_, *std::move(filter), *moment, request->after_customer_id(), request->max_customers()));
}

grpc::ServerUnaryReactor* RetrievalService::GetRfmCutoffs(grpc::CallbackServerContext* context,
                                                          const v1::GetRfmCutoffsRequest* request,
                                                          v1::GetRfmCutoffsResponse* response) {
  return Answer(context, request, response, [this](auto&, auto& answer) { return RfmCutoffs(answer); });
}

absl::Status RetrievalService::Profiles(const v1::GetProfilesRequest& request, v1::GetProfilesResponse& response) {
  ASSIGN_OR_RETURN(const Moment moment, Moment::Of(request, clock_.Now()));
  response.mutable_results()->Reserve(request.customer_ids_size());
  return store_.database().Read([&](Connection& connection) {
    History history;
    for (const std::string& customer_id : request.customer_ids()) {
      v1::ProfileResult& result = *response.add_results();
      const auto visit = [&](const CustomerRow& row) {
        v1::Profile& profile = *result.mutable_profile();
        moment.ReadCustomer(row, *profile.mutable_customer());
        moment.ReadHistory(connection, row, history);
        DeriveFeatures(history, moment.time(), profile);
      };
      if (!RetrievalStore::FindCustomer(connection, customer_id, visit))
        *result.mutable_error() = UnknownCustomerError();
    }
    return absl::OkStatus();
  });
}

absl::Status RetrievalService::Insights(const v1::GetInsightsRequest& request, v1::GetInsightsResponse& response) {
  ASSIGN_OR_RETURN(const std::shared_ptr<const InsightPlan> plan, plans_.Get(request.config_version(), [&] {
    return InsightPlan::Compile(request.config(), request.goal());
  }));
  ASSIGN_OR_RETURN(const Moment moment, Moment::Of(request, clock_.Now()));
  response.mutable_results()->Reserve(request.items_size());
  return store_.database().Read([&](Connection& connection) {
    History history;
    v1::Profile profile;
    for (const v1::InsightItem& item : request.items()) {
      v1::InsightsResult& result = *response.add_results();
      const auto visit = [&](const CustomerRow& row) {
        profile.Clear();
        // Of the customer, insights need no more.
        profile.mutable_customer()->set_currency_code(row.currency_code.data(), row.currency_code.size());
        moment.ReadHistory(connection, row, history);
        DeriveFeatures(history, moment.time(), profile);
        CollectInsights(plan->KindsFor(item.segment()), profile, history, moment.time(), *result.mutable_insights());
      };
      if (!RetrievalStore::FindCustomer(connection, item.customer_id(), visit)) {
        *result.mutable_error() = UnknownCustomerError();
      }
    }
    return absl::OkStatus();
  });
}

absl::Status RetrievalService::RfmCutoffs(v1::GetRfmCutoffsResponse& response) {
  RfmCounts histogram;
  RETURN_IF_ERROR(store_.database().Read([&](Connection& connection) {
    histogram = RetrievalStore::ReadHistogram(connection);
    return absl::OkStatus();
  }));
  RfmQuintiles quintiles = ComputeQuintiles(histogram, clock_.Now());
  *response.mutable_cutoffs() = std::move(quintiles.cutoffs);
  response.set_customer_count(quintiles.customer_count);
  return absl::OkStatus();
}

}  // namespace campaign::retrieval
