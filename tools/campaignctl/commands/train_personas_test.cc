#include "absl/strings/str_cat.h"
#include "tools/campaignctl/campaign_yaml.h"
#include "tools/campaignctl/persona_trainer.h"
#include "tools/campaignctl/testing_fakes.h"

namespace campaign::ctl {
namespace {

using ::testing::HasSubstr;
using testing::StatusIs;

constexpr char kCampaign[] = R"(name: personas
goal: win_back
audience: orders_total >= 1
segmentation:
  persona_model:
    features:
      - {feature: orders_total, logarithm: true}
      - {feature: messages_ignored_30d}
)";

// Thirty customers: twenty who buy much and read all, ten who buy little and ignore us.
v1::Profile CustomerNumber(int i) {
  v1::Profile profile;
  const bool buyer = i % 3 != 0;
  profile.set_orders_total(buyer ? 20 + i % 5 : 1 + i % 2);
  profile.set_messages_ignored_30d(buyer ? i % 2 : 6 + i % 3);
  return profile;
}

class TrainPersonasTest : public ToolTest {
 protected:
  void SetUp() override {
    ToolTest::SetUp();
    retrieval_.query_audience.answer = [](const v1::QueryAudienceRequest&, v1::QueryAudienceResponse& response) {
      for (int i = 0; i < 30; ++i) response.add_customer_ids(absl::StrCat(i));
      return grpc::Status::OK;
    };
    retrieval_.get_profiles.answer = [](const v1::GetProfilesRequest& request, v1::GetProfilesResponse& response) {
      for (int i = 0; i < request.customer_ids_size(); ++i)
        *response.add_results()->mutable_profile() = CustomerNumber(i);
      return grpc::Status::OK;
    };
  }
};

TEST_F(TrainPersonasTest, PrintsAModelThatACampaignFileCanHold) {
  const Outcome outcome = Tool({"train", "personas", Write("c.yaml", kCampaign), "--personas", "2"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("# Learnt from 30 customers, seed 1; how well personas are apart"));
  EXPECT_THAT(outcome.out,
              HasSubstr("# Sets them apart, in standard deviations: orders_total +0.7, messages_ignored_30d -0.7\n"));
  ASSERT_EQ(retrieval_.query_audience.requests.size(), 1u);
  EXPECT_EQ(retrieval_.query_audience.requests[0].filter().compare().feature(), "orders_total");
  EXPECT_EQ(retrieval_.query_audience.requests[0].max_customers(), 20'000);

  const LoadedCampaign loaded = LoadCampaign(outcome.out);
  ASSERT_TRUE(loaded.errors.empty()) << loaded.errors[0].text;
  const v1::PersonaModel& model = loaded.campaign.segmentation().persona_model();
  EXPECT_TRUE(model.features(0).logarithm());
  EXPECT_GT(model.features(1).scale(), 0);
  ASSERT_EQ(model.personas_size(), 2);
  EXPECT_NEAR(model.personas(0).share(), 2. / 3, 1e-3) << "the largest first";
  EXPECT_GT(model.personas(0).centroid(0), 0) << "buys more than most";
  EXPECT_LT(model.personas(0).centroid(1), 0) << "ignores less than most";
  EXPECT_GT(model.personas(1).centroid(1), 0);
}

TEST_F(TrainPersonasTest, TheSameSeedPrintsTheSame) {
  const std::string file = Write("c.yaml", kCampaign);
  EXPECT_EQ(Tool({"train", "personas", file, "--seed", "7"}).out, Tool({"train", "personas", file, "--seed", "7"}).out);
}

TEST_F(TrainPersonasTest, MistakesAreNamed) {
  EXPECT_THAT(Tool({"train", "personas", Write("c.yaml", "nonsense: 1")}).err, HasSubstr("nonsense"));
  EXPECT_EQ(Tool({"train", "personas", Write("c.yaml", kCampaign), "--personas", "17"}).code, 2);
  const std::string wrong = Write("c.yaml", "segmentation: {persona_model: {features: [{feature: country}]}}");
  EXPECT_THAT(Tool({"train", "personas", wrong}).err,
              HasSubstr("segmentation.persona_model.features[0].feature: country is neither a number nor a truth"));
  const std::string same = Write("c.yaml", "segmentation: {persona_model: {features: [{feature: complaints_365d}]}}");
  EXPECT_THAT(Tool({"train", "personas", same}).err, HasSubstr("complaints_365d is the same for all 30 customers"));
  retrieval_.query_audience.Returns("");
  EXPECT_THAT(Tool({"train", "personas", Write("c.yaml", kCampaign)}).err, HasSubstr("no customers to learn from"));
}

TEST(PersonaTrainer, LearnsFromTheUsualFeaturesWhatSetsGroupsApart) {
  ASSERT_OK_AND_ASSIGN(PersonaTrainer trainer, PersonaTrainer::Create(UsualPersonaFeatures()));
  for (int i = 0; i < 90; ++i) {
    v1::Profile profile;
    if (i % 3 != 0) {
      profile.set_orders_365d(1 + i % 3 * 5);
      profile.set_spend_365d_minor(10'000 * (1 + i % 3 * 5));
      profile.set_days_since_last_purchase(i % 3 * 10 + i % 2);
      profile.set_activity_decayed(i % 3 * 4);
    }
    profile.set_messages_ignored_30d(i % 3 == 0 ? 5 : 0);
    trainer.Add(profile);
  }
  ASSERT_OK_AND_ASSIGN(const PersonaTrainer::Trained trained, trainer.Train(3, 1));
  EXPECT_EQ(trained.model.personas_size(), 3);
  for (const v1::Persona& persona : trained.model.personas()) EXPECT_NEAR(persona.share(), 1. / 3, 1e-3);
  EXPECT_GT(trained.silhouette, 0.8);
}

}  // namespace
}  // namespace campaign::ctl
