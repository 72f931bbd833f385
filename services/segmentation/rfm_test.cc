#include "services/segmentation/rfm.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>
#include <vector>

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

// The segment of scores written as "543".
std::string SegmentOf(const Rfm& rfm, absl::string_view scores) {
  v1::SegmentResult result = ResultWith(scores[0] - '0', scores[1] - '0', scores[2] - '0');
  EXPECT_TRUE(rfm.Answer(v1::Profile(), result));
  return result.segment();
}

TEST(Rfm, ScoresWithoutARowAreTheDefaultSegments) {
  const Rfm rfm = Compiled("segments { segment: 'vip' recency_min: 4 value_min: 5 } default_segment: 'others'");
  v1::SegmentResult vip = ResultWith(4, 5, 5);
  EXPECT_TRUE(rfm.Answer(v1::Profile(), vip));
  EXPECT_EQ(vip.label(), "Vip");
  EXPECT_EQ(SegmentOf(rfm, "454"), "others");
  EXPECT_EQ(SegmentOf(rfm, "355"), "others");
}

TEST(Rfm, RowsMayBoundFrequencyAndMoneyAlone) {
  const Rfm rfm = Compiled(R"pb(
    segments { segment: 'big_spenders' monetary_min: 5 }
    segments { segment: 'regulars' frequency_min: 4 frequency_max: 5 monetary_max: 4 }
    segments { segment: 'others' }
  )pb");
  EXPECT_EQ(SegmentOf(rfm, "115"), "big_spenders");
  EXPECT_EQ(SegmentOf(rfm, "354"), "regulars");
  EXPECT_EQ(SegmentOf(rfm, "334"), "others");
}

// The ranges as marketing tools publish them: recency score, and mean of frequency and monetary score.
TEST(Rfm, EachCellOfTheStandardTableLiesWithinItsSegmentsPublishedRange) {
  struct Range {
    int recency_min, recency_max, value_min, value_max;
  };
  const std::map<std::string, Range> kPublished = {
      {"champions", {4, 5, 4, 5}},
      {"loyal_customers", {2, 5, 3, 5}},
      {"potential_loyalists", {3, 5, 1, 3}},
      {"new_customers", {4, 5, 0, 1}},
      {"promising", {3, 4, 0, 1}},
      {"need_attention", {2, 3, 2, 3}},
      {"about_to_sleep", {2, 3, 0, 2}},
      {"at_risk", {0, 2, 2, 5}},
      {"cannot_lose_them", {0, 1, 4, 5}},
      {"hibernating", {1, 2, 1, 2}},
      {"lost", {0, 2, 0, 2}},
  };
  const Rfm rfm = Compiled("");
  for (int cell = 0; cell < 125; ++cell) {
    const int recency = cell / 25 + 1, frequency = cell / 5 % 5 + 1, monetary = cell % 5 + 1;
    const std::string scores = absl::StrCat(recency, frequency, monetary);
    const Range& range = kPublished.at(SegmentOf(rfm, scores));
    const int value = (frequency + monetary) / 2;
    EXPECT_TRUE(recency >= range.recency_min && recency <= range.recency_max) << scores;
    EXPECT_TRUE(value >= range.value_min && value <= range.value_max) << scores;
  }
}

// Of an audience in which most bought once and many on the same day, with exact quintile bounds.
TEST(Rfm, EqualValuesAlwaysGetTheSameScoreAndBetterOnesNeverALower) {
  std::mt19937 random(7);
  std::vector<v1::Profile> customers;
  std::vector<double> days, orders, spend;
  for (int i = 0; i < 1000; ++i) {
    const int count = 1 + static_cast<int>(std::pow(random() % 100 / 100.0, 8) * 12);
    customers.push_back(Buyer(static_cast<double>(random() % 30), count, count * 100 * (1 + random() % 5)));
    days.push_back(customers.back().days_since_last_purchase());
    orders.push_back(count);
    spend.push_back(static_cast<double>(customers.back().spend_total_minor()) / 100);
  }
  v1::RfmCutoffs cutoffs;
  const auto set_bounds = [](std::vector<double> values, google::protobuf::RepeatedField<double>& bounds) {
    std::sort(values.begin(), values.end());
    for (size_t fifth = 1; fifth <= 4; ++fifth) bounds.Add(values[fifth * values.size() / 5 - 1]);
  };
  set_bounds(days, *cutoffs.mutable_recency_days());
  set_bounds(orders, *cutoffs.mutable_frequency_orders());
  set_bounds(spend, *cutoffs.mutable_monetary());
  ASSERT_EQ(cutoffs.frequency_orders(0), cutoffs.frequency_orders(2)) << "most are tied";
  for (size_t i = 1; i < customers.size(); ++i) {
    const v1::RfmScore a = *ScoreRfm(customers[i - 1], cutoffs), b = *ScoreRfm(customers[i], cutoffs);
    const auto ordered = [](double x, double y, int x_score, int y_score) {
      return x == y ? x_score == y_score : x < y ? x_score <= y_score : x_score >= y_score;
    };
    EXPECT_TRUE(ordered(-days[i - 1], -days[i], a.recency(), b.recency()));
    EXPECT_TRUE(ordered(orders[i - 1], orders[i], a.frequency(), b.frequency()));
    EXPECT_TRUE(ordered(spend[i - 1], spend[i], a.monetary(), b.monetary()));
  }
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
      {"segments { segment: 'a' monetary_max: 6 }", "config.rfm.segments[0].monetary_max: 6 is not between 0 and 5"},
      {"segments { segment: 'a' recency_min: 2 }",
       "config.rfm.segments: [...] has no row for recency 1, frequency 1, monetary 1, and there is no default_segment"},
      {"segments { segment: 'a' } segments { segment: 'b' value_min: 4 }",
       "config.rfm.segments[1]: b is never reached: rows before it take all"},
  };
  for (const Bad& bad : kBad) {
    EXPECT_THAT(Rfm::Compile(ParseProto<v1::RfmConfig>(bad.config), "config.rfm"),
                StatusIs(absl::StatusCode::kInvalidArgument, bad.message))
        << bad.config;
  }
}

}  // namespace
}  // namespace campaign::segmentation
