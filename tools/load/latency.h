#pragma once

#include <vector>

#include "absl/time/time.h"

namespace campaign::load {

// The smallest of `values` that at least `percent` (in (0, 100]) of them do not exceed (nearest rank). Zero of none.
absl::Duration Percentile(std::vector<absl::Duration> values, double percent);

}  // namespace campaign::load
