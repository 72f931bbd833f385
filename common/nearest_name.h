#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace campaign {

// The candidate with the least edit distance to `name`, or empty where none is near enough to be what was meant.
std::string NearestName(absl::string_view name, const std::vector<std::string>& candidates);

}  // namespace campaign
