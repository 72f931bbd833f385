#include "orchestrator/runner.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "common/clock.h"
#include "common/testing/fake_clock.h"
#include "common/testing/testing.h"
#include "orchestrator/review_tasks.h"
#include "orchestrator/testing_world.h"
#include "orchestrator/views.h"

namespace campaign::orchestrator {
namespace {

using testing::ParseProto;
using testing::StatusIs;

TEST_F(RunnerTest, WalksACustomerThroughAllSteps) {
  const std::string run = world_->Run("customer_id: 'ann'");
  EXPECT_EQ(world_->Settled(run), "DELIVERED 1");
  EXPECT_EQ(History(world_->Customer(run + "-0")),
            "GOAL x1 -\nROUTER x1 router\nSEGMENTATION x1 segment\nRETRIEVAL x1 insights\nOFFER x1 decision\n"
            "GENERATION x1 message\nCOMPLIANCE x1 check\nREVIEW x1 skipped\nDELIVERY x1 receipt\nANALYTICS x1 -");
  ASSERT_EQ(fakes_.records().size(), 1u);
  EXPECT_EQ(fakes_.records()[0].state(), v1::CUSTOMER_RUN_STATE_DELIVERED);
  EXPECT_EQ(fakes_.records()[0].segment(), "dormant");
  EXPECT_EQ(fakes_.calls("RecordEvents"), Strings{run + "-0"});
  Strings settlements = fakes_.settlements();
  std::sort(settlements.begin(), settlements.end());
  EXPECT_EQ(settlements, (Strings{"compliance " + run + "-0 COMMIT", "offer " + run + "-0 COMMIT"}));
}

TEST_F(RunnerTest, AsksForConsentsByCountryAndPurpose) {
  v1::Campaign campaign = SmallCampaign();
  campaign.mutable_compliance()->set_purpose("newsletter");
  world_->Apply(campaign);
  EXPECT_EQ(world_->Settled(world_->Run("customers { customer_ids: ['ann', 'ben'] }")), "DELIVERED 2");
  EXPECT_EQ(fakes_.calls("GetConsents"), Strings{"DE,DE newsletter"});
  EXPECT_EQ(fakes_.calls("GenerateRequest"), Strings{"win-back"});
}

TEST_F(RunnerTest, TriesAgainAfterThePlannedDelaysAndJournalsTheAttempts) {
  absl::Mutex mutex;
  std::vector<absl::Time> tries;
  fakes_.set_hook([&](const std::string& rpc, const Strings&) {
    if (rpc != "SelectActions") return grpc::Status::OK;
    absl::MutexLock lock(&mutex);
    tries.push_back(clock_.Now());
    return tries.size() <= 3 ? Busy() : grpc::Status::OK;
  });
  const std::string run = world_->Run("customer_id: 'ann'");
  World::WaitFor([&] {
    absl::MutexLock lock(&mutex);
    return !tries.empty();
  });
  // What is known is in the journal while the batch waits.
  World::WaitFor([&] { return world_->Customer(run + "-0").steps_size() == 4; });
  World::WaitFor([&] {
    world_->Advance(absl::Milliseconds(1));
    return world_->Get(run).state() != v1::CAMPAIGN_RUN_STATE_RUNNING;
  });
  EXPECT_EQ(world_->Settled(run), "DELIVERED 1");
  ASSERT_EQ(tries.size(), 4u);
  for (int i = 0; i < 3; ++i) EXPECT_GE(tries[i + 1] - tries[i], RetryDelay(i)) << i;
  EXPECT_EQ(world_->Customer(run + "-0").steps(4).attempt_count(), 4);
  EXPECT_EQ(world_->Customer(run + "-0").steps(5).attempt_count(), 1);
}

TEST_F(RunnerTest, AnErrorForABatchIsIsolatedToTheCustomerThatCausesIt) {
  fakes_.set_hook([](const std::string& rpc, const Strings& ids) {
    const bool bad = std::find(ids.begin(), ids.end(), "bad") != ids.end();
    return rpc == "Segment" && bad ? grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "no") : grpc::Status::OK;
  });
  const std::string run = world_->Run("customers { customer_ids: ['ann', 'bad', 'cem'] }");
  EXPECT_EQ(world_->Settled(run), "DELIVERED 2, FAILED 1");
  EXPECT_EQ(fakes_.calls("Segment").size(), 4u);
  EXPECT_EQ(fakes_.calls("Segment")[0], "ann bad cem");
  const v1::CustomerRun bad = world_->Customer(run + "-1");
  EXPECT_EQ(bad.state(), v1::CUSTOMER_RUN_STATE_FAILED);
  EXPECT_EQ(bad.reasons(0).code(), "CALL_FAILED");
  EXPECT_EQ(bad.reasons(0).text(), "no");
  EXPECT_EQ(fakes_.calls("Deliver"), Strings{absl::StrCat(run, "-0 ", run, "-2")});
  EXPECT_EQ(fakes_.records().size(), 3u);
}

TEST_F(RunnerTest, WhatIsSentIsInTheJournalBeforeDeliveryIsCalled) {
  std::string journal;
  fakes_.set_hook([&](const std::string& rpc, const Strings& ids) {
    if (rpc == "Deliver") journal = History(world_->Customer(ids[0]));
    return grpc::Status::OK;
  });
  EXPECT_EQ(world_->Settled(world_->Run("customer_id: 'ann'")), "DELIVERED 1");
  EXPECT_EQ(journal,
            "GOAL x1 -\nROUTER x1 router\nSEGMENTATION x1 segment\nRETRIEVAL x1 insights\nOFFER x1 decision\n"
            "GENERATION x1 message\nCOMPLIANCE x1 check\nREVIEW x1 skipped");
}

TEST_F(RunnerTest, GoesOnAtTheSamePlaceAfterACrash) {
  // The state of the disk at the moment of the crash: while delivery has the batch, nothing is written.
  std::atomic<bool> crashed = false;
  fakes_.set_hook([&](const std::string& rpc, const Strings&) {
    if (rpc == "Deliver" && !crashed.exchange(true)) {
      for (const char* suffix : {"", "-wal"}) {
        std::filesystem::copy_file(dir_.File("a.db") + suffix, dir_.File("b.db") + suffix);
      }
    }
    return grpc::Status::OK;
  });
  const std::string run = world_->Run("customers { customer_ids: ['ann', 'ben'] }");
  EXPECT_EQ(world_->Settled(run), "DELIVERED 2");
  world_ = std::make_unique<World>(dir_.File("b.db"), fakes_, clock_);
  EXPECT_EQ(world_->Settled(run), "DELIVERED 2");
  // Only delivery, whose answer was lost, is asked again, about the same messages.
  const std::string both = absl::StrCat(run, "-0 ", run, "-1");
  EXPECT_EQ(fakes_.calls("Deliver"), (Strings{both, both}));
  EXPECT_EQ(fakes_.calls("Check"), Strings{both});
  EXPECT_EQ(fakes_.calls("SelectActions"), Strings{both});
  EXPECT_EQ(fakes_.sent_count(), 2);
}

TEST_F(RunnerTest, SinglesThatArriveTogetherShareABatch) {
  absl::Notification release;
  Hold(release);
  std::vector<v1::RunCampaignResponse> responses(5);
  for (int i = 0; i < 5; ++i) {
    v1::RunCampaignRequest request;
    request.set_campaign("win-back");
    request.set_customer_id(absl::StrCat("c", i));
    world_->runner().RunCampaign(request, &responses[i], [](const absl::Status& status) { EXPECT_OK(status); });
  }
  release.Notify();
  World::WaitFor([&] { return fakes_.records().size() == 5; });
  EXPECT_EQ(fakes_.calls("GetProfiles"), Strings{"c0 c1 c2 c3 c4"});
  for (const auto& response : responses) {
    EXPECT_EQ(world_->Settled(response.campaign_run().campaign_run_id()), "DELIVERED 1");
  }
}

TEST_F(RunnerTest, ReadsAnAudienceAPageAtATimeUpToItsBound) {
  const std::string run = world_->Run("audience { max_customers: 7 }");
  World::WaitFor([&] { return !world_->Get(run).reading_audience(); });
  EXPECT_EQ(world_->Settled(run), "DELIVERED 7");
  EXPECT_EQ(world_->Customer(run + "-6").customer_id(), "a006");
}

TEST_F(RunnerTest, AnAudienceThatBreaksOffIsReadOnWhereItBroke) {
  std::atomic<int> broken = 0;
  fakes_.set_hook([&](const std::string& rpc, const Strings& ids) {
    // Twice in a row, each time after some customers have come.
    return rpc == "Page" && ids[1] < "a008" && broken++ < 2 ? Busy() : grpc::Status::OK;
  });
  const std::string run = world_->Run("audience {}");
  World::WaitFor([&] {
    world_->Advance(absl::Seconds(1));
    return !world_->Get(run).reading_audience();
  });
  EXPECT_EQ(world_->Settled(run), "DELIVERED 10");
  EXPECT_EQ(fakes_.calls("QueryAudience"), (Strings{"", "a003", "a007"}));
  EXPECT_EQ(fakes_.calls("Page"), (Strings{"a000 a003", "a004 a007", "a008 a009"}));
}

// Connections live a twentieth of a second here, calls on them as long again; the audience's first call outlives both.
TEST_F(RunnerTest, ConnectionsThatEndCostAnAudienceNothing) {
  FakeServices fakes(
      {.max_connection_age = absl::Milliseconds(50), .max_connection_age_grace = absl::Milliseconds(50)});
  fakes.hanging_audiences = 1;
  World world(dir_.File("age.db"), fakes, clock_, {.batch_size = 4, .bulk_batches = 2});
  world.Apply(SmallCampaign());
  const std::string run = world.Run("audience {}");
  World::WaitFor([&] {
    world.Advance(absl::Seconds(1));
    return !world.Get(run).reading_audience();
  });
  EXPECT_EQ(world.Settled(run), "DELIVERED 10");
  EXPECT_EQ(fakes.calls("QueryAudience").front(), "");
  EXPECT_THAT(fakes.calls("QueryAudience"), ::testing::Contains("a003"));
  EXPECT_EQ(fakes.sent_count(), 10);
}

TEST_F(RunnerTest, ACancelledRunSendsNothingMore) {
  std::string run;
  absl::Notification checking, cancelled;
  fakes_.set_hook([&](const std::string& rpc, const Strings&) {
    if (rpc == "Check") {
      checking.Notify();
      cancelled.WaitForNotification();
    }
    return grpc::Status::OK;
  });
  run = world_->Run("customers { customer_ids: ['ann', 'ben'] }");
  checking.WaitForNotification();
  world_->Cancel(run);
  world_->Cancel(run);
  cancelled.Notify();
  EXPECT_EQ(world_->Settled(run), "CANCELLED 2");
  EXPECT_EQ(world_->Get(run).state(), v1::CAMPAIGN_RUN_STATE_CANCELLED);
  EXPECT_TRUE(fakes_.calls("Deliver").empty());
  EXPECT_EQ(world_->Customer(run + "-0").reasons(0).code(), "RUN_CANCELLED");
  for (const std::string& settlement : fakes_.settlements()) EXPECT_NE(settlement.find("RELEASE"), std::string::npos);
  EXPECT_EQ(fakes_.settlements().size(), 4u);
}

TEST_F(RunnerTest, ARunIsCancelledAlthoughAServiceIsDown) {
  fakes_.set_hook([](const std::string& rpc, const Strings&) { return rpc == "Check" ? Busy() : grpc::Status::OK; });
  const std::string run = world_->Run("customer_id: 'ann'");
  World::WaitFor([&] { return !fakes_.calls("Check").empty(); });
  world_->Cancel(run);
  World::WaitFor([&] {
    world_->Advance(absl::Seconds(1));
    return world_->Get(run).state() == v1::CAMPAIGN_RUN_STATE_CANCELLED;
  });
  EXPECT_EQ(world_->Settled(run), "CANCELLED 1");
  EXPECT_TRUE(fakes_.calls("Deliver").empty());
}

// Delivery may have sent it: to call it cancelled would be a lie, and give its slot under the caps away.
TEST_F(RunnerTest, WhatWasHandedOverIsNotCancelledAfterACrash) {
  absl::Notification delivering, copied;
  std::atomic<bool> first = true;
  fakes_.set_hook([&](const std::string& rpc, const Strings&) {
    if (rpc == "Deliver" && first.exchange(false)) {
      delivering.Notify();
      copied.WaitForNotification();
    }
    return grpc::Status::OK;
  });
  const std::string run = world_->Run("customer_id: 'ann'");
  delivering.WaitForNotification();
  world_->Cancel(run);
  for (const char* suffix : {"", "-wal"}) {
    std::filesystem::copy_file(dir_.File("a.db") + suffix, dir_.File("b.db") + suffix);
  }
  copied.Notify();
  EXPECT_EQ(world_->Settled(run), "DELIVERED 1");
  world_ = std::make_unique<World>(dir_.File("b.db"), fakes_, clock_);
  EXPECT_EQ(world_->Settled(run), "DELIVERED 1");
  EXPECT_EQ(fakes_.sent_count(), 1);
  for (const std::string& settlement : fakes_.settlements()) EXPECT_NE(settlement.find("COMMIT"), std::string::npos);
}

TEST_F(RunnerTest, ADeferredCustomerOfACancelledRunEnds) {
  fakes_.set_check([](const std::string&) {
    return ParseProto<v1::CheckResult>("verdict: VERDICT_DEFER defer_until_time { seconds: 1781528400 }");
  });
  const std::string run = world_->Run("customer_id: 'ann'");
  EXPECT_EQ(world_->Settled(run), "DEFERRED 1");
  world_->Cancel(run);
  World::WaitFor([&] { return world_->Get(run).state() == v1::CAMPAIGN_RUN_STATE_CANCELLED; });
  EXPECT_EQ(world_->Settled(run), "CANCELLED 1");
}

// Such a run has no batch whose end would answer the call.
TEST_F(RunnerTest, ACallThatWaitsIsAnsweredWhenItsRunIsCancelledBeforeItIsTakenIn) {
  World one(dir_.File("one.db"), fakes_, clock_, {.batch_size = 8, .bulk_batches = 1, .single_batches = 1});
  one.Apply(SmallCampaign());
  absl::Notification busy, go_on;
  fakes_.set_hook([&](const std::string& rpc, const Strings&) {
    if (rpc == "GetProfiles" && !busy.HasBeenNotified()) {
      busy.Notify();
      go_on.WaitForNotification();
    }
    return grpc::Status::OK;
  });
  const std::string first = one.Run("customer_id: 'ann'");
  busy.WaitForNotification();
  v1::RunCampaignResponse response;
  absl::Notification answered;
  one.runner().RunCampaign(
      ParseProto<v1::RunCampaignRequest>("campaign: 'win-back' customer_id: 'ben' wait { seconds: 60 }"), &response,
      [&](const absl::Status& status) {
        EXPECT_OK(status);
        answered.Notify();
      });
  std::string second;
  World::WaitFor([&] {
    EXPECT_OK(one.database().Read([&](Connection& connection) {
      second = RunStore(connection).ListRuns("", 0, 1)[0].id;
      return absl::OkStatus();
    }));
    return second != first;
  });
  one.Cancel(second);
  EXPECT_TRUE(answered.WaitForNotificationWithTimeout(absl::Seconds(5)));
  EXPECT_EQ(response.campaign_run().state(), v1::CAMPAIGN_RUN_STATE_CANCELLED);
  go_on.Notify();
  EXPECT_EQ(one.Settled(first), "DELIVERED 1");
}

TEST_F(RunnerTest, ADeferredCustomerIsCheckedAgainWhenTheTimeHasCome) {
  std::atomic<int> checks = 0;
  fakes_.set_check([&](const std::string&) {
    return ++checks == 1
               ? ParseProto<v1::CheckResult>("verdict: VERDICT_DEFER defer_until_time { seconds: 1781528400 }")
               : ParseProto<v1::CheckResult>("verdict: VERDICT_ALLOW");
  });
  const std::string run = world_->Run("customer_id: 'ann'");
  EXPECT_EQ(world_->Settled(run), "DEFERRED 1");
  world_->Advance(absl::Hours(1) - absl::Microseconds(1));
  EXPECT_EQ(world_->Settled(run), "DEFERRED 1");
  world_->Advance(absl::Microseconds(1));
  World::WaitFor([&] { return world_->Get(run).state() == v1::CAMPAIGN_RUN_STATE_FINISHED; });
  EXPECT_EQ(world_->Settled(run), "DELIVERED 1");
  EXPECT_EQ(checks, 2);
}

// Somebody who begins to wait while those who are due are fetched was in neither the transaction nor the timers.
TEST_F(RunnerTest, WhoBeginsToWaitWhileOthersWakeIsNotForgotten) {
  for (int round = 0; round < 20; ++round) {
    const absl::Time first = clock_.Now() + absl::Seconds(1), second = first + absl::Seconds(1);
    absl::flat_hash_map<std::string, int> checks;
    absl::Mutex mutex;
    std::atomic<bool> late = false;
    absl::Notification checking, go_on;
    fakes_.set_check([&](const std::string& id) {
      v1::CheckResult result;
      absl::MutexLock lock(&mutex);
      result.set_verdict(++checks[id] == 1 ? v1::VERDICT_DEFER : v1::VERDICT_ALLOW);
      *result.mutable_defer_until_time() = ToTimestamp(late ? second : first);
      return result;
    });
    const std::string a = world_->Run("customer_id: 'ann'");
    EXPECT_EQ(world_->Settled(a), "DEFERRED 1");
    late = true;
    fakes_.set_hook([&](const std::string& rpc, const Strings& ids) {
      if (rpc == "Check" && ids[0].rfind(a, 0) != 0 && !checking.HasBeenNotified()) {
        checking.Notify();
        go_on.WaitForNotification();
      }
      return grpc::Status::OK;
    });
    const std::string b = world_->Run("customer_id: 'ben'");
    checking.WaitForNotification();
    absl::Notification release;
    Hold(release);
    world_->Advance(absl::Seconds(1));
    for (int i = 0; i < 100; ++i) std::this_thread::yield();
    go_on.Notify();
    const absl::Time until = absl::Now() + absl::Milliseconds(5);
    while (absl::Now() < until) std::this_thread::yield();
    release.Notify();
    World::WaitFor([&] { return world_->Get(a).state() == v1::CAMPAIGN_RUN_STATE_FINISHED; });
    EXPECT_EQ(world_->Settled(b), "DEFERRED 1");
    world_->Advance(absl::Seconds(1));
    World::WaitFor([&] { return world_->Get(b).state() == v1::CAMPAIGN_RUN_STATE_FINISHED; });
    if (HasFailure()) return;
    fakes_.set_hook(nullptr);
  }
}

TEST_F(RunnerTest, AReviewThatNobodyDoesExpires) {
  fakes_.set_check(
      [](const std::string&) { return ParseProto<v1::CheckResult>("verdict: VERDICT_REVIEW red_flags: 'VIP'"); });
  const std::string run = world_->Run("customer_id: 'ann'");
  EXPECT_EQ(world_->Settled(run), "WAITING_REVIEW 1");
  EXPECT_EQ(world_->Customer(run + "-0").review_task_id(), run + "-0-r1");
  world_->Advance(absl::Hours(72));
  World::WaitFor([&] { return world_->Get(run).state() == v1::CAMPAIGN_RUN_STATE_FINISHED; });
  EXPECT_EQ(world_->Settled(run), "EXPIRED 1");
  EXPECT_TRUE(fakes_.calls("Deliver").empty());
}

TEST_F(RunnerTest, ADryRunStopsBeforeDelivery) {
  const std::string run = world_->Run("customer_id: 'ann' dry_run: true");
  EXPECT_EQ(world_->Settled(run), "PREVIEWED 1");
  EXPECT_TRUE(fakes_.calls("Deliver").empty());
  EXPECT_TRUE(fakes_.calls("Record").empty());
}

class SendingNothing : public RunnerTest {
 protected:
  SendingNothing() {
    v1::Campaign campaign = SmallCampaign();
    for (const v1::Step step : {v1::STEP_ROUTER, v1::STEP_OFFER, v1::STEP_ANALYTICS})
      campaign.add_route()->set_step(step);
    world_->Apply(campaign);
  }
};

TEST_F(SendingNothing, EndsAndGivesBackWhatWasReserved) {
  const std::string run = world_->Run("customer_id: 'ann'");
  EXPECT_EQ(world_->Settled(run), "NO_ACTION 1");
  EXPECT_EQ(world_->Customer(run + "-0").reasons(0).code(), "ROUTE_SENDS_NOTHING");
  Strings settlements = fakes_.settlements();
  EXPECT_NE(std::find(settlements.begin(), settlements.end(), "offer " + run + "-0 RELEASE"), settlements.end());
}

TEST_F(SendingNothing, ADryRunEndsToo) {
  const std::string run = world_->Run("customer_id: 'ann' dry_run: true");
  EXPECT_EQ(world_->Settled(run), "NO_ACTION 1");
}

TEST_F(RunnerTest, ARepeatedRequestGetsTheFirstAnswerAgain) {
  v1::RunCampaignResponse first, again, other;
  ASSERT_OK(world_->Call("customer_id: 'ann' request_id: 'q1' wait { seconds: 10 }", first));
  EXPECT_EQ(first.customer_runs(0).state(), v1::CUSTOMER_RUN_STATE_DELIVERED);
  ASSERT_OK(world_->Call("customer_id: 'ann' request_id: 'q1'", again));
  EXPECT_EQ(first.SerializeAsString(), again.SerializeAsString());
  EXPECT_THAT(world_->Call("customer_id: 'ben' request_id: 'q1'", other),
              StatusIs(absl::StatusCode::kAlreadyExists, "request_id: 'q1' was used for another RunCampaign before"));
  EXPECT_EQ(fakes_.calls("Deliver").size(), 1u);
}

TEST_F(RunnerTest, ACampaignThatIsNotThere) {
  v1::RunCampaignResponse response;
  absl::Status status;
  absl::Notification done;
  world_->runner().RunCampaign(ParseProto<v1::RunCampaignRequest>("campaign: 'nope' customer_id: 'a'"), &response,
                               [&](absl::Status result) {
                                 status = std::move(result);
                                 done.Notify();
                               });
  done.WaitForNotification();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kNotFound, "campaign 'nope' has not been applied"));
}

