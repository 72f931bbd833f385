#pragma once

#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace campaign::models {

// A function to minimize: returns its value at `at` and writes its derivatives into `gradient`, which is as long.
using Objective = absl::FunctionRef<double(absl::Span<const double> at, absl::Span<double> gradient)>;

struct Minimum {
  std::vector<double> at;
  double value = 0;
  // The argument that shrank to the lower bound, so that there is no minimum; -1 where none did. One that grew to the
  // upper bound did so where the objective no longer changes.
  int vanishing = -1;
};

// Where `objective` of positive arguments is least, searched over their logarithms between 1e-5 and 1e5 from `start`
// with NLopt's L-BFGS (Nocedal 1980), and where that stalls Subplex (Rowan 1990). INTERNAL: NLopt gave up; its reason.
absl::StatusOr<Minimum> MinimizePositive(Objective objective, const std::vector<double>& start);

}  // namespace campaign::models
