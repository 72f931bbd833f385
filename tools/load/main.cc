#include <cstdint>
#include <iostream>
#include <string>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "common/clock.h"
#include "common/status.h"
#include "tools/load/audience_load.h"
#include "tools/load/campaign_variant.h"
#include "tools/load/population.h"
#include "tools/load/profiler.h"
#include "tools/load/report.h"
#include "tools/load/single_load.h"

ABSL_FLAG(std::string, dir, "", "folder that tools/run_local was started with; required");
ABSL_FLAG(std::string, campaign, "", "campaign file to run a variant of; required");
ABSL_FLAG(int, base_port, 7100, "port of the orchestrator; the others follow it");
ABSL_FLAG(int64_t, customers, 20000, "customers in the audience");
ABSL_FLAG(double, volume, 0.2, "share of a customer's browsing, searches and feature use that is made up");
ABSL_FLAG(std::string, profile, "", "file for a perf recording of all processes during the audience run");
ABSL_FLAG(bool, json, false, "one JSON object instead of tables");

namespace campaign::load {
namespace {

constexpr int64_t kWarmUpCalls = 50;
constexpr int64_t kIdleCalls = 1000;
constexpr int64_t kBusyCalls = 10000;
constexpr int kInFlight = 64;

ctl::Targets LocalTargets(int base_port) {
  const auto at = [&](int offset) { return absl::StrCat("127.0.0.1:", base_port + offset); };
  return {.orchestrator = at(0), .retrieval = at(2), .compliance = at(5), .delivery = at(6), .analytics = at(7)};
}

// Ten times what a slow machine needs.
absl::Duration AudienceTimeout(int64_t customers) { return absl::Seconds(120) + absl::Milliseconds(2) * customers; }

// The steps of the measurement, in order.
class Bench {
 public:
  Bench(ctl::Clients& clients, Pids pids, const Clock& clock)
      : clients_(clients),
        pids_(std::move(pids)),
        clock_(clock),
        now_(clock.Now()),
        shop_(shop::Options{.now = now_, .volume = absl::GetFlag(FLAGS_volume)}),
        population_(shop_, now_, clients) {}

  absl::StatusOr<Results> Run() {
    RETURN_IF_ERROR(Apply());
    RETURN_IF_ERROR(ImportAudience());
    RETURN_IF_ERROR(MeasureAudience());
    RETURN_IF_ERROR(MeasureSingles());
    ASSIGN_OR_RETURN(results_.peak_rss_kib, ReadPeakRssKib(pids_));
    return std::move(results_);
  }

 private:
  absl::Status Apply() {
    v1::ApplyCampaignRequest request;
    ASSIGN_OR_RETURN(*request.mutable_campaign(), LoadCampaignVariant(absl::GetFlag(FLAGS_campaign)));
    campaign_ = request.campaign().name();
    return ctl::Call(clients_.orchestrator, &v1::Campaigns::Stub::ApplyCampaign, request).status();
  }

  absl::Status ImportAudience() {
    std::cerr << "load: importing " << customers_ << " customers\n";
    const absl::Time start = clock_.Now();
    RETURN_IF_ERROR(population_.Import(0, customers_));
    results_.import_elapsed = clock_.Now() - start;
    results_.imported_customers = customers_;
    results_.imported_events = population_.event_count();
    return absl::OkStatus();
  }

  absl::Status MeasureAudience() {
    std::cerr << "load: running " << campaign_ << " for all of them\n";
    absl::optional<Profiler> profiler;
    if (const std::string file = absl::GetFlag(FLAGS_profile); !file.empty()) {
      ASSIGN_OR_RETURN(Profiler started, Profiler::Start(pids_, file));
      profiler.emplace(std::move(started));
    }
    ASSIGN_OR_RETURN(results_.audience, RunAudience(clients_, campaign_, absl::GetFlag(FLAGS_dir), pids_,
                                                    AudienceTimeout(customers_), clock_));
    profiler.reset();
    return MeasureMessages(clients_, results_.audience);
  }

  // Customers imported after the audience run: nothing was sent to them yet, so no cap or cooldown stands in the way.
  absl::Status MeasureSingles() {
    std::cerr << "load: single customers\n";
    RETURN_IF_ERROR(population_.Import(customers_, kWarmUpCalls + kIdleCalls + kBusyCalls));
    int64_t next = customers_;
    const auto run = [&](int64_t calls, int in_flight) {
      const SingleLoad load{campaign_, next, calls, in_flight};
      next += calls;
      return RunSingles(clients_, load, clock_);
    };
    RETURN_IF_ERROR(run(kWarmUpCalls, 1).status());
    ASSIGN_OR_RETURN(results_.idle, run(kIdleCalls, 1));
    ASSIGN_OR_RETURN(results_.busy, run(kBusyCalls, kInFlight));
    return absl::OkStatus();
  }

  ctl::Clients& clients_;
  const Pids pids_;
  const Clock& clock_;
  const absl::Time now_;
  const int64_t customers_ = absl::GetFlag(FLAGS_customers);
  const shop::Shop shop_;
  Population population_;
  std::string campaign_;
  Results results_;
};

absl::Status Run() {
  ASSIGN_OR_RETURN(Pids pids, ReadPids(absl::GetFlag(FLAGS_dir)));
  ctl::Clients clients(LocalTargets(absl::GetFlag(FLAGS_base_port)), /*timeout=*/absl::Seconds(60));
  const SystemClock clock;
  ASSIGN_OR_RETURN(const Results results, Bench(clients, std::move(pids), clock).Run());
  std::cout << (absl::GetFlag(FLAGS_json) ? absl::StrCat(ToJson(results), "\n") : ToText(results));
  return CheckResults(results);
}

// What is wrong with the flags; empty: nothing.
std::string Misuse() {
  if (absl::GetFlag(FLAGS_dir).empty()) return "--dir is required";
  if (absl::GetFlag(FLAGS_campaign).empty()) return "--campaign is required";
  if (absl::GetFlag(FLAGS_customers) < 1) return "--customers: must be at least 1";
  const double volume = absl::GetFlag(FLAGS_volume);
  if (!(volume >= 0 && volume <= 1)) return "--volume: must be from 0 to 1";
  return "";
}

}  // namespace
}  // namespace campaign::load

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage("Measures the system that tools/run_local started; use it through tools/bench.");
  absl::ParseCommandLine(argc, argv);
  if (const std::string misuse = campaign::load::Misuse(); !misuse.empty()) {
    std::cerr << "load: " << misuse << "\n";
    return 2;
  }
  const absl::Status status = campaign::load::Run();
  if (!status.ok()) std::cerr << "load: " << status.message() << "\n";
  return status.ok() ? 0 : 1;
}
