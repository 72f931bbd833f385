#include "common/models/kmeans.h"

#include <cmath>
#include <limits>
#include <random>
#include <set>

#include "common/testing/testing.h"

namespace campaign::models {
namespace {

using ::campaign::testing::StatusIs;

using Rows = std::vector<std::vector<double>>;

// `size` rows within 0.5 of each centre, centre after centre.
Rows Around(const Rows& centres, int size) {
  std::mt19937_64 random(3);
  Rows rows;
  for (const auto& centre : centres) {
    for (int i = 0; i < size; ++i) {
      rows.push_back(centre);
      for (double& value : rows.back()) value += static_cast<double>(random() % 1001) / 1000 - 0.5;
    }
  }
  return rows;
}

const Rows kCentres = {{0, 0, 0}, {10, 0, 0}, {0, 10, 0}, {0, 0, 10}, {10, 10, 10}};

TEST(KMeans, FindsClustersThatAreApart) {
  const Rows rows = Around(kCentres, 100);
  ASSERT_OK_AND_ASSIGN(const Clustering found, KMeans(rows, {.clusters = 5, .seed = 1}));
  std::set<int> used;
  for (size_t centre = 0; centre < kCentres.size(); ++centre) {
    const int cluster = found.cluster_of[centre * 100];
    used.insert(cluster);
    for (size_t i = 0; i < 100; ++i) EXPECT_EQ(found.cluster_of[centre * 100 + i], cluster);
    for (size_t column = 0; column < 3; ++column) {
      EXPECT_NEAR(found.centroids[static_cast<size_t>(cluster)][column], kCentres[centre][column], 0.15);
    }
  }
  EXPECT_EQ(used.size(), 5u);
  EXPECT_GT(Silhouette(rows, found), 0.9);
}

TEST(KMeans, FindsFourCornersOfARectangleExactly) {
  const Rows rows = {{0, 0}, {0, 0}, {0, 0}, {4, 0}, {4, 0}, {0, 2}, {0, 2}, {0, 2}, {0, 2}, {4, 2}};
  ASSERT_OK_AND_ASSIGN(const Clustering found, KMeans(rows, {.clusters = 4}));
  EXPECT_EQ(found.centroids, (Rows{{0, 2}, {0, 0}, {4, 0}, {4, 2}})) << "largest first";
  EXPECT_EQ(found.sizes, (std::vector<int>{4, 3, 2, 1}));
  EXPECT_EQ(found.cluster_of, (std::vector<int>{1, 1, 1, 2, 2, 0, 0, 0, 0, 3}));
  EXPECT_EQ(found.inertias.back(), 0);
  EXPECT_EQ(Silhouette(rows, found), 1);
}

TEST(KMeans, TheSameSeedGivesTheSameClusters) {
  const Rows rows = Around({{0, 0}, {1, 0}, {0, 1}}, 200);  // They overlap.
  ASSERT_OK_AND_ASSIGN(const Clustering first, KMeans(rows, {.clusters = 3, .seed = 42}));
  ASSERT_OK_AND_ASSIGN(const Clustering second, KMeans(rows, {.clusters = 3, .seed = 42}));
  EXPECT_EQ(first.centroids, second.centroids);
  EXPECT_EQ(first.cluster_of, second.cluster_of);
  EXPECT_EQ(first.inertias, second.inertias);
}

TEST(KMeans, InertiaNeverAscends) {
  const Rows rows = Around({{0, 0}, {0.7, 0}, {0, 0.7}, {0.7, 0.7}}, 250);
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    ASSERT_OK_AND_ASSIGN(const Clustering found, KMeans(rows, {.clusters = 6, .seed = seed, .starts = 1}));
    ASSERT_GT(found.inertias.size(), 1u);
    for (size_t i = 1; i < found.inertias.size(); ++i) EXPECT_LE(found.inertias[i], found.inertias[i - 1] + 1e-9);
    EXPECT_LT(found.inertias.back(), found.inertias.front());
  }
}

TEST(KMeans, MoreStartsAreNeverWorse) {
  const Rows rows = Around(kCentres, 30);
  ASSERT_OK_AND_ASSIGN(const Clustering one, KMeans(rows, {.clusters = 5, .seed = 9, .starts = 1}));
  ASSERT_OK_AND_ASSIGN(const Clustering many, KMeans(rows, {.clusters = 5, .seed = 9, .starts = 20}));
  EXPECT_LE(many.inertias.back(), one.inertias.back());
}

// Arthur, Vassilvitskii 2007, theorem 1.1: the seeding alone is expected to be within 8 (ln k + 2) of the best.
TEST(KMeans, SeedingIsOnAverageWithinThePublishedBoundOfTheBest) {
  const Rows rows = Around(kCentres, 40);
  ASSERT_OK_AND_ASSIGN(const Clustering best, KMeans(rows, {.clusters = 5, .seed = 1, .starts = 50}));
  double sum = 0;
  constexpr int kSeeds = 100;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    ASSERT_OK_AND_ASSIGN(const Clustering seeded,
                         KMeans(rows, {.clusters = 5, .seed = seed, .starts = 1, .max_iterations = 1}));
    sum += seeded.inertias.front();
  }
  EXPECT_LT(sum / kSeeds, 8 * (std::log(5) + 2) * best.inertias.back());
}

TEST(KMeans, RefusesWhatCannotBeClustered) {
  const Rows three = {{1}, {2}, {2}, {3}};
  EXPECT_THAT(KMeans(three, {.clusters = 4}),
              StatusIs(absl::StatusCode::kFailedPrecondition, "3 distinct rows are too few for 4 clusters"));
  EXPECT_THAT(KMeans({}, {.clusters = 2}), StatusIs(absl::StatusCode::kFailedPrecondition, "0 distinct rows"));
  EXPECT_THAT(KMeans(three, {.clusters = 1}), StatusIs(absl::StatusCode::kInvalidArgument, "clusters: 1 is below 2"));
  EXPECT_THAT(KMeans(Rows{{1, 2}, {1}}, {.clusters = 2}),
              StatusIs(absl::StatusCode::kInvalidArgument, "rows[1]: 1 columns are not 2"));
  EXPECT_THAT(KMeans(Rows{{1}, {std::numeric_limits<double>::quiet_NaN()}}, {.clusters = 2}),
              StatusIs(absl::StatusCode::kInvalidArgument, "rows[1]: nan is not finite"));
}

}  // namespace
}  // namespace campaign::models
