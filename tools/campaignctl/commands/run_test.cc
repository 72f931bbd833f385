#include "tools/campaignctl/testing_fakes.h"

namespace campaign::ctl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ParseProto;

class RunTest : public ToolTest {
 protected:
  void SetUp() override {
    ToolTest::SetUp();
    orchestrator_.run.Returns("campaign_run { campaign_run_id: 'r1' }");
    orchestrator_.updates = {
        ParseProto<v1::CampaignRun>("campaign_run_id: 'r1' campaign: 'win-back' campaign_version: '0123456789abcdef' "
                                    "state: CAMPAIGN_RUN_STATE_RUNNING customer_count: 2 "
                                    "state_counts { state: CUSTOMER_RUN_STATE_PENDING count: 2 }"),
        ParseProto<v1::CampaignRun>("campaign_run_id: 'r1' campaign: 'win-back' campaign_version: '0123456789abcdef' "
                                    "state: CAMPAIGN_RUN_STATE_FINISHED customer_count: 2 "
                                    "state_counts { state: CUSTOMER_RUN_STATE_DELIVERED count: 1 } "
                                    "state_counts { state: CUSTOMER_RUN_STATE_SUPPRESSED count: 1 }")};
    orchestrator_.list_customer_runs.Returns(
        "customer_runs { customer_run_id: 'cr1' customer_id: 'ann' state: CUSTOMER_RUN_STATE_DELIVERED } "
        "customer_runs { customer_run_id: 'cr2' customer_id: 'bob' state: CUSTOMER_RUN_STATE_SUPPRESSED "
        "reasons { code: 'ON_SUPPRESSION_LIST' text: 'unsubscribed' } }");
  }
  const v1::RunCampaignRequest& request() { return orchestrator_.run.requests.back(); }
};

