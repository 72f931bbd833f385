#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "common/clock.h"
#include "tools/campaignctl/command.h"

int main(int argc, char** argv) {
  // gRPC's own log lines would stand between the tool's.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  const campaign::SystemClock clock;
  const char* user = std::getenv("USER");
  campaign::ctl::Console console{
      std::cin, std::cout, std::cerr, isatty(STDERR_FILENO) == 1, clock, user == nullptr ? "" : user};
  return campaign::ctl::RunTool(std::vector<std::string>(argv + 1, argv + argc), console);
}
