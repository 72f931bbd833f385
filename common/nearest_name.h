#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace campaign {

// How many bytes must be put in, taken out or replaced to make one of the other (Levenshtein's distance).
size_t EditDistance(absl::string_view a, absl::string_view b);

// The candidate with the least edit distance to `name`, or empty where none is near enough to be what was meant.
std::string NearestName(absl::string_view name, const std::vector<std::string>& candidates);

}  // namespace campaign
