#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace campaign {

struct ServerOptions {
  // How long a client may keep a connection (give or take a tenth) before it has to make a new one, and so look up the
  // name again and find replicas that have come; and how long calls on the old one may then go on before they fail
  // with UNAVAILABLE.
  absl::Duration max_connection_age = absl::InfiniteDuration();
  absl::Duration max_connection_age_grace = absl::InfiniteDuration();
  // How long calls may go on at Stop before they fail.
  absl::Duration drain = absl::Seconds(5);
};

// A gRPC server with health (grpc.health.v1) and reflection. Requests of up to 64 MiB. Thread-safe.
class Server {
 public:
  // Listens on `address` ("127.0.0.1:0" takes a free port). `services` must outlive the server.
  // UNAVAILABLE: the address cannot be bound.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const std::string& address,
                                                       const std::vector<grpc::Service*>& services,
                                                       const ServerOptions& options = {});
  // Says NOT_SERVING, lets calls finish for as long as `options.drain`, then ends them.
  void Stop();
  ~Server();

  // The port that was taken.
  int port() const { return port_; }

 private:
  explicit Server(absl::Duration drain) : drain_(drain) {}

  const absl::Duration drain_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

// Runs a server until SIGTERM or SIGINT, then stops it and returns. Prints "<name> listening on <address>"; on
// SIGUSR1 and at the end, "served <n> calls" (CallCount).
// Must be called on the main thread, before any other thread was started that could take the signals: call
// BlockStopSignals() first in main. `on_stop` is called first of all: it must make calls that wait for something end.
absl::Status RunServer(
    const std::string& name, const std::string& address, const std::vector<grpc::Service*>& services,
    const ServerOptions& options, const std::function<void()>& on_stop = [] {});

// Blocks SIGTERM, SIGINT and SIGUSR1 in this thread and those it starts, so that RunServer can wait for them.
void BlockStopSignals();

}  // namespace campaign
