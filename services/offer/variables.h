#pragma once

#include "absl/strings/string_view.h"
#include "campaign/v1/offers.pb.h"
#include "google/protobuf/repeated_field.h"

namespace campaign::offer {

using Variables = google::protobuf::RepeatedPtrField<v1::Fact>;

// Adds `over` to `variables`; a name that is there already takes the new value.
void OverlayVariables(const Variables& over, Variables& variables);

// price, discounted_price (major units, two decimals), discount_percent and currency of an action with a price; empty
// for one without.
Variables PriceVariables(const v1::Action& action, absl::string_view currency_code);

}  // namespace campaign::offer
