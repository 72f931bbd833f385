#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace campaign::models {

struct KMeansOptions {
  int clusters = 4;
  // The same rows, options and seed give the same clusters on every machine.
  uint64_t seed = 1;
  // Begun anew this often; the clustering of least inertia is kept.
  int starts = 10;
  // Assignments a start at most. Few hundred rows settle within ten or twenty.
  int max_iterations = 100;
};

struct Clustering {
  // Largest cluster first.
  std::vector<std::vector<double>> centroids;
  // Of each row.
  std::vector<int> cluster_of;
  // Rows of each cluster.
  std::vector<int> sizes;
  // Sum of squared distances to the own centroid, after each assignment; never ascends. The last is the clustering's.
  std::vector<double> inertias;
};

// Clusters rows by Lloyd's algorithm (1982), seeded by k-means++ (Arthur, Vassilvitskii 2007, section 2.2: each next
// centre is drawn with probability D(x)^2 / sum D^2). A cluster that is left without rows takes the row furthest from
// its centroid. Columns should be of one scale. INVALID_ARGUMENT: fewer than 2 clusters, fewer than 1 start or
// iteration, rows of different length, a value that is not finite. FAILED_PRECONDITION: fewer distinct rows than
// clusters.
absl::StatusOr<Clustering> KMeans(absl::Span<const std::vector<double>> rows, const KMeansOptions& options);

// How well clusters are apart: mean of 1 - (distance to the own centroid) / (distance to the nearest other), the
// simplified silhouette (Hruschka, Campello, de Castro 2006). 1: far apart, 0: not at all.
double Silhouette(absl::Span<const std::vector<double>> rows, const Clustering& clustering);

}  // namespace campaign::models
