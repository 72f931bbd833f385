#include "services/delivery/retry_policy.h"

#include <algorithm>
#include <cmath>

namespace campaign::delivery {
namespace {

// A provider that asks for more is not believed.
constexpr absl::Duration kLongestMinimum = absl::Hours(24);

}  // namespace

absl::Duration RetryDelay(const RetryPolicy& policy, int attempt, absl::Duration provider_minimum, double uniform) {
  const absl::Duration longest = std::min(policy.cap, policy.base * std::exp2(std::max(attempt, 1) - 1));
  return longest * uniform + std::clamp(provider_minimum, absl::ZeroDuration(), kLongestMinimum);
}

}  // namespace campaign::delivery
