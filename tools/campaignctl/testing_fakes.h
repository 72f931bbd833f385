#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <fstream>
#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/server.h"
#include "common/testing/fake_clock.h"
#include "common/testing/testing.h"
#include "tools/campaignctl/clients.h"
#include "tools/campaignctl/command.h"

namespace campaign::ctl {

// A unary method whose answer a test sets, and whose requests it can read. UNIMPLEMENTED until set.
template <class Request, class Response>
struct FakeMethod {
  std::vector<Request> requests;
  // How many streams get no answer until they are cancelled.
  std::atomic<int> hanging = 0;
  std::function<grpc::Status(const Request&, Response&)> answer = [](const Request&, Response&) {
    return grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "this test set no answer");
  };

  grpc::Status operator()(const Request& request, Response& response) {
    requests.push_back(request);
    return answer(request, response);
  }
  // Answers with the text format of a response.
  void Returns(const std::string& text) {
    answer = [text](const Request&, Response& response) {
      response = testing::ParseProto<Response>(text);
      return grpc::Status::OK;
    };
  }
  void Fails(grpc::StatusCode code, const std::string& message) {
    answer = [code, message](const Request&, Response&) { return grpc::Status(code, message); };
  }
};

inline grpc::Status WaitForCancel(grpc::ServerContext& context) {
  while (!context.IsCancelled()) std::this_thread::yield();
  return grpc::Status::CANCELLED;
}

// Overrides a unary method by a FakeMethod of the same name in snake case.
#define FAKE_UNARY(Method, name, Request, Response)                                                        \
  FakeMethod<v1::Request, v1::Response> name;                                                              \
  grpc::Status Method(grpc::ServerContext*, const v1::Request* request, v1::Response* response) override { \
    return name(*request, *response);                                                                      \
  }

// The same for a client-streaming method: `requests` holds every message; the last is answered.
#define FAKE_STREAM(Method, name, Request, Response)                                                                 \
  FakeMethod<v1::Request, v1::Response> name;                                                                        \
  grpc::Status Method(grpc::ServerContext* context, grpc::ServerReader<v1::Request>* reader, v1::Response* response) \
      override {                                                                                                     \
    v1::Request request;                                                                                             \
    grpc::Status status;                                                                                             \
    if (name.hanging-- > 0) return WaitForCancel(*context);                                                          \
    while (status.ok() && reader->Read(&request)) status = name(request, *response);                                 \
    return status;                                                                                                   \
  }

struct FakeCampaigns final : v1::Campaigns::Service {
  FAKE_UNARY(ApplyCampaign, apply, ApplyCampaignRequest, ApplyCampaignResponse)
  FAKE_UNARY(GetCampaign, get, GetCampaignRequest, GetCampaignResponse)
  FAKE_UNARY(ListCampaigns, list, ListCampaignsRequest, ListCampaignsResponse)
};

struct FakeOrchestrator final : v1::Orchestrator::Service {
  FAKE_UNARY(RunCampaign, run, RunCampaignRequest, RunCampaignResponse)
  FAKE_UNARY(ListCampaignRuns, list_runs, ListCampaignRunsRequest, ListCampaignRunsResponse)
  FAKE_UNARY(CancelCampaignRun, cancel, CancelCampaignRunRequest, CancelCampaignRunResponse)
  FAKE_UNARY(GetCustomerRun, get_customer_run, GetCustomerRunRequest, GetCustomerRunResponse)
  FAKE_UNARY(ReplayCustomerRun, replay, ReplayCustomerRunRequest, ReplayCustomerRunResponse)
  FAKE_UNARY(ListCustomerRuns, list_customer_runs, ListCustomerRunsRequest, ListCustomerRunsResponse)

  // What WatchCampaignRun streams, before it ends with `watch_status`, or the first time with `first_watch_status`.
  std::vector<v1::CampaignRun> updates;
  grpc::Status first_watch_status;
  grpc::Status watch_status;
  // How many streams are kept open until the client, or the connection, has had enough.
  std::atomic<int> hanging_watches = 0;
  grpc::Status WatchCampaignRun(grpc::ServerContext* context, const v1::WatchCampaignRunRequest*,
                                grpc::ServerWriter<v1::WatchCampaignRunResponse>* writer) override {
    v1::WatchCampaignRunResponse response;
    for (const v1::CampaignRun& update : updates) {
      *response.mutable_campaign_run() = update;
      writer->Write(response);
    }
    if (hanging_watches-- > 0) return WaitForCancel(*context);
    const grpc::Status first = std::exchange(first_watch_status, grpc::Status::OK);
    return first.ok() ? watch_status : first;
  }
};

