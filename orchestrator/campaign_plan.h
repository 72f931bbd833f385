#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "campaign/v1/campaigns.pb.h"
#include "common/rules/rule.h"

namespace campaign::orchestrator {

// A campaign version, checked and compiled: what a run is pinned to. Immutable.
struct CampaignPlan {
  v1::Campaign campaign;
  std::string version;
  rules::CompiledRule audience;
  // By position in the route; nullopt where the step is for everyone.
  std::vector<absl::optional<rules::CompiledRule>> conditions;
  // By position in segmentation.strategy_rules.
  std::vector<rules::CompiledRule> strategy_rules;
};

// Checks a campaign whole (limits, names, rules, route, references between its parts) and compiles what the
// orchestrator itself evaluates. Goal defaults are filled in first. INVALID_ARGUMENT "campaign.<field path>: <value>
// <bound>".
absl::StatusOr<std::shared_ptr<const CampaignPlan>> MakePlan(const v1::Campaign& campaign);

// The same for a campaign that was checked when it was stored: a later release may be stricter, and must still be able
// to finish what was begun.
absl::StatusOr<std::shared_ptr<const CampaignPlan>> CompilePlan(const v1::Campaign& campaign);

// SHA-256 of the deterministic serialization, hexadecimal.
std::string ContentHash(const google::protobuf::Message& message);

}  // namespace campaign::orchestrator
