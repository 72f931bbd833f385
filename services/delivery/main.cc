// The delivery service: sends messages, at most once each, and keeps the send ledger.

#include <string>

#include "absl/flags/flag.h"
#include "absl/random/random.h"
#include "common/process.h"
#include "common/status.h"
#include "services/delivery/delivery_service.h"
#include "services/delivery/sender_options.h"

ABSL_FLAG(std::string, database, "", "path of the SQLite file of the send ledger, made if it is missing; required");
ABSL_FLAG(std::string, providers, "", "YAML file of each channel's providers; empty: the one that --provider names");
ABSL_FLAG(std::string, provider, "", "spool: files for others to pick up; count: counts and drops");
ABSL_FLAG(std::string, spool, "", "folder of the spool, made if it is missing; required for provider spool");
ABSL_FLAG(std::string, sender_address, "", "From of every e-mail; required for provider spool");

namespace {

using namespace campaign::delivery;

absl::StatusOr<ProvidersConfig> Providers() {
  if (const std::string file = absl::GetFlag(FLAGS_providers); !file.empty()) return ReadProviders(file);
  return OneProvider(absl::GetFlag(FLAGS_provider), {absl::GetFlag(FLAGS_spool), absl::GetFlag(FLAGS_sender_address)});
}

absl::Status Check() { return Providers().status(); }

absl::Status Run() {
  const campaign::SystemClock clock;
  ASSIGN_OR_RETURN(const ProvidersConfig providers, Providers());
  ASSIGN_OR_RETURN(ProviderRouter router, MakeRouter(providers, clock));
  ASSIGN_OR_RETURN(const auto database, OpenLedger(absl::GetFlag(FLAGS_database)));
  absl::BitGen random;
  const auto uniform = [&random] { return absl::Uniform(random, 0.0, 1.0); };
  ASSIGN_OR_RETURN(const auto dispatcher, Dispatcher::Create(*database, router, clock, {uniform}));
  DeliveryService service(*dispatcher, *database, clock, providers.callbacks);
  return campaign::Serve("delivery", {&service});
}

}  // namespace

int main(int argc, char** argv) {
  return campaign::RunProcess(argc, argv,
                              {.name = "delivery",
                               .purpose = "sends messages, at most once each, and keeps the send ledger",
                               .required = {"database"},
                               .check = Check,
                               .run = Run});
}
