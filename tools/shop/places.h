#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tools/shop/random.h"

namespace campaign::shop {

// A city's clock.
struct Zone {
  std::string name;
  absl::TimeZone time_zone = {};
};

// Where customers live: what goes together of locale, country, currency, clocks, names and phone numbers.
struct Place {
  // Share of all customers.
  double weight;
  std::string locale;
  std::string country;
  std::string currency_code;
  // What 1.00 USD of the catalogue costs here.
  double price_factor;
  std::vector<Zone> zones;
  std::vector<absl::string_view> first_names;
  std::vector<absl::string_view> last_names;

  // "en" of "en-US".
  absl::string_view language() const { return absl::string_view(locale).substr(0, 2); }
};

const std::vector<Place>& Places();

// A number in E.164 from a range that the country's regulator keeps free for fiction (NANPA 555-01xx, Ofcom
// 07700 900xxx, Bundesnetzagentur 030 23125xxx, Arcep 06 39 98 xx xx, ACMA 0491 570 xxx), so that no demo ever calls
// anybody. Empty where the country has no such range.
std::string FictionalPhone(absl::string_view country, Random& random);

// "Müller" → "mueller": what fits into an e-mail address.
std::string AsciiName(absl::string_view name);

}  // namespace campaign::shop
