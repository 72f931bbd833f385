#include "services/delivery/retry_policy.h"

#include <algorithm>
#include <cmath>

namespace campaign::delivery {

absl::Duration RetryDelay(const RetryPolicy& policy, int attempt, absl::Duration provider_minimum, double uniform) {
  const absl::Duration longest = std::min(policy.cap, policy.base * std::exp2(std::max(attempt, 1) - 1));
  return std::max(longest * uniform, provider_minimum);
}

}  // namespace campaign::delivery
