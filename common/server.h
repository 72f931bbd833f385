#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace campaign {

// A gRPC server with health (grpc.health.v1) and reflection. Requests of up to 64 MiB. Thread-safe.
class Server {
 public:
  // Listens on `address` ("127.0.0.1:0" takes a free port). `services` must outlive the server.
  // UNAVAILABLE: the address cannot be bound.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const std::string& address,
                                                       const std::vector<grpc::Service*>& services);
  // Says NOT_SERVING, lets calls finish for a while, then ends them.
  void Stop();
  ~Server();

  // The port that was taken.
  int port() const { return port_; }

 private:
  Server() = default;

  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

// Runs a server until SIGTERM or SIGINT, then stops it and returns. Prints "<name> listening on <address>".
// Must be called on the main thread, before any other thread was started that could take the signals: call
// BlockStopSignals() first in main. `on_stop` is called first of all: it must make calls that wait for something end.
absl::Status RunServer(
    const std::string& name, const std::string& address, const std::vector<grpc::Service*>& services,
    const std::function<void()>& on_stop = [] {});

// Blocks SIGTERM and SIGINT in this thread and those it starts, so that RunServer can wait for them.
void BlockStopSignals();

}  // namespace campaign
