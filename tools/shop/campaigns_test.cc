// The campaigns of the demo, as files: they load, keep every limit, and hang together.

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "campaign/v1/campaigns.pb.h"
#include "common/limits.h"
#include "common/rules/rule.h"
#include "common/testing/testing.h"
#include "tools/campaignctl/campaign_yaml.h"
#include "tools/shop/heroes.h"

namespace campaign::shop {
namespace {

class CampaignFile : public ::testing::TestWithParam<const char*> {
 protected:
  static v1::Campaign Load(absl::string_view name) {
    std::ifstream file(absl::StrCat(SHOP_CAMPAIGNS, "/", name, ".yaml"));
    EXPECT_TRUE(file.good()) << name;
    std::stringstream yaml;
    yaml << file.rdbuf();
    ctl::LoadedCampaign loaded = ctl::LoadCampaign(yaml.str());
    for (const ctl::LoadError& error : loaded.errors) ADD_FAILURE() << ctl::FormatLoadError(name, error);
    return loaded.campaign;
  }
};

// Version 2 of GrowthBook's hash, as services/offer documents it for its control groups.
uint32_t Fnv1a32(absl::string_view bytes) {
  uint32_t hash = 2166136261u;
  for (const char byte : bytes) hash = (hash ^ static_cast<uint8_t>(byte)) * 16777619u;
  return hash;
}

int HoldoutBucket(absl::string_view seed, absl::string_view customer_id) {
  return Fnv1a32(absl::StrCat(Fnv1a32(absl::StrCat("holdout/", seed, customer_id)))) % 10'000;
}

TEST_P(CampaignFile, LoadsAndKeepsEveryLimit) {
  const v1::Campaign campaign = Load(GetParam());
  EXPECT_EQ(campaign.name(), GetParam());
  EXPECT_OK(CheckLimits(campaign));
}

TEST_P(CampaignFile, HasOnlyRulesThatCompile) {
  const v1::Campaign campaign = Load(GetParam());
  EXPECT_OK(rules::CompiledRule::Compile(campaign.audience(), "audience"));
  for (const v1::RuleSegment& segment : campaign.segmentation().behavioral()) {
    EXPECT_OK(rules::CompiledRule::Compile(segment.when(), segment.segment()));
  }
  for (const v1::Action& action : campaign.offers().actions()) {
    EXPECT_OK(rules::CompiledRule::Compile(action.eligibility(), action.action_id()));
    for (const v1::PropensityAdjustment& adjustment : action.propensity_adjustments()) {
      EXPECT_OK(rules::CompiledRule::Compile(adjustment.when(), action.action_id()));
    }
  }
  for (const v1::RedFlag& flag : campaign.compliance().red_flags()) {
    EXPECT_OK(rules::CompiledRule::Compile(flag.when(), flag.code()));
  }
}

TEST_P(CampaignFile, HasATemplateForEveryActionOnEveryChannel) {
  const v1::Campaign campaign = Load(GetParam());
  std::set<std::pair<std::string, int>> templates;
  for (const v1::Template& text : campaign.generation().templates()) {
    if (text.locale().empty()) templates.emplace(text.template_id(), text.channel());
  }
  for (const v1::Action& action : campaign.offers().actions()) {
    const std::string id = action.template_id().empty() ? action.action_id() : action.template_id();
    for (int channel : action.channels().empty() ? campaign.offers().channel_priority() : action.channels()) {
      EXPECT_TRUE(templates.count({id, channel})) << id << " on " << channel;
    }
  }
}

TEST_P(CampaignFile, SpeaksInTheNameOfTheSameBrand) {
  const v1::GenerationConfig config = Load(GetParam()).generation(), other = Load("reduce-churn").generation();
  EXPECT_EQ(config.brand().DebugString(), other.brand().DebugString());
  EXPECT_EQ(config.links().DebugString(), other.links().DebugString());
}

TEST_P(CampaignFile, GivesEveryEmailAPreheaderAndASubjectOfItsOwn) {
  const v1::Campaign campaign = Load(GetParam());
  std::set<std::string> subjects;
  for (const v1::Template& text : campaign.generation().templates()) {
    if (text.channel() != v1::CHANNEL_EMAIL) continue;
    EXPECT_TRUE(subjects.insert(text.subject()).second) << text.subject();
    if (!text.variant().empty()) continue;
    EXPECT_NE(text.preheader(), "") << text.template_id();
  }
}

TEST_P(CampaignFile, HoldsOutNoDemoCustomerButTheOneMeantToBe) {
  const v1::Campaign campaign = Load(GetParam());
  const v1::Holdout& holdout = campaign.offers().holdout();
  const std::string seed = holdout.seed().empty() ? campaign.name() : holdout.seed();
  for (const Person& person : Heroes(absl::FromUnixSeconds(1'781'524'800))) {
    const std::string& id = person.customer.customer_id();
    // A campaign's own demo customers; others may fall where they fall.
    if (campaign.name() != "increase-aov" && id == "case-holdout") continue;
    if (campaign.name() != "feature-adoption" && id == "case-noaction") continue;
    EXPECT_EQ(HoldoutBucket(seed, id) < holdout.share_bps(), id == "case-holdout") << id;
  }
}

INSTANTIATE_TEST_SUITE_P(Demo, CampaignFile,
                         ::testing::Values("reduce-churn", "increase-aov", "win-back", "feature-adoption",
                                           "vip-retention"));

}  // namespace
}  // namespace campaign::shop
