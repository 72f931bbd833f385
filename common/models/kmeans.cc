#include "common/models/kmeans.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace campaign::models {
namespace {

using Row = std::vector<double>;
using Rows = absl::Span<const Row>;

double SquaredDistance(const Row& a, const Row& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

absl::Status Check(Rows rows, const KMeansOptions& options) {
  if (options.clusters < 2) return InvalidField("clusters", options.clusters, "is below 2");
  if (options.starts < 1) return InvalidField("starts", options.starts, "is below 1");
  if (options.max_iterations < 1) return InvalidField("max_iterations", options.max_iterations, "is below 1");
  for (size_t i = 0; i < rows.size(); ++i) {
    const std::string path = absl::StrCat("rows[", i, "]");
    if (rows[i].size() != rows[0].size()) {
      return InvalidField(path, rows[i].size(), absl::StrCat("columns are not ", rows[0].size()));
    }
    for (const double value : rows[i]) {
      if (!std::isfinite(value)) return InvalidField(path, value, "is not finite");
    }
  }
  return absl::OkStatus();
}

// 0 to below 1. The standard's distributions differ between libraries; this does not.
double Uniform(std::mt19937_64& random) { return static_cast<double>(random() >> 11) * 0x1p-53; }

// Draws an index with probability proportional to its weight. `total` is the sum of weights, above 0.
size_t Draw(const std::vector<double>& weights, double total, std::mt19937_64& random) {
  double left = Uniform(random) * total;
  size_t drawn = weights.size();
  for (size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] <= 0) continue;
    drawn = i;  // Rounding may leave a little over after the last.
    left -= weights[i];
    if (left < 0) break;
  }
  return drawn;
}

// The centres to begin with; fewer than asked for where there are not so many distinct rows.
std::vector<Row> SeedCentres(Rows rows, int clusters, std::mt19937_64& random) {
  std::vector<double> distances(rows.size(), std::numeric_limits<double>::infinity());
  std::vector<Row> centres = {rows[static_cast<size_t>(Uniform(random) * static_cast<double>(rows.size()))]};
  while (centres.size() < static_cast<size_t>(clusters)) {
    double total = 0;
    for (size_t i = 0; i < rows.size(); ++i) {
      distances[i] = std::min(distances[i], SquaredDistance(rows[i], centres.back()));
      total += distances[i];
    }
    if (total <= 0) break;
    centres.push_back(rows[Draw(distances, total, random)]);
  }
  return centres;
}

// One start: centroids, and where each row belongs.
class Lloyd {
 public:
  Lloyd(Rows rows, std::vector<Row> centres)
      : rows_(rows), distances_(rows.size()), cluster_of_(rows.size(), -1), centroids_(std::move(centres)) {}

  Clustering Run(int max_iterations) {
    Clustering result;
    for (int i = 0; i < max_iterations; ++i) {
      const bool moved = Assign();
      result.inertias.push_back(std::accumulate(distances_.begin(), distances_.end(), 0.0));
      if (!moved) break;
      Move();
    }
    result.centroids = centroids_;
    result.cluster_of = cluster_of_;
    result.sizes = sizes_;
    return result;
  }

 private:
  // Each row to its nearest centroid. Whether any moved.
  bool Assign() {
    bool moved = false;
    sizes_.assign(centroids_.size(), 0);
    for (size_t i = 0; i < rows_.size(); ++i) {
      int nearest = 0;
      distances_[i] = std::numeric_limits<double>::infinity();
      for (size_t c = 0; c < centroids_.size(); ++c) {
        const double distance = SquaredDistance(rows_[i], centroids_[c]);
        if (distance < distances_[i]) distances_[i] = distance, nearest = static_cast<int>(c);
      }
      moved = moved || cluster_of_[i] != nearest;
      cluster_of_[i] = nearest;
      ++sizes_[static_cast<size_t>(nearest)];
    }
    return FillEmpty() || moved;
  }

