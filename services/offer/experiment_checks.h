#pragma once

#include "absl/status/status.h"
#include "campaign/v1/offers.pb.h"

namespace campaign::offer {

// INVALID_ARGUMENT "config.experiments[0].variants: 9999 ...": the first field of an experiment that cannot be.
absl::Status CheckExperiments(const v1::OfferConfig& config);

}  // namespace campaign::offer
