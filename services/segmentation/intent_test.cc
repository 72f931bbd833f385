#include "services/segmentation/intent.h"

#include "common/testing/testing.h"

namespace campaign::segmentation {
namespace {

using ::campaign::testing::ParseProto;
using ::campaign::testing::StatusIs;
using ::testing::HasSubstr;
using text::IntentModel;
using text::kOutOfScope;

constexpr double kMinConfidence = text::kDefaultMinConfidence;

class Intents : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto model = IntentModel::TrainFromFile(INTENT_PHRASES);
    ASSERT_OK(model);
    model_ = model->release();
  }
  static void TearDownTestSuite() {
    delete model_;
    model_ = nullptr;
  }

  static const IntentModel* model_;
};

const IntentModel* Intents::model_ = nullptr;

TEST_F(Intents, TheNewestTextWithAnIntentDecides) {
  ASSERT_OK_AND_ASSIGN(const IntentStrategy strategy, IntentStrategy::Compile({}, "config.intent"));
  v1::SegmentResult result;
  const auto profile = ParseProto<v1::Profile>(R"pb(
    recent_texts { source: TEXT_SOURCE_SEARCH text: "qqqq zzzz" days_ago: 1 }
    recent_texts { source: TEXT_SOURCE_TICKET text: "I was charged twice, wrong invoice" days_ago: 2.5 }
    recent_texts { source: TEXT_SOURCE_CHAT text: "cancel my subscription" days_ago: 9 }
  )pb");
  EXPECT_TRUE(strategy.Answer(profile, *model_, result));
  EXPECT_EQ(result.segment(), "intent_billing_problem");
  EXPECT_EQ(result.label(), "Billing problem");
  EXPECT_EQ(result.intent(), "billing_problem");
  EXPECT_EQ(result.strategy(), v1::STRATEGY_INTENT);
  EXPECT_GE(result.score(), kMinConfidence);
  EXPECT_EQ(result.model_version(), model_->version());
  ASSERT_EQ(result.reasons_size(), 1);
  EXPECT_EQ(result.reasons(0).code(), kIntentRecognized);
  EXPECT_THAT(result.reasons(0).text(), HasSubstr("wrote in a ticket 2 days ago about: billing problem ("));
}

TEST_F(Intents, WithoutAnIntentLeaveAHop) {
  ASSERT_OK_AND_ASSIGN(const IntentStrategy strategy, IntentStrategy::Compile({}, "config.intent"));
  v1::SegmentResult silent;
  EXPECT_FALSE(strategy.Answer({}, *model_, silent));
  EXPECT_EQ(silent.reasons(0).code(), kNoRecentTexts);
  EXPECT_EQ(silent.intent(), "");

  v1::SegmentResult unrelated;
  EXPECT_FALSE(strategy.Answer(ParseProto<v1::Profile>("recent_texts { text: 'qqqq zzzz' }"), *model_, unrelated));
  EXPECT_EQ(unrelated.reasons(0).code(), kIntentOutOfScope);
  EXPECT_EQ(unrelated.intent(), kOutOfScope);
  EXPECT_EQ(unrelated.model_version(), "");
  EXPECT_EQ(unrelated.reasons(0).facts().rbegin()->value(), model_->version());
}

TEST(IntentConfig, ConfidenceMustBeAProbability) {
  EXPECT_THAT(IntentStrategy::Compile(ParseProto<v1::IntentConfig>("min_confidence: 1.5"), "config.intent"),
              StatusIs(absl::StatusCode::kInvalidArgument, "config.intent.min_confidence: 1.5 is not between 0 and 1"));
}

}  // namespace
}  // namespace campaign::segmentation
