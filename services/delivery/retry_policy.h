#pragma once

#include "absl/time/time.h"

namespace campaign::delivery {

// How often, and after how long, a message that was refused for now is tried again.
struct RetryPolicy {
  int max_attempts = 8;
  // Longest delay after the first attempt; it doubles with each further one.
  absl::Duration base = absl::Seconds(30);
  absl::Duration cap = absl::Hours(1);
};

// The delay after attempt number `attempt` (from 1): what the provider asks for, at most a day, and on top of it full
// jitter, uniform × min(cap, base × 2^(attempt - 1)), so that those who were all asked to come back at one time do not.
// `uniform` is random in [0, 1). Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
absl::Duration RetryDelay(const RetryPolicy& policy, int attempt, absl::Duration provider_minimum, double uniform);

}  // namespace campaign::delivery
