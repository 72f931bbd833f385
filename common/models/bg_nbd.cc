#include "common/models/bg_nbd.h"

#include <algorithm>
#include <cmath>

namespace campaign::models {
namespace {

constexpr double kPrecision = 1e-14;
// Reached for horizons of more than a thousand times the age alone, where what is left out no longer shows.
constexpr int kMaxTerms = 100'000;

// ln of how much likelier it is that they left right after the last purchase than that they are still a customer.
double LogOddsOfLeft(const BgNbdParameters& p, const PurchaseHistory& h) {
  return std::log(p.a / (p.b + h.repeats - 1)) +
         (p.r + h.repeats) * std::log((p.alpha + h.age) / (p.alpha + h.recency));
}

// (1 - exp(-epsilon l)) / epsilon, also at 0.
double GrowthBy(double l, double epsilon) {
  return std::abs(epsilon * l) < 1e-12 ? l : -std::expm1(-epsilon * l) / epsilon;
}

// Sum over n >= 1 of (d)_n (a)_{n-1} / ((c1)_{n-1} n!) z^n for 0 <= z < 1, c1 > 0, a > 0.
double ReducedHypergeometric(double d, double a, double c1, double z) {
  double term = d * z;
  double sum = term;
  for (int n = 1; n < kMaxTerms && term != 0; ++n) {
    term *= (d + n) * (a + n - 1) / ((c1 + n - 1) * (n + 1)) * z;
    sum += term;
    // What follows is at most a geometric series once terms shrink.
    if (std::abs(term) * z <= kPrecision * (1 - z) * std::abs(sum)) break;
  }
  return sum;
}

}  // namespace

double ProbabilityAlive(const BgNbdParameters& p, const PurchaseHistory& h) {
  return h.repeats == 0 ? 1 : 1 / (1 + std::exp(LogOddsOfLeft(p, h)));
}

// Equation 10 has (c / (a - 1)) (1 - (1 - z)^(r + x) F(r + x, b + x; c; z)) with c = a + b + x - 1 and
// z = t / (alpha + T + t), which is 0/0 at a = 1 and at c = 0, and of which F overflows for regular buyers. By the
// transformations of Pfaff and Euler (Abramowitz, Stegun 15.3.3-5), (1 - z)^(r + x) F(r + x, b + x; c; z) is
// (1 - z)^(a - 1) F(c - r - x, a - 1; c; z). Of that F, 1 + (a - 1) / c times the series below, both divisors cancel.
double ExpectedPurchases(const BgNbdParameters& p, const PurchaseHistory& h, double horizon) {
  if (!(horizon > 0)) return 0;
  const double log_growth = std::log1p(horizon / (p.alpha + h.age));
  const double z = horizon / (p.alpha + h.age + horizon);
  const double c = p.a + p.b + h.repeats - 1;
  const double series = ReducedHypergeometric(c - p.r - h.repeats, p.a, c + 1, z);
  const double while_alive = c * GrowthBy(log_growth, p.a - 1) - std::exp((1 - p.a) * log_growth) * series;
  return std::max(0.0, while_alive) * ProbabilityAlive(p, h);
}

}  // namespace campaign::models
