#include "services/segmentation/rfm.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "common/testing/testing.h"

namespace campaign::segmentation {
namespace {

using ::campaign::testing::ParseProto;
using ::campaign::testing::StatusIs;

constexpr char kCutoffs[] = R"pb(
  recency_days: [ 10, 30, 90, 180 ]
  frequency_orders: [ 1, 2, 4, 8 ]
  monetary: [ 20, 50, 100, 500 ]
)pb";

v1::Profile Buyer(double days, int orders, int64_t spend_minor, const char* currency = "USD") {
  v1::Profile profile;
  profile.mutable_customer()->set_currency_code(currency);
  profile.set_days_since_last_purchase(days);
  profile.set_orders_total(orders);
  profile.set_spend_total_minor(spend_minor);
  return profile;
}

std::string Scores(const v1::Profile& profile, absl::string_view cutoffs = kCutoffs) {
  const absl::optional<v1::RfmScore> score = ScoreRfm(profile, ParseProto<v1::RfmCutoffs>(cutoffs));
  return score ? absl::StrCat(score->recency(), score->frequency(), score->monetary()) : "none";
}

Rfm Compiled(absl::string_view config) {
  auto rfm = Rfm::Compile(ParseProto<v1::RfmConfig>(config), "config.rfm");
  EXPECT_OK(rfm);
  return *std::move(rfm);
}

v1::SegmentResult ResultWith(int recency, int frequency, int monetary) {
  v1::SegmentResult result;
  result.mutable_rfm()->set_recency(recency);
  result.mutable_rfm()->set_frequency(frequency);
  result.mutable_rfm()->set_monetary(monetary);
  return result;
}

TEST(Rfm, ScoresAreQuintilesWithFewerDaysBetter) {
  EXPECT_EQ(Scores(Buyer(3, 12, 60000)), "555");
  EXPECT_EQ(Scores(Buyer(400, 0, 100)), "111");
  EXPECT_EQ(Scores(Buyer(60, 3, 7500)), "333");
}

TEST(Rfm, AValueEqualToABoundFallsInTheLowerQuintile) {
  EXPECT_EQ(Scores(Buyer(10, 1, 2000)), "511");
  EXPECT_EQ(Scores(Buyer(10.001, 2, 2001)), "422");
  EXPECT_EQ(Scores(Buyer(180, 8, 50000)), "244");
  EXPECT_EQ(Scores(Buyer(180.5, 9, 50001)), "155");
}

TEST(Rfm, EqualBoundsSkipQuintiles) {
  constexpr char kTied[] = R"pb(
    recency_days: [ 10, 30, 90, 180 ]
    frequency_orders: [ 1, 1, 1, 2 ]
    monetary: [ 20, 50, 100, 500 ]
  )pb";
  EXPECT_EQ(Scores(Buyer(3, 1, 60000), kTied), "515");
  EXPECT_EQ(Scores(Buyer(3, 2, 60000), kTied), "545");
  EXPECT_EQ(Scores(Buyer(3, 3, 60000), kTied), "555");
}

TEST(Rfm, SpendIsComparedInMajorUnitsOfItsCurrency) {
  EXPECT_EQ(Scores(Buyer(3, 12, 600, "JPY")), "555");
  EXPECT_EQ(Scores(Buyer(3, 12, 600, "USD")), "551");
}

TEST(Rfm, WithoutPurchasesOrCutoffsThereIsNoScore) {
  EXPECT_EQ(Scores(v1::Profile()), "none");
  EXPECT_EQ(Scores(Buyer(3, 12, 600), ""), "none");
}

TEST(Rfm, CutoffsOfTheCampaignComeBeforeThoseOfAllCustomers) {
  const auto overall = ParseProto<v1::RfmCutoffs>(kCutoffs);
  EXPECT_EQ(Compiled("").Cutoffs(overall).recency_days(0), 10);
  constexpr char kConfig[] = R"pb(
    cutoffs {
      recency_days: [ 1, 2, 3, 4 ]
      frequency_orders: [ 1, 2, 3, 4 ]
      monetary: [ 1, 2, 3, 4 ]
    }
  )pb";
  EXPECT_EQ(Compiled(kConfig).Cutoffs(overall).recency_days(0), 1);
}

TEST(Rfm, EachReasonSaysWhatStandsBehindItsScore) {
  const v1::Profile profile = Buyer(3, 12, 500000);
  v1::SegmentResult result = ResultWith(5, 3, 4);
  ASSERT_TRUE(Compiled("").Answer(profile, result));
  EXPECT_EQ(result.strategy(), v1::STRATEGY_RFM);
  ASSERT_EQ(result.reasons_size(), 3);
  EXPECT_EQ(result.reasons(0).code(), kRfmRecency);
  EXPECT_EQ(result.reasons(0).text(), "last bought 3 days ago: recency 5 of 5");
  EXPECT_EQ(result.reasons(1).text(), "spent 5,000.00 USD in all: monetary value 4 of 5");
  EXPECT_EQ(result.reasons(2).text(), "12 orders in all: frequency 3 of 5");
}

