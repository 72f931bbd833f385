#include "services/analytics/analytics_service.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/channel.h"
#include "common/server.h"
#include "common/testing/testing.h"
#include "services/analytics/analytics_store.h"
#include "services/analytics/name_set.h"

namespace campaign::analytics {
namespace {

using ::campaign::testing::IsOk;
using ::campaign::testing::ParseProto;
using ::campaign::testing::StatusIs;
using ::campaign::testing::TempDir;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A whole service on a port of its own.
class AnalyticsServiceTest : public ::testing::Test {
 protected:
  AnalyticsServiceTest() { Start(); }

  void Start() {
    auto database = AnalyticsStore::Open(dir_.File("analytics.db"));
    ASSERT_OK(database);
    database_ = *std::move(database);
    service_ = std::make_unique<AnalyticsService>(*database_);
    auto server = Server::Start("127.0.0.1:0", {service_.get()});
    ASSERT_OK(server);
    server_ = *std::move(server);
    stub_ = v1::Analytics::NewStub(MakeChannel(absl::StrCat("127.0.0.1:", server_->port())));
  }

  void Restart() {
    stub_ = nullptr;
    server_ = nullptr;
    service_ = nullptr;
    database_ = nullptr;
    Start();
  }

  template <class Response, class Request, class Method>
  absl::StatusOr<Response> Call(Method method, const Request& request) {
    grpc::ClientContext context;
    Response response;
    const absl::Status status = FromGrpcStatus((stub_.get()->*method)(&context, request, &response));
    if (!status.ok()) return status;
    return response;
  }

  absl::StatusOr<v1::RecordResponse> Record(absl::string_view request) {
    return Call<v1::RecordResponse>(&v1::Analytics::Stub::Record, ParseProto<v1::RecordRequest>(request));
  }

  v1::RecordResponsesResponse Respond(absl::string_view request) {
    auto response = Call<v1::RecordResponsesResponse>(&v1::Analytics::Stub::RecordResponses,
                                                      ParseProto<v1::RecordResponsesRequest>(request));
    EXPECT_OK(response);
    return *response;
  }

  v1::GetReportResponse Report(absl::string_view request) {
    auto response =
        Call<v1::GetReportResponse>(&v1::Analytics::Stub::GetReport, ParseProto<v1::GetReportRequest>(request));
    EXPECT_OK(response);
    return *response;
  }

  // "win-back: runs 3 sent 1 held 1 none 0 suppressed 1 other 0", a row each.
  std::vector<std::string> RowsOf(absl::string_view request) {
    std::vector<std::string> rows;
    const v1::GetReportResponse report = Report(request);
    for (const v1::ReportRow& row : report.rows()) {
      rows.push_back(absl::StrCat(row.key(), ": runs ", row.run_count(), " sent ", row.sent_count(), " held ",
                                  row.held_out_count(), " none ", row.no_action_count(), " suppressed ",
                                  row.suppressed_count(), " other ", row.other_count()));
    }
    return rows;
  }

