#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "campaign/v1/rule.pb.h"

namespace campaign::ctl {

// One comparison as people write it:
//
//   activity_change <= -0.5      also < > >= == !=; only == and != compare texts
//   country == "DE"              or 'DE', or the bare word
//   tags in [vip, gold]
//   exists days_since_last_purchase
//   last_announcement_ignored    the feature is true
//   not last_announcement_ignored    the feature is false; before any other comparison: it does not hold
//
// Whether the feature exists and has the value's type is for the server to say. INVALID_ARGUMENT: what is wrong, in
// words, without a field path.
absl::StatusOr<v1::Rule> ParseRuleText(absl::string_view text);

}  // namespace campaign::ctl
