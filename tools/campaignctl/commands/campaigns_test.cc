#include "tools/campaignctl/testing_fakes.h"

namespace campaign::ctl {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kVersion[] =
    "campaign_version { campaign { name: 'win-back' } version: '0123456789abcdef0123' } changed: true";

constexpr char kYaml[] = R"(name: win-back
goal: win_back
offers:
  actions:
    - action_id: a
      discount_bps: 12000
      eligibility:
        - exists intent
        - nonsense > 5
)";

TEST_F(ToolTest, ApplyPrintsNameVersionAndWhetherItIsNew) {
  campaigns_.apply.Returns(kVersion);
  const Outcome outcome = Tool({"apply", Write("a.yaml", kYaml)});
  EXPECT_EQ(outcome.out, "win-back  0123456789ab  changed\n");
  EXPECT_EQ(outcome.code, 0);
  ASSERT_EQ(campaigns_.apply.requests.size(), 1);
  EXPECT_EQ(campaigns_.apply.requests[0].campaign().offers().actions(0).discount_bps(), 12000);
  EXPECT_FALSE(campaigns_.apply.requests[0].validate_only());
}

TEST_F(ToolTest, ApplyReadsStandardInputAndCanValidateOnly) {
  campaigns_.apply.Returns("campaign_version { campaign { name: 'x' } version: 'abc' }");
  const Outcome outcome = Tool({"apply", "-", "--validate_only"}, kYaml);
  EXPECT_EQ(outcome.out, "x  abc  unchanged (validated only)\n");
  EXPECT_TRUE(campaigns_.apply.requests[0].validate_only());
}

TEST_F(ToolTest, ApplyFindsTheLineOfAServersError) {
  campaigns_.apply.Fails(grpc::StatusCode::INVALID_ARGUMENT,
                         "campaign.offers.actions[0].discount_bps: 12000 is above 10000");
  const std::string file = Write("a.yaml", kYaml);
  const Outcome outcome = Tool({"apply", file});
  EXPECT_EQ(outcome.err, file + ":6: campaign.offers.actions[0].discount_bps: 12000 is above 10000\n");
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.code, 1);
}

TEST_F(ToolTest, ApplyFindsTheLineOfARuleInsideAShortForm) {
  campaigns_.apply.Fails(grpc::StatusCode::INVALID_ARGUMENT,
                         "campaign.offers.actions[0].eligibility.all.rules[1].compare.feature: nonsense is not a "
                         "feature");
  EXPECT_THAT(Tool({"apply", Write("a.yaml", kYaml)}).err, HasSubstr("a.yaml:9: campaign.offers.actions[0]"));
}

TEST_F(ToolTest, ApplyPrintsOtherServerErrorsWithTheirCode) {
  campaigns_.apply.Fails(grpc::StatusCode::RESOURCE_EXHAUSTED, "too many");
  EXPECT_EQ(Tool({"apply", Write("a.yaml", kYaml)}).err, "campaignctl: RESOURCE_EXHAUSTED: too many\n");
  campaigns_.apply.Fails(grpc::StatusCode::INVALID_ARGUMENT, "something else: entirely");
  EXPECT_EQ(Tool({"apply", Write("a.yaml", kYaml)}).err, "campaignctl: INVALID_ARGUMENT: something else: entirely\n");
}

TEST_F(ToolTest, ApplyCallsNobodyWhileAnyFileHasMistakes) {
  campaigns_.apply.Returns(kVersion);
  const std::string bad = Write("bad.yaml", "name: x\nrouet: [goal]\ngoal: [y]\n");
  const Outcome outcome = Tool({"apply", Write("good.yaml", kYaml), bad});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.err, bad + ":2: campaign.rouet: unknown key 'rouet'; nearest is 'route'\n" + bad +
                             ":3: campaign.goal: wants a text, has a list\n");
  EXPECT_TRUE(campaigns_.apply.requests.empty());
}

