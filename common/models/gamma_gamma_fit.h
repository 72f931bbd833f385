#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/models/gamma_gamma.h"

namespace campaign::models {

struct GammaGammaFit {
  GammaGammaParameters parameters;
  double log_likelihood = 0;
  int64_t customers = 0;
};

// The parameters that make these histories likeliest (Fader, Hardie 2013, equation 1a), found in log space.
// INVALID_ARGUMENT "histories[3]...": no orders, or a mean amount that is not above 0 and finite. FAILED_PRECONDITION:
// fewer than 30 customers with two orders or more, data that has no best parameters, or q not above 1, which leaves the
// expected amount without a bound.
absl::StatusOr<GammaGammaFit> FitGammaGamma(absl::Span<const SpendHistory> histories);

// The logarithm of the likelihood of all histories under given parameters.
double LogLikelihood(const GammaGammaParameters& parameters, absl::Span<const SpendHistory> histories);

}  // namespace campaign::models
