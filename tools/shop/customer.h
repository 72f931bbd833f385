#pragma once

#include <vector>

#include "campaign/v1/compliance.pb.h"
#include "campaign/v1/profile.pb.h"
#include "tools/shop/traits.h"

namespace campaign::shop {

// Name, addresses, tags, attributes. Every e-mail address is at example.com (RFC 2606), every number fictional.
v1::Customer MakeCustomer(const Traits& traits, Random& random);

// What the customer agreed to, and what they took back later.
std::vector<v1::Consent> MakeConsents(const v1::Customer& customer, const Traits& traits, Random& random);

// For about one customer in 150: why nobody may contact them.
std::vector<v1::Suppression> MakeSuppressions(const v1::Customer& customer, Random& random);

v1::Consent MakeConsent(absl::string_view customer_id, v1::Channel channel, bool granted, absl::Time time,
                        absl::string_view source);

}  // namespace campaign::shop
