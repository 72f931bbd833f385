#include "services/retrieval/rfm.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "services/retrieval/test_events.h"

namespace campaign::retrieval {
namespace {

using ::testing::ElementsAre;

// Nearest rank: the value at rank ceil(n * i / 5).
std::vector<double> ExactQuintiles(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  std::vector<double> bounds;
  for (size_t i = 1; i <= 4; ++i) bounds.push_back(values[(values.size() * i + 4) / 5 - 1]);
  return bounds;
}

TEST(Rfm, QuintilesOfRandomCustomersAreNearTheExactOnes) {
  std::mt19937 random(11);
  std::lognormal_distribution<double> spend(9, 1.6);
  std::exponential_distribution<double> age(0.01);
  std::geometric_distribution<int> orders(0.3);
  for (const int n : {5, 7, 100, 3'001}) {
    RfmCounts counts;
    std::vector<double> recency, frequency, monetary;
    for (int i = 0; i < n; ++i) {
      History history;
      history.set_orders_total(1 + orders(random));
      history.set_spend_total_minor(1 + static_cast<int64_t>(spend(random)));
      const absl::Time last = Noon() - Days(age(random));
      history.set_last_purchase_time(static_cast<uint32_t>(absl::ToUnixSeconds(last)));
      CountCustomer(history, "EUR", +1, counts);
      recency.push_back(absl::FDivDuration(Noon() - absl::FromUnixSeconds(absl::ToUnixSeconds(last)), Days(1)));
      frequency.push_back(history.orders_total());
      monetary.push_back(static_cast<double>(history.spend_total_minor()) / 100);
    }
    const RfmQuintiles quintiles = ComputeQuintiles(counts, Noon());
    EXPECT_EQ(quintiles.customer_count, n);
    ASSERT_EQ(quintiles.cutoffs.recency_days_size(), 4);
    ASSERT_EQ(quintiles.cutoffs.monetary_size(), 4);
    EXPECT_EQ(
        std::vector<double>(quintiles.cutoffs.frequency_orders().begin(), quintiles.cutoffs.frequency_orders().end()),
        ExactQuintiles(frequency));
    for (int i = 0; i < 4; ++i) {
      const double exact_recency = ExactQuintiles(recency)[i];
      EXPECT_GE(quintiles.cutoffs.recency_days(i), exact_recency);
      EXPECT_LT(quintiles.cutoffs.recency_days(i), exact_recency + 1);
      const double exact_monetary = ExactQuintiles(monetary)[i];
      EXPECT_GE(quintiles.cutoffs.monetary(i), exact_monetary);
      EXPECT_LE(quintiles.cutoffs.monetary(i), exact_monetary * 1.02);
    }
  }
}

TEST(Rfm, MonetaryBucketsCoverEveryAmountAndAreOnePercentWide) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 20'000; ++i) {
    const int64_t amount = static_cast<int64_t>(random() >> (1 + random() % 62)) % 9'000'000'000'000'000'000;
    const int64_t largest = LargestInMonetaryBucket(MonetaryBucket(amount));
    ASSERT_GE(largest, amount);
    ASSERT_EQ(MonetaryBucket(largest), MonetaryBucket(amount));
    ASSERT_LE(static_cast<double>(largest), static_cast<double>(amount) * 1.0101 + 1);
  }
  EXPECT_EQ(LargestInMonetaryBucket(MonetaryBucket(0)), 0);
  EXPECT_EQ(LargestInMonetaryBucket(MonetaryBucket(1)), 1);
}

TEST(Rfm, BoundsNeedFiveCustomersWithAPurchase) {
  RfmCounts counts;
  CountCustomer(History(), "EUR", +1, counts);
  EXPECT_TRUE(counts.empty());
  const History history = HistoryOf({Bought(Noon(), "a", 100)});
  for (int i = 0; i < 4; ++i) CountCustomer(history, "EUR", +1, counts);
  EXPECT_EQ(ComputeQuintiles(counts, Noon()).customer_count, 4);
  EXPECT_EQ(ComputeQuintiles(counts, Noon()).cutoffs.ByteSizeLong(), 0u);
  CountCustomer(history, "EUR", +1, counts);
  EXPECT_EQ(ComputeQuintiles(counts, Noon()).cutoffs.monetary_size(), 4);
  EXPECT_THAT(ComputeQuintiles(counts, Noon()).cutoffs.frequency_orders(), ElementsAre(1, 1, 1, 1));
}

TEST(Rfm, MoneyIsInMajorUnitsOfTheCustomersCurrency) {
  const History history = HistoryOf({Bought(Noon(), "a", 100'000)});
  for (const auto& [currency, major] : {std::pair{"EUR", 1000.0}, {"JPY", 100'000.0}, {"KWD", 100.0}}) {
    RfmCounts counts;
    for (int i = 0; i < 5; ++i) CountCustomer(history, currency, +1, counts);
    const double bound = ComputeQuintiles(counts, Noon()).cutoffs.monetary(0);
    EXPECT_GE(bound, major);
    EXPECT_LE(bound, major * 1.01);
  }
}

TEST(Rfm, RecencyAgesWithTheClockAndNeverIsNegative) {
  RfmCounts counts;
  for (int day = 1; day <= 5; ++day) CountCustomer(HistoryOf({Bought(Noon() - Days(day * 10), "a", 1)}), "", 1, counts);
  EXPECT_THAT(ComputeQuintiles(counts, Noon()).cutoffs.recency_days(), ElementsAre(10.5, 20.5, 30.5, 40.5));
  EXPECT_THAT(ComputeQuintiles(counts, Noon() + Days(1)).cutoffs.recency_days(), ElementsAre(11.5, 21.5, 31.5, 41.5));
  RfmCounts ahead;
  for (int i = 0; i < 5; ++i) CountCustomer(HistoryOf({Bought(Noon() + Days(1), "a", 1)}), "", 1, ahead);
  EXPECT_THAT(ComputeQuintiles(ahead, Noon()).cutoffs.recency_days(), ElementsAre(0, 0, 0, 0));
}

}  // namespace
}  // namespace campaign::retrieval
