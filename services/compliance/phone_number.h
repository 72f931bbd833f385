#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace campaign::compliance {

// `number` as E.164 ("+491512345678"), by libphonenumber: spaces, punctuation, letters and what is dialled only within
// the country are taken out. `country` (ISO 3166-1 alpha-2) is where a number without a country code is dialled from;
// empty: such a number is refused. nullopt: it is no number that could be called.
absl::optional<std::string> ToE164(absl::string_view number, absl::string_view country = "");

// The country (ISO 3166-1 alpha-2) that a number in E.164 belongs to. Empty: not known, or none, as of a satellite
// telephone.
std::string CountryOfPhone(absl::string_view e164);

}  // namespace campaign::compliance
