#pragma once

#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tools/campaignctl/words.h"

namespace campaign::ctl {

// A flag that a command takes. Dashes and underscores in names are the same.
struct FlagSpec {
  enum Kind { kSwitch, kValue, kOptionalValue };
  std::string name;  // With underscores.
  Kind kind;
  std::string placeholder;  // "FILE"; empty for switches.
  std::string help;
};

// A command line, taken apart.
struct Arguments {
  std::vector<std::string> positional;
  // By name; switches and optional values left out have an empty value.
  absl::btree_map<std::string, std::string> flags;

  bool Has(absl::string_view flag) const { return flags.contains(flag); }
  std::string Text(absl::string_view flag, absl::string_view otherwise = "") const;
  // A whole number of at least `least`. A usage error names the flag.
  absl::StatusOr<int64_t> Number(absl::string_view flag, int64_t otherwise, int64_t least = 0) const;
  // "30s", "5m". A usage error names the flag.
  absl::StatusOr<absl::Duration> Duration(absl::string_view flag, absl::Duration otherwise) const;
};

// A mistake in the command line itself: the tool ends with exit code 2 and a hint.
absl::Status UsageError(absl::string_view text);
bool IsUsageError(const absl::Status& status);

// Takes apart the words of a command line. `--flag value`, `--flag=value`; an optional value follows as its own word
// only if that word starts with no dash. "--" ends the flags; "-" is a word. Usage error: unknown flag (naming the
// nearest), value missing, flag twice.
absl::StatusOr<Arguments> ParseArguments(const std::vector<std::string>& words, const std::vector<FlagSpec>& specs);

// The value of an enum flag, or the enum's zero where it is not set. A usage error lists the names.
template <class Enum>
absl::StatusOr<Enum> EnumFlag(const Arguments& arguments, absl::string_view flag) {
  if (!arguments.Has(flag)) return static_cast<Enum>(0);
  absl::StatusOr<Enum> value = ParseEnum<Enum>(arguments.Text(flag));
  if (!value.ok()) return UsageError(absl::StrCat("--", flag, ": ", value.status().message()));
  return value;
}

}  // namespace campaign::ctl
