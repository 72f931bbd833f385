#include "orchestrator/responses.h"

#include "common/testing/testing.h"

namespace campaign::orchestrator {
namespace {

using campaign::testing::ParseProto;

v1::OfferConfig ConfigOf(const std::string& sampling) {
  return ParseProto<v1::OfferConfig>(R"pb(
                                       experiments {
                                         experiment_id: "fixed"
                                         variants { variant_id: "a" weight_bps: 10000 }
                                       }
                                       experiments { experiment_id: "subject"
                                                     variants { variant_id: "a" }
                                                     variants { variant_id: "b" })pb" +
                                     sampling + "}");
}

v1::GetReportResponse Report() {
  return ParseProto<v1::GetReportResponse>(R"pb(
    rows { key: "fixed/a" run_count: 100 sent_count: 90 converted_count: 9 }
    rows { key: "subject/a" run_count: 60 sent_count: 50 opened_count: 20 clicked_count: 10 converted_count: 5 }
  )pb");
}

TEST(ResponsesOf, CountsExposuresNotAssignments) {
  const VariantResponses responses = ResponsesOf(ConfigOf("thompson_sampling {}"), Report());
  ASSERT_EQ(responses.size(), 1);
  EXPECT_EQ(responses[0].experiment_id(), "subject");
  EXPECT_EQ(responses[0].variant_id(), "a");
  EXPECT_EQ(responses[0].exposure_count(), 50);
  EXPECT_EQ(responses[0].success_count(), 5);
}

TEST(ResponsesOf, CountsTheRewardedResponse) {
  const auto successes = [](const std::string& reward) {
    return ResponsesOf(ConfigOf("thompson_sampling { reward: " + reward + " }"), Report())[0].success_count();
  };
  EXPECT_EQ(successes("RESPONSE_KIND_OPENED"), 20);
  EXPECT_EQ(successes("RESPONSE_KIND_CLICKED"), 10);
  EXPECT_EQ(successes("RESPONSE_KIND_CONVERTED"), 5);
}

TEST(ActionResponsesOf, CountTheRewardedResponseOfEachAction) {
  const auto config = ParseProto<v1::OfferConfig>(
      "actions { action_id: 'a' } actions { action_id: 'b' } "
      "arbitration { thompson_sampling { reward: RESPONSE_KIND_CLICKED } }");
  const ActionResponses responses = ActionResponsesOf(
      config, ParseProto<v1::GetReportResponse>("rows { key: 'a' sent_count: 50 clicked_count: 10 converted_count: 5 } "
                                                "rows { key: 'other' sent_count: 9 }"));
  ASSERT_EQ(responses.size(), 1);
  EXPECT_EQ(responses[0].action_id(), "a");
  EXPECT_EQ(responses[0].exposure_count(), 50);
  EXPECT_EQ(responses[0].success_count(), 10);
}

TEST(LearnsFromResponses, OnlyWhereThompsonSamplingChooses) {
  EXPECT_TRUE(LearnsFromResponses(ConfigOf("thompson_sampling {}")));
  EXPECT_FALSE(LearnsFromResponses(ConfigOf("")));
}

}  // namespace
}  // namespace campaign::orchestrator
