#include <iostream>
#include <string>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "common/server.h"
#include "services/analytics/analytics_service.h"
#include "services/analytics/analytics_store.h"

ABSL_FLAG(std::string, listen, "", "Address to listen on, such as 127.0.0.1:7107. Required.");
ABSL_FLAG(std::string, database, "", "Path of the SQLite file; made if it is missing. Required.");

int main(int argc, char** argv) {
  campaign::BlockStopSignals();
  absl::SetProgramUsageMessage("Keeps a record of every customer run and counts. --listen ADDRESS --database FILE");
  absl::ParseCommandLine(argc, argv);
  const std::string listen = absl::GetFlag(FLAGS_listen);
  const std::string path = absl::GetFlag(FLAGS_database);
  if (listen.empty() || path.empty()) {
    std::cerr << "analytics: " << (listen.empty() ? "--listen" : "--database") << " is required\n";
    return 2;
  }
  auto database = campaign::analytics::AnalyticsStore::Open(path);
  if (!database.ok()) {
    std::cerr << "analytics: " << database.status().message() << "\n";
    return 1;
  }
  campaign::analytics::AnalyticsService service(**database);
  if (const absl::Status status = campaign::RunServer("analytics", listen, {&service}); !status.ok()) {
    std::cerr << "analytics: " << status.message() << "\n";
    return 1;
  }
}
