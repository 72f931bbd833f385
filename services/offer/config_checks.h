#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "campaign/v1/offers.pb.h"

namespace campaign::offer {

// What the bounds of the protocol cannot say about a configuration. Each answers INVALID_ARGUMENT for the first field
// that cannot be, as "config.<path>: <value> <bound>".

// Actions, channels, currency and experiments as a whole; not what CheckAction checks.
absl::Status CheckOffers(const v1::OfferConfig& config);

// One action at `path`: its kind, and amounts that go together.
absl::Status CheckAction(const v1::Action& action, const std::string& path);

// UTC where the configuration names none.
absl::StatusOr<absl::TimeZone> TimeZoneOf(const v1::OfferConfig& config);

// Zero where the action has none; at most ten years.
absl::StatusOr<absl::Duration> CooldownOf(const v1::Action& action, const std::string& path);

// A decision carries a bounded number of variables: `own_count` of the action's, and those of a variant of each
// experiment.
absl::Status CheckVariableCount(int own_count, const std::vector<const v1::Experiment*>& experiments,
                                const std::string& path);

// Whether the experiment is about the action.
bool IsAbout(const v1::Experiment& experiment, const v1::Action& action);

}  // namespace campaign::offer
