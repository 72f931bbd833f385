#include "tools/shop/random.h"

#include <algorithm>
#include <cmath>

namespace campaign::shop {
namespace {

// The finalizer of SplitMix64 (Steele, Lea, Flood 2014): neighbouring numbers give unrelated seeds.
uint64_t Mix(uint64_t value) {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

}  // namespace

Random::Random(uint64_t seed, uint64_t customer, uint64_t stream) : engine_(Mix(Mix(Mix(seed) ^ customer) + stream)) {}

double Random::Uniform() { return static_cast<double>(engine_() >> 11) * 0x1.0p-53; }

int Random::Int(int low, int high) { return low + static_cast<int>(Uniform() * (high - low + 1)); }

bool Random::Chance(double probability) { return Uniform() < probability; }

double Random::Normal() {
  const double radius = std::sqrt(-2 * std::log(1 - Uniform()));
  return radius * std::cos(2 * 3.14159265358979323846 * Uniform());
}

double Random::Exponential(double mean) { return -mean * std::log(1 - Uniform()); }

int Random::Poisson(double mean) {
  int count = 0;
  for (double rest = mean; rest > 0; rest -= 16) {
    const double limit = std::exp(-std::min(rest, 16.0));
    for (double product = Uniform(); product > limit; product *= Uniform()) ++count;
  }
  return count;
}

double Random::Gamma(double shape, double mean) {
  const double d = (shape < 1 ? shape + 1 : shape) - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  const double boost = shape < 1 ? std::pow(1 - Uniform(), 1 / shape) : 1;
  while (true) {
    const double x = Normal();
    const double v = std::pow(1 + c * x, 3);
    if (v <= 0) continue;
    if (std::log(1 - Uniform()) < x * x / 2 + d - d * v + d * std::log(v)) return d * v * boost * mean / shape;
  }
}

int Random::Weighted(absl::Span<const double> weights) {
  double sum = 0;
  for (double weight : weights) sum += weight;
  double left = Uniform() * sum;
  int last = 0;
  for (int i = 0; i < static_cast<int>(weights.size()); ++i) {
    if (weights[i] <= 0) continue;
    last = i;
    left -= weights[i];
    if (left < 0) break;
  }
  return last;
}

}  // namespace campaign::shop
