#include "services/offer/holdout.h"

#include "absl/strings/str_cat.h"
#include "services/offer/offer_testing.h"

namespace campaign::offer {
namespace {

using campaign::testing::ParseProto;
using testing::ReasonOf;

TEST(DecideHoldout, IsADecisionToDoNothing) {
  v1::ActionDecision decision;
  ASSERT_TRUE(DecideHoldout(ParseProto<v1::OfferConfig>("holdout { share_bps: 10000 }"), "win-back", "ada", decision));
  EXPECT_TRUE(decision.held_out());
  EXPECT_EQ(decision.kind(), v1::ACTION_KIND_NONE);
  EXPECT_EQ(ReasonOf(decision, kHoldout).text(), "in the control group of 100 % to whom nothing is sent");
}

TEST(DecideHoldout, AsksTheGlobalGroupFirst) {
  const auto config = ParseProto<v1::OfferConfig>("holdout { share_bps: 10000 } global_holdout { share_bps: 500 }");
  int in_global = 0;
  for (int i = 0; i < 10'000; ++i) {
    v1::ActionDecision decision;
    ASSERT_TRUE(DecideHoldout(config, "win-back", absl::StrCat("customer-", i), decision));
    ASSERT_EQ(decision.reasons_size(), 1);
    in_global += decision.reasons(0).code() == kGlobalHoldout;
  }
  // Four standard deviations of a binomial count are 87.
  EXPECT_NEAR(in_global, 500, 87);
}

TEST(DecideHoldout, TheGlobalGroupIsTheSameInAllCampaignsTheirOwnIsNot) {
  const auto global = ParseProto<v1::OfferConfig>("global_holdout { share_bps: 2000 }");
  const auto own = ParseProto<v1::OfferConfig>("holdout { share_bps: 2000 }");
  int differ = 0;
  for (int i = 0; i < 5'000; ++i) {
    const std::string id = absl::StrCat("customer-", i);
    v1::ActionDecision decision;
    ASSERT_EQ(DecideHoldout(global, "a", id, decision), DecideHoldout(global, "b", id, decision));
    differ += DecideHoldout(own, "a", id, decision) != DecideHoldout(own, "b", id, decision);
  }
  // Independent splits of 20 % differ on 32 % of customers.
  EXPECT_NEAR(differ, 1'600, 150);
}

TEST(DecideHoldout, RaisingTheShareReleasesNobody) {
  const auto small = ParseProto<v1::OfferConfig>("global_holdout { share_bps: 500 }");
  const auto large = ParseProto<v1::OfferConfig>("global_holdout { share_bps: 1000 }");
  int held_out = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::string id = absl::StrCat("customer-", i);
    v1::ActionDecision decision;
    if (!DecideHoldout(small, "a", id, decision)) continue;
    ++held_out;
    ASSERT_TRUE(DecideHoldout(large, "a", id, decision)) << id;
  }
  EXPECT_GT(held_out, 400);
}

}  // namespace
}  // namespace campaign::offer
