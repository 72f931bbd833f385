#include "services/offer/offer_draw.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/testing/testing.h"
#include "services/offer/arbitration.h"
#include "services/offer/offer_testing.h"

namespace campaign::offer {
namespace {

using campaign::testing::IsOk;
using campaign::testing::ParseProto;
using campaign::testing::Utc;
using testing::ConfigOf;
using ::testing::HasSubstr;
using testing::ItemFor;
using testing::LossCode;
using testing::Nudge;
using testing::ReasonOf;

// Three nudges; responses to the first two.
std::string Config(const std::string& sampling = "") {
  return absl::StrCat(Nudge("a"), Nudge("b"), Nudge("c"), "arbitration { thompson_sampling { ", sampling, " } }");
}

// Decides customer runs of one request.
class OfferDrawTest : public ::testing::Test {
 protected:
  void Ask(const std::string& config, const std::string& responses = "") {
    request_ = ParseProto<v1::SelectActionsRequest>(absl::StrCat("campaign: 'c' config_version: 'v1' ", responses));
    *request_.mutable_config() = ConfigOf(config);
    auto offers = CompileOffers(request_.config());
    ASSERT_THAT(offers, IsOk());
    offers_ = std::make_unique<CompiledOffers>(*std::move(offers));
    draw_ = std::make_unique<OfferDraw>(*offers_, request_);
  }

  v1::ActionDecision Decide(const v1::SelectItem& item) {
    Standing standing;
    standing.Reset(offers_->actions.size());
    v1::ActionDecision decision;
    Arbitrate(*offers_, {item, standing, absl::nullopt}, Utc("2026-06-15 12:00:00"), draw_.get(), decision);
    return decision;
  }

  v1::ActionDecision Decide(const std::string& run) { return Decide(ItemFor(run, "ada")); }