  TempDir dir_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<AnalyticsService> service_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<v1::Analytics::Stub> stub_;
};

// Two campaigns; one run of each outcome that the report names, and a rejected one.
constexpr char kRuns[] = R"pb(
  records {
    customer_run_id: "r1"
    campaign_run_id: "w1"
    campaign: "win-back"
    customer_id: "ann"
    state: CUSTOMER_RUN_STATE_DELIVERED
    segment: "lapsed"
    action_kind: ACTION_KIND_OFFER
    action_id: "ten_off"
    channel: CHANNEL_EMAIL
    assignments { experiment_id: "subject" variant_id: "a" }
    assignments { experiment_id: "price" variant_id: "low" }
    finish_time { seconds: 1000 }
  }
  records {
    customer_run_id: "r2"
    campaign_run_id: "w1"
    campaign: "win-back"
    customer_id: "bob"
    state: CUSTOMER_RUN_STATE_SUPPRESSED
    segment: "lapsed"
    action_kind: ACTION_KIND_OFFER
    action_id: "ten_off"
    channel: CHANNEL_SMS
    assignments { experiment_id: "subject" variant_id: "b" }
    reason_codes: "NO_CONSENT"
    reason_codes: "SUPPRESSED"
    reason_codes: "NO_CONSENT"
  }
  records {
    customer_run_id: "r3"
    campaign_run_id: "w2"
    campaign: "win-back"
    customer_id: "cat"
    state: CUSTOMER_RUN_STATE_HELD_OUT
    segment: "gone"
    action_kind: ACTION_KIND_NONE
    reason_codes: "HOLDOUT"
  }
  records {
    customer_run_id: "r4"
    campaign_run_id: "v1"
    campaign: "vip"
    customer_id: "ann"
    state: CUSTOMER_RUN_STATE_NO_ACTION
    segment: "gone"
    action_kind: ACTION_KIND_NONE
  }
  records {
    customer_run_id: "r5"
    campaign_run_id: "v1"
    campaign: "vip"
    customer_id: "dan"
    state: CUSTOMER_RUN_STATE_REJECTED
    segment: "champions"
    action_kind: ACTION_KIND_APOLOGY
    action_id: "sorry"
    channel: CHANNEL_EMAIL
    assignments { experiment_id: "subject" variant_id: "a" }
  })pb";

TEST_F(AnalyticsServiceTest, ReportsByCampaign) {
  ASSERT_EQ(Record(kRuns)->recorded_count(), 5);
  EXPECT_THAT(RowsOf("dimension: REPORT_DIMENSION_CAMPAIGN"),
              ElementsAre("vip: runs 2 sent 0 held 0 none 1 suppressed 0 other 1",
                          "win-back: runs 3 sent 1 held 1 none 0 suppressed 1 other 0"));
  EXPECT_EQ(RowsOf(""), RowsOf("dimension: REPORT_DIMENSION_CAMPAIGN")) << "which is the default";
}

TEST_F(AnalyticsServiceTest, ReportsBySegment) {
  ASSERT_OK(Record(kRuns));
  EXPECT_THAT(RowsOf("dimension: REPORT_DIMENSION_SEGMENT"),
              ElementsAre("champions: runs 1 sent 0 held 0 none 0 suppressed 0 other 1",
                          "gone: runs 2 sent 0 held 1 none 1 suppressed 0 other 0",
                          "lapsed: runs 2 sent 1 held 0 none 0 suppressed 1 other 0"));
}

TEST_F(AnalyticsServiceTest, ReportsByOffer) {
  ASSERT_OK(Record(kRuns));
  EXPECT_THAT(RowsOf("dimension: REPORT_DIMENSION_OFFER"),
              ElementsAre(": runs 2 sent 0 held 1 none 1 suppressed 0 other 0",
                          "sorry: runs 1 sent 0 held 0 none 0 suppressed 0 other 1",
                          "ten_off: runs 2 sent 1 held 0 none 0 suppressed 1 other 0"));
}

TEST_F(AnalyticsServiceTest, ReportsByVariantAndCountsARunInEachOfItsVariants) {
  ASSERT_OK(Record(kRuns));
  EXPECT_THAT(RowsOf("dimension: REPORT_DIMENSION_VARIANT"),
              ElementsAre("price/low: runs 1 sent 1 held 0 none 0 suppressed 0 other 0",
                          "subject/a: runs 2 sent 1 held 0 none 0 suppressed 0 other 1",
                          "subject/b: runs 1 sent 0 held 0 none 0 suppressed 1 other 0"));
}

TEST_F(AnalyticsServiceTest, ReportsByChannel) {
  ASSERT_OK(Record(kRuns));
  EXPECT_THAT(RowsOf("dimension: REPORT_DIMENSION_CHANNEL"),
              ElementsAre(": runs 2 sent 0 held 1 none 1 suppressed 0 other 0",
                          "email: runs 2 sent 1 held 0 none 0 suppressed 0 other 1",
                          "sms: runs 1 sent 0 held 0 none 0 suppressed 1 other 0"));
}

TEST_F(AnalyticsServiceTest, FiltersByCampaignAndByRun) {
  ASSERT_OK(Record(kRuns));
  EXPECT_THAT(RowsOf("campaign: 'vip'"), ElementsAre("vip: runs 2 sent 0 held 0 none 1 suppressed 0 other 1"));
  EXPECT_THAT(RowsOf("campaign: 'win-back' campaign_run_id: 'w2'"),
              ElementsAre("win-back: runs 1 sent 0 held 1 none 0 suppressed 0 other 0"));
  EXPECT_THAT(RowsOf("campaign_run_id: 'v1' dimension: REPORT_DIMENSION_SEGMENT"),
              ElementsAre("champions: runs 1 sent 0 held 0 none 0 suppressed 0 other 1",
                          "gone: runs 1 sent 0 held 0 none 1 suppressed 0 other 0"));
  EXPECT_THAT(RowsOf("campaign: 'vip' campaign_run_id: 'w1'"), IsEmpty());
  EXPECT_THAT(RowsOf("campaign: 'never heard of'"), IsEmpty());
  EXPECT_THAT(RowsOf("campaign_run_id: 'never heard of'"), IsEmpty());
}

TEST_F(AnalyticsServiceTest, CountsASuppressedRunOnceUnderEachOfItsReasons) {
  ASSERT_OK(Record(kRuns));
  ASSERT_OK(Record(R"pb(records {
                          customer_run_id: "r6"
                          campaign_run_id: "w1"
                          campaign: "win-back"
                          customer_id: "eve"
                          state: CUSTOMER_RUN_STATE_SUPPRESSED
                          reason_codes: "NO_CONSENT"
                        })pb"));
  const v1::GetReportResponse report = Report("campaign: 'win-back'");
  ASSERT_EQ(report.rows_size(), 1);
  ASSERT_EQ(report.rows(0).suppressed_by_reason_size(), 2) << "the held-out run's reason is not one of them";
  EXPECT_EQ(report.rows(0).suppressed_by_reason(0).name(), "NO_CONSENT");
  EXPECT_EQ(report.rows(0).suppressed_by_reason(0).count(), 2);
  EXPECT_EQ(report.rows(0).suppressed_by_reason(1).name(), "SUPPRESSED");
  EXPECT_EQ(report.rows(0).suppressed_by_reason(1).count(), 1);
}

TEST_F(AnalyticsServiceTest, TheLastRecordOfACustomerRunCounts) {
  ASSERT_EQ(Record(kRuns)->recorded_count(), 5);
  ASSERT_EQ(Record(kRuns)->recorded_count(), 0);
  const char kAgain[] = R"pb(
    records {
      customer_run_id: "r4"
      campaign_run_id: "v1"
      campaign: "vip"
      customer_id: "ann"
      state: CUSTOMER_RUN_STATE_CANCELLED
    }
    records {
      customer_run_id: "r9"
      campaign_run_id: "v1"
      campaign: "vip"
      customer_id: "flo"
      state: CUSTOMER_RUN_STATE_FAILED
    }
    records {
      customer_run_id: "r9"
      campaign_run_id: "v1"
      campaign: "vip"
      customer_id: "flo"
      state: CUSTOMER_RUN_STATE_DELIVERED
    })pb";
  EXPECT_EQ(Record(kAgain)->recorded_count(), 1);
  EXPECT_THAT(RowsOf("campaign: 'vip'"), ElementsAre("vip: runs 3 sent 1 held 0 none 0 suppressed 0 other 2"));
}

