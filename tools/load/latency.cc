#include "tools/load/latency.h"

#include <algorithm>
#include <cmath>

namespace campaign::load {

absl::Duration Percentile(std::vector<absl::Duration> values, double percent) {
  if (values.empty()) return absl::ZeroDuration();
  const auto rank = static_cast<int64_t>(std::ceil(percent / 100 * static_cast<double>(values.size())));
  const auto nth = values.begin() + std::clamp<int64_t>(rank - 1, 0, static_cast<int64_t>(values.size()) - 1);
  std::nth_element(values.begin(), nth, values.end());
  return *nth;
}

}  // namespace campaign::load
