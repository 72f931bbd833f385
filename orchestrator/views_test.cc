#include "orchestrator/views.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/clock.h"
#include "common/testing/testing.h"
#include "orchestrator/batch.h"
#include "orchestrator/testing_campaigns.h"
#include "orchestrator/waiters.h"

namespace campaign::orchestrator {
namespace {

using testing::ParseProto;
using testing::StatusIs;

CampaignRunRow RunWith(const std::vector<std::pair<v1::CustomerRunState, int>>& counts, bool expanded = true) {
  CampaignRunRow run{.number = 1, .id = "r1", .campaign = "win-back", .version = "v", .expanded = expanded};
  for (const auto& [state, count] : counts) run.counts[state] = count;
  return run;
}

TEST(Views, ARunIsRunningWhileCustomersAreOnTheWayOrStillToCome) {
  EXPECT_EQ(ViewRun(RunWith({}, false)).state(), v1::CAMPAIGN_RUN_STATE_RUNNING);
  EXPECT_EQ(ViewRun(RunWith({{v1::CUSTOMER_RUN_STATE_RUNNING, 1}})).state(), v1::CAMPAIGN_RUN_STATE_RUNNING);
  EXPECT_EQ(ViewRun(RunWith({{v1::CUSTOMER_RUN_STATE_PENDING, 1}})).state(), v1::CAMPAIGN_RUN_STATE_RUNNING);
}

TEST(Views, ARunIsSettledWhileOneOnlyWaitsAndFinishedAfterwards) {
  EXPECT_EQ(ViewRun(RunWith({{v1::CUSTOMER_RUN_STATE_DELIVERED, 5}, {v1::CUSTOMER_RUN_STATE_DEFERRED, 1}})).state(),
            v1::CAMPAIGN_RUN_STATE_SETTLED);
  EXPECT_EQ(ViewRun(RunWith({{v1::CUSTOMER_RUN_STATE_WAITING_REVIEW, 1}})).state(), v1::CAMPAIGN_RUN_STATE_SETTLED);
  EXPECT_EQ(ViewRun(RunWith({{v1::CUSTOMER_RUN_STATE_DELIVERED, 5}})).state(), v1::CAMPAIGN_RUN_STATE_FINISHED);
  EXPECT_EQ(ViewRun(RunWith({})).state(), v1::CAMPAIGN_RUN_STATE_FINISHED);
  CampaignRunRow cancelled = RunWith({{v1::CUSTOMER_RUN_STATE_CANCELLED, 5}});
  cancelled.cancelled = true;
  EXPECT_EQ(ViewRun(cancelled).state(), v1::CAMPAIGN_RUN_STATE_CANCELLED);
}

TEST(Views, ARunShowsItsCounts) {
  CampaignRunRow run = RunWith({{v1::CUSTOMER_RUN_STATE_RUNNING, 2}, {v1::CUSTOMER_RUN_STATE_DELIVERED, 5}}, false);
  run.next_sequence = 7;
  const v1::CampaignRun view = ViewRun(run);
  ASSERT_EQ(view.state_counts_size(), 2);
  EXPECT_EQ(view.state_counts(0).state(), v1::CUSTOMER_RUN_STATE_RUNNING);
  EXPECT_EQ(view.state_counts(0).count(), 2);
  EXPECT_EQ(view.state_counts(1).count(), 5);
  EXPECT_EQ(view.customer_count(), 7);
  EXPECT_TRUE(view.reading_audience());
  run.request = ParseProto<v1::RunCampaignRequest>("customers { customer_ids: ['a', 'b', 'c'] }");
  EXPECT_EQ(ViewRun(run).customer_count(), 3);
}

TEST(Views, StepsOfOneMemberInOrderWithTheirTimes) {
  BatchRow batch;
  // A resumption brings what happened before, with its own times.
  batch.entries.push_back(ParseProto<JournalEntry>(R"pb(
    records {
      slot: 0
      steps {
        step: STEP_ROUTER
        attempt_count: 1
        start_time { seconds: 1 }
      }
    }
    records {
      slot: 1
      steps {
        step: STEP_ROUTER
        attempt_count: 3
        start_time { seconds: 2 }
        end_time { seconds: 3 }
      }
      steps {
        step: STEP_OFFER
        attempt_count: 1
        start_time { seconds: 4 }
      }
    })pb"));
  batch.entries.push_back(ParseProto<JournalEntry>(R"pb(
    step: STEP_COMPLIANCE
    start_time { seconds: 10 }
    end_time { seconds: 11 }
    attempt_count: 2
    records {
      slot: 1
      steps {
        step: STEP_COMPLIANCE
        check { verdict: VERDICT_ALLOW }
      }
    })pb"));
  std::string text;
  for (const v1::StepRecord& step : StepsOf(batch, 1)) {
    absl::StrAppend(&text, v1::Step_Name(step.step()), " ", step.start_time().seconds(), "-", step.end_time().seconds(),
                    " x", step.attempt_count(), "\n");
  }
  EXPECT_EQ(text, "STEP_ROUTER 2-3 x3\nSTEP_OFFER 4-0 x1\nSTEP_COMPLIANCE 10-11 x2\n");
  EXPECT_EQ(StepsOf(batch, 0).size(), 1u);
  EXPECT_TRUE(StepsOf(batch, 2).empty());
}

class StoredViews : public StoreTest {
 protected:
  // A run of a list of `count` customers, all delivered.
  int64_t Store(int count, const std::string& request = "customers { customer_ids: 'c' }") {
    CampaignRunRow run{.id = "r1", .campaign = "win-back", .version = "v"};
    run.request = ParseProto<v1::RunCampaignRequest>(request);
    run.create_time = now_;
    Write([&](Connection& connection) {
      RunStore store(connection);
      store.InsertRun(run);
      BatchRow batch{.campaign = "win-back", .version = "v"};
      const int64_t id = store.InsertBatch(batch);
      store.AppendEntry(id, 0,
                        ParseProto<JournalEntry>("step: STEP_ROUTER attempt_count: 1 records { slot: 0 steps { "
                                                 "step: STEP_ROUTER router {} } }")
                            .SerializeAsString());
      for (int i = 0; i < count; ++i) {
        store.InsertCustomerRun({.key = CustomerRunKey(run.number, i),
                                 .customer_id = absl::StrCat("c", i),
                                 .batch_id = id,
                                 .slot = i,
                                 .state = v1::CUSTOMER_RUN_STATE_RUNNING});
      }
      StateArray counts{};
      counts[v1::CUSTOMER_RUN_STATE_RUNNING] = count;
      store.CountRun(run.number, counts, now_);
      store.AdvanceRun(run.number, "", count, true);
    });
    return run.number;
  }
  void Settle(int64_t number, int count) {
    Write([&](Connection& connection) {
      StateArray deltas{};
      deltas[v1::CUSTOMER_RUN_STATE_RUNNING] = -count;
      deltas[v1::CUSTOMER_RUN_STATE_DELIVERED] = count;
      RunStore(connection).CountRun(number, deltas, now_);
    });
  }
};

TEST_F(StoredViews, AnAnswerHasTheFirstHundredCustomersOfAList) {
  const int64_t number = Store(101);
  Read([&](Connection& connection) {
    const auto response = ViewResponse(connection, *RunStore(connection).FindRun(number));
    EXPECT_EQ(response.campaign_run().campaign_run_id(), "r1");
    ASSERT_EQ(response.customer_runs_size(), 100);
    EXPECT_EQ(response.customer_runs(99).customer_run_id(), "r1-99");
    EXPECT_EQ(response.customer_runs(99).customer_id(), "c99");
  });
}

TEST_F(StoredViews, AnAnswerForAnAudienceHasNoCustomers) {
  const int64_t number = Store(2, "audience {}");
  Read([&](Connection& connection) {
    EXPECT_EQ(ViewResponse(connection, *RunStore(connection).FindRun(number)).customer_runs_size(), 0);
  });
}

TEST_F(StoredViews, ACustomerRunShowsItsStepsAfterTheGoal) {
  Store(1);
  Read([&](Connection& connection) {
    ASSERT_OK_AND_ASSIGN(const v1::CustomerRun run, LoadCustomerRun(connection, "r1-0"));
    EXPECT_EQ(run.customer_id(), "c0");
    EXPECT_EQ(run.campaign_version(), "v");
    ASSERT_EQ(run.steps_size(), 2);
    EXPECT_EQ(run.steps(0).step(), v1::STEP_GOAL);
    EXPECT_EQ(FromTimestamp(run.steps(0).start_time()), now_);
    EXPECT_EQ(run.steps(1).step(), v1::STEP_ROUTER);
    EXPECT_EQ(run.review_task_id(), "");
    EXPECT_THAT(LoadCustomerRun(connection, "r1-7"),
                StatusIs(absl::StatusCode::kNotFound, "there is no customer run r1-7"));
    EXPECT_THAT(LoadCustomerRun(connection, "r9-0"), StatusIs(absl::StatusCode::kNotFound, "r9-0"));
    EXPECT_THAT(LoadCustomerRun(connection, "nonsense"),
                StatusIs(absl::StatusCode::kInvalidArgument, "customer_run_id: 'nonsense'"));
  });
}

class WaitersTest : public StoredViews {
 protected:
  // Lets `name` wait for the run; its answer appears in `answered_`.
  int64_t Add(int64_t number, const std::string& name, const std::string& request_id = "") {
    responses_.push_back(std::make_unique<v1::RunCampaignResponse>());
    return waiters_.Add(number, {.request_id = request_id,
                                 .response = responses_.back().get(),
                                 .done = [this, name, response = responses_.back().get()](const absl::Status& status) {
                                   EXPECT_OK(status);
                                   EXPECT_EQ(response->campaign_run().campaign_run_id(), "r1");
                                   answered_ += name;
                                 }});
  }
  std::vector<Waiters::Answer> Make(const std::vector<int64_t>& runs, bool even_if_unsettled = false) {
    std::vector<Waiters::Answer> answers;
    Write([&](Connection& connection) { answers = waiters_.Make(connection, runs, even_if_unsettled); });
    return answers;
  }

  Waiters waiters_;
  std::vector<std::unique_ptr<v1::RunCampaignResponse>> responses_;
  std::string answered_;
};

TEST_F(WaitersTest, AreAnsweredTogetherOnceTheRunHasSettled) {
  const int64_t number = Store(1);
  Add(number, "a");
  Add(number, "b");
  EXPECT_TRUE(Make({number}).empty());
  Settle(number, 1);
  EXPECT_TRUE(Make({number + 1}).empty());
  waiters_.Give(Make({number}));
  EXPECT_EQ(answered_, "ab");
  EXPECT_FALSE(waiters_.Waits(number));
  EXPECT_TRUE(Make({number}).empty());
}

TEST_F(WaitersTest, TheAnswerIsKeptForTheRequestsRepetition) {
  const int64_t number = Store(1);
  Write([&](Connection& connection) {
    RunStore(connection).InsertMemo("q1", {.fingerprint = "f", .run_number = number, .response = {}}, now_);
  });
  Add(number, "a", "q1");
  Settle(number, 1);
  const auto answers = Make({number});
  ASSERT_EQ(answers.size(), 1u);
  Read([&](Connection& connection) {
    EXPECT_EQ(RunStore(connection).FindMemo("q1")->response, answers[0].response.SerializeAsString());
  });
}

TEST_F(WaitersTest, OneWhoseTimeIsUpIsAnsweredAlone) {
  const int64_t number = Store(1);
  const int64_t a = Add(number, "a");
  Add(number, "b");
  const auto answers = Make({number}, /*even_if_unsettled=*/true);
  ASSERT_EQ(answers.size(), 1u);
  waiters_.Give(answers[0], a);
  waiters_.Give(answers[0], a);
  EXPECT_EQ(answered_, "a");
  EXPECT_TRUE(waiters_.Waits(number));
  EXPECT_EQ(waiters_.Runs(), std::vector<int64_t>{number});
  Settle(number, 1);
  waiters_.Give(Make({number}));
  EXPECT_EQ(answered_, "ab");
}

}  // namespace
}  // namespace campaign::orchestrator