  v1::SelectActionsRequest request_;
  std::unique_ptr<CompiledOffers> offers_;
  std::unique_ptr<OfferDraw> draw_;
};

double ProbabilityOf(const v1::ActionDecision& decision, const std::string& action_id) {
  if (decision.action_id() == action_id) return decision.draw_probability();
  for (const v1::LosingCandidate& losing : decision.losing_candidates()) {
    if (losing.action_id() == action_id) return losing.draw_probability();
  }
  return -1;
}

TEST_F(OfferDrawTest, IsEvenBeforeTheFirstResponse) {
  Ask(Config());
  const v1::ActionDecision decision = Decide("run");
  for (const char* action : {"a", "b", "c"}) EXPECT_NEAR(ProbabilityOf(decision, action), 1.0 / 3, 1e-6);
}

TEST_F(OfferDrawTest, LearnsWhatIsAnswered) {
  Ask(Config(),
      "action_responses { action_id: 'a' exposure_count: 1000 success_count: 20 }"
      "action_responses { action_id: 'b' exposure_count: 1000 success_count: 90 }"
      "action_responses { action_id: 'c' exposure_count: 1000 success_count: 10 }");
  const v1::ActionDecision decision = Decide("run");
  EXPECT_NEAR(ProbabilityOf(decision, "a"), 0.05, 1e-3);
  EXPECT_NEAR(ProbabilityOf(decision, "b"), 0.90, 1e-3);
  EXPECT_NEAR(ProbabilityOf(decision, "c"), 0.05, 1e-3);
}

// Answered half as often, worth thrice as much.
TEST_F(OfferDrawTest, WeighsResponsesByWhatTheyAreWorth) {
  const std::string dear = "actions { action_id: 'dear' kind: ACTION_KIND_NUDGE value_minor: 1500 propensity: 0.1 }";
  const std::string responses =
      "action_responses { action_id: 'dear' exposure_count: 2000 success_count: 100 }"
      "action_responses { action_id: 'cheap' exposure_count: 2000 success_count: 200 }";
  Ask(absl::StrCat(dear, Nudge("cheap"), "arbitration { thompson_sampling {} }"), responses);
  EXPECT_GT(ProbabilityOf(Decide("run"), "dear"), 0.9);
  Ask(absl::StrCat(dear, Nudge("cheap"), "arbitration { thompson_sampling {} factors: PRIORITY_FACTOR_PROPENSITY }"),
      responses);
  EXPECT_LT(ProbabilityOf(Decide("run"), "dear"), 0.1);
}

TEST_F(OfferDrawTest, OnlyAmongWhatTheCustomerMayBeGiven) {
  Ask(absl::StrCat(Nudge("a"),
                   Nudge("b",
                         "eligibility { compare { feature: 'orders_365d' operator: OPERATOR_LESS "
                         "number: 1 } }"),
                   Nudge("c"), "arbitration { thompson_sampling {} }"));
  for (int i = 0; i < 50; ++i) {
    const v1::ActionDecision decision = Decide(absl::StrCat("run-", i));
    EXPECT_NE(decision.action_id(), "b");
    EXPECT_EQ(LossCode(decision, "b"), "NOT_ELIGIBLE");
    EXPECT_NEAR(decision.draw_probability(), 0.5, 1e-6);
  }
}

TEST_F(OfferDrawTest, IsTheSameForTheSameRunAndFollowsItsProbabilities) {
  Ask(Config("exploration_floor_bps: 1000"),
      "action_responses { action_id: 'b' exposure_count: 100 success_count: 90 }"
      "action_responses { action_id: 'a' exposure_count: 100 success_count: 1 }"
      "action_responses { action_id: 'c' exposure_count: 100 success_count: 1 }");
  constexpr int kRuns = 2000;
  int b = 0;
  for (int i = 0; i < kRuns; ++i) {
    const std::string run = absl::StrCat("run-", i);
    const std::string action = Decide(run).action_id();
    EXPECT_EQ(Decide(run).action_id(), action);
    b += action == "b";
  }
  // 0.8, within four standard errors.
  EXPECT_NEAR(static_cast<double>(b) / kRuns, 0.8, 4 * 0.00894);
}

TEST_F(OfferDrawTest, SaysWhatWouldHaveHadToBeDrawn) {
  Ask(Config());
  const v1::ActionDecision decision = Decide("run");
  EXPECT_THAT(ReasonOf(decision, kDrawn).text(), HasSubstr("drawn with probability 0.333333 by the responses so far"));
  EXPECT_EQ(LossCode(decision, decision.losing_candidates(0).action_id()), "NOT_DRAWN");
  const v1::Reason& change = decision.losing_candidates(1).smallest_change();
  EXPECT_EQ(change.code(), "OTHER_DRAW");
  EXPECT_THAT(change.text(), HasSubstr("a draw from "));
}

TEST_F(OfferDrawTest, LeavesTheFallbackForWhenNothingElseIsLeft) {
  const std::string never = "eligibility { compare { feature: 'orders_365d' operator: OPERATOR_LESS number: 0 } }";
  Ask(absl::StrCat(Nudge("a"), Nudge("b"), "fallback_action_id: 'b' arbitration { thompson_sampling {} }"));
  EXPECT_EQ(Decide("run").action_id(), "a");
  EXPECT_EQ(Decide("run").draw_probability(), 1);
  Ask(absl::StrCat(Nudge("a", never), Nudge("b"), "fallback_action_id: 'b' arbitration { thompson_sampling {} }"));
  EXPECT_EQ(Decide("run").action_id(), "b");
  EXPECT_FALSE(Decide("run").has_draw_probability());
}

TEST_F(OfferDrawTest, AFloorAboveAnEqualShareIsAnEqualShare) {
  Ask(Config("exploration_floor_bps: 5000"), "action_responses { action_id: 'a' exposure_count: 9 success_count: 9 }");
  EXPECT_NEAR(ProbabilityOf(Decide("run"), "a"), 1.0 / 3, 1e-9);
}

TEST(OfferDrawConfig, ARewardMustBeASuccess) {
  const auto offers =
      CompileOffers(ConfigOf(Nudge("a") + "arbitration { thompson_sampling { reward: RESPONSE_KIND_COMPLAINED } }"));
  EXPECT_EQ(offers.status().message(),
            "config.arbitration.thompson_sampling.reward: RESPONSE_KIND_COMPLAINED is no success");
}

}  // namespace
}  // namespace campaign::offer
