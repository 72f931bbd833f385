#include "orchestrator/router.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/testing/testing.h"

namespace campaign::orchestrator {
namespace {

using testing::ParseProto;

constexpr char kAll[] =
    "segmentation { enabled_strategies: [STRATEGY_CHURN, STRATEGY_BEHAVIORAL, STRATEGY_RFM, STRATEGY_PROFILE, "
    "STRATEGY_INTENT] behavioral { segment: 'b' } personas { segment: 'p' } }";

// A plan of what the router looks at; not a campaign that could be applied.
CampaignPlan PlanOf(const v1::Campaign& campaign) {
  auto plan = CompilePlan(campaign);
  EXPECT_OK(plan);
  return **plan;
}

std::string Word(int strategy) {
  return v1::Strategy_Name(static_cast<v1::Strategy>(strategy)).substr(sizeof("STRATEGY_") - 1);
}

// The chosen strategies in a line, then a line for each hop.
std::string Route(absl::string_view campaign, absl::string_view profile) {
  v1::RouterResult result;
  ChooseStrategies(PlanOf(ParseProto<v1::Campaign>(campaign)), ParseProto<v1::Profile>(profile), result);
  std::vector<std::string> chosen;
  for (const int strategy : result.strategies()) chosen.push_back(Word(strategy));
  std::string text = absl::StrJoin(chosen, " ");
  for (const v1::Reason& reason : result.reasons()) absl::StrAppend(&text, "\n", reason.code(), " ", reason.text());
  return text;
}

TEST(Router, KeepsTheCampaignsOrderWhereThereIsDataForAll) {
  EXPECT_EQ(Route(kAll, "days_since_last_activity: 3 days_since_last_purchase: 9 recent_texts { text: 'hi' }"),
            "CHURN BEHAVIORAL RFM PROFILE INTENT");
}

TEST(Router, EachHopSaysWhatTheStrategyLacksAndWhereTheChainGoesOn) {
  EXPECT_EQ(Route(kAll, ""),
            "PROFILE\n"
            "STRATEGY_LACKS_DATA neither activity nor purchases on record: churn -> behavioral\n"
            "STRATEGY_LACKS_DATA no activity on record: behavioral -> rfm\n"
            "STRATEGY_LACKS_DATA no purchases on record: rfm -> profile\n"
            "STRATEGY_LACKS_DATA no recent tickets, chats or searches: intent -> nothing left");
}

TEST(Router, HopsForOneCauseAreOneReason) {
  EXPECT_EQ(Route("segmentation { enabled_strategies: [STRATEGY_CHURN, STRATEGY_RFM, STRATEGY_PROFILE] "
                  "personas { segment: 'p' } churn { model: CHURN_MODEL_BG_NBD } }",
                  "days_since_last_activity: 3"),
            "PROFILE\nSTRATEGY_LACKS_DATA no purchases on record: churn -> rfm -> profile");
}

TEST(Router, LeavesOutWhatTheCampaignDoesNotDefine) {
  EXPECT_EQ(Route("segmentation { enabled_strategies: [STRATEGY_BEHAVIORAL, STRATEGY_PROFILE] }",
                  "days_since_last_activity: 1"),
            "\nSTRATEGY_LACKS_DATA the campaign defines no behavioral segments: behavioral -> profile"
            "\nSTRATEGY_LACKS_DATA the campaign defines no personas: profile -> nothing left");
}

TEST(Router, LearntPersonasAreEnoughForProfile) {
  EXPECT_EQ(
      Route("segmentation { enabled_strategies: STRATEGY_PROFILE persona_model { personas { segment: 'p' } } }", ""),
      "PROFILE");
}

TEST(Router, ActivityAloneIsEnoughForChurnAndBehaviourButNotForRfm) {
  EXPECT_EQ(Route(kAll, "days_since_last_activity: 0"),
            "CHURN BEHAVIORAL PROFILE\n"
            "STRATEGY_LACKS_DATA no purchases on record: rfm -> profile\n"
            "STRATEGY_LACKS_DATA no recent tickets, chats or searches: intent -> nothing left");
}

TEST(Router, KnowledgeOfFeaturesIsEnoughForBehaviour) {
  EXPECT_EQ(Route("segmentation { enabled_strategies: STRATEGY_BEHAVIORAL behavioral { segment: 'b' } }",
                  "features { feature: 'wishlist' }"),
            "BEHAVIORAL");
}

constexpr char kRules[] =
    "segmentation { enabled_strategies: [STRATEGY_RFM, STRATEGY_INTENT] "
    "strategy_rules { when { compare { feature: 'open_ticket_count' operator: OPERATOR_GREATER number: 0 } } "
    "strategies: [STRATEGY_CHURN, STRATEGY_INTENT, STRATEGY_RFM] } }";

TEST(Router, TheFirstStrategyRuleThatHoldsGivesTheOrder) {
  EXPECT_EQ(Route(kRules, "days_since_last_purchase: 2 recent_texts { text: 'hi' }"), "RFM INTENT");
  EXPECT_EQ(Route(kRules, "days_since_last_purchase: 2 recent_texts { text: 'hi' } open_tickets { ticket_id: 't' }"),
            "INTENT RFM\nSTRATEGY_SWITCHED_OFF switched off in the campaign: churn -> intent");
}

// Every set of enabled strategies, with every kind of data at hand, with and without a rule that names all strategies.
TEST(Router, StrategiesThatAreSwitchedOffAreNeverUsed) {
  const char* const kData[] = {"days_since_last_activity: 3", "days_since_last_purchase: 9",
                               "recent_texts { text: 'hi' }", "features { feature: 'f' }"};
  for (int enabled = 0; enabled < 1 << 5; ++enabled) {
    for (const bool ruled : {false, true}) {
      auto campaign =
          ParseProto<v1::Campaign>("segmentation { behavioral { segment: 'b' } personas { segment: 'p' } }");
      v1::SegmentationConfig& config = *campaign.mutable_segmentation();
      for (int strategy = 1; strategy <= 5; ++strategy) {
        if (enabled & 1 << (strategy - 1)) config.add_enabled_strategies(static_cast<v1::Strategy>(strategy));
      }
      if (ruled) {
        v1::StrategyRule& rule = *config.add_strategy_rules();
        for (int strategy = 5; strategy >= 1; --strategy) rule.add_strategies(static_cast<v1::Strategy>(strategy));
      }
      const CampaignPlan plan = PlanOf(campaign);
      for (int data = 0; data < 1 << 4; ++data) {
        std::string profile;
        for (int i = 0; i < 4; ++i) absl::StrAppend(&profile, data & 1 << i ? kData[i] : "", " ");
        v1::RouterResult result;
        ChooseStrategies(plan, ParseProto<v1::Profile>(profile), result);
        int used = 0;
        for (const int strategy : result.strategies()) used |= 1 << (strategy - 1);
        EXPECT_EQ(used & ~enabled, 0) << profile;
        // With all data, all that is enabled is used; else there is a hop.
        EXPECT_TRUE(used == enabled || (data != (1 << 4) - 1 && result.reasons_size() > 0)) << profile;
      }
    }
  }
}

TEST(Router, UsesOnlyWhatIsEnabled) {
  EXPECT_EQ(Route("segmentation { enabled_strategies: STRATEGY_RFM }", "days_since_last_purchase: 2"), "RFM");
}

}  // namespace
}  // namespace campaign::orchestrator
