#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace campaign::analytics {

// Several names as one: a record then holds one number for all its reason codes, or all its assignments, of which there
// are few different sets. Sorted, each once, so that equal sets are equal texts.
std::string JoinNames(std::vector<std::string> names);

// The names again.
std::vector<std::string> SplitNames(absl::string_view joined);

}  // namespace campaign::analytics
