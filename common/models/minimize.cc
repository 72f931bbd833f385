#include "common/models/minimize.h"

#include <nlopt.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "absl/strings/str_cat.h"

namespace campaign::models {
namespace {

const double kLogBound = std::log(1e5);
constexpr double kAtBound = 0.5;
constexpr int kMaxEvaluations = 2000;
// Of the logarithms: six decimals of a parameter.
constexpr double kTolerance = 1e-9;
// Of the objective: what ends a search along a ridge that leads to the bound.
constexpr double kFlat = 1e-14;

struct Search {
  Objective objective;
  std::vector<double> at;  // Kept over evaluations, so that none allocates.
};

// The objective over logarithms, as NLopt calls it.
double Evaluate(unsigned count, const double* logs, double* gradient, void* data) {
  Search& search = *static_cast<Search*>(data);
  for (unsigned i = 0; i < count; ++i) search.at[i] = std::exp(logs[i]);
  std::vector<double> unused;
  if (gradient == nullptr) {
    unused.resize(count);
    gradient = unused.data();
  }
  const double value = search.objective(search.at, absl::MakeSpan(gradient, count));
  for (unsigned i = 0; i < count; ++i) gradient[i] *= search.at[i];
  return value;
}

// One search from minimum.at, which it moves to the best point found.
nlopt_result Optimize(nlopt_algorithm algorithm, Search& search, Minimum& minimum) {
  const auto count = static_cast<unsigned>(minimum.at.size());
  const std::unique_ptr<nlopt_opt_s, decltype(&nlopt_destroy)> optimizer(nlopt_create(algorithm, count),
                                                                         &nlopt_destroy);
  nlopt_set_min_objective(optimizer.get(), &Evaluate, &search);
  nlopt_set_lower_bounds1(optimizer.get(), -kLogBound);
  nlopt_set_upper_bounds1(optimizer.get(), kLogBound);
  nlopt_set_xtol_abs1(optimizer.get(), kTolerance);
  nlopt_set_ftol_rel(optimizer.get(), kFlat);
  nlopt_set_maxeval(optimizer.get(), kMaxEvaluations);
  return nlopt_optimize(optimizer.get(), minimum.at.data(), &minimum.value);
}

}  // namespace

absl::StatusOr<Minimum> MinimizePositive(Objective objective, const std::vector<double>& start) {
  Search search{objective, start};
  Minimum minimum;
  for (const double value : start) minimum.at.push_back(std::log(value));
  nlopt_result result = Optimize(NLOPT_LD_LBFGS, search, minimum);
  // L-BFGS fails where a line search makes no progress: on a ridge, or next to the minimum, as rounding has it. Subplex
  // needs no derivatives and goes on from there.
  if (result == NLOPT_FAILURE || result == NLOPT_ROUNDOFF_LIMITED) result = Optimize(NLOPT_LN_SBPLX, search, minimum);
  if (result < 0 && result != NLOPT_ROUNDOFF_LIMITED) {
    return absl::InternalError(absl::StrCat("the search for parameters ended with ", nlopt_result_to_string(result)));
  }
  for (size_t i = 0; i < start.size(); ++i) {
    if (minimum.at[i] < kAtBound - kLogBound) minimum.vanishing = static_cast<int>(i);
    minimum.at[i] = std::exp(minimum.at[i]);
  }
  return minimum;
}

}  // namespace campaign::models