  // Gives each cluster without rows the row furthest from its centroid. Whether there was any.
  bool FillEmpty() {
    bool filled = false;
    for (size_t c = 0; c < sizes_.size(); ++c) {
      if (sizes_[c] > 0) continue;
      const size_t furthest = FurthestInCompany();
      --SizeAround(furthest);
      cluster_of_[furthest] = static_cast<int>(c);
      distances_[furthest] = 0;
      sizes_[c] = 1;
      filled = true;
    }
    return filled;
  }

  // The row furthest from its centroid that is not alone with it. There is one where a cluster is empty.
  size_t FurthestInCompany() {
    size_t furthest = rows_.size();
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (SizeAround(i) > 1 && (furthest == rows_.size() || distances_[i] > distances_[furthest])) furthest = i;
    }
    return furthest;
  }

  int& SizeAround(size_t row) { return sizes_[static_cast<size_t>(cluster_of_[row])]; }

  // Each centroid to the mean of its rows.
  void Move() {
    for (Row& centroid : centroids_) std::fill(centroid.begin(), centroid.end(), 0);
    for (size_t i = 0; i < rows_.size(); ++i) {
      Row& centroid = centroids_[static_cast<size_t>(cluster_of_[i])];
      for (size_t column = 0; column < centroid.size(); ++column) centroid[column] += rows_[i][column];
    }
    for (size_t c = 0; c < centroids_.size(); ++c) {
      for (double& value : centroids_[c]) value /= sizes_[c];
    }
  }

  Rows rows_;
  std::vector<double> distances_;  // Squared, to the own centroid.
  std::vector<int> cluster_of_;
  std::vector<int> sizes_;
  std::vector<Row> centroids_;
};

// Largest cluster first, equal ones by centroid, so that numbers do not hang on the order of the seeds.
Clustering Sorted(Clustering found) {
  std::vector<size_t> order(found.centroids.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return found.sizes[a] != found.sizes[b] ? found.sizes[a] > found.sizes[b] : found.centroids[a] < found.centroids[b];
  });
  Clustering sorted;
  sorted.inertias = std::move(found.inertias);
  sorted.cluster_of = std::move(found.cluster_of);
  std::vector<int> place(order.size());
  for (size_t i = 0; i < order.size(); ++i) {
    place[order[i]] = static_cast<int>(i);
    sorted.centroids.push_back(std::move(found.centroids[order[i]]));
    sorted.sizes.push_back(found.sizes[order[i]]);
  }
  for (int& cluster : sorted.cluster_of) cluster = place[static_cast<size_t>(cluster)];
  return sorted;
}

}  // namespace

absl::StatusOr<Clustering> KMeans(Rows rows, const KMeansOptions& options) {
  RETURN_IF_ERROR(Check(rows, options));
  Clustering best;
  std::mt19937_64 random(options.seed);
  for (int start = 0; start < options.starts; ++start) {
    std::vector<Row> centres = rows.empty() ? std::vector<Row>() : SeedCentres(rows, options.clusters, random);
    if (centres.size() < static_cast<size_t>(options.clusters)) {
      return absl::FailedPreconditionError(
          absl::StrCat(centres.size(), " distinct rows are too few for ", options.clusters, " clusters"));
    }
    Clustering found = Lloyd(rows, std::move(centres)).Run(options.max_iterations);
    if (best.inertias.empty() || found.inertias.back() < best.inertias.back()) best = std::move(found);
  }
  return Sorted(std::move(best));
}

double Silhouette(Rows rows, const Clustering& clustering) {
  double sum = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto own = static_cast<size_t>(clustering.cluster_of[i]);
    double other = std::numeric_limits<double>::infinity();
    for (size_t c = 0; c < clustering.centroids.size(); ++c) {
      if (c != own) other = std::min(other, SquaredDistance(rows[i], clustering.centroids[c]));
    }
    if (other > 0) sum += 1 - std::sqrt(SquaredDistance(rows[i], clustering.centroids[own]) / other);
  }
  return rows.empty() ? 0 : sum / static_cast<double>(rows.size());
}

}  // namespace campaign::models
