// The orchestrator dies while customers wait for a review or a time, and right after it has acknowledged something.

#include <algorithm>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "campaign/v1/orchestrator.grpc.pb.h"
#include "campaign/v1/reviews.grpc.pb.h"
#include "tests/crash/world.h"

namespace campaign::crash {
namespace {

using testing::IsOk;
using testing::StatusIs;

class WaitingRuns : public WorldTest {
 protected:
  // Runs a new campaign, changed by `change`, for the crowd, until all who can be reached wait in `state`.
  static std::string RunUntil(v1::CustomerRunState state, const std::function<void(v1::Campaign&)>& change) {
    v1::Campaign campaign = world().NewCampaign();
    change(campaign);
    world().Apply(campaign);
    const std::string run_id = cluster().Run(World::ForAudience(campaign.name()));
    const v1::CampaignRun run = cluster().WaitForRun(
        run_id, [](const v1::CampaignRun& run) { return run.state() == v1::CAMPAIGN_RUN_STATE_SETTLED; });
    EXPECT_EQ(CountOf(run, state), static_cast<int64_t>(world().deliverable().size())) << run.DebugString();
    return run_id;
  }

  // Somebody has to look at every message.
  static void AddRedFlag(v1::Campaign& campaign) {
    v1::RedFlag& flag = *campaign.mutable_compliance()->add_red_flags();
    flag.set_code("EVERYBODY");
    flag.set_text("Somebody must look");
    v1::Comparison& compare = *flag.mutable_when()->mutable_compare();
    compare.set_feature("orders_total");
    compare.set_operator_(v1::OPERATOR_GREATER_OR_EQUAL);
    compare.set_number(0);
  }

  // Quiet all day but for a minute that comes nowhere within the next minutes: zones differ by quarters of an hour.
  static void SetQuietHours(v1::Campaign& campaign) {
    const int free_minute = (absl::ToCivilMinute(absl::Now(), absl::UTCTimeZone()).minute() + 7) % 59;
    campaign.mutable_compliance()->mutable_quiet_hours()->set_start(absl::StrFormat("00:%02d", free_minute + 1));
    campaign.mutable_compliance()->mutable_quiet_hours()->set_end(absl::StrFormat("00:%02d", free_minute));
  }

