#include <string>

#include "absl/flags/flag.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/process.h"
#include "common/status.h"
#include "services/compliance/compliance_service.h"
#include "services/compliance/compliance_store.h"

ABSL_FLAG(std::string, database, "", "path of the SQLite file, made if it is missing; required");

static absl::Status Run() {
  using namespace campaign::compliance;
  ASSIGN_OR_RETURN(const auto database, ComplianceStore::Open(absl::GetFlag(FLAGS_database)));
  const ZoneDatabase zones(ZoneDatabase::SystemDirectory());
  if (!zones.available()) LOG(WARNING) << "no time zone table: messages under quiet hours will be blocked";
  const campaign::SystemClock clock;
  ComplianceService service(*database, zones, clock);
  return campaign::Serve("compliance", {&service});
}

int main(int argc, char** argv) {
  return campaign::RunProcess(
      argc, argv,
      {.name = "compliance", .purpose = "says whether a message may go out", .required = {"database"}, .run = Run});
}
