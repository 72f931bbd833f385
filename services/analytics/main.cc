#include <string>

#include "absl/flags/flag.h"
#include "common/process.h"
#include "common/status.h"
#include "services/analytics/analytics_service.h"
#include "services/analytics/analytics_store.h"

ABSL_FLAG(std::string, database, "", "path of the SQLite file, made if it is missing; required");

static absl::Status Run() {
  using namespace campaign::analytics;
  ASSIGN_OR_RETURN(const auto database, AnalyticsStore::Open(absl::GetFlag(FLAGS_database)));
  AnalyticsService service(*database);
  return campaign::Serve("analytics", {&service});
}

int main(int argc, char** argv) {
  return campaign::RunProcess(argc, argv,
                              {.name = "analytics",
                               .purpose = "keeps a record of every customer run and counts",
                               .required = {"database"},
                               .run = Run});
}
