#pragma once

#include "absl/time/time.h"
#include "campaign/v1/profile.pb.h"
#include "services/retrieval/history.pb.h"

namespace campaign::retrieval {

// Fills every feature of `profile` as of `as_of` from the history; profile.customer must be set already and the
// features unset. Windows are computed here, from times, so that a profile moves with the clock without a write.
// "30d" holds what is less than 30 days old; what is ahead of as_of (at most a day, see CheckEvent) counts as just now.
void DeriveFeatures(const History& history, absl::Time as_of, v1::Profile& profile);

// The same as a value, for a customer and their history.
v1::Profile DeriveProfile(const v1::Customer& customer, const History& history, absl::Time as_of);

}  // namespace campaign::retrieval
