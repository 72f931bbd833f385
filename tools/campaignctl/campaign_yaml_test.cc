#include "tools/campaignctl/campaign_yaml.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "common/limits.h"
#include "common/testing/testing.h"
#include "google/protobuf/util/message_differencer.h"

namespace campaign::ctl {
namespace {

using ::testing::ElementsAre;
using testing::ParseProto;
using testing::StatusIs;

MATCHER_P(IsProto, text, "") {
  using google::protobuf::util::MessageDifferencer;
  *result_listener << arg.DebugString();
  return MessageDifferencer::Equals(arg, ParseProto<std::decay_t<decltype(arg)>>(text));
}

// The campaign of `yaml`, which must have no mistakes.
v1::Campaign Load(absl::string_view yaml) {
  LoadedCampaign loaded = LoadCampaign(yaml);
  for (const LoadError& error : loaded.errors) ADD_FAILURE() << FormatLoadError("test.yaml", error);
  return loaded.campaign;
}

// The mistakes of `yaml`, as the tool prints them.
std::vector<std::string> ErrorsOf(absl::string_view yaml) {
  std::vector<std::string> errors;
  for (const LoadError& error : LoadCampaign(yaml).errors) errors.push_back(FormatLoadError("f", error));
  return errors;
}

TEST(CampaignYaml, ReadsPlainFieldsOfEveryType) {
  EXPECT_THAT(Load(R"(
name: win-back
goal: win_back
segmentation:
  churn:
    intercept: -1.5
offers:
  margin_floor_bps: 500
  daily_budget_minor: 9000000000
compliance:
  frequency_caps:
    - {max_messages: 2, this_campaign_only: true}
)"),
              IsProto(R"(
name: "win-back" goal: "win_back"
segmentation { churn { intercept: -1.5 } }
offers { margin_floor_bps: 500 daily_budget_minor: 9000000000 }
compliance { frequency_caps { max_messages: 2 this_campaign_only: true } })"));
}

TEST(CampaignYaml, ReadsHowActionsAreWeighed) {
  EXPECT_THAT(Load(R"(
offers:
  arbitration: {factors: [propensity, context_weight, value, lever], affinity_weight: 2, affinity_view_weight: 0.2}
  fallback_action_id: hello
  time_zone: Europe/Berlin
  actions:
    - action_id: bundle
      applicability: orders_365d >= 2
      suitability: not sensitive_ticket_open
      daily_cap: 100
      customer_cap: 2
      uplift: 0.04
      lever: 1.5
      categories: [audio, home]
      context_weights:
        - {when: messages_30d < 2, weight: 1.2}
)"),
              IsProto(R"(
offers {
  arbitration {
    factors: [PRIORITY_FACTOR_PROPENSITY, PRIORITY_FACTOR_CONTEXT_WEIGHT, PRIORITY_FACTOR_VALUE, PRIORITY_FACTOR_LEVER]
    affinity_weight: 2 affinity_view_weight: 0.2
  }
  fallback_action_id: "hello" time_zone: "Europe/Berlin"
  actions {
    action_id: "bundle"
    applicability { compare { feature: "orders_365d" operator: OPERATOR_GREATER_OR_EQUAL number: 2 } }
    suitability { compare { feature: "sensitive_ticket_open" operator: OPERATOR_EQUAL truth: false } }
    daily_cap: 100 customer_cap: 2 uplift: 0.04 lever: 1.5 categories: "audio" categories: "home"
    context_weights { when { compare { feature: "messages_30d" operator: OPERATOR_LESS number: 2 } } weight: 1.2 }
  }
})"));
}

TEST(CampaignYaml, KeepsTextsAsTheyAreWritten) {
  const v1::Campaign campaign = Load("name: NO\ndescription: |\n  two\n  lines\ngoal: 12\n");
  EXPECT_EQ(campaign.name(), "NO");
  EXPECT_EQ(campaign.description(), "two\nlines\n");
  EXPECT_EQ(campaign.goal(), "12");
}

TEST(CampaignYaml, ReadsEnumsShortAndFull) {
  EXPECT_THAT(Load("offers: {channel_priority: [email, CHANNEL_SMS, Push]}"),
              IsProto("offers { channel_priority: [CHANNEL_EMAIL, CHANNEL_SMS, CHANNEL_PUSH] }"));
}

TEST(CampaignYaml, ReadsOneValueAsAListOfOne) {
  EXPECT_THAT(Load("offers: {channel_priority: email}\ncompliance: {red_flags: [{code: X, words: lawyer}]}"),
              IsProto("offers { channel_priority: CHANNEL_EMAIL } "
                      "compliance { red_flags { code: 'X' words: 'lawyer' } }"));
}

TEST(CampaignYaml, ReadsDurations) {
  EXPECT_THAT(Load("review: {expire_after: 1d12h, claim_for: 1.5m}"),
              IsProto("review { expire_after { seconds: 129600 } claim_for { seconds: 90 } }"));
  EXPECT_THAT(Load("review: {expire_after: 30d, claim_for: 1500ms}"),
              IsProto("review { expire_after { seconds: 2592000 } claim_for { seconds: 1 nanos: 500000000 } }"));
}

TEST(CampaignYaml, ReadsFactsFromAMap) {
  EXPECT_THAT(Load("generation:\n  variables:\n    brand_name: Lumen\n    year: 2026\n    on: true\n"),
              IsProto("generation { variables { name: 'brand_name' value: 'Lumen' } "
                      "variables { name: 'year' value: '2026' } variables { name: 'on' value: 'true' } }"));
  EXPECT_THAT(Load("generation: {fallbacks: [{name: first_name, value: there}]}"),
              IsProto("generation { fallbacks { name: 'first_name' value: 'there' } }"));
}

TEST(CampaignYaml, ReadsRulesInAllTheirForms) {
  const std::string vip = "compare { feature: 'tags' operator: OPERATOR_IN texts: 'vip' }";
  const std::string late = "compare { feature: 'orders_90d' operator: OPERATOR_EQUAL number: 0 }";
  EXPECT_THAT(Load("audience: tags in [vip]"), IsProto(absl::StrCat("audience { ", vip, " }")));
  const std::string all = absl::StrCat("audience { all { rules { ", vip, " } rules { ", late, " } } }");
  EXPECT_THAT(Load("audience:\n  - tags in [vip]\n  - orders_90d == 0\n"), IsProto(all));
  EXPECT_THAT(Load("audience: {all: ['tags in [vip]', orders_90d == 0]}"), IsProto(all));
  EXPECT_THAT(
      Load("audience:\n  any:\n    - tags in [vip]\n    - not: [orders_90d == 0]\n"),
      IsProto(absl::StrCat("audience { any { rules { ", vip, " } rules { not { all { rules { ", late, " } } } } } }")));
  EXPECT_THAT(Load("audience: {compare: {feature: orders_90d, operator: equal, number: 0}}"),
              IsProto(absl::StrCat("audience { ", late, " }")));
}

TEST(CampaignYaml, ReadsRouteStepsShortAndWithConditions) {
  EXPECT_THAT(Load("route: [goal, {step: offer, when: sensitive_ticket_open}, analytics]"),
              IsProto("route { step: STEP_GOAL } route { step: STEP_OFFER when { compare { feature: "
                      "'sensitive_ticket_open' operator: OPERATOR_EQUAL truth: true } } } "
                      "route { step: STEP_ANALYTICS }"));
}

TEST(CampaignYaml, FollowsAnchorsAndMergeKeys) {
  EXPECT_THAT(Load(R"(
x-common:
  base: &base {kind: offer, cost_minor: 5}
offers:
  actions:
    - {<<: *base, action_id: a}
    - <<: [{cost_minor: 7}, *base]
      action_id: b
      kind: nudge
)"),
              IsProto("offers { actions { kind: ACTION_KIND_OFFER cost_minor: 5 action_id: 'a' } "
                      "actions { kind: ACTION_KIND_NUDGE cost_minor: 7 action_id: 'b' } }"));
}

TEST(CampaignYaml, NamesTheNearestKeyForAnUnknownOne) {
  EXPECT_THAT(ErrorsOf("name: a\noffers:\n  actions:\n    - action_id: x\n      propensty: 0.5\n"),
              ElementsAre("f:5: campaign.offers.actions[0].propensty: unknown key 'propensty'; nearest is "
                          "'propensity'"));
  EXPECT_THAT(ErrorsOf("review: {zzzzzzzz: 1}"),
              ElementsAre("f:1: campaign.review.zzzzzzzz: unknown key 'zzzzzzzz'; known: expire_after, claim_for"));
}

TEST(CampaignYaml, NamesKnownValuesForAnUnknownOne) {
  EXPECT_THAT(ErrorsOf("offers:\n  channel_priority:\n    - email\n    - fax\n"),
              ElementsAre("f:4: campaign.offers.channel_priority[1]: 'fax' is not known; known: email, sms, push, "
                          "chat"));
  EXPECT_THAT(ErrorsOf("offers: {channel_priority: unspecified}"), ::testing::SizeIs(1));
}

TEST(CampaignYaml, RefusesValuesOfAWrongType) {
  EXPECT_THAT(ErrorsOf(R"(
name: [a]
offers:
  margin_floor_bps: 12.5
  daily_budget_minor: "100"
  actions:
    - propensity: often
  holdout: 5
compliance:
  frequency_caps:
    - this_campaign_only: yes
      max_messages: 99999999999
generation:
  templates: {text: hi}
  variables: {a: [1]}
review:
  expire_after: soon
description:
)"),
              ElementsAre("f:2: campaign.name: wants a text, has a list",
                          "f:4: campaign.offers.margin_floor_bps: wants a whole number, has '12.5'",
                          "f:5: campaign.offers.daily_budget_minor: wants a whole number, has '100'",
                          "f:7: campaign.offers.actions[0].propensity: wants a number, has 'often'",
                          "f:8: campaign.offers.holdout: wants a map, has '5'",
                          "f:11: campaign.compliance.frequency_caps[0].this_campaign_only: wants true or false, has "
                          "'yes'",
                          "f:12: campaign.compliance.frequency_caps[0].max_messages: wants a whole number, has "
                          "'99999999999'",
                          "f:14: campaign.generation.templates: wants a list, has a map",
                          "f:15: campaign.generation.variables.a: wants a text, has a list",
                          "f:17: campaign.review.expire_after: 'soon' is no duration; write it as 30d, 72h, 15m, 45s "
                          "or 1d12h",
                          "f:18: campaign.description: has no value"));
}

TEST(CampaignYaml, RefusesKeysThatComeTwice) {
  EXPECT_THAT(ErrorsOf("name: a\ngoal: b\nname: c\n"), ElementsAre("f:3: campaign.name: comes twice"));
}

TEST(CampaignYaml, RefusesRulesWithTwoKinds) {
  EXPECT_THAT(ErrorsOf("audience:\n  all: [exists intent]\n  any: [exists intent]\n"),
              ElementsAre("f:3: campaign.audience.any: excludes all beside it"));
}

TEST(CampaignYaml, NamesTheLineOfABrokenRule) {
  EXPECT_THAT(ErrorsOf("audience:\n  any:\n    - exists intent\n    - country = DE\n"),
              ElementsAre("f:4: campaign.audience.any.rules[1]: '=' compares nothing; write =="));
}

TEST(CampaignYaml, NamesTheLineOfBrokenYaml) {
  const std::vector<std::string> errors = ErrorsOf("name: a\ngoal: [b\nroute: c\n");
  ASSERT_EQ(errors.size(), 1);
  EXPECT_THAT(errors[0], ::testing::StartsWith("f:3: "));
  EXPECT_THAT(ErrorsOf(""), ElementsAre("f:1: holds nothing"));
  EXPECT_THAT(ErrorsOf("name: a\n---\nname: b\n"), ElementsAre("f:3: holds a second document; one campaign a file"));
}

TEST(CampaignYaml, RefusesAliasesWithoutEnd) {
  const std::vector<std::string> loop = ErrorsOf("audience: &a\n  not: *a\n");
  ASSERT_EQ(loop.size(), 1);
  EXPECT_THAT(loop[0], ::testing::HasSubstr("is nested more than"));

  std::string bomb = "x-a0: &a0 [exists intent, exists intent]\n";
  for (int i = 1; i < 25; ++i) absl::StrAppend(&bomb, "x-a", i, ": &a", i, " [*a", i - 1, ", *a", i - 1, "]\n");
  const std::vector<std::string> errors = ErrorsOf(bomb + "audience: *a24\n");
  ASSERT_EQ(errors.size(), 1);
  EXPECT_THAT(errors[0], ::testing::HasSubstr("too many for a campaign"));
}

TEST(CampaignYaml, FindsTheLineOfAPathAsTheServerNamesIt) {
  const LoadedCampaign loaded = LoadCampaign(R"(name: a
offers:
  actions:
    - action_id: x
      eligibility:
        - exists intent
        - any:
            - orders_90d > 3
            - nonsense == 1
      variables:
        color: red
)");
  const std::string action = "campaign.offers.actions[0]";
  EXPECT_EQ(loaded.lines.Find(action + ".eligibility.all.rules[0].compare.feature"), 6);
  EXPECT_EQ(loaded.lines.Find(action + ".eligibility.all.rules[1].any.rules[1].compare.feature"), 9);
  EXPECT_EQ(loaded.lines.Find(action + ".variables[0].value"), 11);
  // Not in the file: the nearest that is.
  EXPECT_EQ(loaded.lines.Find(action + ".discount_bps"), 4);
  EXPECT_EQ(loaded.lines.Find("campaign.offers.actions[7].name"), 3);
  EXPECT_EQ(loaded.lines.Find("campaign.goal"), 1);
}

TEST(LoadRule, ReadsWhatMayStandInAFile) {
  ASSERT_OK_AND_ASSIGN(const v1::Rule rule, LoadRule("[country == DE, not sensitive_ticket_open]"));
  EXPECT_THAT(rule, IsProto("all { rules { compare { feature: 'country' operator: OPERATOR_EQUAL text: 'DE' } } "
                            "rules { compare { feature: 'sensitive_ticket_open' operator: OPERATOR_EQUAL "
                            "truth: false } } }"));
  EXPECT_THAT(LoadRule("country = DE"), StatusIs(absl::StatusCode::kInvalidArgument, "write =="));
}

TEST(ShopCampaigns, AllLoadAndKeepTheirLimits) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(CAMPAIGN_SHOP_CAMPAIGNS)) {
    if (entry.path().extension() != ".yaml") continue;
    std::ifstream file(entry.path());
    std::ostringstream text;
    text << file.rdbuf();
    const LoadedCampaign loaded = LoadCampaign(text.str());
    for (const LoadError& error : loaded.errors) ADD_FAILURE() << FormatLoadError(entry.path().string(), error);
    EXPECT_OK(CheckLimits(loaded.campaign)) << entry.path();
    EXPECT_EQ(loaded.campaign.name(), entry.path().stem().string());
    ++count;
  }
  EXPECT_GE(count, 5);
}

}  // namespace
}  // namespace campaign::ctl
