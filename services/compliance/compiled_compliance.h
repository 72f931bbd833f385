#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "campaign/v1/compliance.pb.h"
#include "services/compliance/content.h"
#include "services/compliance/frequency_cap.h"
#include "services/compliance/quiet_hours.h"
#include "services/compliance/red_flags.h"

namespace campaign::compliance {

// A ComplianceConfig, checked and compiled; once for each config_version. Immutable, so thread-safe.
struct CompiledCompliance {
  std::vector<CompiledCap> caps;
  // The longest of the caps' windows.
  absl::Duration longest_window;
  absl::optional<CompiledQuietHours> quiet_hours;
  CompiledRedFlags red_flags;
  CompiledRequiredTexts required_texts;

  // INVALID_ARGUMENT with the path of the offending field under `field_path` ("config"), such as
  // "config.quiet_hours.start: ...".
  static absl::StatusOr<CompiledCompliance> Compile(const v1::ComplianceConfig& config, absl::string_view field_path);
};

}  // namespace campaign::compliance
