// What customers do with a message comes back: into analytics and into their profile.

#include "tests/e2e/journal.h"
#include "tests/e2e/system.h"

namespace campaign::e2e {
namespace {

v1::Response MakeResponse(absl::string_view id, absl::string_view customer_run_id, v1::ResponseKind kind) {
  v1::Response response;
  response.set_response_id(std::string(id));
  response.set_customer_run_id(std::string(customer_run_id));
  response.set_kind(kind);
  *response.mutable_response_time() = ToTimestamp(kNow + absl::Minutes(5));
  return response;
}

TEST(Responses, AreCountedByTheVariantThatWasSent) {
  System system;
  const v1::CustomerRun run = system.Run("increase-aov", "hero-aov");
  ASSERT_EQ(run.state(), v1::CUSTOMER_RUN_STATE_DELIVERED);
  ASSERT_EQ(DecisionOf(run).assignments_size(), 1);
  const std::string& id = run.customer_run_id();
  v1::RecordResponsesRequest request;
  *request.add_responses() = MakeResponse("open", id, v1::RESPONSE_KIND_OPENED);
  *request.add_responses() = MakeResponse("click", id, v1::RESPONSE_KIND_CLICKED);
  *request.add_responses() = MakeResponse("order", id, v1::RESPONSE_KIND_CONVERTED);
  request.mutable_responses(2)->mutable_revenue()->set_minor_units(13410);
  request.mutable_responses(2)->mutable_revenue()->set_currency_code("USD");
  *request.add_responses() = MakeResponse("stray", "rnone-0", v1::RESPONSE_KIND_OPENED);
  ASSERT_OK_AND_ASSIGN(const auto first, Ask(system.analytics, &v1::Analytics::Stub::RecordResponses, request));
  EXPECT_EQ(first.recorded_count(), 3);
  ASSERT_EQ(first.refused_size(), 1);
  EXPECT_EQ(first.refused(0).response_id(), "stray");
  EXPECT_EQ(first.refused(0).error().reason(), "UNKNOWN_CUSTOMER_RUN");
  ASSERT_OK_AND_ASSIGN(const auto second, Ask(system.analytics, &v1::Analytics::Stub::RecordResponses, request));
  EXPECT_EQ(second.recorded_count(), 0);
  EXPECT_EQ(second.duplicate_count(), 3);

  const std::vector<v1::ReportRow> rows = system.Report(v1::REPORT_DIMENSION_VARIANT, run.campaign_run_id());
  ASSERT_EQ(rows.size(), 1);
  const v1::Assignment& assignment = DecisionOf(run).assignments(0);
  EXPECT_EQ(rows[0].key(), absl::StrCat(assignment.experiment_id(), "/", assignment.variant_id()));
  EXPECT_EQ(rows[0].sent_count(), 1);
  EXPECT_EQ(rows[0].opened_count(), 1);
  EXPECT_EQ(rows[0].clicked_count(), 1);
  EXPECT_EQ(rows[0].converted_count(), 1);
  ASSERT_EQ(rows[0].revenue_size(), 1);
  EXPECT_EQ(rows[0].revenue(0).minor_units(), 13410);
  EXPECT_EQ(rows[0].revenue(0).currency_code(), "USD");
}

TEST(Responses, EveryOutcomeIsInTheReportWithItsReason) {
  System system;
  system.Run("reduce-churn", "hero-churn");
  system.Run("reduce-churn", "case-suppressed");
  const std::vector<v1::ReportRow> rows = system.Report(v1::REPORT_DIMENSION_CAMPAIGN);
  ASSERT_EQ(rows.size(), 1);
  EXPECT_EQ(rows[0].key(), "reduce-churn");
  EXPECT_EQ(rows[0].run_count(), 2);
  EXPECT_EQ(rows[0].sent_count(), 1);
  EXPECT_EQ(rows[0].suppressed_count(), 1);
  ASSERT_EQ(rows[0].suppressed_by_reason_size(), 1);
  EXPECT_EQ(rows[0].suppressed_by_reason(0).name(), "SUPPRESSED");
  const std::vector<v1::ReportRow> channels = system.Report(v1::REPORT_DIMENSION_CHANNEL);
  ASSERT_FALSE(channels.empty());
}

TEST(Responses, AMessageSentIsPartOfTheProfileFromThenOn) {
  System system;
  EXPECT_EQ(system.Profile("hero-feature").messages_30d(), 0);
  ASSERT_EQ(system.Run("feature-adoption", "hero-feature").state(), v1::CUSTOMER_RUN_STATE_DELIVERED);
  EXPECT_EQ(system.Profile("hero-feature").messages_30d(), 1);
  system.Run("reduce-churn", "case-suppressed");
  EXPECT_EQ(system.Profile("case-suppressed").messages_30d(), 0);
}

}  // namespace
}  // namespace campaign::e2e
