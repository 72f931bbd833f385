#include "tools/load/audience_load.h"

#include <chrono>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/status.h"

namespace campaign::load {
namespace {

constexpr int kSampledCustomers = 100;

absl::StatusOr<v1::CampaignRun> WaitUntilSettled(ctl::Peer& orchestrator, const std::string& run_id,
                                                 absl::Duration timeout) {
  v1::Orchestrator::Stub stub(orchestrator.channel());
  const auto deadline = std::chrono::system_clock::now() + absl::ToChronoMilliseconds(timeout);
  v1::WatchCampaignRunRequest request;
  request.set_campaign_run_id(run_id);
  v1::WatchCampaignRunResponse response;
  grpc::Status status;
  std::unique_ptr<grpc::ClientContext> context;
  // A server ends each connection in its time, and a stream that outlives it: then it is watched anew.
  do {
    context = std::make_unique<grpc::ClientContext>();
    context->set_deadline(deadline);
    context->set_wait_for_ready(true);
    auto reader = stub.WatchCampaignRun(context.get(), request);
    while (reader->Read(&response)) {
    }
    status = reader->Finish();
  } while (status.error_code() == grpc::StatusCode::UNAVAILABLE);
  if (!status.ok()) {
    const absl::Status explained = orchestrator.Explain(status, *context);
    return absl::Status(explained.code(),
                        absl::StrCat("the audience run did not settle within ", absl::FormatDuration(timeout), ": ",
                                     explained.message(), "; last seen: ", response.campaign_run().ShortDebugString()));
  }
  if (response.campaign_run().state() == v1::CAMPAIGN_RUN_STATE_CANCELLED) {
    return absl::FailedPreconditionError("the audience run was cancelled");
  }
  return response.campaign_run();
}

absl::StatusOr<int64_t> MessageBytes(ctl::Clients& clients, const std::string& customer_run_id) {
  v1::GetCustomerRunRequest request;
  request.set_customer_run_id(customer_run_id);
  ASSIGN_OR_RETURN(const v1::GetCustomerRunResponse response,
                   ctl::Call(clients.orchestrator, &v1::Orchestrator::Stub::GetCustomerRun, request));
  int64_t bytes = 0;
  for (const v1::StepRecord& step : response.customer_run().steps()) {
    if (step.has_message()) bytes += static_cast<int64_t>(step.message().ByteSizeLong());
  }
  return bytes;
}

absl::StatusOr<double> MeanMessageBytes(ctl::Clients& clients, const std::string& run_id) {
  v1::ListCustomerRunsRequest request;
  request.set_campaign_run_id(run_id);
  request.set_page_size(kSampledCustomers);
  ASSIGN_OR_RETURN(const v1::ListCustomerRunsResponse page,
                   ctl::Call(clients.orchestrator, &v1::Orchestrator::Stub::ListCustomerRuns, request));
  if (page.customer_runs().empty()) return absl::FailedPreconditionError("the audience is empty");
  int64_t sum = 0;
  for (const v1::CustomerRunSummary& run : page.customer_runs()) {
    ASSIGN_OR_RETURN(const int64_t bytes, MessageBytes(clients, run.customer_run_id()));
    sum += bytes;
  }
  return static_cast<double>(sum) / page.customer_runs_size();
}

template <class Value>
std::map<std::string, Value> Growth(const std::map<std::string, Value>& before, std::map<std::string, Value> after) {
  for (auto& [name, value] : after) {
    if (const auto found = before.find(name); found != before.end()) value -= found->second;
  }
  return after;
}

std::string StateName(v1::CustomerRunState state) {
  return std::string(absl::StripPrefix(v1::CustomerRunState_Name(state), "CUSTOMER_RUN_STATE_"));
}

}  // namespace

absl::StatusOr<AudienceResult> RunAudience(ctl::Clients& clients, const std::string& campaign, const std::string& dir,
                                           const Pids& pids, absl::Duration timeout, const Clock& clock) {
  ASSIGN_OR_RETURN(const auto cpu_before, ReadCpuTimes(pids));
  ASSIGN_OR_RETURN(const auto bytes_before, ReadDatabaseBytes(dir));
  v1::RunCampaignRequest request;
  request.set_campaign(campaign);
  request.set_request_id("load-audience");
  request.mutable_audience();
  const absl::Time start = clock.Now();
  ASSIGN_OR_RETURN(const v1::RunCampaignResponse started,
                   ctl::Call(clients.orchestrator, &v1::Orchestrator::Stub::RunCampaign, request));
  const std::string& run_id = started.campaign_run().campaign_run_id();
  ASSIGN_OR_RETURN(const v1::CampaignRun run, WaitUntilSettled(clients.orchestrator, run_id, timeout));

  AudienceResult result;
  result.campaign_run_id = run_id;
  result.customer_count = run.customer_count();
  for (const v1::StateCount& count : run.state_counts()) result.states[StateName(count.state())] = count.count();
  // Watching looks ten times a second; the run itself knows to the microsecond when its last count changed.
  result.elapsed = FromTimestamp(run.update_time()) - start;
  ASSIGN_OR_RETURN(auto cpu_after, ReadCpuTimes(pids));
  ASSIGN_OR_RETURN(auto bytes_after, ReadDatabaseBytes(dir));
  result.cpu = Growth(cpu_before, std::move(cpu_after));
  result.stored_bytes = Growth(bytes_before, std::move(bytes_after));
  return result;
}

absl::Status MeasureMessages(ctl::Clients& clients, AudienceResult& result) {
  ASSIGN_OR_RETURN(result.message_bytes, MeanMessageBytes(clients, result.campaign_run_id));
  return absl::OkStatus();
}

}  // namespace campaign::load
