#include <iostream>
#include <string>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/server.h"
#include "services/compliance/compliance_service.h"
#include "services/compliance/compliance_store.h"

ABSL_FLAG(std::string, listen, "", "Address to listen on, such as 127.0.0.1:7105. Required.");
ABSL_FLAG(std::string, database, "", "Path of the SQLite file; made if it is missing. Required.");

int main(int argc, char** argv) {
  campaign::BlockStopSignals();
  absl::SetProgramUsageMessage("Says whether a message may go out. --listen ADDRESS --database FILE");
  absl::ParseCommandLine(argc, argv);
  const std::string listen = absl::GetFlag(FLAGS_listen);
  const std::string path = absl::GetFlag(FLAGS_database);
  if (listen.empty() || path.empty()) {
    std::cerr << "compliance: " << (listen.empty() ? "--listen" : "--database") << " is required\n";
    return 2;
  }
  auto database = campaign::compliance::ComplianceStore::Open(path);
  if (!database.ok()) {
    std::cerr << "compliance: " << database.status().message() << "\n";
    return 1;
  }
  const campaign::compliance::ZoneDatabase zones(campaign::compliance::ZoneDatabase::SystemDirectory());
  if (!zones.available()) LOG(WARNING) << "no time zone table: messages under quiet hours will be blocked";
  const campaign::SystemClock clock;
  campaign::compliance::ComplianceService service(**database, zones, clock);
  if (const absl::Status status = campaign::RunServer("compliance", listen, {&service}); !status.ok()) {
    std::cerr << "compliance: " << status.message() << "\n";
    return 1;
  }
}
