#include "tools/campaignctl/format.h"

#include <limits>

#include "common/clock.h"
#include "common/testing/testing.h"
#include "tools/campaignctl/progress.h"

namespace campaign::ctl {
namespace {

using testing::ParseProto;
using testing::Utc;

TEST(Table, AlignsColumnsByWhatIsSeen) {
  Table table({{"NAME"}, {"COUNT", Table::kRight}, {"NOTE"}});
  table.AddRow({"Grüße", "5", "x"});
  table.AddRow({"a", "1,234", ""});
  EXPECT_EQ(table.ToString(),
            "NAME   COUNT  NOTE\n"
            "Grüße      5  x\n"
            "a      1,234\n");
}

TEST(Table, KeepsACellOnOneLineAndHarmless) {
  Table table({{"NAME"}});
  table.AddRow({"a\nb\x1b[2J"});
  EXPECT_EQ(table.ToString(), "NAME\na b<U+001B>[2J\n");
}

TEST(FormatCount, GroupsThousands) {
  EXPECT_EQ(FormatCount(0), "0");
  EXPECT_EQ(FormatCount(999), "999");
  EXPECT_EQ(FormatCount(1'234'567), "1,234,567");
  EXPECT_EQ(FormatCount(-123'456), "-123,456");
  EXPECT_EQ(FormatCount(std::numeric_limits<int64_t>::min()), "-9,223,372,036,854,775,808");
}

TEST(FormatMoney, KnowsTheCurrencysDecimals) {
  EXPECT_EQ(FormatMoney(123'456, "USD"), "1,234.56 USD");
  EXPECT_EQ(FormatMoney(-5, "EUR"), "-0.05 EUR");
  EXPECT_EQ(FormatMoney(-12'305, "EUR"), "-123.05 EUR");
  EXPECT_EQ(FormatMoney(1'500, "JPY"), "1,500 JPY");
  EXPECT_EQ(FormatMoney(1'500, "KWD"), "1.500 KWD");
  EXPECT_EQ(FormatMoney(79, ""), "0.79");
}

TEST(Format, WritesTimesSharesAndDurations) {
  EXPECT_EQ(FormatTime(ToTimestamp(Utc("2026-06-15 12:00:00"))), "2026-06-15 12:00:00 UTC");
  EXPECT_EQ(FormatTime({}), "-");
  EXPECT_EQ(FormatMilliseconds(absl::Microseconds(1260)), "1.3 ms");
  EXPECT_EQ(FormatBasisPoints(1250), "12.5 %");
  EXPECT_EQ(FormatShare(1, 8), "12.5 %");
  EXPECT_EQ(FormatShare(1, 2), "50 %");
  EXPECT_EQ(FormatShare(0, 0), "-");
  EXPECT_EQ(FormatDuration(ParseProto<google::protobuf::Duration>("seconds: 129645")), "1d12h45s");
}

TEST(FormatReason, ShowsFactsWhereAsked) {
  const auto reason = ParseProto<v1::Reason>(
      "code: 'CAP' text: 'two this week' facts { name: 'sent' value: '2' } facts { name: 'max' value: '2' }");
  EXPECT_EQ(FormatReason(reason), "CAP: two this week");
  EXPECT_EQ(FormatReason(reason, /*with_facts=*/true), "CAP: two this week (sent 2, max 2)");
}

TEST(Indent, PutsThePrefixBeforeEveryLine) { EXPECT_EQ(Indent("a\r\n\nb\x1b\n", "| "), "| a\n|\n| b<U+001B>\n"); }

TEST(ToJson, PrintsFieldsThatAreZeroToo) {
  EXPECT_EQ(ToJson(v1::Money(), /*indented=*/false), "{\"minorUnits\":\"0\",\"currencyCode\":\"\"}\n");
}

TEST(RunLine, CountsCustomersThatHaveSettled) {
  const auto run = ParseProto<v1::CampaignRun>(
      "customer_count: 5000 reading_audience: true "
      "state_counts { state: CUSTOMER_RUN_STATE_RUNNING count: 100 } "
      "state_counts { state: CUSTOMER_RUN_STATE_WAITING_REVIEW count: 200 } "
      "state_counts { state: CUSTOMER_RUN_STATE_DELIVERED count: 1000 }");
  EXPECT_EQ(RunLine(run), "1,200 / 5,000+ customers  RUNNING 100, WAITING_REVIEW 200, DELIVERED 1,000");
}

TEST(Bar, FillsWithTheShare) {
  EXPECT_EQ(Bar(1, 4, 8), "[##------]");
  EXPECT_EQ(Bar(9, 4, 4), "[####]");
  EXPECT_EQ(Bar(0, 0, 4), "[----]");
}

}  // namespace
}  // namespace campaign::ctl
