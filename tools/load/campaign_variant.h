#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "campaign/v1/campaigns.pb.h"

namespace campaign::load {

// The campaign of a file, changed so that nearly every customer goes the whole way to delivery: everybody is in the
// audience, nobody is held out, no quiet hours, budgets that do not run out. Rules, actions, experiments, templates,
// caps, cooldowns and red flags stay as they are, so each is evaluated. Named "bench-" and the file's campaign.
// NOT_FOUND: no such file. INVALID_ARGUMENT: the first mistake in it, with its line.
absl::StatusOr<v1::Campaign> LoadCampaignVariant(const std::string& file);

// The same in words, for who reads the numbers.
extern const char kVariantText[];

}  // namespace campaign::load