TEST(Rfm, TheStandardTableNamesEveryScore) {
  const Rfm rfm = Compiled("");
  std::set<std::string> named;
  for (int recency = 1; recency <= 5; ++recency) {
    for (int value = 1; value <= 5; ++value) {
      v1::SegmentResult result = ResultWith(recency, value, value);
      ASSERT_TRUE(rfm.Answer(v1::Profile(), result)) << recency << value;
      named.insert(result.segment());
    }
  }
  EXPECT_EQ(named, (std::set<std::string>{"champions", "loyal_customers", "potential_loyalists", "new_customers",
                                          "promising", "need_attention", "about_to_sleep", "at_risk",
                                          "cannot_lose_them", "hibernating", "lost"}));
}

struct NamedScore {
  int recency, frequency, monetary;
  const char* segment;
  double score;
};

TEST(Rfm, TheStandardTablePutsCustomersWhereMarketersExpectThem) {
  const Rfm rfm = Compiled("");
  const NamedScore kScores[] = {
      {5, 5, 5, "champions", 1},
      {4, 4, 4, "champions", 0.75},
      {4, 4, 3, "loyal_customers", 8. / 12},
      {3, 5, 5, "loyal_customers", 10. / 12},
      {5, 1, 1, "new_customers", 4. / 12},
      {3, 1, 1, "about_to_sleep", 2. / 12},
      {1, 5, 5, "cannot_lose_them", 8. / 12},
      {2, 4, 4, "at_risk", 7. / 12},
      {1, 1, 1, "lost", 0},
  };
  for (const NamedScore& expected : kScores) {
    v1::SegmentResult result = ResultWith(expected.recency, expected.frequency, expected.monetary);
    ASSERT_TRUE(rfm.Answer(v1::Profile(), result));
    EXPECT_EQ(result.segment(), expected.segment);
    EXPECT_DOUBLE_EQ(result.score(), expected.score);
  }
}

TEST(Rfm, WithoutAScoreTheHopSaysWhy) {
  const Rfm rfm = Compiled("");
  v1::SegmentResult never_bought;
  EXPECT_FALSE(rfm.Answer(v1::Profile(), never_bought));
  EXPECT_EQ(never_bought.reasons(0).code(), kNoPurchases);
  v1::SegmentResult no_cutoffs;
  EXPECT_FALSE(rfm.Answer(Buyer(3, 1, 100), no_cutoffs));
  EXPECT_EQ(no_cutoffs.reasons(0).code(), kNoRfmCutoffs);
}

TEST(Rfm, ATableOfTheCampaignsOwnMayLeaveCustomersOut) {
  const Rfm rfm = Compiled("segments { segment: 'vip' recency_min: 4 value_min: 5 }");
  v1::SegmentResult vip = ResultWith(4, 5, 5);
  EXPECT_TRUE(rfm.Answer(v1::Profile(), vip));
  EXPECT_EQ(vip.label(), "Vip");
  v1::SegmentResult other = ResultWith(4, 5, 4);
  EXPECT_FALSE(rfm.Answer(v1::Profile(), other));
  EXPECT_EQ(other.reasons(0).code(), kNoRfmSegment);
}

TEST(Rfm, WhatDoesNotCompileIsNamedWithItsPath) {
  struct Bad {
    const char* config;
    const char* message;
  };
  const Bad kBad[] = {
      {"cutoffs { recency_days: [1, 2, 3] }", "config.rfm.cutoffs.recency_days: 3 elements is not 4"},
      {"cutoffs { recency_days: [1, 2, 3, 4] monetary: [1, 2, 3, 4] }",
       "config.rfm.cutoffs.frequency_orders: 0 elements is not 4"},
      {"cutoffs { recency_days: [1, 2, 3, 4] frequency_orders: [1, 2, 3, 4] monetary: [1, 5, 3, 4] }",
       "config.rfm.cutoffs.monetary[2]: 3 is below the bound before it, 5"},
      {"cutoffs { recency_days: [1, 2, 3, inf] }", "config.rfm.cutoffs.recency_days[3]: inf is not finite"},
      {"segments { segment: 'a' recency_min: 6 }", "config.rfm.segments[0].recency_min: 6 is not between 0 and 5"},
      {"segments { segment: 'a' } segments { segment: 'b' value_min: 4 value_max: 3 }",
       "config.rfm.segments[1].value_max: 3 is below the minimum 4"},
  };
  for (const Bad& bad : kBad) {
    EXPECT_THAT(Rfm::Compile(ParseProto<v1::RfmConfig>(bad.config), "config.rfm"),
                StatusIs(absl::StatusCode::kInvalidArgument, bad.message))
        << bad.config;
  }
}

}  // namespace
}  // namespace campaign::segmentation
