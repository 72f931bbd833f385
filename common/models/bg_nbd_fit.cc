#include "common/models/bg_nbd_fit.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/models/minimize.h"
#include "common/status.h"

namespace campaign::models {
namespace {

constexpr int64_t kLeastRepeaters = 30;

// What of a history's likelihood depends on x alone: sums over i < x instead of differences of gamma functions, which
// cost more and cancel. The derivatives are by the parameter named.
struct OfRepeats {
  double log = 0;  // ln of Gamma(r+x)/Gamma(r) * Gamma(b+x)/Gamma(b) * Gamma(a+b)/Gamma(a+b+x).
  double by_r = 0;
  double by_a = 0;
  double by_b = 0;
};

std::vector<OfRepeats> Tabulate(const BgNbdParameters& p, int32_t most_repeats) {
  std::vector<OfRepeats> table(most_repeats + 1);
  for (int32_t i = 0; i < most_repeats; ++i) {
    const OfRepeats& here = table[i];
    const double both = p.a + p.b + i;
    table[i + 1] = {here.log + std::log((p.r + i) * (p.b + i) / both), here.by_r + 1 / (p.r + i), here.by_a - 1 / both,
                    here.by_b + 1 / (p.b + i) - 1 / both};
  }
  return table;
}

int32_t MostRepeats(absl::Span<const PurchaseHistory> histories) {
  int32_t most = 0;
  for (const PurchaseHistory& history : histories) most = std::max(most, history.repeats);
  return most;
}

// The sum of all histories' log likelihood; adds up its derivatives by r, alpha, a, b.
double AddUp(const BgNbdParameters& p, absl::Span<const PurchaseHistory> histories, int32_t most_repeats,
             double (&gradient)[4]) {
  const std::vector<OfRepeats> table = Tabulate(p, most_repeats);
  const double log_alpha = std::log(p.alpha);
  double sum = 0;
  for (const PurchaseHistory& h : histories) {
    const OfRepeats& of_repeats = table[h.repeats];
    const double shape = p.r + h.repeats;
    const double log_end = std::log(p.alpha + h.age);
    double log_last = 0, left = 0;  // `left`: probability of having left, where there is a repeat to leave after.
    sum += of_repeats.log + p.r * log_alpha - shape * log_end;
    if (h.repeats > 0) {
      log_last = std::log(p.alpha + h.recency);
      const double log_odds = std::log(p.a / (p.b + h.repeats - 1)) + shape * (log_end - log_last);
      sum += std::max(log_odds, 0.0) + std::log1p(std::exp(-std::abs(log_odds)));
      left = 1 / (1 + std::exp(-log_odds));
      gradient[2] += left / p.a;
      gradient[3] -= left / (p.b + h.repeats - 1);
    }
    gradient[0] += of_repeats.by_r + log_alpha - (1 - left) * log_end - left * log_last;
    gradient[1] += p.r / p.alpha - shape * ((1 - left) / (p.alpha + h.age) + left / (p.alpha + h.recency));
    gradient[2] += of_repeats.by_a;
    gradient[3] += of_repeats.by_b;
  }
  return sum;
}

absl::Status Check(absl::Span<const PurchaseHistory> histories) {
  for (size_t i = 0; i < histories.size(); ++i) {
    const PurchaseHistory& h = histories[i];
    const std::string path = absl::StrCat("histories[", i, "]");
    if (h.repeats < 0) return InvalidField(path + ".repeats", h.repeats, "is below 0");
    if (!(h.age >= 0 && std::isfinite(h.age))) return InvalidField(path + ".age", h.age, "is not a time from 0 on");
    if (!(h.recency >= 0 && h.recency <= h.age)) {
      return InvalidField(path + ".recency", h.recency, absl::StrCat("is not between 0 and the age, ", h.age));
    }
  }
  return absl::OkStatus();
}

// Why there are no best parameters, by the one that vanishes. Those that grow without end are no mistake: customers
// then hardly differ in how often they order (r and alpha), or in how likely they leave (a and b).
absl::Status NoBest(const Minimum& minimum) {
  constexpr const char* kWhy[] = {"hardly anybody orders again", "orders come again at once, or never",
                                  "nobody seems to leave, or they were watched for too short a time",
                                  "everybody leaves after the second order"};
  return absl::FailedPreconditionError(
      absl::StrCat("there is no BG/NBD model of these customers: ", kWhy[minimum.vanishing]));
}

}  // namespace

double LogLikelihood(const BgNbdParameters& parameters, absl::Span<const PurchaseHistory> histories) {
  double gradient[4] = {};
  return AddUp(parameters, histories, MostRepeats(histories), gradient);
}

absl::StatusOr<BgNbdFit> FitBgNbd(absl::Span<const PurchaseHistory> histories) {
  RETURN_IF_ERROR(Check(histories));
  BgNbdFit fit{.customers = static_cast<int64_t>(histories.size())};
  double ages = 0;
  for (const PurchaseHistory& history : histories) {
    fit.repeaters += history.repeats > 0 ? 1 : 0;
    ages += history.age;
  }
  if (fit.repeaters < kLeastRepeaters) {
    return absl::FailedPreconditionError(absl::StrCat(
        fit.repeaters, " of ", fit.customers, " customers ordered again; at least ", kLeastRepeaters, " are needed"));
  }
  const int32_t most_repeats = MostRepeats(histories);
  const double count = static_cast<double>(histories.size());
  const auto objective = [&](absl::Span<const double> at, absl::Span<double> gradient) {
    double sums[4] = {};
    const double sum = AddUp({at[0], at[1], at[2], at[3]}, histories, most_repeats, sums);
    for (int i = 0; i < 4; ++i) gradient[i] = -sums[i] / count;
    return -sum / count;
  };
  ASSIGN_OR_RETURN(const Minimum minimum, MinimizePositive(objective, {1, std::max(ages / count, 1e-3), 1, 2}));
  if (minimum.vanishing >= 0) return NoBest(minimum);
  fit.parameters = {minimum.at[0], minimum.at[1], minimum.at[2], minimum.at[3]};
  fit.log_likelihood = -minimum.value * count;
  return fit;
}

}  // namespace campaign::models
