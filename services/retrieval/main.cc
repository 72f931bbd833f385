#include <cstdlib>
#include <iostream>
#include <string>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/reflection.h"
#include "common/clock.h"
#include "common/server.h"
#include "services/retrieval/retrieval_service.h"
#include "services/retrieval/retrieval_store.h"

ABSL_FLAG(std::string, listen, "", "Address to listen on, such as 127.0.0.1:7102. Required.");
ABSL_FLAG(std::string, database, "", "Path of the SQLite file, created where there is none. Required.");

int main(int argc, char** argv) {
  campaign::BlockStopSignals();
  absl::ParseCommandLine(argc, argv);
  for (const absl::Flag<std::string>* flag : {&FLAGS_listen, &FLAGS_database}) {
    if (!absl::GetFlag(*flag).empty()) continue;
    std::cerr << "retrieval: --" << absl::GetFlagReflectionHandle(*flag).Name() << " is required\n";
    return 2;
  }
  auto store = campaign::retrieval::RetrievalStore::Open(absl::GetFlag(FLAGS_database));
  if (!store.ok()) {
    std::cerr << "retrieval: " << store.status().message() << "\n";
    return EXIT_FAILURE;
  }
  const campaign::SystemClock clock;
  campaign::retrieval::RetrievalService service(**store, clock);
  const absl::Status status = campaign::RunServer("retrieval", absl::GetFlag(FLAGS_listen), {&service});
  if (status.ok()) return EXIT_SUCCESS;
  std::cerr << "retrieval: " << status.message() << "\n";
  return EXIT_FAILURE;
}
