#include "services/offer/thompson.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "services/offer/experiment.h"

namespace campaign::offer {
namespace {

constexpr int kDefaultFloorBps = 500;
// Points to each arm, and how far they reach on either side of its mean. A Beta with alpha 1 falls like an exponential
// at worst: e^-13 is left out.
constexpr int kPointsOfArm = 257;
constexpr double kReachDeviations = 12;
// Keeps logarithms finite.
constexpr double kEdge = 1e-12;

double ValueAt(const Arm& arm, double rate) { return rate * arm.worth - arm.cost; }

// Values, ascending. Each arm's least and greatest are exactly among them.
std::vector<double> GridOf(absl::Span<const Arm> arms) {
  std::vector<double> grid;
  grid.reserve(arms.size() * (kPointsOfArm + 2));
  for (const Arm& arm : arms) {
    const double sum = arm.alpha + arm.beta;
    const double mean = arm.alpha / sum;
    const double reach = kReachDeviations * std::sqrt(mean * (1 - mean) / (sum + 1));
    const double low = std::max(kEdge, mean - reach);
    const double high = std::min(1 - kEdge, mean + reach);
    grid.push_back(ValueAt(arm, kEdge));
    grid.push_back(ValueAt(arm, 1 - kEdge));
    for (int i = 0; i < kPointsOfArm; ++i) grid.push_back(ValueAt(arm, low + (high - low) * i / (kPointsOfArm - 1)));
  }
  std::sort(grid.begin(), grid.end());
  grid.erase(std::unique(grid.begin(), grid.end()), grid.end());
  return grid;
}

// The distribution function of what the arm brings, at the points. Its constant is what makes it end at 1.
std::vector<double> DistributionOf(const Arm& arm, const std::vector<double>& grid) {
  // Relative to the mode, so that nothing overflows.
  const double freedom = arm.alpha + arm.beta - 2;
  const double mode = freedom > 0 ? std::clamp((arm.alpha - 1) / freedom, kEdge, 1 - kEdge) : 0.5;
  const auto log_density = [&](double x) { return (arm.alpha - 1) * std::log(x) + (arm.beta - 1) * std::log1p(-x); };
  const double highest = log_density(mode);
  const auto density_at = [&](double value) {
    return std::exp(log_density(std::clamp((value + arm.cost) / arm.worth, kEdge, 1 - kEdge)) - highest);
  };
  std::vector<double> distribution(grid.size());
  const size_t first = std::lower_bound(grid.begin(), grid.end(), ValueAt(arm, kEdge)) - grid.begin();
  const size_t last = std::lower_bound(grid.begin(), grid.end(), ValueAt(arm, 1 - kEdge)) - grid.begin();
  double before = density_at(grid[first]);
  for (size_t k = first + 1; k <= last; ++k) {
    const double density = density_at(grid[k]);
    distribution[k] = distribution[k - 1] + (density + before) / 2 * (grid[k] - grid[k - 1]);
    before = density;
  }
  for (size_t k = last + 1; k < grid.size(); ++k) distribution[k] = distribution[last];
  const double total = distribution[last];
  for (double& value : distribution) value /= total;
  return distribution;
}

}  // namespace

std::vector<double> ProbabilitiesOfBeingBest(absl::Span<const Arm> arms) {
  const std::vector<double> grid = GridOf(arms);
  std::vector<std::vector<double>> distributions;
  for (const Arm& arm : arms) distributions.push_back(DistributionOf(arm, grid));
  std::vector<double> probabilities(arms.size());
  for (size_t i = 0; i < arms.size(); ++i) {
    const std::vector<double>& own = distributions[i];
    double others_before = 0;
    for (size_t k = 0; k < grid.size(); ++k) {
      double others = 1;
      for (size_t j = 0; j < arms.size(); ++j) others *= j == i ? 1 : distributions[j][k];
      if (k > 0) probabilities[i] += (own[k] - own[k - 1]) * (others + others_before) / 2;
      others_before = others;
    }
  }
  const double sum = std::accumulate(probabilities.begin(), probabilities.end(), 0.0);
  for (double& probability : probabilities) probability /= sum;
  return probabilities;
}

int ExplorationFloorBps(const v1::ThompsonSampling& sampling) {
  return sampling.has_exploration_floor_bps() ? sampling.exploration_floor_bps() : kDefaultFloorBps;
}

Arm ArmOf(const v1::ThompsonSampling& sampling, int64_t exposure_count, int64_t success_count) {
  Arm arm{sampling.has_prior_successes() ? sampling.prior_successes() : 1,
          sampling.has_prior_failures() ? sampling.prior_failures() : 1};
  arm.alpha += static_cast<double>(success_count);
  arm.beta += static_cast<double>(std::max<int64_t>(0, exposure_count - success_count));
  return arm;
}

std::vector<double> DrawProbabilities(const v1::ThompsonSampling& sampling, absl::Span<const Arm> arms) {
  const double count = static_cast<double>(arms.size());
  const double floor = std::min(1 / count, static_cast<double>(ExplorationFloorBps(sampling)) / kBucketCount);
  std::vector<double> probabilities = ProbabilitiesOfBeingBest(arms);
  for (double& probability : probabilities) probability = floor + (1 - count * floor) * probability;
  return probabilities;
}

std::vector<double> VariantProbabilities(const v1::Experiment& experiment,
                                         const google::protobuf::RepeatedPtrField<v1::VariantResponses>& responses) {
  const v1::ThompsonSampling& sampling = experiment.thompson_sampling();
  std::vector<Arm> arms;
  for (const v1::Variant& variant : experiment.variants()) {
    const auto found = std::find_if(responses.begin(), responses.end(), [&](const v1::VariantResponses& one) {
      return one.experiment_id() == experiment.experiment_id() && one.variant_id() == variant.variant_id();
    });
    arms.push_back(found == responses.end() ? ArmOf(sampling, 0, 0)
                                            : ArmOf(sampling, found->exposure_count(), found->success_count()));
  }
  return DrawProbabilities(sampling, arms);
}

double UniformOf(absl::string_view config_version, absl::string_view experiment_id, absl::string_view customer_run_id) {
  uint64_t hash = 14695981039346656037u;
  for (const absl::string_view name : {config_version, experiment_id, customer_run_id}) {
    for (const char byte : name) hash = (hash ^ static_cast<uint8_t>(byte)) * 1099511628211u;
    // What no name contains ends each, so that "ab", "c" is not "a", "bc".
    hash = (hash ^ 0xFF) * 1099511628211u;
  }
  hash = (hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9u;
  hash = (hash ^ (hash >> 27)) * 0x94D049BB133111EBu;
  hash ^= hash >> 31;
  return static_cast<double>(hash >> 11) * 0x1.0p-53;
}

size_t Draw(absl::Span<const double> probabilities, double uniform) {
  double sum = 0;
  for (size_t i = 0; i + 1 < probabilities.size(); ++i) {
    sum += probabilities[i];
    if (uniform < sum) return i;
  }
  return probabilities.size() - 1;
}

}  // namespace campaign::offer