TEST_F(RunnerTest, ThompsonSamplingLearnsFromAReportThatIsAskedForEveryTenMinutes) {
  v1::Campaign campaign = SmallCampaign();
  *campaign.mutable_offers()->add_experiments() = ParseProto<v1::Experiment>(
      "experiment_id: 'subject' variants { variant_id: 'a' } variants { variant_id: 'b' } thompson_sampling {}");
  world_->Apply(campaign);
  EXPECT_EQ(world_->Settled(world_->Run("customer_id: 'ann'")), "DELIVERED 1");
  EXPECT_EQ(world_->Settled(world_->Run("customer_id: 'ben'")), "DELIVERED 1");
  EXPECT_EQ(fakes_.calls("GetReport"), Strings{"win-back"});
  EXPECT_EQ(fakes_.calls("VariantResponses"), Strings({"subject/a 5 of 50", "subject/a 5 of 50"}));
  EXPECT_EQ(fakes_.calls("Exposures"), Strings({"win-back ann subject/a", "win-back ben subject/a"}));
  world_->Advance(absl::Minutes(10));
  EXPECT_EQ(world_->Settled(world_->Run("customer_id: 'cleo'")), "DELIVERED 1");
  EXPECT_EQ(fakes_.calls("GetReport").size(), 2u);
}

