#include "tools/campaignctl/testing_fakes.h"

namespace campaign::ctl {
namespace {

using ::testing::HasSubstr;

TEST_F(ToolTest, ReportIsATableWithReasonsBelow) {
  analytics_.report.Returns(R"(
    rows { key: "mug" run_count: 1200 sent_count: 1000 held_out_count: 50 suppressed_count: 150 converted_count: 25
           revenue { minor_units: 123456 currency_code: "EUR" } revenue { minor_units: 500 currency_code: "USD" }
           suppressed_by_reason { name: "NO_CONSENT" count: 40 } suppressed_by_reason { name: "CAP" count: 120 } }
    rows { key: "" })");
  const Outcome outcome = Tool({"report", "--campaign", "win-back", "--run", "r1", "--by", "offer"});
  EXPECT_EQ(outcome.out,
            "OFFER    RUNS   SENT  HELD OUT  NO ACTION  SUPPRESSED  OTHER  OPENED  CLICKED  CONVERTED  OF SENT  "
            "COMPLAINED                 REVENUE\n"
            "mug     1,200  1,000        50          0         150      0       0        0         25    2.5 %  "
            "         0  1,234.56 EUR, 5.00 USD\n"
            "(none)      0      0         0          0           0      0       0        0          0        -  "
            "         0                       -\n"
            "\n"
            "OFFER  SUPPRESSED BECAUSE  RUNS\n"
            "mug    CAP                  120\n"
            "mug    NO_CONSENT            40\n");
  const v1::GetReportRequest& asked = analytics_.report.requests[0];
  EXPECT_EQ(asked.campaign(), "win-back");
  EXPECT_EQ(asked.campaign_run_id(), "r1");
  EXPECT_EQ(asked.dimension(), v1::REPORT_DIMENSION_OFFER);
}

TEST_F(ToolTest, SuppressAddsRemovesAndLists) {
  compliance_.add.Returns("added_count: 1");
  EXPECT_EQ(Tool({"suppress", "add", "--address", "x@example.com", "--channel", "email", "--reason", "asked"}).out,
            "added\n");
  EXPECT_EQ(compliance_.add.requests[0].suppressions(0).ShortDebugString(),
            "address: \"x@example.com\" channel: CHANNEL_EMAIL reason: \"asked\" source: \"campaignctl ada\"");
  compliance_.add.Returns("added_count: 0");
  EXPECT_EQ(Tool({"suppress", "add", "--customer", "c"}).out, "was on the list already\n");

  EXPECT_EQ(Tool({"suppress", "add", "--phone", "+15550100", "--brand", "Acme", "--class", "marketing"}).code, 0);
  EXPECT_EQ(compliance_.add.requests[2].suppressions(0).ShortDebugString(),
            "source: \"campaignctl ada\" phone_number: \"+15550100\" brand: \"Acme\" message_class: "
            "MESSAGE_CLASS_MARKETING");
  compliance_.remove.Returns("removed_count: 0");
  EXPECT_EQ(Tool({"suppress", "remove", "--customer", "c"}).out, "was not on the list\n");

  compliance_.list.Returns("suppressions { customer_id: 'c' reason: 'legal' }");
  EXPECT_THAT(Tool({"suppress", "list"}).out, HasSubstr("customer c  all      all    all    legal           -\n"));
  compliance_.list.Returns(
      "suppressions { domain: 'example.com' channel: CHANNEL_EMAIL brand: 'Acme' message_class: "
      "MESSAGE_CLASS_MARKETING reason: 'legal' }");
  EXPECT_THAT(Tool({"suppress", "list"}).out, HasSubstr("domain example.com  EMAIL    Acme   MARKETING  legal"));
}

}  // namespace
}  // namespace campaign::ctl
