#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "campaign/v1/compliance.pb.h"

namespace campaign::compliance {

// The red flag that ships under `name` ("vip"): code, text, rule and words, as a campaign would write it itself.
// nullopt: there is none.
absl::optional<v1::RedFlag> StandardRedFlag(absl::string_view name);

// "vip", "high_value", ...
std::vector<std::string> StandardRedFlagNames();

}  // namespace campaign::compliance
