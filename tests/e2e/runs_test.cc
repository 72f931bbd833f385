// Calls that are repeated, rehearsed, cancelled, or about many customers.

#include <algorithm>
#include <map>
#include <set>

#include "tests/e2e/journal.h"
#include "tests/e2e/system.h"

namespace campaign::e2e {
namespace {

using ::campaign::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

v1::RunCampaignRequest RequestFor(absl::string_view campaign, absl::string_view customer_id) {
  v1::RunCampaignRequest request;
  request.set_campaign(std::string(campaign));
  request.set_customer_id(std::string(customer_id));
  return request;
}

size_t RunCount(System& system) {
  const auto runs = Ask(system.orchestrator, &v1::Orchestrator::Stub::ListCampaignRuns, v1::ListCampaignRunsRequest());
  EXPECT_OK(runs);
  return runs.ok() ? runs->campaign_runs_size() : 0;
}

v1::CampaignRun Cancel(System& system, const std::string& campaign_run_id) {
  v1::CancelCampaignRunRequest request;
  request.set_campaign_run_id(campaign_run_id);
  const auto response = Ask(system.orchestrator, &v1::Orchestrator::Stub::CancelCampaignRun, request);
  EXPECT_OK(response);
  return response.ok() ? response->campaign_run() : v1::CampaignRun();
}

TEST(Runs, ARepeatedRequestGetsTheFirstAnswerAndStartsNothing) {
  System system;
  v1::RunCampaignRequest request = RequestFor("feature-adoption", "hero-feature");
  request.set_request_id("nightly-1");
  ASSERT_OK_AND_ASSIGN(const auto first, system.RunCampaign(request));
  ASSERT_OK_AND_ASSIGN(const auto second, system.RunCampaign(request));
  EXPECT_EQ(second.SerializeAsString(), first.SerializeAsString());
  EXPECT_EQ(RunCount(system), 1);
  EXPECT_EQ(system.Sent().size(), 1);
  request.set_customer_id("hero-churn");
  EXPECT_THAT(system.RunCampaign(request), StatusIs(absl::StatusCode::kAlreadyExists, "nightly-1"));
  EXPECT_EQ(RunCount(system), 1);
}

TEST(Runs, AreWatchedUntilTheySettle) {
  System system;
  const v1::CustomerRun waiting = system.Run("vip-retention", "hero-vip");
  v1::WatchCampaignRunRequest request;
  request.set_campaign_run_id(waiting.campaign_run_id());
  grpc::ClientContext context;
  const auto watch = system.orchestrator->WatchCampaignRun(&context, request);
  v1::WatchCampaignRunResponse seen, more;
  ASSERT_TRUE(watch->Read(&seen));
  EXPECT_EQ(seen.campaign_run().state(), v1::CAMPAIGN_RUN_STATE_SETTLED);
  EXPECT_EQ(seen.campaign_run().SerializeAsString(), system.CampaignRun(waiting.campaign_run_id()).SerializeAsString());
  EXPECT_FALSE(watch->Read(&more));
  EXPECT_OK(FromGrpcStatus(watch->Finish()));
}

TEST(Runs, OfACampaignThatNobodyAppliedAreRefused) {
  System system;
  EXPECT_THAT(system.RunCampaign(RequestFor("no-such", "hero-churn")),
              StatusIs(absl::StatusCode::kNotFound, "no-such"));
}

TEST(Runs, ADryRunDecidesAndLeavesNoTrace) {
  System system;
  const v1::CustomerRun run = system.Run("increase-aov", "hero-aov", /*dry_run=*/true);
  EXPECT_EQ(run.state(), v1::CUSTOMER_RUN_STATE_PREVIEWED);
  EXPECT_TRUE(run.dry_run());
  EXPECT_EQ(DecisionOf(run).action_id(), "premium_bundle");
  EXPECT_EQ(Record(run, v1::STEP_GENERATION).message().address(), "jonas.keller.hero-aov@example.com");
  EXPECT_EQ(CheckOf(run).verdict(), v1::VERDICT_ALLOW);
  EXPECT_EQ(system.Run("vip-retention", "hero-vip", /*dry_run=*/true).state(), v1::CUSTOMER_RUN_STATE_PREVIEWED);
  EXPECT_EQ(system.Run("win-back", "case-quiet", /*dry_run=*/true).state(), v1::CUSTOMER_RUN_STATE_PREVIEWED);
  EXPECT_THAT(system.Sent(), IsEmpty());
  EXPECT_THAT(system.Ledger(), IsEmpty());
  EXPECT_THAT(system.Report(v1::REPORT_DIMENSION_CAMPAIGN), IsEmpty());
  EXPECT_EQ(system.Profile("hero-aov").messages_30d(), 0);
  const auto reviews = Ask(system.reviews, &v1::Reviews::Stub::ListReviews, v1::ListReviewsRequest());
  ASSERT_OK(reviews);
  EXPECT_THAT(reviews->review_tasks(), IsEmpty());
  // Neither slot nor cooldown was taken.
  EXPECT_EQ(system.Run("increase-aov", "hero-aov").state(), v1::CUSTOMER_RUN_STATE_DELIVERED);
}

TEST(Runs, ACancelledReviewGivesBackWhatWasReserved) {
  System system;
  const v1::CustomerRun waiting = system.Run("vip-retention", "hero-vip");
  ASSERT_EQ(waiting.state(), v1::CUSTOMER_RUN_STATE_WAITING_REVIEW);
  // While it waits, its cooldown holds.
  const v1::CustomerRun meanwhile = system.Run("vip-retention", "hero-vip");
  EXPECT_EQ(meanwhile.state(), v1::CUSTOMER_RUN_STATE_NO_ACTION);
  EXPECT_EQ(LoserOf(meanwhile, "vip_care").reason().code(), "IN_COOLDOWN");

  Cancel(system, waiting.campaign_run_id());
  const v1::CustomerRun cancelled = system.WaitFor(waiting.customer_run_id(), v1::CUSTOMER_RUN_STATE_CANCELLED);
  EXPECT_THAT(Codes(cancelled.reasons()), ElementsAre("RUN_CANCELLED"));
  EXPECT_EQ(system.ReviewTask(waiting.review_task_id()).state(), v1::REVIEW_STATE_CANCELLED);
  EXPECT_EQ(Cancel(system, waiting.campaign_run_id()).state(), v1::CAMPAIGN_RUN_STATE_CANCELLED);
  EXPECT_THAT(system.Decide(system.Decision(waiting.review_task_id(), "ana", v1::REVIEW_DECISION_APPROVE)),
              StatusIs(absl::StatusCode::kAborted, "REVIEW_STATE_CANCELLED"));
  EXPECT_THAT(system.Sent(), IsEmpty());
  EXPECT_EQ(system.Run("vip-retention", "hero-vip").state(), v1::CUSTOMER_RUN_STATE_WAITING_REVIEW);
}

TEST(Runs, ACancelledDeferralIsNeverSent) {
  System system;
  const v1::CustomerRun asleep = system.Run("win-back", "case-quiet");
  ASSERT_EQ(asleep.state(), v1::CUSTOMER_RUN_STATE_DEFERRED);
  Cancel(system, asleep.campaign_run_id());
  system.WaitFor(asleep.customer_run_id(), v1::CUSTOMER_RUN_STATE_CANCELLED);
  const v1::CustomerRun second = system.Run("win-back", "case-quiet");
  ASSERT_EQ(second.state(), v1::CUSTOMER_RUN_STATE_DEFERRED);
  system.MoveClockTo(FromTimestamp(second.wake_time()));
  system.WaitFor(second.customer_run_id(), v1::CUSTOMER_RUN_STATE_DELIVERED);
  EXPECT_EQ(system.CustomerRun(asleep.customer_run_id()).state(), v1::CUSTOMER_RUN_STATE_CANCELLED);
  EXPECT_EQ(system.SentTo("case-quiet").size(), 1);
  EXPECT_THAT(system.Ledger(asleep.customer_run_id()), IsEmpty());
}

// An audience run over a made-up crowd.
class Audience : public ::testing::Test {
 protected:
  static constexpr int kCrowd = 400;