TEST_F(ToolTest, ApplyTriesTheOtherFilesAfterAServersError) {
  campaigns_.apply.answer = [](const auto& request, auto& response) {
    if (request.campaign().name() == "bad") {
      return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "campaign.name: bad is bad");
    }
    response = testing::ParseProto<v1::ApplyCampaignResponse>(kVersion);
    return grpc::Status::OK;
  };
  const std::string bad = Write("bad.yaml", "# comment\nname: bad\n");
  const Outcome outcome = Tool({"apply", bad, Write("good.yaml", kYaml)});
  EXPECT_EQ(outcome.err, bad + ":2: campaign.name: bad is bad\n");
  EXPECT_EQ(outcome.out, "win-back  0123456789ab  changed\n");
  EXPECT_EQ(outcome.code, 1);
}

TEST_F(ToolTest, ApplySaysWhichFileCannotBeRead) {
  EXPECT_EQ(Tool({"apply", dir_.File("none.yaml")}).err, "campaignctl: cannot read " + dir_.File("none.yaml") + "\n");
}

TEST_F(ToolTest, SaysWhichServerCannotBeReached) {
  const Outcome outcome = Bare({"apply", Write("a.yaml", kYaml), "--orchestrator", "127.0.0.1:1"});
  EXPECT_THAT(outcome.err, StartsWith("campaignctl: cannot reach orchestrator at 127.0.0.1:1: "));
  EXPECT_EQ(outcome.code, 1);
}

TEST_F(ToolTest, TellsAServerThatSaysUnavailableFromOneThatIsAway) {
  campaigns_.list.Fails(grpc::StatusCode::UNAVAILABLE, "retrieval is away");
  EXPECT_EQ(Tool({"campaigns"}).err, "campaignctl: UNAVAILABLE: retrieval is away\n");
}

TEST_F(ToolTest, CampaignsGathersPages) {
  campaigns_.list.answer = [](const auto& request, auto& response) {
    response.add_campaign_versions()->mutable_campaign()->set_name(request.page_token().empty() ? "a" : "b");
    if (request.page_token().empty()) response.set_next_page_token("next");
    return grpc::Status::OK;
  };
  const Outcome all = Tool({"campaigns"});
  EXPECT_THAT(all.out, HasSubstr("\na "));
  EXPECT_THAT(all.out, HasSubstr("\nb "));
  EXPECT_EQ(all.err, "");
  const Outcome one = Tool({"campaigns", "--limit", "1"});
  EXPECT_THAT(one.out, ::testing::Not(HasSubstr("\nb ")));
  EXPECT_EQ(one.err, "There are more: --limit 0 lists them all.\n");
  EXPECT_EQ(campaigns_.list.requests.back().page_size(), 1);
}

TEST_F(ToolTest, CampaignsShowsOne) {
  campaigns_.get.Returns(
      "campaign_version { version: 'abc' campaign { name: 'win-back' goal: 'win_back' route { step: STEP_OFFER } "
      "route { step: STEP_ANALYTICS } offers { currency_code: 'EUR' actions { action_id: 'mug' kind: "
      "ACTION_KIND_OFFER name: 'Mug' price_minor: 1250 discount_bps: 1500 propensity: 0.1 } } } }");
  const Outcome outcome = Tool({"campaigns", "win-back"});
  EXPECT_THAT(outcome.out, HasSubstr("Route     offer > analytics\n"));
  EXPECT_THAT(outcome.out, HasSubstr("mug     OFFER  Mug   12.50 EUR      15 %         0.1\n"));
}

TEST_F(ToolTest, JsonIsProtobufJson) {
  campaigns_.apply.Returns(kVersion);
  const Outcome outcome = Tool({"--json", "apply", Write("a.yaml", kYaml)});
  EXPECT_THAT(outcome.out, HasSubstr("\"version\":\"0123456789abcdef0123\""));
  EXPECT_THAT(outcome.out, HasSubstr("\"changed\":true"));
}

}  // namespace
}  // namespace campaign::ctl
