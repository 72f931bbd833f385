#include <iostream>
#include <string>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/reflection.h"
#include "common/clock.h"
#include "common/database.h"
#include "common/server.h"
#include "services/offer/offer_service.h"
#include "services/offer/reservation_store.h"

ABSL_FLAG(std::string, listen, "", "address to serve on, such as 127.0.0.1:7103; required");
ABSL_FLAG(std::string, database, "", "SQLite file of the reservations; required");

namespace {

absl::Status Run() {
  auto database = campaign::Database::Open(absl::GetFlag(FLAGS_database), campaign::offer::kReservationSchema);
  if (!database.ok()) return database.status();
  const campaign::SystemClock clock;
  campaign::offer::OfferService service(**database, clock);
  return campaign::RunServer("offer", absl::GetFlag(FLAGS_listen), {&service});
}

}  // namespace

int main(int argc, char** argv) {
  campaign::BlockStopSignals();
  absl::ParseCommandLine(argc, argv);
  for (const auto* flag : {&FLAGS_listen, &FLAGS_database}) {
    if (!absl::GetFlag(*flag).empty()) continue;
    std::cerr << "offer: --" << absl::GetFlagReflectionHandle(*flag).Name() << " is required\n";
    return 2;
  }
  const absl::Status status = Run();
  if (!status.ok()) std::cerr << "offer: " << status.message() << "\n";
  return status.ok() ? 0 : 1;
}