struct FakeReviews final : v1::Reviews::Service {
  FAKE_UNARY(ListReviews, list, ListReviewsRequest, ListReviewsResponse)
  FAKE_UNARY(GetReview, get, GetReviewRequest, GetReviewResponse)
  FAKE_UNARY(ClaimReview, claim, ClaimReviewRequest, ClaimReviewResponse)
  FAKE_UNARY(DecideReview, decide, DecideReviewRequest, DecideReviewResponse)
};

struct FakeRetrieval final : v1::Retrieval::Service {
  FAKE_STREAM(ImportCustomers, import_customers, ImportCustomersRequest, ImportCustomersResponse)
  FAKE_STREAM(RecordEvents, record_events, RecordEventsRequest, RecordEventsResponse)
  FAKE_UNARY(GetProfiles, get_profiles, GetProfilesRequest, GetProfilesResponse)

  // What QueryAudience streams, a response a page.
  FakeMethod<v1::QueryAudienceRequest, v1::QueryAudienceResponse> query_audience;
  grpc::Status QueryAudience(grpc::ServerContext*, const v1::QueryAudienceRequest* request,
                             grpc::ServerWriter<v1::QueryAudienceResponse>* writer) override {
    v1::QueryAudienceResponse response;
    const grpc::Status status = query_audience(*request, response);
    if (status.ok()) writer->Write(response);
    return status;
  }
};

struct FakeCompliance final : v1::Compliance::Service {
  FAKE_UNARY(AddSuppressions, add, AddSuppressionsRequest, AddSuppressionsResponse)
  FAKE_UNARY(RemoveSuppressions, remove, RemoveSuppressionsRequest, RemoveSuppressionsResponse)
  FAKE_UNARY(ListSuppressions, list, ListSuppressionsRequest, ListSuppressionsResponse)
  FAKE_UNARY(RecordConsents, record_consents, RecordConsentsRequest, RecordConsentsResponse)
};

struct FakeAnalytics final : v1::Analytics::Service {
  FAKE_UNARY(GetReport, report, GetReportRequest, GetReportResponse)
};

struct FakeDelivery final : v1::Delivery::Service {
  FAKE_UNARY(ListDeliveries, list, ListDeliveriesRequest, ListDeliveriesResponse)
  FAKE_UNARY(ResolveUnknown, resolve, ResolveUnknownRequest, ResolveUnknownResponse)
};

// What a call of the tool came to.
struct Outcome {
  int code;
  std::string out;
  std::string err;
};

// The tool against one server that plays every service.
class ToolTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto server = Server::Start(
        "127.0.0.1:0", {&campaigns_, &orchestrator_, &reviews_, &retrieval_, &compliance_, &analytics_, &delivery_},
        server_options_);
    ASSERT_OK(server);
    server_ = *std::move(server);
  }

  // Runs the tool with `words`; standard input holds `input`.
  Outcome Tool(std::vector<std::string> words, const std::string& input = "") {
    const std::string target = absl::StrCat("127.0.0.1:", server_->port());
    for (const char* flag : {"--orchestrator", "--retrieval", "--compliance", "--analytics", "--delivery"}) {
      words.push_back(absl::StrCat(flag, "=", target));
    }
    return Bare(words, input);
  }

  // The same without saying where the services are.
  Outcome Bare(const std::vector<std::string>& words, const std::string& input = "") {
    std::istringstream in(input);
    std::ostringstream out, err;
    Console console{in, out, err, terminal_, clock_, "ada"};
    const int code = RunTool(words, console);
    return {code, out.str(), err.str()};
  }

  // Writes a file and gives its path.
  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(dir_.File(name)) << text;
    return dir_.File(name);
  }

  FakeCampaigns campaigns_;
  FakeOrchestrator orchestrator_;
  FakeReviews reviews_;
  FakeRetrieval retrieval_;
  FakeCompliance compliance_;
  FakeAnalytics analytics_;
  FakeDelivery delivery_;
  testing::FakeClock clock_{testing::Utc("2026-06-15 12:00:00")};
  testing::TempDir dir_;
  bool terminal_ = false;
  ServerOptions server_options_;
  std::unique_ptr<Server> server_;
};

}  // namespace campaign::ctl
