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

// The chosen strategies in a line, then a line for each that is left out.
std::string Route(absl::string_view campaign, absl::string_view profile) {
  v1::RouterResult result;
  ChooseStrategies(ParseProto<v1::Campaign>(campaign), ParseProto<v1::Profile>(profile), result);
  std::vector<std::string> chosen;
  for (const int strategy : result.strategies()) {
    chosen.push_back(v1::Strategy_Name(static_cast<v1::Strategy>(strategy)).substr(sizeof("STRATEGY_") - 1));
  }
  std::string text = absl::StrJoin(chosen, " ");
  for (const v1::Reason& reason : result.reasons()) absl::StrAppend(&text, "\n", reason.code(), " ", reason.text());
  return text;
}

TEST(Router, KeepsTheCampaignsOrderWhereThereIsDataForAll) {
  EXPECT_EQ(Route(kAll, "days_since_last_activity: 3 days_since_last_purchase: 9 recent_texts { text: 'hi' }"),
            "CHURN BEHAVIORAL RFM PROFILE INTENT");
}

TEST(Router, SaysWhatEachStrategyLacks) {
  EXPECT_EQ(Route(kAll, ""),
            "PROFILE\n"
            "STRATEGY_LACKS_DATA churn left out: neither activity nor purchases on record\n"
            "STRATEGY_LACKS_DATA behavioral left out: no activity on record\n"
            "STRATEGY_LACKS_DATA rfm left out: no purchases on record\n"
            "STRATEGY_LACKS_DATA intent left out: no recent tickets, chats or searches");
}

TEST(Router, LeavesOutWhatTheCampaignDoesNotDefine) {
  EXPECT_EQ(Route("segmentation { enabled_strategies: [STRATEGY_BEHAVIORAL, STRATEGY_PROFILE] }",
                  "days_since_last_activity: 1"),
            "\nSTRATEGY_LACKS_DATA behavioral left out: the campaign defines no behavioral segments"
            "\nSTRATEGY_LACKS_DATA profile left out: the campaign defines no personas");
}

TEST(Router, ActivityAloneIsEnoughForChurnAndBehaviourButNotForRfm) {
  EXPECT_EQ(Route(kAll, "days_since_last_activity: 0"),
            "CHURN BEHAVIORAL PROFILE\n"
            "STRATEGY_LACKS_DATA rfm left out: no purchases on record\n"
            "STRATEGY_LACKS_DATA intent left out: no recent tickets, chats or searches");
}

TEST(Router, KnowledgeOfFeaturesIsEnoughForBehaviour) {
  EXPECT_EQ(Route("segmentation { enabled_strategies: STRATEGY_BEHAVIORAL behavioral { segment: 'b' } }",
                  "features { feature: 'wishlist' }"),
            "BEHAVIORAL");
}

TEST(Router, UsesOnlyWhatIsEnabled) {
  EXPECT_EQ(Route("segmentation { enabled_strategies: STRATEGY_RFM }", "days_since_last_purchase: 2"), "RFM");
}

}  // namespace
}  // namespace campaign::orchestrator
