#include "common/process.h"
#include "services/generator/generator_service.h"

static absl::Status Run() {
  campaign::generator::GeneratorService service;
  return campaign::Serve("generator", {&service});
}

int main(int argc, char** argv) {
  return campaign::RunProcess(argc, argv,
                              {.name = "generator", .purpose = "writes messages from templates", .run = Run});
}
