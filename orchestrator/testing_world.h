#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "common/status.h"
#include "common/testing/fake_clock.h"
#include "common/testing/testing.h"
#include "orchestrator/feedback_store.h"
#include "orchestrator/model_budget_store.h"
#include "orchestrator/runner.h"
#include "orchestrator/testing_campaigns.h"
#include "orchestrator/testing_fakes.h"
#include "orchestrator/views.h"

// An orchestrator over fake services, for the tests of what walks batches along their routes.
namespace campaign::orchestrator {

inline const absl::Time kStart = testing::Utc("2026-06-15 12:00:00");
using Strings = std::vector<std::string>;

// An orchestrator without its API, over a database file. Quiet before it goes: no calls on the way, no timers due.
class World {
 public:
  World(const std::string& path, FakeServices& fakes, testing::FakeClock& clock, Runner::Options options = {})
      : clock_(clock), steps_(fakes.targets(), clock), timers_(clock) {
    const std::string schema = absl::StrCat(CampaignStore::Schema(), RunStore::Schema(), ReviewStore::Schema(),
                                            FeedbackStore::Schema(), ModelBudgetStore::Schema());
    auto opened = Database::Open(path, schema.c_str());
    EXPECT_OK(opened);
    database_ = *std::move(opened);
    runner_ = std::make_unique<Runner>(*database_, campaigns_, steps_, timers_, clock, options);
    EXPECT_OK(runner_->Start());
  }
  ~World() {
    // Each round runs what the one before it posted.
    for (int i = 0; i < 10; ++i) EXPECT_OK(database_->Write([](Connection&) { return absl::OkStatus(); }));
    database_ = nullptr;
  }

  void Apply(const v1::Campaign& campaign) {
    ASSERT_OK_AND_ASSIGN(const auto plan, MakePlan(campaign));
    EXPECT_OK(database_->Write([&](Connection& connection) {
      CampaignStore::Put(connection, *plan, clock_.Now());
      return absl::OkStatus();
    }));
  }
  // The run's id.
  std::string Run(const std::string& text) {
    v1::RunCampaignResponse response;
    EXPECT_OK(Call(text, response));
    return response.campaign_run().campaign_run_id();
  }
  absl::Status Call(const std::string& text, v1::RunCampaignResponse& response) {
    absl::Status result;
    absl::Notification done;
    runner_->RunCampaign(testing::ParseProto<v1::RunCampaignRequest>(absl::StrCat("campaign: 'win-back' ", text)),
                         &response, [&](absl::Status status) {
                           result = std::move(status);
                           done.Notify();
                         });
    done.WaitForNotification();
    return result;
  }
  void Cancel(const std::string& run_id) {
    absl::Notification done;
    runner_->CancelRun(run_id, [&](const absl::Status& status) {
      EXPECT_OK(status);
      done.Notify();
    });
    done.WaitForNotification();
  }
  v1::CampaignRun Get(const std::string& run_id) {
    v1::CampaignRun run;
    EXPECT_OK(database_->Read([&](Connection& connection) {
      run = ViewRun(*RunStore(connection).FindRun(run_id));
      return absl::OkStatus();
    }));
    return run;
  }
  v1::CustomerRun Customer(const std::string& name) {
    v1::CustomerRun run;
    EXPECT_OK(database_->Read([&](Connection& connection) -> absl::Status {
      ASSIGN_OR_RETURN(run, LoadCustomerRun(connection, name));
      return absl::OkStatus();
    }));
    return run;
  }
  // "DELIVERED 2, FAILED 1" once the run has settled.
  std::string Settled(const std::string& run_id) {
    WaitFor([&] { return Get(run_id).state() != v1::CAMPAIGN_RUN_STATE_RUNNING; });
    Strings counts;
    const v1::CampaignRun settled = Get(run_id);
    for (const v1::StateCount& count : settled.state_counts()) {
      counts.push_back(absl::StrCat(v1::CustomerRunState_Name(count.state()).substr(sizeof("CUSTOMER_RUN_STATE_") - 1),
                                    " ", count.count()));
    }
    return absl::StrJoin(counts, ", ");
  }
  // Until `condition()` holds; fails the test after ten seconds.
  static void WaitFor(const std::function<bool()>& condition) {
    const absl::Time give_up = absl::Now() + absl::Seconds(10);
    while (!condition()) {
      ASSERT_LT(absl::Now(), give_up) << "what was waited for did not come";
      std::this_thread::yield();
    }
  }
  void Advance(absl::Duration by) {
    clock_.Advance(by);
    timers_.Poke();
  }
  Database& database() { return *database_; }
  Runner& runner() { return *runner_; }
  Timers& timers() { return timers_; }

 private:
  testing::FakeClock& clock_;
  CampaignStore campaigns_;
  Steps steps_;
  Timers timers_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<Runner> runner_;
};

class RunnerTest : public ::testing::Test {
 protected:
  RunnerTest() { world_->Apply(SmallCampaign()); }

  // Keeps the writer busy, so that what arrives meanwhile arrives together.
  void Hold(absl::Notification& release) {
    absl::Notification holding;
    world_->database().Submit(
        [&](Connection&) {
          holding.Notify();
          release.WaitForNotification();
          return absl::OkStatus();
        },
        [](const absl::Status&) {});
    holding.WaitForNotification();
  }
  // "STEP xATTEMPTS result", one a line.
  static std::string History(const v1::CustomerRun& run) {
    Strings lines;
    for (const v1::StepRecord& step : run.steps()) {
      const auto* result = v1::StepRecord::descriptor()->FindFieldByNumber(step.result_case());
      lines.push_back(absl::StrCat(v1::Step_Name(step.step()).substr(5), " x", step.attempt_count(), " ",
                                   result == nullptr ? "-" : result->name()));
    }
    return absl::StrJoin(lines, "\n");
  }
  static grpc::Status Busy() { return grpc::Status(grpc::StatusCode::ABORTED, "busy"); }

  const testing::TempDir dir_;
  testing::FakeClock clock_{kStart};
  FakeServices fakes_;
  std::unique_ptr<World> world_ = std::make_unique<World>(dir_.File("a.db"), fakes_, clock_);
};

}  // namespace campaign::orchestrator
