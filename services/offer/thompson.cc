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

std::vector<double> GridOf(absl::Span<const BetaPosterior> arms) {
  std::vector<double> grid = {kEdge, 1 - kEdge};
  grid.reserve(arms.size() * kPointsOfArm + 2);
  for (const BetaPosterior& arm : arms) {
    const double sum = arm.alpha + arm.beta;
    const double mean = arm.alpha / sum;
    const double reach = kReachDeviations * std::sqrt(mean * (1 - mean) / (sum + 1));
    const double low = std::max(kEdge, mean - reach);
    const double high = std::min(1 - kEdge, mean + reach);
    for (int i = 0; i < kPointsOfArm; ++i) grid.push_back(low + (high - low) * i / (kPointsOfArm - 1));
  }
  std::sort(grid.begin(), grid.end());
  grid.erase(std::unique(grid.begin(), grid.end()), grid.end());
  return grid;
}

// The arm's distribution function at the points. Its constant is what makes it end at 1.
std::vector<double> DistributionOf(const BetaPosterior& arm, const std::vector<double>& grid) {
  // Relative to the mode, so that nothing overflows.
  const double freedom = arm.alpha + arm.beta - 2;
  const double mode = freedom > 0 ? std::clamp((arm.alpha - 1) / freedom, kEdge, 1 - kEdge) : 0.5;
  const auto log_density = [&](double x) { return (arm.alpha - 1) * std::log(x) + (arm.beta - 1) * std::log1p(-x); };
  const double highest = log_density(mode);
  std::vector<double> distribution(grid.size());
  double before = std::exp(log_density(grid[0]) - highest);
  for (size_t k = 1; k < grid.size(); ++k) {
    const double density = std::exp(log_density(grid[k]) - highest);
    distribution[k] = distribution[k - 1] + (density + before) / 2 * (grid[k] - grid[k - 1]);
    before = density;
  }
  for (double& value : distribution) value /= distribution.back();
  return distribution;
}

BetaPosterior PosteriorOf(const v1::ThompsonSampling& sampling, const v1::VariantResponses* responses) {
  BetaPosterior posterior{sampling.has_prior_successes() ? sampling.prior_successes() : 1,
                          sampling.has_prior_failures() ? sampling.prior_failures() : 1};
  if (responses == nullptr) return posterior;
  posterior.alpha += static_cast<double>(responses->success_count());
  posterior.beta += static_cast<double>(std::max<int64_t>(0, responses->exposure_count() - responses->success_count()));
  return posterior;
}

}  // namespace

std::vector<double> ProbabilitiesOfBeingBest(absl::Span<const BetaPosterior> arms) {
  const std::vector<double> grid = GridOf(arms);
  std::vector<std::vector<double>> distributions;
  for (const BetaPosterior& arm : arms) distributions.push_back(DistributionOf(arm, grid));
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

std::vector<double> VariantProbabilities(const v1::Experiment& experiment,
                                         const google::protobuf::RepeatedPtrField<v1::VariantResponses>& responses) {
  std::vector<BetaPosterior> arms;
  for (const v1::Variant& variant : experiment.variants()) {
    const auto of_variant = std::find_if(responses.begin(), responses.end(), [&](const v1::VariantResponses& one) {
      return one.experiment_id() == experiment.experiment_id() && one.variant_id() == variant.variant_id();
    });
    arms.push_back(PosteriorOf(experiment.thompson_sampling(), of_variant == responses.end() ? nullptr : &*of_variant));
  }
  const double floor = static_cast<double>(ExplorationFloorBps(experiment.thompson_sampling())) / kBucketCount;
  std::vector<double> probabilities = ProbabilitiesOfBeingBest(arms);
  for (double& probability : probabilities) {
    probability = floor + (1 - static_cast<double>(arms.size()) * floor) * probability;
  }
  return probabilities;
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
