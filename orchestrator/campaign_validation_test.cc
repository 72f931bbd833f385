#include "orchestrator/campaign_validation.h"

#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/testing/testing.h"
#include "orchestrator/campaign_plan.h"
#include "orchestrator/testing_campaigns.h"
#include "tools/campaignctl/campaign_yaml.h"

namespace campaign::orchestrator {
namespace {

using testing::ParseProto;
using testing::StatusIs;

// What is wrong with the small campaign once `change` was made to it; empty where nothing is.
std::string Refusal(const std::function<void(v1::Campaign&)>& change) {
  v1::Campaign campaign = SmallCampaign();
  change(campaign);
  const auto plan = MakePlan(campaign);
  if (plan.ok()) return "";
  EXPECT_EQ(plan.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(plan.status().message());
}

// The same, merging text into it.
std::string RefusalOf(absl::string_view text) {
  return Refusal([&](v1::Campaign& campaign) { campaign.MergeFrom(ParseProto<v1::Campaign>(text)); });
}

std::string RefusalOfRoute(const std::vector<v1::Step>& steps) {
  return Refusal([&](v1::Campaign& campaign) {
    for (const v1::Step step : steps) campaign.add_route()->set_step(step);
  });
}

TEST(CampaignValidation, TakesTheSmallestCampaign) {
  EXPECT_EQ(Refusal([](v1::Campaign&) {}), "");
}

TEST(CampaignValidation, NamesALimitByItsWholePath) {
  EXPECT_EQ(RefusalOf("offers { actions { action_id: 'a' propensity: 2 } }"),
            "campaign.offers.actions[1].propensity: 2 is above 1");
  EXPECT_EQ(Refusal([](v1::Campaign& campaign) { campaign.clear_name(); }), "campaign.name: 0 bytes is below 1");
}

TEST(CampaignValidation, WantsNamesOfTheirForm) {
  EXPECT_EQ(RefusalOf("name: 'Win back'"), "campaign.name: 'Win back' is not of the form [a-z][a-z0-9-]*");
  EXPECT_EQ(RefusalOf("name: '-win'"), "campaign.name: '-win' is not of the form [a-z][a-z0-9-]*");
  EXPECT_EQ(RefusalOf("name: 'win_back'"), "campaign.name: 'win_back' is not of the form [a-z][a-z0-9-]*");
  EXPECT_EQ(RefusalOf("goal: 'win-back'"), "campaign.goal: 'win-back' is not of the form [a-z][a-z0-9_]*");
}

TEST(CampaignValidation, WantsStrategiesForAGoalOfTheUsersOwn) {
  EXPECT_EQ(RefusalOf("goal: 'reactivate'"),
            "campaign.segmentation.enabled_strategies: [] must name at least one, as 'reactivate' is no built-in goal");
  EXPECT_EQ(RefusalOf("goal: 'reactivate' segmentation { enabled_strategies: STRATEGY_RFM }"), "");
  EXPECT_EQ(RefusalOf("segmentation { enabled_strategies: [STRATEGY_RFM, STRATEGY_UNSPECIFIED] }"),
            "campaign.segmentation.enabled_strategies[1]: STRATEGY_UNSPECIFIED is no strategy");
  EXPECT_EQ(RefusalOf("segmentation { enabled_strategies: [STRATEGY_RFM, STRATEGY_CHURN, STRATEGY_RFM] }"),
            "campaign.segmentation.enabled_strategies[2]: STRATEGY_RFM appears twice");
  EXPECT_EQ(RefusalOf("segmentation { enabled_strategies: STRATEGY_RFM "
                      "strategy_rules { strategies: [STRATEGY_CHURN, STRATEGY_RFM] } }"),
            "");
  EXPECT_EQ(
      RefusalOf("segmentation { enabled_strategies: STRATEGY_RFM strategy_rules { strategies: STRATEGY_CHURN } }"),
      "campaign.segmentation.strategy_rules[0].strategies: [...] names none of enabled_strategies");
  EXPECT_EQ(RefusalOf("segmentation { enabled_strategies: STRATEGY_RFM "
                      "strategy_rules { strategies: [STRATEGY_RFM, STRATEGY_RFM] } }"),
            "campaign.segmentation.strategy_rules[0].strategies[1]: STRATEGY_RFM appears twice");
}

TEST(CampaignValidation, WantsARouteInOrderThatEndsWithAnalytics) {
  using namespace v1;
  EXPECT_EQ(RefusalOfRoute({STEP_ROUTER, STEP_ANALYTICS}), "");
  EXPECT_EQ(RefusalOfRoute({STEP_ROUTER, STEP_UNSPECIFIED}), "campaign.route[1].step: STEP_UNSPECIFIED is no step");
  EXPECT_EQ(RefusalOfRoute({STEP_ROUTER, STEP_ROUTER, STEP_ANALYTICS}),
            "campaign.route[1].step: STEP_ROUTER appears twice");
  EXPECT_EQ(RefusalOfRoute({STEP_ROUTER, STEP_OFFER, STEP_SEGMENTATION, STEP_ANALYTICS}),
            "campaign.route[2].step: STEP_SEGMENTATION must come before STEP_OFFER");
  EXPECT_EQ(RefusalOfRoute({STEP_ROUTER, STEP_OFFER}), "campaign.route[1].step: STEP_OFFER must be STEP_ANALYTICS");
  EXPECT_EQ(RefusalOfRoute({STEP_GOAL, STEP_ANALYTICS}), "campaign.route: [...] lacks STEP_ROUTER");
}

TEST(CampaignValidation, RefusesARouteThatCouldSendUncheckedOrUnreviewed) {
  using namespace v1;
  const auto without = [](Step left_out) {
    std::vector<Step> steps;
    for (const Step step :
         {STEP_ROUTER, STEP_OFFER, STEP_GENERATION, STEP_COMPLIANCE, STEP_REVIEW, STEP_DELIVERY, STEP_ANALYTICS}) {
      if (step != left_out) steps.push_back(step);
    }
    return RefusalOfRoute(steps);
  };
  EXPECT_EQ(without(STEP_UNSPECIFIED), "");
  EXPECT_EQ(without(STEP_OFFER), "campaign.route: [...] sends (STEP_DELIVERY) without STEP_OFFER before");
  EXPECT_EQ(without(STEP_GENERATION), "campaign.route: [...] sends (STEP_DELIVERY) without STEP_GENERATION before");
  EXPECT_EQ(without(STEP_COMPLIANCE), "campaign.route: [...] sends (STEP_DELIVERY) without STEP_COMPLIANCE before");
  EXPECT_EQ(without(STEP_REVIEW), "campaign.route: [...] sends (STEP_DELIVERY) without STEP_REVIEW before");
  EXPECT_EQ(without(STEP_DELIVERY), "");
}

TEST(CampaignValidation, LetsNoConditionSkipASafeguard) {
  constexpr char kWhen[] = "compare { feature: 'orders_total' operator: OPERATOR_GREATER number: 1 }";
  const auto conditional = [&](v1::Step step) {
    return Refusal([&](v1::Campaign& campaign) {
      for (int value = v1::STEP_GOAL; value <= v1::STEP_ANALYTICS; ++value) {
        campaign.add_route()->set_step(static_cast<v1::Step>(value));
      }
      *campaign.mutable_route(step - 1)->mutable_when() = ParseProto<v1::Rule>(kWhen);
    });
  };
  EXPECT_EQ(conditional(v1::STEP_GOAL), "campaign.route[0].when: STEP_GOAL must not be conditional");
  EXPECT_EQ(conditional(v1::STEP_ROUTER), "campaign.route[1].when: STEP_ROUTER must not be conditional");
  EXPECT_EQ(conditional(v1::STEP_SEGMENTATION), "");
  EXPECT_EQ(conditional(v1::STEP_RETRIEVAL), "");
  EXPECT_EQ(conditional(v1::STEP_OFFER), "");
  EXPECT_EQ(conditional(v1::STEP_GENERATION), "");
  EXPECT_EQ(conditional(v1::STEP_COMPLIANCE), "campaign.route[6].when: STEP_COMPLIANCE must not be conditional");
  EXPECT_EQ(conditional(v1::STEP_REVIEW), "campaign.route[7].when: STEP_REVIEW must not be conditional");
  EXPECT_EQ(conditional(v1::STEP_DELIVERY), "campaign.route[8].when: STEP_DELIVERY must not be conditional");
  EXPECT_EQ(conditional(v1::STEP_ANALYTICS), "campaign.route[9].when: STEP_ANALYTICS must not be conditional");
}

TEST(CampaignValidation, CompilesEveryRuleWhereverItStands) {
  const std::string rule = "{ compare { feature: 'nonsense' operator: OPERATOR_EXISTS } }";
  const std::vector<std::pair<std::string, std::string>> places = {
      {"audience " + rule, "campaign.audience"},
      {"segmentation { behavioral { segment: 's' when " + rule + " } }", "campaign.segmentation.behavioral[0].when"},
      {"segmentation { personas { segment: 's' when " + rule + " } }", "campaign.segmentation.personas[0].when"},
      {"offers { actions { action_id: 'a' eligibility " + rule + " } }", "campaign.offers.actions[1].eligibility"},
      {"offers { actions { action_id: 'a' propensity_adjustments { when " + rule + " } } }",
       "campaign.offers.actions[1].propensity_adjustments[0].when"},
      {"compliance { red_flags { code: 'F' when " + rule + " } }", "campaign.compliance.red_flags[0].when"},
      {"route { step: STEP_ROUTER } route { step: STEP_SEGMENTATION when " + rule + " } route { step: STEP_ANALYTICS }",
       "campaign.route[1].when"},
  };
  for (const auto& [text, path] : places) {
    const std::string refusal = RefusalOf(text);
    EXPECT_EQ(refusal.rfind(path, 0), 0u) << refusal << " for " << text;
    EXPECT_NE(refusal.find("nonsense"), std::string::npos) << refusal;
  }
}

TEST(CampaignValidation, WantsOffersWhereTheRouteHasThem) {
  EXPECT_EQ(Refusal([](v1::Campaign& campaign) { campaign.clear_offers(); }),
            "campaign.offers: (absent) is required by STEP_OFFER in the route");
  EXPECT_EQ(Refusal([](v1::Campaign& campaign) {
              campaign.clear_offers();
              campaign.add_route()->set_step(v1::STEP_ROUTER);
              campaign.add_route()->set_step(v1::STEP_ANALYTICS);
            }),
            "");
}

TEST(CampaignValidation, WantsTheVariantsOfTemplatesInTheExperiments) {
  const char* experiment =
      "offers { experiments { experiment_id: 'e' variants { variant_id: 'a' weight_bps: 10000 } variants { variant_id: "
      "'b' } } } ";
  const auto of_variant = [&](absl::string_view variant) {
    return RefusalOf(absl::StrCat(experiment,
                                  "generation { templates { template_id: 'hello' channel: CHANNEL_EMAIL "
                                  "subject: 's' text: 'x' variant: '",
                                  variant, "' } }"));
  };
  EXPECT_EQ(of_variant("e/b"), "");
  EXPECT_EQ(of_variant("e/c"),
            "campaign.generation.templates[1].variant: e/c is no experiment_id/variant_id of the campaign");
}

TEST(CampaignValidation, ChecksActions) {
  EXPECT_EQ(RefusalOf("offers { actions { action_id: 'hello' kind: ACTION_KIND_NUDGE } }"),
            "campaign.offers.actions[1].action_id: hello appears twice");
  EXPECT_EQ(RefusalOf("offers { actions { action_id: 'a' template_id: 'hello' } }"),
            "campaign.offers.actions[1].kind: ACTION_KIND_UNSPECIFIED is nothing to do");
  EXPECT_EQ(RefusalOf("offers { actions { action_id: 'a' template_id: 'hello' kind: ACTION_KIND_NONE } }"),
            "campaign.offers.actions[1].kind: ACTION_KIND_NONE is nothing to do");
}

TEST(CampaignValidation, WantsATemplateForEachChannelThatAnActionMayUse) {
  EXPECT_EQ(RefusalOf("offers { actions { action_id: 'a' kind: ACTION_KIND_NUDGE } }"),
            "campaign.offers.actions[1].action_id: a has no template for CHANNEL_EMAIL (action a)");
  EXPECT_EQ(RefusalOf("offers { actions { action_id: 'a' kind: ACTION_KIND_NUDGE template_id: 'b' } }"),
            "campaign.offers.actions[1].template_id: b has no template for CHANNEL_EMAIL (action a)");
  EXPECT_EQ(RefusalOf("offers { channel_priority: CHANNEL_SMS }"),
            "campaign.offers.actions[0].action_id: hello has no template for CHANNEL_SMS (action hello)");
  // The brand's will do, one of a variant will not: it is not for everybody.
  const char* sms = "{ template_id: 'hello' channel: CHANNEL_SMS text: 'x' } ";
  EXPECT_EQ(
      RefusalOf(absl::StrCat("offers { channel_priority: CHANNEL_SMS } generation { brand { templates ", sms, "} }")),
      "");
  EXPECT_EQ(RefusalOf("offers { channel_priority: CHANNEL_SMS experiments { experiment_id: 'e' variants { variant_id: "
                      "'a' weight_bps: 10000 } variants { variant_id: 'b' } } } generation { templates { template_id: "
                      "'hello' channel: CHANNEL_SMS text: 'x' variant: 'e/a' } }"),
            "campaign.offers.actions[0].action_id: hello has no template for CHANNEL_SMS (action hello)");
  // An action that does not use the channel needs none for it.
  EXPECT_EQ(Refusal([](v1::Campaign& campaign) {
              campaign.mutable_offers()->add_channel_priority(v1::CHANNEL_SMS);
              campaign.mutable_offers()->mutable_actions(0)->add_channels(v1::CHANNEL_EMAIL);
            }),
            "");
}

TEST(CampaignValidation, ChecksChannels) {
  EXPECT_EQ(RefusalOf("offers { channel_priority: CHANNEL_UNSPECIFIED }"),
            "campaign.offers.channel_priority[1]: CHANNEL_UNSPECIFIED is no channel");
  EXPECT_EQ(RefusalOf("offers { channel_priority: CHANNEL_EMAIL }"),
            "campaign.offers.channel_priority[1]: CHANNEL_EMAIL appears twice");
}

TEST(CampaignValidation, ChecksExperiments) {
  const auto experiment = [](absl::string_view text) {
    return RefusalOf(absl::StrCat("offers { experiments { experiment_id: 'e' ", text, " } }"));
  };
  EXPECT_EQ(experiment("variants { variant_id: 'a' weight_bps: 5000 } variants { variant_id: 'b' weight_bps: 5000 }"),
            "");
  EXPECT_EQ(experiment("variants { variant_id: 'a' weight_bps: 5000 } variants { variant_id: 'b' weight_bps: 4999 }"),
            "campaign.offers.experiments[0].variants: 9999 basis points of weight are not 10000 in all");
  EXPECT_EQ(experiment("action_ids: 'hello' action_ids: 'gone' variants { variant_id: 'a' weight_bps: 5000 } "
                       "variants { variant_id: 'b' weight_bps: 5000 }"),
            "campaign.offers.experiments[0].action_ids[1]: gone is no action of the campaign");
  EXPECT_EQ(experiment("variants { variant_id: 'a' weight_bps: 5000 } "
                       "variants { variant_id: 'b' weight_bps: 5000 template_id: 'missing' }"),
            "campaign.offers.experiments[0].variants[1].template_id: missing has no template for CHANNEL_EMAIL (action "
            "hello)");
}

TEST(CampaignPlan, KeepsItsVersionWhenTheDefaultsAreWrittenOut) {
  const auto plan = SmallPlan();
  ASSERT_OK_AND_ASSIGN(const auto again, MakePlan(plan->campaign));
  EXPECT_EQ(plan->version, again->version);
  EXPECT_EQ(plan->version.size(), 64u);
  EXPECT_EQ(plan->conditions.size(), 10u);
}

TEST(CampaignPlan, GivesAnotherContentAnotherVersion) {
  v1::Campaign other = SmallCampaign();
  other.set_description("in other words");
  ASSERT_OK_AND_ASSIGN(const auto plan, MakePlan(other));
  EXPECT_NE(plan->version, SmallPlan()->version);
}

TEST(ContentHash, IsSha256OfTheDeterministicBytes) {
  EXPECT_EQ(ContentHash(v1::Campaign()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

class ShippedCampaign : public ::testing::TestWithParam<const char*> {};

TEST_P(ShippedCampaign, CanBeApplied) {
  std::ifstream file(absl::StrCat(CAMPAIGN_SHOP_CAMPAIGNS, "/", GetParam(), ".yaml"));
  ASSERT_TRUE(file.good());
  std::stringstream yaml;
  yaml << file.rdbuf();
  const ctl::LoadedCampaign loaded = ctl::LoadCampaign(yaml.str());
  ASSERT_TRUE(loaded.errors.empty()) << ctl::FormatLoadError(GetParam(), loaded.errors.front());
  const auto plan = MakePlan(loaded.campaign);
  ASSERT_OK(plan);
  EXPECT_EQ((*plan)->campaign.name(), GetParam());
}

INSTANTIATE_TEST_SUITE_P(All, ShippedCampaign,
                         ::testing::Values("reduce-churn", "increase-aov", "win-back", "feature-adoption",
                                           "vip-retention"),
                         [](const auto& info) {
                           std::string name;
                           for (const char c : std::string(info.param)) name += c == '-' ? '_' : c;
                           return name;
                         });

}  // namespace
}  // namespace campaign::orchestrator
