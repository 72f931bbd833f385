#include <cstdlib>
#include <memory>
#include <string>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "common/clock.h"
#include "common/database.h"
#include "common/process.h"
#include "common/status.h"
#include "orchestrator/campaign_store.h"
#include "orchestrator/campaigns_service.h"
#include "orchestrator/feedback.h"
#include "orchestrator/feedback_store.h"
#include "orchestrator/model_budget_store.h"
#include "orchestrator/orchestrator_service.h"
#include "orchestrator/poller.h"
#include "orchestrator/resolutions.h"
#include "orchestrator/review_store.h"
#include "orchestrator/reviews_service.h"
#include "orchestrator/run_store.h"
#include "orchestrator/runner.h"
#include "orchestrator/steps.h"
#include "orchestrator/timers.h"

using campaign::Address;
using BatchSize = campaign::Whole<1, 512>;
using BatchCount = campaign::Whole<1, 64>;
using Interval = campaign::Span<1, 3600>;

ABSL_FLAG(std::string, database, "", "path of the SQLite file, made if it is missing; required");
ABSL_FLAG(Address, segmentation, {}, "target of the segmentation service, such as dns:///segmentation:7101; required");
ABSL_FLAG(Address, retrieval, {}, "target of the retrieval service; required");
ABSL_FLAG(Address, offer, {}, "target of the offer service; required");
ABSL_FLAG(Address, generator, {}, "target of the generator service; required");
ABSL_FLAG(Address, compliance, {}, "target of the compliance service; required");
ABSL_FLAG(Address, delivery, {}, "target of the delivery service; required");
ABSL_FLAG(Address, analytics, {}, "target of the analytics service; required");
ABSL_FLAG(BatchSize, batch_size, BatchSize{512}, "customers a batch, 1 to 512");
ABSL_FLAG(BatchCount, bulk_batches, BatchCount{4}, "batches of audiences and lists on the way at once, 1 to 64");
ABSL_FLAG(BatchCount, single_batches, BatchCount{4}, "batches of single calls on the way at once, 1 to 64");
ABSL_FLAG(
    Interval, feedback_interval, Interval{absl::Seconds(2)},
    "how often delivery is asked for bounces, replies and responses, and for dispatches of which somebody has said "
    "what became of them, 1s to 1h");

namespace campaign::orchestrator {
namespace {

Steps::Targets Targets() {
  return {absl::GetFlag(FLAGS_segmentation).text, absl::GetFlag(FLAGS_retrieval).text,
          absl::GetFlag(FLAGS_offer).text,        absl::GetFlag(FLAGS_generator).text,
          absl::GetFlag(FLAGS_compliance).text,   absl::GetFlag(FLAGS_delivery).text,
          absl::GetFlag(FLAGS_analytics).text};
}

absl::Status Run() {
  const std::string schema = absl::StrCat(CampaignStore::Schema(), RunStore::Schema(), ReviewStore::Schema(),
                                          FeedbackStore::Schema(), ModelBudgetStore::Schema());
  ASSIGN_OR_RETURN(const auto database, Database::Open(absl::GetFlag(FLAGS_database), schema.c_str()));
  SystemClock clock;
  CampaignStore campaigns;
  Steps steps(Targets(), clock);
  Timers timers(clock);
  Runner runner(*database, campaigns, steps, timers, clock,
                {absl::GetFlag(FLAGS_batch_size).value, absl::GetFlag(FLAGS_bulk_batches).value,
                 absl::GetFlag(FLAGS_single_batches).value});
  RETURN_IF_ERROR(runner.Start());
  OrchestratorService orchestrator(*database, campaigns, steps, runner, timers, clock);
  CampaignsService campaigns_service(*database, steps, clock);
  ReviewsService reviews(*database, runner, clock);
  FeedbackForwarder feedback(*database, Targets());
  Resolutions resolutions(*database, runner, Targets().delivery);
  const absl::Duration interval = absl::GetFlag(FLAGS_feedback_interval).value;
  auto passing_on = std::make_unique<Poller>(
      "feedback", timers, clock, interval, [&] { return feedback.Forward(); }, [&] { feedback.Stop(); });
  auto resolving = std::make_unique<Poller>(
      "resolving dispatches in doubt", timers, clock, interval, [&] { return resolutions.Look(); },
      [&] { resolutions.Stop(); });
  RETURN_IF_ERROR(Serve("orchestrator", {&orchestrator, &campaigns_service, &reviews}, [&] {
    passing_on = nullptr;
    resolving = nullptr;
    orchestrator.StopWatches();
    runner.AnswerWaiters();
  }));
  // Calls to services still on the way would come back to objects that are gone; the journal has what is needed to go
  // on.
  database->Close();
  std::_Exit(0);
}

}  // namespace
}  // namespace campaign::orchestrator

int main(int argc, char** argv) {
  return campaign::RunProcess(argc, argv,
                              {.name = "orchestrator",
                               .purpose = "runs campaigns for customers",
                               .required = {"database", "segmentation", "retrieval", "offer", "generator", "compliance",
                                            "delivery", "analytics"},
                               .run = campaign::orchestrator::Run});
}
