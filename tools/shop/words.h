#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "tools/shop/random.h"

namespace campaign::shop {

// What customers write, in their language: "en", "de", "fr" or "es"; others get English.

// A ticket about "billing", "shipping", "returns", "privacy" or "technical".
absl::string_view TicketText(absl::string_view language, absl::string_view topic, Random& random);
// A ticket that nobody should answer with advertising: a death, an illness, a threat to sue.
absl::string_view SensitiveTicketText(absl::string_view language, Random& random);
// What is typed into the search box; `product` is a catalogue name.
std::string SearchText(absl::string_view language, absl::string_view product, Random& random);
absl::string_view ChatText(absl::string_view language, Random& random);

}  // namespace campaign::shop
