#include <string>

#include "absl/flags/flag.h"
#include "common/clock.h"
#include "common/process.h"
#include "common/status.h"
#include "services/retrieval/retrieval_service.h"
#include "services/retrieval/retrieval_store.h"

ABSL_FLAG(std::string, database, "", "path of the SQLite file, made if it is missing; required");

static absl::Status Run() {
  using namespace campaign::retrieval;
  ASSIGN_OR_RETURN(const auto store, RetrievalStore::Open(absl::GetFlag(FLAGS_database)));
  const campaign::SystemClock clock;
  RetrievalService service(*store, clock);
  return campaign::Serve("retrieval", {&service});
}

int main(int argc, char** argv) {
  return campaign::RunProcess(argc, argv,
                              {.name = "retrieval",
                               .purpose = "keeps customers and events; gives profiles, insights and audiences",
                               .required = {"database"},
                               .run = Run});
}
