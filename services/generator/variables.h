#pragma once

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "campaign/v1/generator.pb.h"
#include "services/generator/template_program.h"

namespace campaign::generator {

// A variable of a template, and what the campaign itself says about it.
struct Variable {
  std::string name;
  // The campaign's value; empty: none.
  std::string constant;
  // The campaign's substitute; empty: none.
  std::string fallback;
  // What it is of the customer or the segment; null where the name is not one of theirs.
  absl::string_view (*attribute)(const v1::GenerateItem& item) = nullptr;
  absl::string_view (*segment_attribute)(const v1::GenerateItem& item) = nullptr;

  // The first that is not empty of: the decision's variables, the insights' facts, segment, decision and profile, the
  // campaign's value, its fallback. Points into `item` and this.
  Value ValueFor(const v1::GenerateItem& item) const;
};

// The variables and fallbacks of a campaign, by name. The campaign's variables come before its brand's; {{campaign}} is
// its name.
class VariableDefaults {
 public:
  // INVALID_ARGUMENT "config.variables[2].name: ...": named twice.
  static absl::StatusOr<VariableDefaults> Compile(const v1::GenerationConfig& config, absl::string_view campaign);

  Variable Resolve(std::string name) const;

  // The campaign's or brand's value; empty: none.
  std::string ConstantOf(absl::string_view name) const;

 private:
  absl::flat_hash_map<std::string, std::string> constants_;
  absl::flat_hash_map<std::string, std::string> fallbacks_;
};

}  // namespace campaign::generator