TEST_F(AnalyticsServiceTest, RefusesARecordOfARunUnderWayAndKeepsNoneOfTheRequest) {
  EXPECT_THAT(Record(absl::StrCat(kRuns, R"pb(records {
                                                customer_run_id: "r7"
                                                campaign_run_id: "w1"
                                                campaign: "win-back"
                                                customer_id: "eve"
                                                state: CUSTOMER_RUN_STATE_DEFERRED
                                              })pb")),
              StatusIs(absl::StatusCode::kInvalidArgument, "records[5].state: CUSTOMER_RUN_STATE_DEFERRED"));
  EXPECT_THAT(RowsOf(""), IsEmpty());
}

TEST_F(AnalyticsServiceTest, CountsRunsWithAResponseNotResponses) {
  ASSERT_OK(Record(kRuns));
  const v1::RecordResponsesResponse answer = Respond(R"pb(
    responses { response_id: "1" customer_run_id: "r1" kind: RESPONSE_KIND_OPENED }
    responses { response_id: "2" customer_run_id: "r1" kind: RESPONSE_KIND_OPENED }
    responses { response_id: "3" customer_run_id: "r1" kind: RESPONSE_KIND_CLICKED }
    responses { response_id: "4" customer_run_id: "r1" kind: RESPONSE_KIND_CONVERTED }
    responses { response_id: "5" customer_run_id: "r5" kind: RESPONSE_KIND_COMPLAINED }
    responses { response_id: "6" customer_run_id: "r5" kind: RESPONSE_KIND_UNSUBSCRIBED })pb");
  EXPECT_EQ(answer.recorded_count(), 6);
  const v1::GetReportResponse report = Report("");
  ASSERT_EQ(report.rows_size(), 2);
  EXPECT_EQ(report.rows(0).complained_count(), 1);
  EXPECT_EQ(report.rows(0).opened_count(), 0);
  EXPECT_EQ(report.rows(1).opened_count(), 1);
  EXPECT_EQ(report.rows(1).clicked_count(), 1);
  EXPECT_EQ(report.rows(1).converted_count(), 1);
  EXPECT_EQ(report.rows(1).complained_count(), 0);
}

