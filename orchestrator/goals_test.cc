#include "orchestrator/goals.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/testing/testing.h"
#include "orchestrator/names.h"

namespace campaign::orchestrator {
namespace {

using testing::ParseProto;

// "<route> | <strategies>", as numbers of their enums.
std::string Filled(absl::string_view text) {
  v1::Campaign campaign = ParseProto<v1::Campaign>(text);
  FillGoalDefaults(campaign);
  std::string filled;
  for (const v1::RouteStep& step : campaign.route()) absl::StrAppend(&filled, step.step(), " ");
  absl::StrAppend(&filled, "|");
  for (const int strategy : campaign.segmentation().enabled_strategies()) absl::StrAppend(&filled, " ", strategy);
  return filled;
}

TEST(Goals, GiveEachBuiltInGoalAllTenStepsAndItsStrategies) {
  EXPECT_EQ(Filled("goal: 'reduce_churn'"), "1 2 3 4 5 6 7 8 9 10 | 5 1 2 3");
  EXPECT_EQ(Filled("goal: 'increase_aov'"), "1 2 3 4 5 6 7 8 9 10 | 1 2 3");
  EXPECT_EQ(Filled("goal: 'win_back'"), "1 2 3 4 5 6 7 8 9 10 | 1 2 5");
  EXPECT_EQ(Filled("goal: 'feature_adoption'"), "1 2 3 4 5 6 7 8 9 10 | 1 4 3");
  EXPECT_EQ(Filled("goal: 'vip_retention'"), "1 2 3 4 5 6 7 8 9 10 | 2 5 3");
}

TEST(Goals, LeaveWhatTheCampaignSays) {
  EXPECT_EQ(Filled("goal: 'win_back' route { step: STEP_ROUTER } route { step: STEP_ANALYTICS } "
                   "segmentation { enabled_strategies: STRATEGY_RFM }"),
            "2 10 | 2");
}

TEST(Goals, GiveAGoalOfTheUsersOwnTheRouteButNoStrategies) {
  EXPECT_EQ(Filled("goal: 'reactivate'"), "1 2 3 4 5 6 7 8 9 10 |");
}

TEST(Names, OfACustomerRunAreTheRunAndThePosition) {
  EXPECT_EQ(CustomerRunName("r4kx", 17), "r4kx-17");
  const auto parts = ParseCustomerRunName("r4kx-17");
  ASSERT_TRUE(parts.has_value());
  EXPECT_EQ(parts->first, "r4kx");
  EXPECT_EQ(parts->second, 17);
}

TEST(Names, OfAnotherFormAreNone) {
  for (const char* name : {"", "r4kx", "r4kx-", "r4kx-x", "r4kx-99999999999999999999"}) {
    EXPECT_FALSE(ParseCustomerRunName(name).has_value()) << name;
  }
}

TEST(Goals, LinksMayLeadWhereTheGeneratorLetsThem) {
  v1::Campaign campaign;
  campaign.mutable_generation()->mutable_links()->add_allowed_hosts("nordlicht.example");
  FillGoalDefaults(campaign);
  ASSERT_EQ(campaign.compliance().content().allowed_hosts_size(), 1);
  EXPECT_EQ(campaign.compliance().content().allowed_hosts(0), "nordlicht.example");
  // Compliance's own list stays.
  campaign.mutable_compliance()->mutable_content()->set_allowed_hosts(0, "*.nordlicht.example");
  FillGoalDefaults(campaign);
  EXPECT_EQ(campaign.compliance().content().allowed_hosts(0), "*.nordlicht.example");
  v1::Campaign plain;
  FillGoalDefaults(plain);
  EXPECT_FALSE(plain.has_compliance());
}

TEST(Goals, ALanguageModelWhoseMessagesNeedNoReviewIsTrustedByCompliance) {
  v1::Campaign campaign;
  campaign.mutable_generation()->mutable_text_model()->set_model("small");
  FillGoalDefaults(campaign);
  EXPECT_FALSE(campaign.compliance().trust_text_model());
  campaign.mutable_generation()->mutable_text_model()->set_skip_review(true);
  FillGoalDefaults(campaign);
  EXPECT_TRUE(campaign.compliance().trust_text_model());
}

}  // namespace
}  // namespace campaign::orchestrator
