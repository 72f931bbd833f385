#include "common/models/quality.h"

#include <algorithm>
#include <numeric>

namespace campaign::models {

double BrierScore(absl::Span<const double> probabilities, const std::vector<bool>& outcomes) {
  double sum = 0;
  for (size_t i = 0; i < probabilities.size(); ++i) {
    const double difference = probabilities[i] - (outcomes[i] ? 1 : 0);
    sum += difference * difference;
  }
  return probabilities.empty() ? 0 : sum / static_cast<double>(probabilities.size());
}

double AreaUnderCurve(absl::Span<const double> probabilities, const std::vector<bool>& outcomes) {
  std::vector<size_t> order(probabilities.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return probabilities[a] < probabilities[b]; });
  double did = 0, did_not = 0, ahead = 0;  // Pairs in which one who did was ahead; a group of equals at a time.
  for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    double group_did = 0, group_did_not = 0;
    for (; end < order.size() && probabilities[order[end]] == probabilities[order[begin]]; ++end) {
      (outcomes[order[end]] ? group_did : group_did_not) += 1;
    }
    ahead += group_did * (did_not + group_did_not / 2);
    did += group_did;
    did_not += group_did_not;
  }
  return did == 0 || did_not == 0 ? 0.5 : ahead / (did * did_not);
}

}  // namespace campaign::models