TEST_F(AnalyticsServiceTest, AddsRevenueByCurrency) {
  ASSERT_OK(Record(kRuns));
  Respond(R"pb(
    responses {
      response_id: "1"
      customer_run_id: "r1"
      kind: RESPONSE_KIND_CONVERTED
      revenue { minor_units: 1999 currency_code: "USD" }
    }
    responses {
      response_id: "2"
      customer_run_id: "r2"
      kind: RESPONSE_KIND_CONVERTED
      revenue { minor_units: 1 currency_code: "USD" }
    }
    responses {
      response_id: "3"
      customer_run_id: "r1"
      kind: RESPONSE_KIND_CONVERTED
      revenue { minor_units: 500 currency_code: "EUR" }
    })pb");
  const auto revenue_of = [](const v1::ReportRow& row) {
    std::vector<std::string> revenue;
    for (const v1::Money& money : row.revenue()) {
      revenue.push_back(absl::StrCat(money.currency_code(), " ", money.minor_units()));
    }
    return revenue;
  };
  EXPECT_THAT(revenue_of(Report("campaign: 'win-back'").rows(0)), ElementsAre("EUR 500", "USD 2000"));
  EXPECT_THAT(revenue_of(Report("campaign: 'vip'").rows(0)), IsEmpty());
  const v1::GetReportResponse variants = Report("dimension: REPORT_DIMENSION_VARIANT");
  EXPECT_THAT(revenue_of(variants.rows(0)), ElementsAre("EUR 500", "USD 1999")) << "price/low";
  EXPECT_THAT(revenue_of(variants.rows(1)), ElementsAre("EUR 500", "USD 1999")) << "subject/a";
  EXPECT_THAT(revenue_of(variants.rows(2)), ElementsAre("USD 1")) << "subject/b";
}

TEST_F(AnalyticsServiceTest, AResponseCountsOnce) {
  ASSERT_OK(Record(kRuns));
  const char kResponse[] = R"pb(
    responses {
      response_id: "1"
      customer_run_id: "r1"
      kind: RESPONSE_KIND_CONVERTED
      revenue { minor_units: 100 currency_code: "USD" }
    })pb";
  EXPECT_EQ(Respond(kResponse).recorded_count(), 1);
  EXPECT_EQ(Respond(kResponse).duplicate_count(), 1);
  // The same id once more changes nothing, whatever it says.
  EXPECT_EQ(
      Respond("responses { response_id: '1' customer_run_id: 'r1' kind: RESPONSE_KIND_CLICKED }").duplicate_count(), 1);
  const v1::ReportRow row = Report("campaign: 'win-back'").rows(0);
  EXPECT_EQ(row.revenue(0).minor_units(), 100);
  EXPECT_EQ(row.clicked_count(), 0);
}

