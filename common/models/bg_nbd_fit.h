#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/models/bg_nbd.h"

namespace campaign::models {

struct BgNbdFit {
  BgNbdParameters parameters;
  double log_likelihood = 0;
  int64_t customers = 0;
  // Of these, with a repeat purchase.
  int64_t repeaters = 0;
};

// The parameters that make these histories likeliest (Fader, Hardie, Lee 2005, equation 6), found in log space. About
// 4 us a history. INVALID_ARGUMENT "histories[3]...": a count or time below 0, a recency above the age, one not finite.
// FAILED_PRECONDITION: fewer than 30 customers with repeats, or data that has no best parameters, and why.
absl::StatusOr<BgNbdFit> FitBgNbd(absl::Span<const PurchaseHistory> histories);

// The logarithm of the likelihood of all histories under given parameters.
double LogLikelihood(const BgNbdParameters& parameters, absl::Span<const PurchaseHistory> histories);

}  // namespace campaign::models
