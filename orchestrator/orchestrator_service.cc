#include "orchestrator/orchestrator_service.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/limits.h"
#include "common/rules/rule.h"
#include "common/status.h"
#include "common/unary.h"
#include "orchestrator/batch.h"
#include "orchestrator/replay.h"
#include "orchestrator/run_store.h"
#include "orchestrator/views.h"
#include "orchestrator/watch.h"

namespace campaign::orchestrator {
namespace {

constexpr int kDefaultRunPage = 50;
constexpr int kDefaultCustomerPage = 100;
constexpr int64_t kMaxWaitSeconds = 60;

absl::Status CheckTarget(const v1::RunCampaignRequest& request) {
  switch (request.target_case()) {
    case v1::RunCampaignRequest::kCustomerId:
      return absl::OkStatus();
    case v1::RunCampaignRequest::kAudience:
      return rules::CompiledRule::Compile(request.audience().filter(), "audience.filter").status();
    case v1::RunCampaignRequest::kCustomers: {
      absl::flat_hash_set<absl::string_view> seen;
      for (int i = 0; i < request.customers().customer_ids_size(); ++i) {
        const std::string& id = request.customers().customer_ids(i);
        const std::string path = absl::StrCat("customers.customer_ids[", i, "]");
        if (id.empty()) return InvalidField(path, "''", "is empty");
        if (!seen.insert(id).second) return InvalidField(path, id, "appears twice");
      }
      return absl::OkStatus();
    }
    default:
      return InvalidField("target", "(absent)", "must be one of customer_id, customers, audience");
  }
}

absl::Status CheckRun(const v1::RunCampaignRequest& request) {
  RETURN_IF_ERROR(CheckLimits(request));
  const int64_t wait = request.wait().seconds();
  if (wait < 0 || wait > kMaxWaitSeconds)
    return InvalidField("wait", wait, absl::StrCat("s is outside 0..", kMaxWaitSeconds));
  return CheckTarget(request);
}

absl::StatusOr<int64_t> ParseToken(const std::string& token) {
  int64_t number = 0;
  if (token.empty() || absl::SimpleAtoi(token, &number)) return number;
  return InvalidField("page_token", absl::StrCat("'", token, "'"), "is not one that this call gave");
}

absl::StatusOr<CampaignRunRow> FindRun(Connection& connection, const std::string& id) {
  auto run = RunStore(connection).FindRun(id);
  if (!run.has_value()) return absl::NotFoundError(absl::StrCat("there is no campaign run ", id));
  return *std::move(run);
}

absl::Status GetRun(Connection& connection, const v1::GetCampaignRunRequest& request,
                    v1::GetCampaignRunResponse& response) {
  ASSIGN_OR_RETURN(const CampaignRunRow run, FindRun(connection, request.campaign_run_id()));
  *response.mutable_campaign_run() = ViewRun(run);
  return absl::OkStatus();
}

absl::Status ListRuns(Connection& connection, const v1::ListCampaignRunsRequest& request,
                      v1::ListCampaignRunsResponse& response) {
  ASSIGN_OR_RETURN(const int64_t before, ParseToken(request.page_token()));
  const int page_size = request.page_size() > 0 ? request.page_size() : kDefaultRunPage;
  std::vector<CampaignRunRow> runs = RunStore(connection).ListRuns(request.campaign(), before, page_size + 1);
  if (static_cast<int>(runs.size()) > page_size) {
    runs.pop_back();
    response.set_next_page_token(absl::StrCat(runs.back().number));
  }
  for (const CampaignRunRow& run : runs) *response.add_campaign_runs() = ViewRun(run);
  return absl::OkStatus();
}

absl::Status GetCustomer(Connection& connection, const v1::GetCustomerRunRequest& request,
                         v1::GetCustomerRunResponse& response) {
  ASSIGN_OR_RETURN(*response.mutable_customer_run(), LoadCustomerRun(connection, request.customer_run_id()));
  return absl::OkStatus();
}

absl::Status ListCustomers(Connection& connection, const v1::ListCustomerRunsRequest& request,
                           v1::ListCustomerRunsResponse& response) {
  ASSIGN_OR_RETURN(const CampaignRunRow run, FindRun(connection, request.campaign_run_id()));
  ASSIGN_OR_RETURN(const int64_t after, ParseToken(request.page_token()));
  const int page_size = request.page_size() > 0 ? request.page_size() : kDefaultCustomerPage;
  std::vector<CustomerRunRow> rows =
      RunStore(connection).ListCustomerRuns(run.number, after, request.state(), request.customer_id(), page_size + 1);
  if (static_cast<int>(rows.size()) > page_size) {
    rows.pop_back();
    response.set_next_page_token(absl::StrCat(rows.back().key));
  }
  for (const CustomerRunRow& row : rows) *response.add_customer_runs() = ViewCustomerRun(run, row);
  return absl::OkStatus();
}

}  // namespace

grpc::ServerUnaryReactor* OrchestratorService::RunCampaign(grpc::CallbackServerContext* context,
                                                           const v1::RunCampaignRequest* request,
                                                           v1::RunCampaignResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  if (absl::Status status = CheckRun(*request); !status.ok()) {
    reactor->Finish(ToGrpcStatus(status));
    return reactor;
  }
  runner_.RunCampaign(*request, response,
                      [reactor](const absl::Status& status) { reactor->Finish(ToGrpcStatus(status)); });
  return reactor;
}

grpc::ServerUnaryReactor* OrchestratorService::CancelCampaignRun(grpc::CallbackServerContext* context,
                                                                 const v1::CancelCampaignRunRequest* request,
                                                                 v1::CancelCampaignRunResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  if (absl::Status status = CheckLimits(*request); !status.ok()) {
    reactor->Finish(ToGrpcStatus(status));
    return reactor;
  }
  runner_.CancelRun(request->campaign_run_id(), [this, reactor, request, response](absl::Status status) {
    if (status.ok()) {
      status = database_.Read([&](Connection& connection) -> absl::Status {
        ASSIGN_OR_RETURN(const CampaignRunRow run, FindRun(connection, request->campaign_run_id()));
        *response->mutable_campaign_run() = ViewRun(run);
        return absl::OkStatus();
      });
    }
    reactor->Finish(ToGrpcStatus(status));
  });
  return reactor;
}

grpc::ServerWriteReactor<v1::WatchCampaignRunResponse>* OrchestratorService::WatchCampaignRun(
    grpc::CallbackServerContext*, const v1::WatchCampaignRunRequest* request) {
  return new Watch(request->campaign_run_id(), database_, timers_, clock_, stopping_);
}

grpc::ServerUnaryReactor* OrchestratorService::GetCampaignRun(grpc::CallbackServerContext* context,
                                                              const v1::GetCampaignRunRequest* request,
                                                              v1::GetCampaignRunResponse* response) {
  return AnswerWithRead(context, request, response, database_, GetRun);
}

grpc::ServerUnaryReactor* OrchestratorService::ListCampaignRuns(grpc::CallbackServerContext* context,
                                                                const v1::ListCampaignRunsRequest* request,
                                                                v1::ListCampaignRunsResponse* response) {
  return AnswerWithRead(context, request, response, database_, ListRuns);
}

grpc::ServerUnaryReactor* OrchestratorService::GetCustomerRun(grpc::CallbackServerContext* context,
                                                              const v1::GetCustomerRunRequest* request,
                                                              v1::GetCustomerRunResponse* response) {
  return AnswerWithRead(context, request, response, database_, GetCustomer);
}

absl::StatusOr<OrchestratorService::Recorded> OrchestratorService::LoadRecorded(
    const v1::ReplayCustomerRunRequest& request) {
  RETURN_IF_ERROR(CheckLimits(request));
  Recorded recorded;
  RETURN_IF_ERROR(database_.Read([&](Connection& connection) -> absl::Status {
    ASSIGN_OR_RETURN(recorded.run, LoadCustomerRun(connection, request.customer_run_id()));
    ASSIGN_OR_RETURN(recorded.plan,
                     campaigns_.Plan(connection, recorded.run.campaign(), recorded.run.campaign_version()));
    return absl::OkStatus();
  }));
  if (recorded.run.state() == v1::CUSTOMER_RUN_STATE_PENDING ||
      recorded.run.state() == v1::CUSTOMER_RUN_STATE_RUNNING) {
    return absl::FailedPreconditionError(
        absl::StrCat("customer run ", request.customer_run_id(), " is still on its way"));
  }
  return recorded;
}

grpc::ServerUnaryReactor* OrchestratorService::ReplayCustomerRun(grpc::CallbackServerContext* context,
                                                                 const v1::ReplayCustomerRunRequest* request,
                                                                 v1::ReplayCustomerRunResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  absl::StatusOr<Recorded> recorded = LoadRecorded(*request);
  if (!recorded.ok()) {
    reactor->Finish(ToGrpcStatus(recorded.status()));
    return reactor;
  }
  orchestrator::ReplayCustomerRun(steps_, recorded->plan, std::move(recorded->run),
                                  [reactor, response](absl::StatusOr<v1::ReplayCustomerRunResponse> replayed) {
                                    const absl::Status status = replayed.status();
                                    if (status.ok()) *response = *std::move(replayed);
                                    reactor->Finish(ToGrpcStatus(status));
                                  });
  return reactor;
}

grpc::ServerUnaryReactor* OrchestratorService::ListCustomerRuns(grpc::CallbackServerContext* context,
                                                                const v1::ListCustomerRunsRequest* request,
                                                                v1::ListCustomerRunsResponse* response) {
  return AnswerWithRead(context, request, response, database_, ListCustomers);
}

}  // namespace campaign::orchestrator
