#pragma once

#include <vector>

#include "absl/types/span.h"

namespace campaign::models {

// How good foretold probabilities were. `outcomes` are as many as `probabilities`.

// Mean squared difference of probability and outcome (Brier 1950): 0 is best; what always says the base rate p has
// p (1 - p).
double BrierScore(absl::Span<const double> probabilities, const std::vector<bool>& outcomes);

// Probability that one who did was held likelier than one who did not, ties half (area under the ROC curve; Hanley,
// McNeil 1982): 1 is best, 0.5 is guessing, also where all outcomes are the same.
double AreaUnderCurve(absl::Span<const double> probabilities, const std::vector<bool>& outcomes);

}  // namespace campaign::models
