#include "services/compliance/verdict.h"

#include "absl/strings/str_cat.h"
#include "common/clock.h"
#include "common/testing/testing.h"

namespace campaign::compliance {
namespace {

using ::campaign::testing::Utc;

v1::CheckResult ResultOf(const std::vector<v1::Verdict>& verdicts) {
  Findings findings;
  findings.defer_until = Utc("2026-06-16 06:00:00");
  for (const v1::Verdict verdict : verdicts) findings.Add(verdict, v1::Verdict_Name(verdict), "because");
  v1::CheckResult result;
  FillResult(findings, result);
  return result;
}

TEST(Verdict, IsTheWorseOfEveryPair) {
  const std::vector<v1::Verdict> by_severity = {v1::VERDICT_DEFER, v1::VERDICT_REVIEW, v1::VERDICT_BLOCK};
  for (size_t a = 0; a < by_severity.size(); ++a) {
    EXPECT_EQ(ResultOf({by_severity[a]}).verdict(), by_severity[a]);
    for (size_t b = 0; b < by_severity.size(); ++b) {
      const v1::CheckResult result = ResultOf({by_severity[a], by_severity[b]});
      EXPECT_EQ(result.verdict(), by_severity[std::max(a, b)]);
      ASSERT_EQ(result.reasons_size(), 2);
      EXPECT_EQ(result.reasons(0).code(), v1::Verdict_Name(result.verdict())) << "the worst comes first";
      EXPECT_EQ(result.has_defer_until_time(), result.verdict() == v1::VERDICT_DEFER);
    }
  }
}

TEST(Verdict, IsAllowWithOneShortReasonWhereNothingWasFound) {
  Findings findings;
  findings.AddPassed("local_time", "14:05");
  findings.AddPassed("cap", "1 of 3");
  v1::CheckResult result;
  FillResult(findings, result);
  EXPECT_EQ(result.verdict(), v1::VERDICT_ALLOW);
  ASSERT_EQ(result.reasons_size(), 1);
  EXPECT_EQ(result.reasons(0).code(), kAllChecksPassed);
  EXPECT_LE(result.reasons(0).ByteSizeLong(), 120u);
}

TEST(Verdict, OfAFindingWithoutOneIsBlock) {
  EXPECT_EQ(ResultOf({v1::VERDICT_UNSPECIFIED}).verdict(), v1::VERDICT_BLOCK);
  EXPECT_EQ(ResultOf({v1::VERDICT_ALLOW}).verdict(), v1::VERDICT_BLOCK);
  EXPECT_EQ(ResultOf({v1::VERDICT_ALLOW, v1::VERDICT_DEFER}).verdict(), v1::VERDICT_BLOCK);
}

TEST(Verdict, OfADeferWithoutATimeIsBlock) {
  Findings findings;
  findings.Add(v1::VERDICT_DEFER, "QUIET_HOURS", "later");
  v1::CheckResult result;
  FillResult(findings, result);
  EXPECT_EQ(result.verdict(), v1::VERDICT_BLOCK);
  EXPECT_FALSE(result.has_defer_until_time());
}

TEST(Verdict, DeferCarriesItsTime) {
  EXPECT_EQ(FromTimestamp(ResultOf({v1::VERDICT_DEFER}).defer_until_time()), Utc("2026-06-16 06:00:00"));
}

TEST(Verdict, KeepsTheWorstReasonsWhereThereAreTooMany) {
  std::vector<v1::Verdict> verdicts(70, v1::VERDICT_REVIEW);
  verdicts.push_back(v1::VERDICT_BLOCK);
  const v1::CheckResult result = ResultOf(verdicts);
  ASSERT_EQ(result.reasons_size(), 64);
  EXPECT_EQ(result.reasons(0).code(), "VERDICT_BLOCK");
}

TEST(CutUtf8, CutsBetweenCharacters) {
  EXPECT_EQ(CutUtf8("grün", 10), "grün");
  EXPECT_EQ(CutUtf8("grün", 4), "grü");
  EXPECT_EQ(CutUtf8("grün", 3), "gr");
}

}  // namespace
}  // namespace campaign::compliance
