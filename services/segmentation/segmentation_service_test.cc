#include "services/segmentation/segmentation_service.h"

#include "absl/strings/str_cat.h"
#include "common/channel.h"
#include "common/grpc_status.h"
#include "common/server.h"
#include "common/testing/testing.h"
#include "services/segmentation/rule_segments.h"

namespace campaign::segmentation {
namespace {

using ::campaign::testing::ParseProto;
using ::campaign::testing::StatusIs;

constexpr char kRequest[] = R"pb(
  config_version: "v1"
  config {
    behavioral {
      segment: "inactive"
      label: "Inactive"
      score: 0.8
      when { compare { feature: "days_since_last_activity" operator: OPERATOR_GREATER number: 90 } }
    }
    personas {
      segment: "startup"
      score: 0.6
      when { compare { feature: "attribute.plan" operator: OPERATOR_EQUAL text: "startup" } }
    }
  }
  rfm_cutoffs {
    recency_days: [ 10, 30, 90, 180 ]
    frequency_orders: [ 1, 2, 4, 8 ]
    monetary: [ 20, 50, 100, 500 ]
  }
)pb";

class SegmentationServiceTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto model = text::IntentModel::TrainFromFile(INTENT_PHRASES);
    ASSERT_OK(model);
    model_ = model->release();
  }
  static void TearDownTestSuite() {
    delete model_;
    model_ = nullptr;
  }

  void SetUp() override {
    auto server = Server::Start("127.0.0.1:0", {&service_});
    ASSERT_OK(server);
    server_ = *std::move(server);
    stub_ = v1::Segmentation::NewStub(MakeChannel(absl::StrCat("127.0.0.1:", server_->port())));
  }

  absl::StatusOr<v1::SegmentResponse> Segment(const v1::SegmentRequest& request) {
    grpc::ClientContext context;
    v1::SegmentResponse response;
    const grpc::Status status = stub_->Segment(&context, request, &response);
    if (!status.ok()) return FromGrpcStatus(status);
    return response;
  }

  // The answer for one customer under kRequest's configuration.
  v1::SegmentResult SegmentOne(absl::string_view item) {
    auto request = ParseProto<v1::SegmentRequest>(kRequest);
    *request.add_items() = ParseProto<v1::SegmentItem>(item);
    auto response = Segment(request);
    EXPECT_OK(response);
    if (!response.ok() || response->results_size() != 1) return {};
    return response->results(0).segment();
  }

  static text::IntentModel* model_;
  SegmentationService service_{*model_};
  std::unique_ptr<Server> server_;
  std::unique_ptr<v1::Segmentation::Stub> stub_;
};

text::IntentModel* SegmentationServiceTest::model_ = nullptr;

TEST_F(SegmentationServiceTest, TheFirstStrategyWithAnAnswerWins) {
  const v1::SegmentResult result = SegmentOne(R"pb(
    profile { days_since_last_activity: 130 days_since_last_purchase: 130 orders_total: 3 spend_total_minor: 9000 }
    strategies: [ STRATEGY_BEHAVIORAL, STRATEGY_RFM ]
  )pb");
  EXPECT_EQ(result.strategy(), v1::STRATEGY_BEHAVIORAL);
  EXPECT_EQ(result.segment(), "inactive");
  ASSERT_EQ(result.reasons_size(), 1);
}

TEST_F(SegmentationServiceTest, EveryStrategyWithoutAnAnswerLeavesAHopBeforeTheReasons) {
  const v1::SegmentResult result = SegmentOne(R"pb(
    profile { days_since_last_activity: 3 activity_change: -0.8 last_announcement_ignored: true }
    strategies: [ STRATEGY_BEHAVIORAL, STRATEGY_PROFILE, STRATEGY_RFM, STRATEGY_INTENT, STRATEGY_CHURN ]
  )pb");
  EXPECT_EQ(result.strategy(), v1::STRATEGY_CHURN);
  EXPECT_EQ(result.segment(), "high_churn_risk");
  ASSERT_GE(result.reasons_size(), 6);
  EXPECT_EQ(result.reasons(0).code(), kNoRuleMatched);
  EXPECT_EQ(result.reasons(1).code(), kNoRuleMatched);
  EXPECT_EQ(result.reasons(2).code(), kNoPurchases);
  EXPECT_EQ(result.reasons(3).code(), kNoRecentTexts);
  EXPECT_EQ(result.reasons(4).code(), "ACTIVITY_CHANGE");
}

TEST_F(SegmentationServiceTest, OutOfScopeGoesOnToTheNextStrategy) {
  const v1::SegmentResult result = SegmentOne(R"pb(
    profile {
      recent_texts { source: TEXT_SOURCE_CHAT text: "what is the capital of Mongolia" }
      customer {
        customer_id: "c1"
        attributes { name: "plan" value: "startup" }
      }
    }
    strategies: [ STRATEGY_INTENT, STRATEGY_PROFILE ]
  )pb");
  EXPECT_EQ(result.segment(), "startup");
  EXPECT_EQ(result.intent(), text::kOutOfScope);
  EXPECT_EQ(result.reasons(0).code(), kIntentOutOfScope);
}

TEST_F(SegmentationServiceTest, WithoutAnyAnswerTheSegmentIsUnknown) {
  const v1::SegmentResult result = SegmentOne("profile { } strategies: STRATEGY_RFM");
  EXPECT_EQ(result.strategy(), v1::STRATEGY_UNSPECIFIED);
  EXPECT_EQ(result.segment(), kUnknownSegment);
  EXPECT_EQ(result.score(), 0);
  ASSERT_EQ(result.reasons_size(), 1);
  EXPECT_EQ(result.reasons(0).code(), kNoPurchases);
}

