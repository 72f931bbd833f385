#pragma once

#include <string>
#include <vector>

#include "absl/flags/declare.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

// What a process was asked to do instead of serving.
ABSL_DECLARE_FLAG(bool, check_config);
ABSL_DECLARE_FLAG(bool, health_check);
ABSL_DECLARE_FLAG(bool, help);

namespace campaign {

// The settings of a process are its flags. They come from the file that --config names, a YAML map from the flags'
// names to their values, and from the command line, which counts where both say something.
//
// INVALID_ARGUMENT, with the place "FILE:LINE: KEY" or "--FLAG": an unknown name (and the nearest known one), a value
// that the flag refuses (and its bound), a key that comes twice, a file that is no map or cannot be read.
absl::Status ReadSettings(int argc, const char* const* argv);

// INVALID_ARGUMENT: one of these settings is empty.
absl::Status RequireSettings(const std::vector<std::string>& names);

// "name=value name=value", sorted by name; for the log.
std::string DescribeSettings();

// A line for each flag: what it means and its default.
std::string DescribeFlags();

}  // namespace campaign
