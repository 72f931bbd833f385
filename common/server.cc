#include "common/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <mutex>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/call_count.h"
#include "common/log.h"
#include "common/status.h"
#include "grpc/health/v1/health.pb.h"

namespace campaign {
namespace {

constexpr int kMaxMessageBytes = 64 << 20;
constexpr int kKeptBytes = 32 << 20;

sigset_t Signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  // Does not stop, but asks how many calls were served.
  sigaddset(&signals, SIGUSR1);
  return signals;
}

// As gRPC takes durations; its greatest number means for ever.
int Milliseconds(absl::Duration duration) {
  return static_cast<int>(std::min<int64_t>(absl::ToInt64Milliseconds(duration), std::numeric_limits<int>::max()));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const std::string& address,
                                                      const std::vector<grpc::Service*>& services,
                                                      const ServerOptions& options) {
  static std::once_flag once;
  std::call_once(once, [] {
    // A batch takes a megabyte or two and gives it back a moment later; returning it to the kernel each time costs more
    // than the work itself.
    mallopt(M_MMAP_THRESHOLD, kKeptBytes);
    mallopt(M_TRIM_THRESHOLD, kKeptBytes);
    // Debian's Abseil keeps a graph of all locks held, to find deadlocks; the sanitizers do that in tests.
    absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    // Names the descriptor so that the linker keeps it: without it reflection lists the health service, but no client
    // that asks reflection how to call it can.
    grpc::health::v1::HealthCheckRequest::descriptor();
  });
  auto server = std::unique_ptr<Server>(new Server(options.drain));
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &server->port_);
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  // A second server on a taken port must fail, not share it.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, Milliseconds(options.max_connection_age));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, Milliseconds(options.max_connection_age_grace));
  for (grpc::Service* service : services) builder.RegisterService(service);
  server->server_ = builder.BuildAndStart();
  if (server->server_ == nullptr || server->port_ == 0) {
    return absl::UnavailableError(absl::StrCat("cannot listen on ", address));
  }
  return server;
}

void Server::Stop() {
  if (server_ == nullptr) return;
  server_->GetHealthCheckService()->SetServingStatus(false);
  server_->Shutdown(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(drain_));
  server_->Wait();
  server_ = nullptr;
}

Server::~Server() { Stop(); }

void BlockStopSignals() {
  const sigset_t signals = Signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

absl::Status RunServer(const std::string& name, const std::string& address, const std::vector<grpc::Service*>& services,
                       const ServerOptions& options, const std::function<void()>& on_stop) {
  ASSIGN_OR_RETURN(std::unique_ptr<Server> server, Server::Start(address, services, options));
  LOG(INFO) << name << " listening on " << address << " (port " << server->port() << ")";
  const sigset_t signals = Signals();
  int signal = 0;
  while (sigwait(&signals, &signal) == 0 && signal == SIGUSR1)
    LOG(INFO) << name << " served " << CallCount() << " calls";
  LOG(INFO) << name << " stopping on signal " << signal << ", served " << CallCount() << " calls";
  on_stop();
  server->Stop();
  return absl::OkStatus();
}

}  // namespace campaign