TEST_F(RunTest, FollowsTheRunAndTellsEachOfFewCustomersOutcomes) {
  const Outcome outcome = Tool({"run", "win-back", "--customer", "ann", "--request_id", "q"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out,
            "request id: q\n"
            "run: r1\n"
            "Run r1 of win-back 0123456789ab: FINISHED, 2 customers\n"
            "\n"
            "STATE       CUSTOMERS  SHARE\n"
            "DELIVERED           1   50 %\n"
            "SUPPRESSED          1   50 %\n"
            "\n"
            "ann  DELIVERED  cr1\n"
            "bob  SUPPRESSED  cr2\n"
            "    ON_SUPPRESSION_LIST: unsubscribed\n");
  // Not a terminal: plain lines, at most one a second of the clock.
  EXPECT_EQ(outcome.err, "0 / 2 customers  PENDING 2  0/s\n");
}

TEST_F(RunTest, RewritesOneLineOnATerminalAndTakesItAway) {
  terminal_ = true;
  const Outcome outcome = Tool({"run", "win-back", "--customer", "ann"});
  EXPECT_THAT(outcome.err, HasSubstr("\r\x1b[K[########################] 2 / 2 customers"));
  EXPECT_THAT(outcome.err, ::testing::EndsWith("\r\x1b[K"));
  EXPECT_THAT(outcome.err, ::testing::Not(HasSubstr("\n")));
}

TEST_F(RunTest, SendsCustomersOfAFileOnce) {
  EXPECT_EQ(Tool({"run", "win-back", "--customers", "-", "--dry_run"}, "ann\r\n\nbob\nann\n").code, 0);
  EXPECT_THAT(request().customers().customer_ids(), ElementsAre("ann", "bob"));
  EXPECT_TRUE(request().dry_run());
  EXPECT_THAT(request().request_id(), ::testing::MatchesRegex("ctl-[0-9a-f]+"));
  EXPECT_EQ(Tool({"run", "win-back", "--customers", Write("empty", "\n")}).code, 1);
}

TEST_F(RunTest, SendsTheAudiencesFilter) {
  EXPECT_EQ(Tool({"run", "win-back", "--audience", "country == DE", "--max", "10"}).code, 0);
  EXPECT_EQ(request().audience().max_customers(), 10);
  EXPECT_EQ(request().audience().filter().compare().text(), "DE");
  EXPECT_EQ(Tool({"run", "win-back", "--audience"}).code, 0);
  EXPECT_TRUE(request().has_audience());
  EXPECT_FALSE(request().audience().has_filter());
}

TEST_F(RunTest, DetachedItPrintsTheRunAlone) {
  EXPECT_EQ(Tool({"run", "win-back", "--customer", "ann", "--request_id", "q", "--detach"}).out,
            "request id: q\nrun: r1\n");
}

TEST_F(RunTest, StopsFollowingWhenTheWaitIsOver) {
  orchestrator_.updates.pop_back();
  orchestrator_.hanging_watches = 1;
  const Outcome outcome = Tool({"run", "win-back", "--customer", "ann", "--wait", "200ms"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.err, HasSubstr("Still RUNNING; follow it with: campaignctl watch r1\n"));
}

TEST_F(RunTest, JsonIsOneDocumentOfTheRunAtItsEnd) {
  const Outcome outcome = Tool({"run", "win-back", "--customer", "ann", "--json"});
  EXPECT_THAT(outcome.out, HasSubstr("\"state\": \"CAMPAIGN_RUN_STATE_FINISHED\""));
  EXPECT_THAT(outcome.out, HasSubstr("\"customerId\": \"bob\""));
  EXPECT_THAT(outcome.out, ::testing::StartsWith("{"));
  EXPECT_EQ(outcome.err, "");
}

TEST_F(RunTest, WatchFailsForARunThatIsNotKnown) {
  orchestrator_.updates.clear();
  orchestrator_.watch_status = grpc::Status(grpc::StatusCode::NOT_FOUND, "run r9 is not known");
  const Outcome outcome = Tool({"watch", "r9"});
  EXPECT_EQ(outcome.err, "campaignctl: NOT_FOUND: run r9 is not known\n");
  EXPECT_EQ(outcome.code, 1);
}

TEST_F(RunTest, TakesUpALostStreamAgainButNotOneThatGivesNothing) {
  orchestrator_.first_watch_status = grpc::Status(grpc::StatusCode::UNAVAILABLE, "going away");
  const Outcome outcome = Tool({"watch", "r1"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.err, Not(HasSubstr("connection lost")));
  EXPECT_THAT(outcome.out, HasSubstr("FINISHED, 2 customers"));

  orchestrator_.updates.clear();
  orchestrator_.watch_status = grpc::Status(grpc::StatusCode::UNAVAILABLE, "still away");
  EXPECT_EQ(Tool({"watch", "r1"}).err, "campaignctl: UNAVAILABLE: still away\n");
}

class AgingRunTest : public RunTest {
 protected:
  AgingRunTest() { server_options_ = {absl::Milliseconds(100), absl::Milliseconds(100)}; }
};

TEST_F(AgingRunTest, WatchOutlivesConnections) {
  // Two streams in a row have nothing new to say for longer than a connection may live.
  orchestrator_.hanging_watches = 2;
  const Outcome outcome = Tool({"watch", "r1"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, Not(HasSubstr("connection lost")));
  EXPECT_THAT(outcome.out, HasSubstr("FINISHED, 2 customers"));
}

TEST_F(RunTest, CustomersPassesItsFiltersOn) {
  const Outcome outcome = Tool({"customers", "r1", "--state", "suppressed", "--customer", "bob"});
  const v1::ListCustomerRunsRequest& asked = orchestrator_.list_customer_runs.requests.back();
  EXPECT_EQ(asked.state(), v1::CUSTOMER_RUN_STATE_SUPPRESSED);
  EXPECT_EQ(asked.customer_id(), "bob");
  EXPECT_THAT(outcome.out, HasSubstr("bob       SUPPRESSED  cr2           -      ON_SUPPRESSION_LIST: unsubscribed\n"));
}

TEST_F(RunTest, RunsAndCancelShowWhereARunStands) {
  orchestrator_.list_runs.answer = [this](const auto&, auto& response) {
    *response.add_campaign_runs() = orchestrator_.updates[1];
    return grpc::Status::OK;
  };
  EXPECT_THAT(Tool({"runs", "win-back"}).out, HasSubstr("2 / 2 customers  DELIVERED 1, SUPPRESSED 1\n"));
  EXPECT_EQ(orchestrator_.list_runs.requests[0].campaign(), "win-back");
  orchestrator_.cancel.Returns("campaign_run { campaign_run_id: 'r1' state: CAMPAIGN_RUN_STATE_CANCELLED }");
  EXPECT_THAT(Tool({"cancel", "r1"}).out, HasSubstr("CANCELLED"));
}

TEST_F(RunTest, DeliveriesShowTheLedger) {
  delivery_.list.Returns(
      "deliveries { customer_run_id: 'cr1' customer_id: 'ann' receipt { state: DELIVERY_STATE_UNKNOWN channel: "
      "CHANNEL_EMAIL attempt_count: 2 provider: 'spool' reasons { code: 'NO_ANSWER' } } }");
  EXPECT_THAT(Tool({"deliveries", "--state", "unknown", "--customer_run", "cr1"}).out, HasSubstr("NO_ANSWER"));
  EXPECT_EQ(delivery_.list.requests[0].state(), v1::DELIVERY_STATE_UNKNOWN);
  EXPECT_EQ(delivery_.list.requests[0].customer_run_id(), "cr1");
}

}  // namespace
}  // namespace campaign::ctl