  Audience() {
    const shop::Shop shop({.now = kNow});
    std::vector<shop::Person> people;
    for (int i = 0; i < kCrowd; ++i) people.push_back(shop.MakePerson(i));
    system_.Import(people);
  }

  v1::CampaignRun Run(absl::string_view campaign, int64_t max_customers = 0) {
    v1::RunCampaignRequest request;
    request.set_campaign(std::string(campaign));
    request.mutable_audience()->set_max_customers(max_customers);
    const auto response = system_.RunCampaign(request);
    EXPECT_OK(response);
    return response.ok() ? response->campaign_run() : v1::CampaignRun();
  }

  std::map<v1::CustomerRunState, int64_t> Counts(const std::string& run_id) {
    std::map<v1::CustomerRunState, int64_t> counts;
    for (const v1::CustomerRunSummary& run : system_.CustomerRuns(run_id)) ++counts[run.state()];
    return counts;
  }

  // Lets the sleepers wake: the quiet hours are shorter than the rest of the day, so one moment fits them all.
  void LetDeferredGoOn(const std::string& run_id) {
    absl::Time latest = system_.Now();
    std::vector<std::string> deferred;
    for (const v1::CustomerRunSummary& run : system_.CustomerRuns(run_id)) {
      if (run.state() != v1::CUSTOMER_RUN_STATE_DEFERRED) continue;
      latest = std::max(latest, FromTimestamp(run.wake_time()));
      deferred.push_back(run.customer_run_id());
    }
    ASSERT_FALSE(deferred.empty());
    system_.MoveClockTo(latest);
    for (const std::string& id : deferred) system_.WaitFor(id, v1::CUSTOMER_RUN_STATE_DELIVERED);
  }