TEST_F(SegmentationServiceTest, ScoresAreFilledInWhicheverStrategyAnswers) {
  const v1::SegmentResult result = SegmentOne(R"pb(
    profile { days_since_last_activity: 130 days_since_last_purchase: 3 orders_total: 12 spend_total_minor: 900000 }
    strategies: STRATEGY_BEHAVIORAL
  )pb");
  EXPECT_TRUE(result.has_churn_probability());
  EXPECT_EQ(result.rfm().recency(), 5);
  EXPECT_EQ(result.rfm().frequency(), 5);
}

TEST_F(SegmentationServiceTest, ABatchIsAnsweredInOrderAndABadItemFailsAlone) {
  auto request = ParseProto<v1::SegmentRequest>(kRequest);
  *request.add_items() =
      ParseProto<v1::SegmentItem>("profile { days_since_last_activity: 130 } strategies: STRATEGY_CHURN");
  *request.add_items() = ParseProto<v1::SegmentItem>("strategies: STRATEGY_CHURN");
  *request.add_items() = ParseProto<v1::SegmentItem>("profile { } strategies: STRATEGY_UNSPECIFIED");
  *request.add_items() =
      ParseProto<v1::SegmentItem>("profile { days_since_last_activity: 1 } strategies: STRATEGY_CHURN");
  ASSERT_OK_AND_ASSIGN(const v1::SegmentResponse response, Segment(request));
  ASSERT_EQ(response.results_size(), 4);
  EXPECT_EQ(response.results(0).segment().segment(), "high_churn_risk");
  EXPECT_EQ(response.results(1).error().reason(), kProfileMissing);
  EXPECT_EQ(response.results(1).error().code(), 3);
  EXPECT_EQ(response.results(2).error().reason(), kStrategyMissing);
  EXPECT_EQ(response.results(3).segment().segment(), "low_churn_risk");
}

TEST_F(SegmentationServiceTest, TheSameRequestGivesTheSameAnswer) {
  auto request = ParseProto<v1::SegmentRequest>(kRequest);
  *request.add_items() = ParseProto<v1::SegmentItem>(
      "profile { recent_texts { text: 'cancel my subscription please' } } strategies: STRATEGY_INTENT");
  ASSERT_OK_AND_ASSIGN(const v1::SegmentResponse first, Segment(request));
  ASSERT_OK_AND_ASSIGN(const v1::SegmentResponse second, Segment(request));
  EXPECT_EQ(first.results(0).segment().segment(), "intent_cancel_subscription");
  EXPECT_EQ(first.SerializeAsString(), second.SerializeAsString());
}

TEST_F(SegmentationServiceTest, PersonaRulesComeBeforeLearntPersonas) {
  auto request = ParseProto<v1::SegmentRequest>(kRequest);
  *request.mutable_config()->mutable_persona_model() = ParseProto<v1::PersonaModel>(R"pb(
    features { feature: "orders_total" mean: 5 scale: 5 }
    personas {
      segment: "few"
      centroid: [ -1 ]
    }
    personas {
      segment: "many"
      centroid: [ 1 ]
    })pb");
  const auto segment_of = [&](absl::string_view profile) {
    request.clear_items();
    *request.add_items()->mutable_profile() = ParseProto<v1::Profile>(profile);
    request.mutable_items(0)->add_strategies(v1::STRATEGY_PROFILE);
    auto response = Segment(request);
    EXPECT_OK(response);
    return response->results(0).segment();
  };
  EXPECT_EQ(segment_of("customer { customer_id: 'c' attributes { name: 'plan' value: 'startup' } } orders_total: 9")
                .segment(),
            "startup");
  const v1::SegmentResult learnt = segment_of("orders_total: 9");
  EXPECT_EQ(learnt.segment(), "many");
  EXPECT_EQ(learnt.label(), "High orders total");
  EXPECT_EQ(learnt.reasons(0).code(), kNoRuleMatched);
  EXPECT_EQ(learnt.reasons(1).text(), "9 orders in all (this persona: 1.0 standard deviations above all customers)");
}

TEST_F(SegmentationServiceTest, AConfigurationThatDoesNotCompileIsRefusedWithItsPath) {
  auto request = ParseProto<v1::SegmentRequest>(kRequest);
  *request.add_items() = ParseProto<v1::SegmentItem>("profile { } strategies: STRATEGY_CHURN");
  auto expect_refused = [&](const v1::SegmentRequest& bad, absl::string_view message) {
    EXPECT_THAT(Segment(bad), StatusIs(absl::StatusCode::kInvalidArgument, message));
  };
  v1::SegmentRequest bad = request;
  bad.mutable_config()->mutable_behavioral(0)->mutable_when()->mutable_compare()->set_feature("days_inactive");
  expect_refused(bad, "config.behavioral[0].when.compare.feature: days_inactive is not a feature");
  bad = request;
  bad.mutable_rfm_cutoffs()->mutable_monetary()->RemoveLast();
  expect_refused(bad, "rfm_cutoffs.monetary: 3 elements is not 4");
  bad = request;
  bad.mutable_config()->add_enabled_strategies(v1::STRATEGY_UNSPECIFIED);
  expect_refused(bad, "config.enabled_strategies[0]: STRATEGY_UNSPECIFIED is not a strategy");
  EXPECT_OK(Segment(request));
}

}  // namespace
}  // namespace campaign::segmentation
