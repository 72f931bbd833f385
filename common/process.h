#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/flag_types.h"

namespace campaign {

// What makes one server process another than the next; the rest they have in common: settings from --config and flags
// (common/config.h), --check_config, --health_check, a line in the log that says what they run with, and how they end.
struct Process {
  std::string name;
  // A sentence for --help.
  std::string purpose;
  // Settings that may not be empty, besides --listen.
  std::vector<std::string> required;
  // Checks what no flag can check by itself, without opening a database or a port.
  std::function<absl::Status()> check = [] { return absl::OkStatus(); };
  // Opens what it needs, calls Serve, and closes it.
  std::function<absl::Status()> run;
};

// The whole of main. Exit codes: 0 stopped by a signal, or the settings are valid, or the server serves; 2 the settings
// are not valid; 1 anything else, with one line on standard error.
int RunProcess(int argc, char** argv, const Process& process);

// Serves on --listen until SIGTERM or SIGINT, as RunServer does.
absl::Status Serve(
    const std::string& name, const std::vector<grpc::Service*>& services, const std::function<void()>& on_stop = [] {});

// Asks the server at `listen` (an address to listen on: 0.0.0.0 is asked on loopback) for grpc.health.v1's answer,
// for at most two seconds. UNAVAILABLE: there is none, or it is not SERVING.
absl::Status CheckHealth(const std::string& listen);

}  // namespace campaign
