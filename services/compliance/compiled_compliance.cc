#include "services/compliance/compiled_compliance.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace campaign::compliance {

absl::StatusOr<CompiledCompliance> CompiledCompliance::Compile(const v1::ComplianceConfig& config,
                                                               absl::string_view field_path, const ZoneDatabase& zones,
                                                               const Jurisdictions& jurisdictions) {
  CompiledCompliance compiled;
  compiled.purpose = config.purpose();
  for (int i = 0; i < config.frequency_caps_size(); ++i) {
    ASSIGN_OR_RETURN(
        CompiledCap cap,
        CompiledCap::Compile(config.frequency_caps(i), absl::StrCat(field_path, ".frequency_caps[", i, "]"), zones));
    compiled.longest_window = std::max(compiled.longest_window, cap.window);
    compiled.caps.push_back(std::move(cap));
  }
  if (config.has_quiet_hours()) {
    ASSIGN_OR_RETURN(compiled.quiet_hours,
                     CompiledQuietHours::Compile(config.quiet_hours(), absl::StrCat(field_path, ".quiet_hours")));
  }
  ASSIGN_OR_RETURN(compiled.red_flags, CompiledRedFlags::Compile(config, field_path, compiled.phrases));
  const auto is_red_flag = [&](absl::string_view code) { return compiled.red_flags.IsCode(code); };
  ASSIGN_OR_RETURN(compiled.overrides,
                   CompiledOverrides::Compile(config.overrides(), absl::StrCat(field_path, ".overrides"), is_red_flag));
  ASSIGN_OR_RETURN(compiled.required_texts, CompiledRequiredTexts::Compile(
                                                config.required_texts(), absl::StrCat(field_path, ".required_texts")));
  if (config.has_content()) compiled.content.emplace(config.content());
  ASSIGN_OR_RETURN(compiled.forbidden_claims,
                   CompiledForbiddenClaims::Compile(config.content().forbidden_claims(),
                                                    absl::StrCat(field_path, ".content.forbidden_claims"),
                                                    jurisdictions, compiled.red_flags.size(), compiled.phrases));
  return compiled;
}

}  // namespace campaign::compliance
