#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "campaign/v1/compliance.pb.h"
#include "services/compliance/content.h"
#include "services/compliance/content_rules.h"
#include "services/compliance/forbidden_claims.h"
#include "services/compliance/frequency_cap.h"
#include "services/compliance/jurisdictions.h"
#include "services/compliance/phrase_finder.h"
#include "services/compliance/quiet_hours.h"
#include "services/compliance/red_flags.h"
#include "services/compliance/vip_override.h"
#include "services/compliance/zone_database.h"

namespace campaign::compliance {

// A ComplianceConfig, checked and compiled; once for each config_version. Immutable, so thread-safe.
struct CompiledCompliance {
  std::vector<CompiledCap> caps;
  // The longest of the caps' windows.
  absl::Duration longest_window;
  absl::optional<CompiledQuietHours> quiet_hours;
  // Words of the red flags and, after these, of the forbidden claims, by their numbers.
  PhraseFinder phrases;
  CompiledRedFlags red_flags;
  CompiledOverrides overrides;
  CompiledRequiredTexts required_texts;
  absl::optional<CompiledContentRules> content;
  CompiledForbiddenClaims forbidden_claims;
  // What consents are asked for; empty: any.
  std::string purpose;

  // INVALID_ARGUMENT with the path of the offending field under `field_path` ("config"), such as
  // "config.quiet_hours.start: ...".
  static absl::StatusOr<CompiledCompliance> Compile(const v1::ComplianceConfig& config, absl::string_view field_path,
                                                    const ZoneDatabase& zones, const Jurisdictions& jurisdictions);
};

}  // namespace campaign::compliance
