#pragma once

#include <grpcpp/grpcpp.h>

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "campaign/v1/orchestrator.pb.h"
#include "common/grpc_status.h"
#include "common/testing/testing.h"
#include "tests/crash/port.h"
#include "tests/crash/process.h"

namespace campaign::crash {

// The eight processes.
enum Role { kOrchestrator, kSegmentation, kRetrieval, kOffer, kGenerator, kCompliance, kDelivery, kAnalytics };
inline constexpr int kRoleCount = 8;
inline constexpr Role kServices[] = {kSegmentation, kRetrieval, kOffer, kGenerator, kCompliance, kDelivery, kAnalytics};

// As the process names itself.
const char* NameOf(Role role);
const char* BinaryOf(Role role);

// The whole system as processes on loopback, with databases and a spool in a folder of their own, and what a test may
// do to them. Use it on the test's main thread.
class Cluster {
 public:
  // Starts all eight.
  Cluster();

  // Starts a process that does not run; returns once it serves.
  void Start(Role role);
  // The same without waiting.
  void Launch(Role role);
  void Kill(Role role) { processes_[role]->Kill(); }
  void Suspend(Role role) { processes_[role]->Suspend(); }
  void Continue(Role role) { processes_[role]->Continue(); }
  // Starts what does not run, wakes what is suspended, and starts the orchestrator again where it has other flags.
  void Recover(const std::vector<std::string>& orchestrator_flags);
  // Kills and starts it.
  void Restart(Role role);
  Process& process(Role role) { return *processes_[role]; }
  const ReservedPort& port(Role role) const { return ports_[role]; }

  // What the orchestrator is started with from now on besides addresses.
  void SetOrchestratorFlags(std::vector<std::string> flags) { orchestrator_flags_ = std::move(flags); }
  // All arguments of a process; every one is required.
  std::vector<std::string> ArgumentsOf(Role role) const;
  // Where its SQLite file is, if it has one.
  std::string DatabaseOf(Role role) const { return absl::StrCat(folder_.File(NameOf(role)), ".db"); }
  std::string spool() const { return folder_.File("spool"); }

  // A connection of its own to the process, without the memory of earlier failures that gRPC's shared ones have.
  std::shared_ptr<grpc::Channel> Connect(Role role) const;

  // Calls a method and waits for the answer; also for a process that is about to serve.
  template <class Stub, class Request, class Response>
  absl::StatusOr<Response> Call(Role role,
                                grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                                const Request& request) const {
    Stub stub(Connect(role));
    grpc::ClientContext context;
    context.set_wait_for_ready(true);
    context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMicroseconds(kPatience));
    Response response;
    const grpc::Status status = (stub.*method)(&context, request, &response);
    if (!status.ok()) return FromGrpcStatus(status);
    return response;
  }

  v1::CampaignRun GetRun(const std::string& run_id) const;
  // Starts a run and returns its id.
  std::string Run(const v1::RunCampaignRequest& request) const;
  // Waits until the run is as `wanted` says; fails the test when that takes too long.
  v1::CampaignRun WaitForRun(const std::string& run_id,
                             const std::function<bool(const v1::CampaignRun&)>& wanted) const;
  v1::CampaignRun WaitUntilFinished(const std::string& run_id) const;

 private:
  std::string AddressOf(Role role) const;

  testing::TempDir folder_;
  std::array<ReservedPort, kRoleCount> ports_;
  std::vector<std::string> orchestrator_flags_;
  std::array<std::unique_ptr<Process>, kRoleCount> processes_;
};

// Waits a few milliseconds at a time until `condition` holds; false when that takes longer than kPatience. For what
// gives no sign of itself.
bool WaitUntil(const std::function<bool()>& condition);

int64_t CountOf(const v1::CampaignRun& run, v1::CustomerRunState state);

}  // namespace campaign::crash