  static std::vector<v1::ReviewTask> OpenReviews(const std::string& campaign) {
    std::vector<v1::ReviewTask> tasks;
    v1::ListReviewsRequest request;
    request.set_campaign(campaign);
    do {
      const auto page = cluster().Call(kOrchestrator, &v1::Reviews::Stub::ListReviews, request);
      EXPECT_OK(page);
      if (!page.ok()) break;
      tasks.insert(tasks.end(), page->review_tasks().begin(), page->review_tasks().end());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return tasks;
  }

  static v1::DecideReviewRequest Approving(const v1::ReviewTask& task) {
    v1::DecideReviewRequest request;
    request.set_review_task_id(task.review_task_id());
    request.set_reviewer("ada");
    request.set_decision(v1::REVIEW_DECISION_APPROVE);
    request.set_revision(task.revision());
    request.set_content_hash(task.content_hash());
    request.set_request_id(absl::StrCat("approve-", task.review_task_id()));
    return request;
  }

  static absl::StatusOr<v1::DecideReviewResponse> Decide(const v1::DecideReviewRequest& request) {
    return cluster().Call(kOrchestrator, &v1::Reviews::Stub::DecideReview, request);
  }

  // Whoever waits, with reasons and times.
  static std::vector<std::string> Summaries(const std::string& run_id) {
    std::vector<std::string> summaries;
    for (const auto& customer_run : world().CustomerRuns(run_id)) summaries.push_back(customer_run.DebugString());
    return summaries;
  }
};

TEST_F(WaitingRuns, KeepTheirReviewsAndEveryDecision) {
  const std::string run_id = RunUntil(v1::CUSTOMER_RUN_STATE_WAITING_REVIEW, AddRedFlag);
  const std::string campaign = cluster().GetRun(run_id).campaign();
  const std::vector<std::string> waiting = Summaries(run_id);
  cluster().Restart(kOrchestrator);
  EXPECT_EQ(Summaries(run_id), waiting);

  const std::vector<v1::ReviewTask> tasks = OpenReviews(campaign);
  ASSERT_EQ(tasks.size(), world().deliverable().size());
  const size_t half = tasks.size() / 2;
  for (size_t i = 0; i < half; ++i) EXPECT_OK(Decide(Approving(tasks[i])));
  // What was acknowledged last holds, although nothing may have come of it yet.
  cluster().Restart(kOrchestrator);
  const auto again = Decide(Approving(tasks[half - 1]));
  ASSERT_OK(again);
  EXPECT_EQ(again->review_task().state(), v1::REVIEW_STATE_APPROVED);
  cluster().WaitForRun(run_id, [&](const v1::CampaignRun& run) {
    return CountOf(run, v1::CUSTOMER_RUN_STATE_DELIVERED) == static_cast<int64_t>(half);
  });
  EXPECT_EQ(OpenReviews(campaign).size(), tasks.size() - half);

  for (size_t i = half; i < tasks.size(); ++i) EXPECT_OK(Decide(Approving(tasks[i])));
  cluster().WaitUntilFinished(run_id);
  world().ExpectWhole(run_id);
}

TEST_F(WaitingRuns, ExpireOnTimeAfterACrash) {
  const std::string run_id = RunUntil(v1::CUSTOMER_RUN_STATE_WAITING_REVIEW, [](v1::Campaign& campaign) {
    AddRedFlag(campaign);
    campaign.mutable_review()->mutable_expire_after()->set_seconds(2);
  });
  cluster().Restart(kOrchestrator);
  cluster().WaitUntilFinished(run_id);
  world().ExpectWhole(run_id, v1::CUSTOMER_RUN_STATE_EXPIRED);
}

TEST_F(WaitingRuns, StayDeferredUntilTheSameTimeAndCanBeCancelled) {
  const std::string run_id = RunUntil(v1::CUSTOMER_RUN_STATE_DEFERRED, SetQuietHours);
  const std::vector<std::string> waiting = Summaries(run_id);
  cluster().Restart(kOrchestrator);
  EXPECT_EQ(Summaries(run_id), waiting);

  v1::CancelCampaignRunRequest request;
  request.set_campaign_run_id(run_id);
  EXPECT_OK(cluster().Call(kOrchestrator, &v1::Orchestrator::Stub::CancelCampaignRun, request));
  // Acknowledged: it holds.
  cluster().Restart(kOrchestrator);
  cluster().WaitForRun(run_id,
                       [](const v1::CampaignRun& run) { return run.state() == v1::CAMPAIGN_RUN_STATE_CANCELLED; });
  world().ExpectWhole(run_id, v1::CUSTOMER_RUN_STATE_CANCELLED);
}

class AcknowledgedRuns : public WorldTest {
 protected:
  // How often the campaign was run.
  static int RunsOf(const std::string& campaign) {
    v1::ListCampaignRunsRequest request;
    request.set_campaign(campaign);
    const auto response = cluster().Call(kOrchestrator, &v1::Orchestrator::Stub::ListCampaignRuns, request);
    EXPECT_OK(response);
    return response.ok() ? response->campaign_runs_size() : -1;
  }
};

TEST_F(AcknowledgedRuns, AreThereAfterACrash) {
  const std::string campaign = world().ApplyNew();
  v1::RunCampaignRequest request = World::ForAudience(campaign);
  request.set_request_id("nightly-" + campaign);
  const std::string run_id = cluster().Run(request);
  cluster().Restart(kOrchestrator);

  EXPECT_EQ(cluster().Run(request), run_id);
  cluster().WaitUntilFinished(run_id);
  EXPECT_EQ(cluster().Run(request), run_id);
  EXPECT_EQ(RunsOf(campaign), 1);
  world().ExpectWhole(run_id);
  world().ExpectSpent(campaign);

  request.mutable_audience()->set_max_customers(1);
  EXPECT_THAT(cluster().Call(kOrchestrator, &v1::Orchestrator::Stub::RunCampaign, request),
              StatusIs(absl::StatusCode::kAlreadyExists, "request_id"));
}

TEST_F(AcknowledgedRuns, AreFoundByCallsThatBrokeOff) {
  const std::string campaign = world().ApplyNew();
  v1::RunCampaignRequest request = world().ForList(campaign);
  request.set_request_id("now-" + campaign);
  request.mutable_wait()->set_seconds(absl::ToInt64Seconds(kPatience));
  cluster().Suspend(kGenerator);
  const int64_t unread = cluster().port(kGenerator).UnreadBytes();
  absl::StatusOr<v1::RunCampaignResponse> broken;
  std::thread caller([&] { broken = cluster().Call(kOrchestrator, &v1::Orchestrator::Stub::RunCampaign, request); });
  EXPECT_TRUE(WaitUntil([&] { return cluster().port(kGenerator).UnreadBytes() > unread; }));
  cluster().Kill(kOrchestrator);
  caller.join();
  EXPECT_FALSE(broken.ok());
  cluster().Continue(kGenerator);
  cluster().Start(kOrchestrator);

  const auto response = cluster().Call(kOrchestrator, &v1::Orchestrator::Stub::RunCampaign, request);
  ASSERT_OK(response);
  EXPECT_EQ(RunsOf(campaign), 1);
  const std::string run_id = response->campaign_run().campaign_run_id();
  cluster().WaitUntilFinished(run_id);
  world().ExpectWhole(run_id);
  world().ExpectSpent(campaign);
}

}  // namespace
}  // namespace campaign::crash
