#include <cstdio>
#include <string>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/str_cat.h"
#include "common/clock.h"
#include "common/database.h"
#include "common/log.h"
#include "common/server.h"
#include "orchestrator/campaign_store.h"
#include "orchestrator/campaigns_service.h"
#include "orchestrator/orchestrator_service.h"
#include "orchestrator/review_store.h"
#include "orchestrator/reviews_service.h"
#include "orchestrator/run_store.h"
#include "orchestrator/runner.h"
#include "orchestrator/steps.h"
#include "orchestrator/timers.h"

ABSL_FLAG(std::string, listen, "", "address to listen on, such as 127.0.0.1:7100 (required)");
ABSL_FLAG(std::string, database, "", "path of the SQLite file (required)");
ABSL_FLAG(std::string, segmentation, "", "address of the segmentation service (required)");
ABSL_FLAG(std::string, retrieval, "", "address of the retrieval service (required)");
ABSL_FLAG(std::string, offer, "", "address of the offer service (required)");
ABSL_FLAG(std::string, generator, "", "address of the generator service (required)");
ABSL_FLAG(std::string, compliance, "", "address of the compliance service (required)");
ABSL_FLAG(std::string, delivery, "", "address of the delivery service (required)");
ABSL_FLAG(std::string, analytics, "", "address of the analytics service (required)");
ABSL_FLAG(int, batch_size, 256, "customers a batch, 1 to 512");
ABSL_FLAG(int, bulk_batches, 6, "batches of audiences and lists on the way at once");
ABSL_FLAG(int, single_batches, 4, "batches of single calls on the way at once");

namespace campaign::orchestrator {
namespace {

int Fail(absl::string_view what, int code) {
  std::fprintf(stderr, "orchestrator: %.*s\n", static_cast<int>(what.size()), what.data());
  return code;
}

// The first required flag that is missing, or empty.
std::string MissingFlag(const Steps::Targets& targets) {
  const std::pair<const char*, std::string> required[] = {{"--listen", absl::GetFlag(FLAGS_listen)},
                                                          {"--database", absl::GetFlag(FLAGS_database)},
                                                          {"--segmentation", targets.segmentation},
                                                          {"--retrieval", targets.retrieval},
                                                          {"--offer", targets.offer},
                                                          {"--generator", targets.generator},
                                                          {"--compliance", targets.compliance},
                                                          {"--delivery", targets.delivery},
                                                          {"--analytics", targets.analytics}};
  for (const auto& [name, value] : required) {
    if (value.empty()) return name;
  }
  return "";
}

int Run() {
  const Steps::Targets targets{absl::GetFlag(FLAGS_segmentation), absl::GetFlag(FLAGS_retrieval),
                               absl::GetFlag(FLAGS_offer),        absl::GetFlag(FLAGS_generator),
                               absl::GetFlag(FLAGS_compliance),   absl::GetFlag(FLAGS_delivery),
                               absl::GetFlag(FLAGS_analytics)};
  if (const std::string missing = MissingFlag(targets); !missing.empty()) return Fail(missing + " is required", 2);
  const Runner::Options options{absl::GetFlag(FLAGS_batch_size), absl::GetFlag(FLAGS_bulk_batches),
                                absl::GetFlag(FLAGS_single_batches)};
  if (options.batch_size < 1 || options.batch_size > 512) return Fail("--batch_size is outside 1..512", 2);
  if (options.bulk_batches < 1 || options.single_batches < 1) return Fail("--*_batches must be at least 1", 2);

  const std::string schema = absl::StrCat(CampaignStore::Schema(), RunStore::Schema(), ReviewStore::Schema());
  auto database = Database::Open(absl::GetFlag(FLAGS_database), schema.c_str());
  if (!database.ok()) return Fail(database.status().message(), 1);
  SystemClock clock;
  CampaignStore campaigns;
  Steps steps(targets, clock);
  Timers timers(clock);
  Runner runner(**database, campaigns, steps, timers, clock, options);
  if (absl::Status status = runner.Start(); !status.ok()) return Fail(status.message(), 1);
  OrchestratorService orchestrator(**database, runner, timers, clock);
  CampaignsService campaigns_service(**database, steps, clock);
  ReviewsService reviews(**database, runner, clock);
  const absl::Status status =
      RunServer("orchestrator", absl::GetFlag(FLAGS_listen), {&orchestrator, &campaigns_service, &reviews}, [&] {
        orchestrator.StopWatches();
        runner.AnswerWaiters();
      });
  if (!status.ok()) return Fail(status.message(), 1);
  // Calls to services still on the way would come back to objects that are gone; the journal has what is needed to go
  // on.
  (*database)->Close();
  std::_Exit(0);
}

}  // namespace
}  // namespace campaign::orchestrator

int main(int argc, char** argv) {
  campaign::BlockStopSignals();
  absl::ParseCommandLine(argc, argv);
  return campaign::orchestrator::Run();
}