  void ExpectCountsAgree(const v1::CampaignRun& run) {
    std::map<v1::CustomerRunState, int64_t> stored;
    int64_t sum = 0;
    for (const v1::StateCount& count : run.state_counts()) {
      stored[count.state()] = count.count();
      sum += count.count();
    }
    EXPECT_EQ(sum, run.customer_count());
    EXPECT_EQ(stored, Counts(run.campaign_run_id()));
  }

  // Exactly one file and one row of the ledger for each delivered customer run, and none for another.
  void ExpectSentOnce(const std::string& run_id) {
    std::multiset<std::string> delivered, dispatched, files, keys;
    for (const v1::CustomerRunSummary& run : system_.CustomerRuns(run_id)) {
      if (run.state() == v1::CUSTOMER_RUN_STATE_DELIVERED) delivered.insert(run.customer_run_id());
    }
    for (const v1::Dispatch& row : system_.Ledger()) {
      EXPECT_EQ(row.receipt().state(), v1::DELIVERY_STATE_ACCEPTED);
      dispatched.insert(row.customer_run_id());
      keys.insert(row.receipt().idempotency_key());
    }
    for (const SentFile& file : system_.Sent()) files.insert(file.key);
    EXPECT_EQ(dispatched, delivered);
    EXPECT_EQ(files, keys);
    EXPECT_EQ(files.size(), delivered.size());
  }

  void ExpectReportAgrees(const std::string& run_id) {
    auto counts = Counts(run_id);
    const std::vector<v1::ReportRow> rows = system_.Report(v1::REPORT_DIMENSION_CAMPAIGN, run_id);
    ASSERT_EQ(rows.size(), 1);
    EXPECT_EQ(rows[0].sent_count(), counts[v1::CUSTOMER_RUN_STATE_DELIVERED]);
    EXPECT_EQ(rows[0].held_out_count(), counts[v1::CUSTOMER_RUN_STATE_HELD_OUT]);
    EXPECT_EQ(rows[0].no_action_count(), counts[v1::CUSTOMER_RUN_STATE_NO_ACTION]);
    EXPECT_EQ(rows[0].suppressed_count(), counts[v1::CUSTOMER_RUN_STATE_SUPPRESSED]);
    EXPECT_EQ(rows[0].run_count(), rows[0].sent_count() + rows[0].held_out_count() + rows[0].no_action_count() +
                                       rows[0].suppressed_count() + rows[0].other_count());
  }

  System system_;
};

TEST_F(Audience, OfSomeHundredsIsCountedRightAndSentToOnce) {
  const std::string run_id = Run("increase-aov").campaign_run_id();
  const v1::CampaignRun settled = system_.CampaignRun(run_id);
  EXPECT_FALSE(settled.reading_audience());
  ExpectCountsAgree(settled);
  ExpectSentOnce(run_id);
  ExpectReportAgrees(run_id);
  LetDeferredGoOn(run_id);
  auto counts = Counts(run_id);
  EXPECT_EQ(counts[v1::CUSTOMER_RUN_STATE_DEFERRED], 0);
  EXPECT_EQ(counts[v1::CUSTOMER_RUN_STATE_FAILED], 0);
  EXPECT_GT(counts[v1::CUSTOMER_RUN_STATE_DELIVERED], 20);
  EXPECT_GT(counts[v1::CUSTOMER_RUN_STATE_HELD_OUT], 0);
  ExpectCountsAgree(system_.CampaignRun(run_id));
  ExpectSentOnce(run_id);
  ExpectReportAgrees(run_id);
}

TEST_F(Audience, IsReadToItsEndOverManyPages) {
  // Everybody is in it.
  v1::Campaign campaign = System::DemoCampaign("increase-aov");
  campaign.set_name("everybody");
  campaign.clear_audience();
  ASSERT_OK(system_.Apply(campaign));
  const v1::CampaignRun run = Run("everybody");
  EXPECT_EQ(run.customer_count(), kCrowd + 10);
  std::set<std::string> customers;
  for (const v1::CustomerRunSummary& one : system_.CustomerRuns(run.campaign_run_id()))
    customers.insert(one.customer_id());
  EXPECT_EQ(customers.size(), kCrowd + 10);
  EXPECT_EQ(Run("everybody", /*max_customers=*/150).customer_count(), 150);
}

}  // namespace
}  // namespace campaign::e2e
