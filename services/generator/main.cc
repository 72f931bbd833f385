// The generator service: writes messages from templates. Stateless.

#include <iostream>
#include <string>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "common/server.h"
#include "services/generator/generator_service.h"

ABSL_FLAG(std::string, listen, "", "Address to serve on, such as 127.0.0.1:7104. Required.");

int main(int argc, char** argv) {
  campaign::BlockStopSignals();
  absl::ParseCommandLine(argc, argv);
  const std::string listen = absl::GetFlag(FLAGS_listen);
  if (listen.empty()) {
    std::cerr << "generator: --listen is required\n";
    return 2;
  }
  campaign::generator::GeneratorService service;
  const absl::Status status = campaign::RunServer("generator", listen, {&service});
  if (status.ok()) return 0;
  std::cerr << "generator: " << status.message() << "\n";
  return 1;
}
