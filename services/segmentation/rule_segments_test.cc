#include "services/segmentation/rule_segments.h"

#include "common/testing/testing.h"

namespace campaign::segmentation {
namespace {

using ::campaign::testing::ParseProto;
using ::campaign::testing::StatusIs;

constexpr char kBehavioral[] = R"pb(
  behavioral {
    segment: "inactive_120_180"
    label: "120–180 days inactive"
    score: 0.8
    when {
      all {
        rules { compare { feature: "days_since_last_activity" operator: OPERATOR_GREATER_OR_EQUAL number: 120 } }
        rules { compare { feature: "days_since_last_activity" operator: OPERATOR_LESS number: 180 } }
      }
    }
  }
  behavioral {
    segment: "accessories_regular"
    label: "Buys accessories regularly"
    score: 0.7
    when { compare { feature: "category_months_active.accessories" operator: OPERATOR_GREATER_OR_EQUAL number: 3 } }
  }
  behavioral {
    segment: "ai_search_unused"
    score: 0.5
    when {
      all {
        rules { compare { feature: "feature_uses.ai_search" operator: OPERATOR_EQUAL number: 0 } }
        rules { compare { feature: "feature_days_since_announced.ai_search" operator: OPERATOR_EXISTS } }
      }
    }
  }
  behavioral {
    segment: "likely_to_leave"
    score: 1
    when { compare { feature: "churn_probability" operator: OPERATOR_GREATER number: 0.9 } }
  }
)pb";

class BehavioralSegments : public ::testing::Test {
 protected:
  BehavioralSegments() {
    const auto config = ParseProto<v1::SegmentationConfig>(kBehavioral);
    auto segments = RuleSegments::Compile(v1::STRATEGY_BEHAVIORAL, config.behavioral(), "config.behavioral");
    EXPECT_OK(segments);
    segments_ = *std::move(segments);
  }

  v1::SegmentResult Answer(absl::string_view profile, bool answers = true) {
    EXPECT_EQ(segments_.Answer(ParseProto<v1::Profile>(profile), result_), answers);
    return result_;
  }

