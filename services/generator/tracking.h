#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace campaign::generator {

// Puts `parameters` ("a=1&b=2", percent-encoded) into the query of the address that starts at `start` in `output` and
// ends there, before a fragment. Those whose name the query has already are left out.
void AddTracking(absl::string_view parameters, bool html, size_t start, std::string& output);

}  // namespace campaign::generator
