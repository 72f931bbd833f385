#include "tools/campaignctl/rule_text.h"

#include "absl/strings/str_cat.h"
#include "common/testing/testing.h"

namespace campaign::ctl {
namespace {

using testing::ParseProto;
using testing::StatusIs;

// The rule of `text`, as it prints in the text format.
std::string Parsed(absl::string_view text) {
  const auto rule = ParseRuleText(text);
  return rule.ok() ? rule->ShortDebugString() : absl::StrCat("error: ", rule.status().message());
}

std::string Expected(absl::string_view text_format) { return ParseProto<v1::Rule>(text_format).ShortDebugString(); }

TEST(RuleText, ComparesNumbers) {
  EXPECT_EQ(Parsed("activity_change <= -0.5"),
            Expected("compare { feature: 'activity_change' operator: OPERATOR_LESS_OR_EQUAL number: -0.5 }"));
  EXPECT_EQ(Parsed("orders_total<3"),
            Expected("compare { feature: 'orders_total' operator: OPERATOR_LESS number: 3 }"));
  EXPECT_EQ(Parsed("spend_total > 1e3"),
            Expected("compare { feature: 'spend_total' operator: OPERATOR_GREATER number: 1000 }"));
  EXPECT_EQ(Parsed("spend_total>=.5"),
            Expected("compare { feature: 'spend_total' operator: OPERATOR_GREATER_OR_EQUAL number: 0.5 }"));
  EXPECT_EQ(Parsed("orders_total != 0"),
            Expected("compare { feature: 'orders_total' operator: OPERATOR_NOT_EQUAL number: 0 }"));
}

TEST(RuleText, ComparesTextsQuotedAndBare) {
  const std::string germany = Expected("compare { feature: 'country' operator: OPERATOR_EQUAL text: 'DE' }");
  EXPECT_EQ(Parsed("country == \"DE\""), germany);
  EXPECT_EQ(Parsed("country == 'DE'"), germany);
  EXPECT_EQ(Parsed("  country==DE "), germany);
  EXPECT_EQ(Parsed("segment == 'at \\'high\\' risk'"),
            Expected("compare { feature: 'segment' operator: OPERATOR_EQUAL text: \"at 'high' risk\" }"));
}

TEST(RuleText, TakesQuotedNumbersAndNumberWordsAsTexts) {
  EXPECT_EQ(Parsed("attribute.plan == \"5\""),
            Expected("compare { feature: 'attribute.plan' operator: OPERATOR_EQUAL text: '5' }"));
  EXPECT_EQ(Parsed("attribute.plan == inf"),
            Expected("compare { feature: 'attribute.plan' operator: OPERATOR_EQUAL text: 'inf' }"));
}

TEST(RuleText, ReadsTruths) {
  const std::string ignored =
      Expected("compare { feature: 'last_announcement_ignored' operator: OPERATOR_EQUAL truth: true }");
  EXPECT_EQ(Parsed("last_announcement_ignored"), ignored);
  EXPECT_EQ(Parsed("last_announcement_ignored == true"), ignored);
  EXPECT_EQ(Parsed("not last_announcement_ignored"),
            Expected("compare { feature: 'last_announcement_ignored' operator: OPERATOR_EQUAL truth: false }"));
}

TEST(RuleText, ReadsListsAndExistence) {
  const std::string in = "compare { feature: 'tags' operator: OPERATOR_IN texts: 'vip' texts: 'gold star' }";
  EXPECT_EQ(Parsed("tags in [vip, 'gold star']"), Expected(in));
  EXPECT_EQ(Parsed("not tags in [vip,'gold star']"), Expected(absl::StrCat("not { ", in, " }")));
  EXPECT_EQ(Parsed("exists churn_probability"),
            Expected("compare { feature: 'churn_probability' operator: OPERATOR_EXISTS }"));
  EXPECT_EQ(Parsed("not exists churn_probability"),
            Expected("not { compare { feature: 'churn_probability' operator: OPERATOR_EXISTS } }"));
}

TEST(RuleText, KeepsKeysOfFeatureFamilies) {
  EXPECT_EQ(Parsed("category_orders_120d.accessories >= 3"),
            Expected("compare { feature: 'category_orders_120d.accessories' operator: OPERATOR_GREATER_OR_EQUAL "
                     "number: 3 }"));
}

TEST(RuleText, SaysWhatIsWrong) {
  EXPECT_THAT(ParseRuleText(""), StatusIs(absl::StatusCode::kInvalidArgument, "starts with a feature"));
  EXPECT_THAT(ParseRuleText("country = DE"), StatusIs(absl::StatusCode::kInvalidArgument, "write =="));
  EXPECT_THAT(ParseRuleText("country == DE and x > 1"), StatusIs(absl::StatusCode::kInvalidArgument, "as a list"));
  EXPECT_THAT(ParseRuleText("x > 1 or y > 1"), StatusIs(absl::StatusCode::kInvalidArgument, "{any: [...]}"));
  EXPECT_THAT(ParseRuleText("segment == at risk"), StatusIs(absl::StatusCode::kInvalidArgument, "needs quotes"));
  EXPECT_THAT(ParseRuleText("country < DE"), StatusIs(absl::StatusCode::kInvalidArgument, "compares numbers"));
  EXPECT_THAT(ParseRuleText("country =="), StatusIs(absl::StatusCode::kInvalidArgument, "after == comes a value"));
  EXPECT_THAT(ParseRuleText("country DE"), StatusIs(absl::StatusCode::kInvalidArgument, "not 'DE'"));
  EXPECT_THAT(ParseRuleText("tags in vip"), StatusIs(absl::StatusCode::kInvalidArgument, "[vip, gold]"));
  EXPECT_THAT(ParseRuleText("tags in [vip"), StatusIs(absl::StatusCode::kInvalidArgument, "[vip, gold]"));
  EXPECT_THAT(ParseRuleText("country == \"DE"), StatusIs(absl::StatusCode::kInvalidArgument, "closing quote"));
  EXPECT_THAT(ParseRuleText("> 5"), StatusIs(absl::StatusCode::kInvalidArgument, "not with >"));
}

TEST(RuleText, RefusesTextsThatWouldNestWithoutEnd) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "not ";
  EXPECT_THAT(ParseRuleText(text + "x"), StatusIs(absl::StatusCode::kInvalidArgument, "is above"));
}

}  // namespace
}  // namespace campaign::ctl