TEST_F(AnalyticsServiceTest, RefusesAndNamesResponsesOfUnknownRunsAndKeepsTheOthers) {
  ASSERT_OK(Record(kRuns));
  const char kResponses[] = R"pb(
    responses { response_id: "1" customer_run_id: "later" kind: RESPONSE_KIND_OPENED }
    responses { response_id: "2" customer_run_id: "r1" kind: RESPONSE_KIND_OPENED })pb";
  v1::RecordResponsesResponse answer = Respond(kResponses);
  EXPECT_EQ(answer.recorded_count(), 1);
  ASSERT_EQ(answer.refused_size(), 1);
  EXPECT_EQ(answer.refused(0).response_id(), "1");
  EXPECT_EQ(answer.refused(0).error().code(), 5);
  EXPECT_EQ(answer.refused(0).error().reason(), "UNKNOWN_CUSTOMER_RUN");
  // A refused response counts once its run is known.
  ASSERT_OK(Record(R"pb(records {
                          customer_run_id: "later"
                          campaign_run_id: "w3"
                          campaign: "win-back"
                          customer_id: "ann"
                          state: CUSTOMER_RUN_STATE_DELIVERED
                        })pb"));
  answer = Respond(kResponses);
  EXPECT_EQ(answer.recorded_count(), 1);
  EXPECT_EQ(answer.duplicate_count(), 1);
  EXPECT_EQ(Report("campaign: 'win-back'").rows(0).opened_count(), 2);
}

TEST_F(AnalyticsServiceTest, RefusesResponsesThatMakeNoSense) {
  ASSERT_OK(Record(kRuns));
  const v1::RecordResponsesResponse answer = Respond(R"pb(
    responses { response_id: "1" customer_run_id: "r1" }
    responses {
      response_id: "2"
      customer_run_id: "r1"
      kind: RESPONSE_KIND_OPENED
      revenue { minor_units: 5 currency_code: "USD" }
    }
    responses {
      response_id: "3"
      customer_run_id: "r1"
      kind: RESPONSE_KIND_CONVERTED
      revenue { minor_units: -5 currency_code: "USD" }
    }
    responses {
      response_id: "4"
      customer_run_id: "r1"
      kind: RESPONSE_KIND_CONVERTED
      revenue { minor_units: 1000000000001 currency_code: "USD" }
    }
    responses {
      response_id: "5"
      customer_run_id: "r1"
      kind: RESPONSE_KIND_CONVERTED
      revenue { minor_units: 5 currency_code: "$" }
    })pb");
  EXPECT_EQ(answer.recorded_count(), 0);
  ASSERT_EQ(answer.refused_size(), 5);
  EXPECT_EQ(answer.refused(0).error().reason(), "RESPONSE_KIND_MISSING");
  for (int i = 1; i < 5; ++i) {
    EXPECT_EQ(answer.refused(i).error().code(), 3);
    EXPECT_EQ(answer.refused(i).error().reason(), "REVENUE_INVALID");
  }
}

TEST_F(AnalyticsServiceTest, ResponsesStayWhenTheirRunIsRecordedAgain) {
  ASSERT_OK(Record(kRuns));
  Respond("responses { response_id: '1' customer_run_id: 'r1' kind: RESPONSE_KIND_OPENED }");
  ASSERT_OK(Record(kRuns));
  EXPECT_EQ(Report("campaign: 'win-back'").rows(0).opened_count(), 1);
}

TEST_F(AnalyticsServiceTest, KeepsEverythingOverARestart) {
  ASSERT_OK(Record(kRuns));
  Respond(R"pb(responses {
                 response_id: "1"
                 customer_run_id: "r1"
                 kind: RESPONSE_KIND_CONVERTED
                 revenue { minor_units: 100 currency_code: "USD" }
               })pb");
  const std::string before = Report("dimension: REPORT_DIMENSION_VARIANT").SerializeAsString();
  Restart();
  EXPECT_EQ(Report("dimension: REPORT_DIMENSION_VARIANT").SerializeAsString(), before);
  EXPECT_EQ(Record(kRuns)->recorded_count(), 0);
  EXPECT_EQ(
      Respond("responses { response_id: '1' customer_run_id: 'r1' kind: RESPONSE_KIND_OPENED }").duplicate_count(), 1);
}

TEST(NameSet, GivesBackWhatWasJoinedSortedAndEachOnce) {
  EXPECT_EQ(JoinNames({}), "");
  EXPECT_THAT(SplitNames(""), IsEmpty());
  EXPECT_THAT(SplitNames(JoinNames({"b", "a", "b"})), ElementsAre("a", "b"));
  EXPECT_THAT(SplitNames(JoinNames({"with\nline", "back\\slash", "größe"})),
              ElementsAre("back\\slash", "größe", "with\nline"));
}

}  // namespace
}  // namespace campaign::analytics