TEST_F(RunnerTest, ActionsThatAreDrawnLearnFromAReportByOffer) {
  v1::Campaign campaign = SmallCampaign();
  campaign.mutable_offers()->mutable_arbitration()->mutable_thompson_sampling();
  world_->Apply(campaign);
  EXPECT_EQ(world_->Settled(world_->Run("customer_id: 'ann'")), "DELIVERED 1");
  EXPECT_EQ(fakes_.calls("GetReport"), Strings{"win-back"});
  EXPECT_EQ(fakes_.calls("ActionResponses"), Strings{"hello 7 of 70"});
}

TEST_F(RunnerTest, WhatIsNotDeliveredIsAssignedButNotExposed) {
  v1::Campaign campaign = SmallCampaign();
  *campaign.mutable_offers()->add_experiments() = ParseProto<v1::Experiment>(
      "experiment_id: 'fixed' variants { variant_id: 'a' weight_bps: 10000 } variants { variant_id: 'b' }");
  world_->Apply(campaign);
  fakes_.set_check([](const std::string&) {
    v1::CheckResult check;
    check.set_verdict(v1::VERDICT_BLOCK);
    return check;
  });
  EXPECT_EQ(world_->Settled(world_->Run("customer_id: 'ann'")), "SUPPRESSED 1");
  ASSERT_EQ(fakes_.records().size(), 1u);
  EXPECT_EQ(fakes_.records()[0].assignments_size(), 1);
  EXPECT_EQ(fakes_.records()[0].state(), v1::CUSTOMER_RUN_STATE_SUPPRESSED);
  EXPECT_THAT(fakes_.calls("Exposures"), ::testing::IsEmpty());
  EXPECT_THAT(fakes_.calls("GetReport"), ::testing::IsEmpty());
}

}  // namespace
}  // namespace campaign::orchestrator
