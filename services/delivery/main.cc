// The delivery service: sends messages, at most once each, and keeps the send ledger.

#include <iostream>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/random/random.h"
#include "common/server.h"
#include "common/status.h"
#include "services/delivery/delivery_service.h"
#include "services/delivery/sender_options.h"

ABSL_FLAG(std::string, listen, "", "Address to serve on, such as 127.0.0.1:7106. Required.");
ABSL_FLAG(std::string, database, "", "SQLite file of the send ledger. Required.");
ABSL_FLAG(std::string, provider, "", "spool: files for others to pick up; count: counts and drops. Required.");
ABSL_FLAG(std::string, spool, "", "Folder of the spool. Required for --provider=spool.");
ABSL_FLAG(std::string, sender_address, "", "From of every e-mail. Required for --provider=spool.");

static absl::Status Run(const std::string& listen, const std::string& path) {
  using namespace campaign::delivery;
  const campaign::SystemClock clock;
  const SpoolOptions spool{absl::GetFlag(FLAGS_spool), absl::GetFlag(FLAGS_sender_address)};
  RETURN_IF_ERROR(RequireFlag("listen", listen));
  RETURN_IF_ERROR(RequireFlag("database", path));
  ASSIGN_OR_RETURN(const auto sender, MakeSender(absl::GetFlag(FLAGS_provider), spool, clock));
  ASSIGN_OR_RETURN(const auto database, campaign::Database::Open(path, kLedgerSchema));
  absl::BitGen random;
  const auto uniform = [&random] { return absl::Uniform(random, 0.0, 1.0); };
  ASSIGN_OR_RETURN(const auto dispatcher, Dispatcher::Create(*database, *sender, clock, {uniform}));
  DeliveryService service(*dispatcher, *database);
  return campaign::RunServer("delivery", listen, {&service});
}

int main(int argc, char** argv) {
  campaign::BlockStopSignals();
  absl::ParseCommandLine(argc, argv);
  const absl::Status status = Run(absl::GetFlag(FLAGS_listen), absl::GetFlag(FLAGS_database));
  if (!status.ok()) std::cerr << "delivery: " << status.message() << "\n";
  return status.ok() ? 0 : absl::IsInvalidArgument(status) ? 2 : 1;
}