  RuleSegments segments_;
  v1::SegmentResult result_;
};

TEST_F(BehavioralSegments, HoldCustomers130DaysInactiveUnderTheCampaignsLabel) {
  const v1::SegmentResult result = Answer("days_since_last_activity: 130");
  EXPECT_EQ(result.segment(), "inactive_120_180");
  EXPECT_EQ(result.label(), "120–180 days inactive");
  EXPECT_EQ(result.score(), 0.8);
  EXPECT_EQ(result.strategy(), v1::STRATEGY_BEHAVIORAL);
  ASSERT_GE(result.reasons_size(), 1);
  EXPECT_EQ(result.reasons(0).text(), "no activity for 130 days");
}

TEST_F(BehavioralSegments, HoldWhoBoughtAccessoriesInThreeOfFourMonths) {
  const v1::SegmentResult result = Answer("categories { category: 'accessories' months_active_4m: 3 orders_120d: 5 }");
  EXPECT_EQ(result.segment(), "accessories_regular");
  ASSERT_EQ(result.reasons_size(), 1);
  EXPECT_EQ(result.reasons(0).text(), "bought accessories in 3 of the last 4 months");
}

TEST_F(BehavioralSegments, HoldWhoWasToldOfAFeatureAndNeverUsedIt) {
  const v1::SegmentResult result = Answer("features { feature: 'ai_search' days_since_announced: 12 }");
  EXPECT_EQ(result.segment(), "ai_search_unused");
  EXPECT_EQ(result.label(), "Ai search unused");
  ASSERT_EQ(result.reasons_size(), 2);
  EXPECT_EQ(result.reasons(0).text(), "never used ai_search");
}

TEST_F(BehavioralSegments, TheFirstThatMatchesWins) {
  EXPECT_EQ(
      Answer("days_since_last_activity: 130 categories { category: 'accessories' months_active_4m: 4 }").segment(),
      "inactive_120_180");
}

TEST_F(BehavioralSegments, MayAskForTheChurnProbability) {
  result_.set_churn_probability(0.95);
  EXPECT_EQ(Answer("").segment(), "likely_to_leave");
}

TEST_F(BehavioralSegments, WithoutAMatchLeaveAHop) {
  const v1::SegmentResult result = Answer("days_since_last_activity: 3", /*answers=*/false);
  EXPECT_EQ(result.segment(), "");
  ASSERT_EQ(result.reasons_size(), 1);
  EXPECT_EQ(result.reasons(0).code(), kNoRuleMatched);
  EXPECT_EQ(result.reasons(0).facts(0).value(), "behavioral");
}

// A rule over each kind of window that marketers ask for, with the reason that they read.
TEST(RuleSegments, WindowsOfBehaviourAreRules) {
  struct Window {
    const char* rule;
    const char* inside;
    const char* outside;
    const char* reason;
  };
  const Window kWindows[] = {
      {"feature: 'activity_change' operator: OPERATOR_LESS_OR_EQUAL number: -0.8", "activity_change: -0.8",
       "activity_change: -0.79", "activity down 80 % against the previous 30 days"},
      {"feature: 'last_announcement_ignored' operator: OPERATOR_EQUAL truth: true",
       "last_announcement_ignored: true last_announced_feature: 'ai_search'", "last_announced_feature: 'ai_search'",
       "ignored the last feature update (ai_search)"},
      {"feature: 'category_months_active.accessories' operator: OPERATOR_GREATER_OR_EQUAL number: 3",
       "categories { category: 'accessories' months_active_4m: 3 }",
       "categories { category: 'accessories' months_active_4m: 2 }", "bought accessories in 3 of the last 4 months"},
      {"feature: 'feature_uses.export' operator: OPERATOR_EQUAL number: 0",
       "features { feature: 'ai_search' uses_total: 9 }", "features { feature: 'export' uses_total: 1 }",
       "never used export"},
      {"feature: 'activity_decayed' operator: OPERATOR_LESS number: 1", "activity_decayed: 0.25", "activity_decayed: 1",
       "recent activity of 0.25, halved every 14 days"},
      {"feature: 'category_affinity.shoes' operator: OPERATOR_GREATER_OR_EQUAL number: 0.5",
       "categories { category: 'shoes' affinity: 0.6 }", "categories { category: 'shoes' affinity: 0.4 }",
       "60 % of their recent interest is in shoes"},
  };
  for (const Window& window : kWindows) {
    v1::SegmentationConfig config;
    v1::RuleSegment& segment = *config.add_behavioral();
    segment.set_segment("found");
    *segment.mutable_when()->mutable_compare() = ParseProto<v1::Comparison>(window.rule);
    ASSERT_OK_AND_ASSIGN(const RuleSegments segments,
                         RuleSegments::Compile(v1::STRATEGY_BEHAVIORAL, config.behavioral(), "config.behavioral"));
    v1::SegmentResult inside, outside;
    EXPECT_TRUE(segments.Answer(ParseProto<v1::Profile>(window.inside), inside)) << window.rule;
    EXPECT_FALSE(segments.Answer(ParseProto<v1::Profile>(window.outside), outside)) << window.rule;
    EXPECT_EQ(inside.reasons(0).text(), window.reason);
  }
}

TEST(RuleSegments, AnErrorNamesTheRulesPath) {
  auto config = ParseProto<v1::SegmentationConfig>(kBehavioral);
  config.mutable_behavioral(3)->mutable_when()->mutable_compare()->set_feature("churn_probabilty");
  EXPECT_THAT(RuleSegments::Compile(v1::STRATEGY_BEHAVIORAL, config.behavioral(), "config.behavioral"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "config.behavioral[3].when.compare.feature: churn_probabilty is not a feature; nearest is "
                       "churn_probability"));
  config.mutable_behavioral(1)->set_score(1.5);
  EXPECT_THAT(RuleSegments::Compile(v1::STRATEGY_BEHAVIORAL, config.behavioral(), "config.behavioral"),
              StatusIs(absl::StatusCode::kInvalidArgument, "config.behavioral[1].score: 1.5 is not between 0 and 1"));
}

TEST(RuleSegments, ARuleWithManyComparisonsStaysWithinTheReasonsOfAResult) {
  v1::SegmentationConfig config;
  v1::RuleSegment& segment = *config.add_personas();
  segment.set_segment("patient");
  for (int i = 0; i < 60; ++i) {
    *segment.mutable_when()->mutable_all()->add_rules() =
        ParseProto<v1::Rule>("compare { feature: 'orders_total' operator: OPERATOR_EXISTS }");
  }
  auto segments = RuleSegments::Compile(v1::STRATEGY_PROFILE, config.personas(), "config.personas");
  ASSERT_OK(segments);
  v1::SegmentResult result;
  EXPECT_TRUE(segments->Answer(v1::Profile(), result));
  EXPECT_EQ(result.strategy(), v1::STRATEGY_PROFILE);
  EXPECT_LE(result.reasons_size(), 28);
}

}  // namespace
}  // namespace campaign::segmentation
