#pragma once

#include <cstdint>
#include <random>

#include "absl/types/span.h"

namespace campaign::shop {

// Random numbers that are the same on every machine: std::mt19937_64's output is fixed by the standard, the
// distributions of <random> are not, so the few that the shop needs are here. Not thread-safe; one for each customer.
class Random {
 public:
  // A stream of its own for each (seed, customer, stream): what one draws never shifts what another draws.
  Random(uint64_t seed, uint64_t customer, uint64_t stream);

  // In [0, 1).
  double Uniform();
  // In [low, high], both included.
  int Int(int low, int high);
  bool Chance(double probability);
  // Mean 0, standard deviation 1 (Box and Muller 1958).
  double Normal();
  double Exponential(double mean);
  // Number of events where `mean` are expected (Knuth 1969, in pieces of at most 16 so that exp() does not underflow).
  int Poisson(double mean);
  // Marsaglia and Tsang 2000; a shape below 1 by their boost. A Poisson with a Gamma rate is negative binomial.
  double Gamma(double shape, double mean);
  // An index of `weights`, which are not negative and not all 0.
  int Weighted(absl::Span<const double> weights);

  template <class Container>
  const auto& Of(const Container& container) {
    return container[Int(0, static_cast<int>(std::size(container)) - 1)];
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace campaign::shop
