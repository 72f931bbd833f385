#include "services/retrieval/series.h"

#include <limits>
#include <numeric>

#include "common/testing/testing.h"

namespace campaign::retrieval {
namespace {

using ::testing::ElementsAre;

constexpr SeriesBounds kExact{100, 50, /*has_amounts=*/true};

TEST(Series, KeepsEntriesAscendingInWhateverOrderTheyCome) {
  Series series;
  AddToSeries(kExact, 50, 1, 500, series);
  AddToSeries(kExact, 30, 2, 300, series);
  AddToSeries(kExact, 40, 3, 400, series);
  EXPECT_THAT(series.times(), ElementsAre(30, 40, 50));
  EXPECT_THAT(series.counts(), ElementsAre(2, 3, 1));
  EXPECT_THAT(series.amounts_minor(), ElementsAre(300, 400, 500));
}

TEST(Series, ForgetsWhatIsTooOldWhicheverComesFirst) {
  Series series;
  AddToSeries(kExact, 1000, 1, 1, series);
  AddToSeries(kExact, 1050, 1, 2, series);
  AddToSeries(kExact, 1101, 1, 3, series);
  EXPECT_THAT(series.times(), ElementsAre(1050, 1101));
  AddToSeries(kExact, 1000, 1, 4, series);
  EXPECT_THAT(series.times(), ElementsAre(1050, 1101));
  EXPECT_THAT(series.amounts_minor(), ElementsAre(2, 3));
}

TEST(Series, AddsUpByTheHourOnlyOnceFullAndStandsAtTheNewestTime) {
  constexpr SeriesBounds bounds{100 * kDaySeconds, 6, /*has_amounts=*/true};
  const uint32_t day = 20'000 * kDaySeconds;
  Series series;
  for (uint32_t i = 0; i < 3; ++i) AddToSeries(bounds, day + i, 1, 10, series);
  for (uint32_t i = 0; i < 3; ++i) AddToSeries(bounds, day + kHourSeconds + i, 1, 10, series);
  EXPECT_EQ(series.times_size(), 6);
  AddToSeries(bounds, day + 2 * kHourSeconds, 1, 10, series);
  EXPECT_THAT(series.times(), ElementsAre(day + 2, day + kHourSeconds + 2, day + 2 * kHourSeconds));
  EXPECT_THAT(series.counts(), ElementsAre(3, 3, 1));
  EXPECT_THAT(series.amounts_minor(), ElementsAre(30, 30, 10));
}

TEST(Series, StaysWithinItsBoundAndLosesNothingOfThousandsOfEntries) {
  constexpr SeriesBounds bounds{367 * kDaySeconds, 64};
  Series series;
  constexpr int kEvents = 5'000;
  for (int i = 0; i < kEvents; ++i) {
    AddToSeries(bounds, 20'000 * kDaySeconds + i * (300 * kDaySeconds / kEvents), 1, 0, series);
    ASSERT_LE(series.times_size(), 64);
  }
  EXPECT_EQ(std::accumulate(series.counts().begin(), series.counts().end(), int64_t{0}), kEvents);
  EXPECT_TRUE(series.amounts_minor().empty());
  EXPECT_EQ(NewestTime(series), 20'000 * kDaySeconds + (kEvents - 1) * (300 * kDaySeconds / kEvents));
}

TEST(Series, SumsStopAtTheLimitsOfTheirTypes) {
  EXPECT_EQ(SaturatingAdd(std::numeric_limits<int64_t>::max(), int64_t{1}), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(SaturatingAdd(std::numeric_limits<int64_t>::min(), int64_t{-1}), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(SaturatingAdd(std::numeric_limits<int32_t>::max(), 5u), std::numeric_limits<int32_t>::max());
  EXPECT_EQ(SaturatingAdd(int64_t{2}, int64_t{-5}), -3);
}

}  // namespace
}  // namespace campaign::retrieval
