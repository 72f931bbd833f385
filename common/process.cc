#include "common/process.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include <iostream>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/notification.h"
#include "common/config.h"
#include "common/log.h"
#include "common/server.h"
#include "common/status.h"
#include "grpc/health/v1/health.pb.h"

using ConnectionAge = campaign::Span<1, 86'400>;
using Drain = campaign::Span<0, 3'600>;

ABSL_FLAG(campaign::Address, listen, {}, "address to serve on, such as 0.0.0.0:7100; required");
ABSL_FLAG(ConnectionAge, max_connection_age, ConnectionAge{absl::Seconds(15)},
          "how long a client may keep a connection before it has to look for replicas again, 1s to 24h");
// Longer than RunCampaign's longest wait, a minute, and than any step's call.
ABSL_FLAG(ConnectionAge, max_connection_age_grace, ConnectionAge{absl::Seconds(75)},
          "how long calls on a connection past its age may go on before they fail, 1s to 24h");
ABSL_FLAG(Drain, drain, Drain{absl::Seconds(5)}, "how long calls may go on after SIGTERM before they fail, 0 to 1h");

namespace campaign {
namespace {

constexpr std::chrono::seconds kHealthDeadline(2);

absl::Status CheckSettings(const Process& process) {
  RETURN_IF_ERROR(RequireSettings({"listen"}));
  RETURN_IF_ERROR(RequireSettings(process.required));
  return process.check();
}

absl::Status Run(const Process& process) {
  if (absl::GetFlag(FLAGS_help)) {
    std::cout << process.name << ": " << process.purpose << "\n" << DescribeFlags();
    return absl::OkStatus();
  }
  if (absl::GetFlag(FLAGS_health_check)) {
    RETURN_IF_ERROR(RequireSettings({"listen"}));
    return CheckHealth(absl::GetFlag(FLAGS_listen).text);
  }
  RETURN_IF_ERROR(CheckSettings(process));
  if (absl::GetFlag(FLAGS_check_config)) {
    std::cout << process.name << ": the configuration is valid\n";
    return absl::OkStatus();
  }
  LOG(INFO) << process.name << " runs with " << DescribeSettings();
  return process.run();
}

// Where a client on the same machine reaches a server that listens on `listen`.
std::string LoopbackOf(const std::string& listen) {
  absl::string_view rest = listen;
  if (absl::ConsumePrefix(&rest, "0.0.0.0:")) return absl::StrCat("127.0.0.1:", rest);
  if (absl::ConsumePrefix(&rest, "[::]:")) return absl::StrCat("[::1]:", rest);
  return listen;
}

}  // namespace

int RunProcess(int argc, char** argv, const Process& process) {
  BlockStopSignals();
  absl::Status status = ReadSettings(argc, argv);
  if (status.ok()) status = Run(process);
  if (status.ok()) return 0;
  std::cerr << process.name << ": " << status.message() << "\n";
  return absl::IsInvalidArgument(status) ? 2 : 1;
}

absl::Status Serve(const std::string& name, const std::vector<grpc::Service*>& services,
                   const std::function<void()>& on_stop) {
  const ServerOptions options{absl::GetFlag(FLAGS_max_connection_age).value,
                              absl::GetFlag(FLAGS_max_connection_age_grace).value, absl::GetFlag(FLAGS_drain).value};
  return RunServer(name, absl::GetFlag(FLAGS_listen).text, services, options, on_stop);
}

absl::Status CheckHealth(const std::string& listen) {
  using grpc::health::v1::HealthCheckRequest;
  using grpc::health::v1::HealthCheckResponse;
  const std::string address = LoopbackOf(listen);
  grpc::TemplatedGenericStub<HealthCheckRequest, HealthCheckResponse> stub(
      grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kHealthDeadline);
  const HealthCheckRequest request;
  HealthCheckResponse response;
  grpc::Status status;
  absl::Notification done;
  stub.UnaryCall(&context, "/grpc.health.v1.Health/Check", grpc::StubOptions(), &request, &response,
                 [&](grpc::Status answer) {
                   status = std::move(answer);
                   done.Notify();
                 });
  done.WaitForNotification();
  if (!status.ok()) return absl::UnavailableError(absl::StrCat(address, ": ", status.error_message()));
  if (response.status() == HealthCheckResponse::SERVING) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat(address, ": ", HealthCheckResponse::ServingStatus_Name(response.status())));
}

}  // namespace campaign
