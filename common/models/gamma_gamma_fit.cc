#include "common/models/gamma_gamma_fit.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "absl/strings/str_cat.h"
#include "common/models/minimize.h"
#include "common/status.h"
#include "unsupported/Eigen/SpecialFunctions"

namespace campaign::models {
namespace {

constexpr int64_t kLeastRepeaters = 30;

// Customers by their number of orders: what depends on it alone is computed once.
using ByOrders = std::map<int32_t, std::vector<double>>;  // Mean amounts.

double Digamma(double x) { return Eigen::numext::digamma(x); }

// The sum of the log likelihood of all customers with x orders; adds up its derivatives by p, q, v.
double AddUp(const GammaGammaParameters& m, int32_t x, absl::Span<const double> means, double (&gradient)[3]) {
  const auto count = static_cast<double>(means.size());
  const double shape = m.p * x;
  double log_shares = 0, log_rests = 0, by_v = 0, log_means = 0;
  for (const double mean : means) {
    const double all = m.v + x * mean;
    log_shares += std::log(x * mean / all);
    log_rests += std::log(m.v / all);
    log_means += std::log(mean);
    by_v += m.q / m.v - (shape + m.q) / all;
  }
  const double together = Digamma(shape + m.q);
  gradient[0] += x * (count * (together - Digamma(shape)) + log_shares);
  gradient[1] += count * (together - Digamma(m.q)) + log_rests;
  gradient[2] += by_v;
  const double constant = std::lgamma(shape + m.q) - std::lgamma(shape) - std::lgamma(m.q);
  return count * constant - log_means + shape * log_shares + m.q * log_rests;
}

double AddUp(const GammaGammaParameters& m, const ByOrders& by_orders, double (&gradient)[3]) {
  double sum = 0;
  for (const auto& [orders, means] : by_orders) sum += AddUp(m, orders, means, gradient);
  return sum;
}

ByOrders Group(absl::Span<const SpendHistory> histories) {
  ByOrders by_orders;
  for (const SpendHistory& history : histories) by_orders[history.orders].push_back(history.mean_amount);
  return by_orders;
}

absl::Status Check(absl::Span<const SpendHistory> histories) {
  int64_t repeaters = 0;
  for (size_t i = 0; i < histories.size(); ++i) {
    const SpendHistory& h = histories[i];
    const std::string path = absl::StrCat("histories[", i, "]");
    if (h.orders < 1) return InvalidField(path + ".orders", h.orders, "is below 1");
    if (!(h.mean_amount > 0 && std::isfinite(h.mean_amount))) {
      return InvalidField(path + ".mean_amount", h.mean_amount, "is not above 0");
    }
    repeaters += h.orders > 1 ? 1 : 0;
  }
  if (repeaters >= kLeastRepeaters) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(repeaters, " of ", histories.size(),
                                                    " customers have two orders or more; at least ", kLeastRepeaters,
                                                    " are needed to tell customers apart by what they spend"));
}

}  // namespace

double LogLikelihood(const GammaGammaParameters& parameters, absl::Span<const SpendHistory> histories) {
  double gradient[3] = {};
  return AddUp(parameters, Group(histories), gradient);
}

absl::StatusOr<GammaGammaFit> FitGammaGamma(absl::Span<const SpendHistory> histories) {
  RETURN_IF_ERROR(Check(histories));
  const ByOrders by_orders = Group(histories);
  const auto count = static_cast<double>(histories.size());
  double amounts = 0;
  for (const SpendHistory& history : histories) amounts += history.mean_amount;
  // v in units of the mean amount, so that the currency does not matter to the search.
  const double scale = amounts / count;
  const auto objective = [&](absl::Span<const double> at, absl::Span<double> gradient) {
    double sums[3] = {};
    const double sum = AddUp({at[0], at[1], at[2] * scale}, by_orders, sums);
    for (int i = 0; i < 3; ++i) gradient[i] = -sums[i] * (i == 2 ? scale : 1) / count;
    return -sum / count;
  };
  ASSIGN_OR_RETURN(const Minimum minimum, MinimizePositive(objective, {2, 2, 1}));
  if (minimum.vanishing >= 0) {
    return absl::FailedPreconditionError(
        "there is no Gamma-Gamma model of these customers: what they spend differs too much");
  }
  GammaGammaFit fit{{minimum.at[0], minimum.at[1], minimum.at[2] * scale},
                    -minimum.value * count,
                    static_cast<int64_t>(histories.size())};
  if (fit.parameters.q <= 1) {
    return absl::FailedPreconditionError(
        absl::StrCat("q = ", fit.parameters.q,
                     " is not above 1: a few orders are so large that the expected amount has "
                     "no bound; leave them out"));
  }
  return fit;
}

}  // namespace campaign::models
