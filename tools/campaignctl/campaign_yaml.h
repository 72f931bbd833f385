#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "campaign/v1/campaigns.pb.h"
#include "campaign/v1/rule.pb.h"
#include "tools/campaignctl/source_lines.h"

namespace campaign::ctl {

// A mistake in a file.
struct LoadError {
  // From 1.
  int line;
  // As the server would name it; empty where the file is no YAML.
  std::string path;
  std::string text;
};

// "FILE:LINE: path: text".
std::string FormatLoadError(absl::string_view file, const LoadError& error);

struct LoadedCampaign {
  v1::Campaign campaign;
  SourceLines lines;
  // In the file's order, at most 20. With any, `campaign` is incomplete.
  std::vector<LoadError> errors;
};

// Reads a campaign from YAML text: the fields of v1.Campaign by their proto names. Besides the plain form,
//
//   enums       lower case without prefix (email), or the full name (CHANNEL_EMAIL)
//   durations   72h, 30d, 15m, 45s, 1d12h
//   facts       a map of names to values
//   rules       a comparison as text (rule_text.h), a list (all of them), {all: [...]}, {any: [...]}, {not: ...}
//   route steps the step's name alone, or {step, when}
//   lists       a single value instead of a list of one
//
// Anchors, aliases and merge keys (<<) work; keys of the top level that start with "x-" are left out, so that anchors
// have a place. Values are checked for their type only: bounds are the server's to check.
LoadedCampaign LoadCampaign(absl::string_view yaml);

// Reads a rule as it may stand in a campaign file. INVALID_ARGUMENT: what is wrong with it.
absl::StatusOr<v1::Rule> LoadRule(absl::string_view yaml);

}  // namespace campaign::ctl
