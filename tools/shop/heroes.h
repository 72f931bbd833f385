#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tools/shop/shop.h"

namespace campaign::shop {

// A city whose local time is known.
struct City {
  std::string time_zone;
  std::string country;
};

// Cities where it is between 10:00 and 16:00 at `now`, best known first; never empty. Hours are left until any quiet
// hours begin, so a demo may take its time.
std::vector<City> DaytimeCities(absl::Time now);

// The city where it is nearest to 02:15 at `now`: at least between 22:30 and 06:00.
City NightCity(absl::Time now);

// The hand-made customers, each the example of one outcome; the campaigns in campaigns/ are written for them. All may
// be written to by e-mail and are in USD. What they did keeps its meaning for five days after `now`.
//   hero-churn       Maya: 40 activities in the previous 30 days, 8 in the last; ai_search announced and ignored
//   hero-aov         Jonas: accessories in each of the last four months, nothing else
//   hero-winback     Aisha: bought several times, nothing at all for 125 days
//   hero-feature     Tom: in the app every day, opened the announcement of ai_search, never used it
//   hero-vip         Eleanor: spent 5,240.00 in a year, a billing ticket open for 3 days
//   case-suppressed  as hero-churn, on the suppression list
//   case-capped      as hero-feature; run twice, the second meets the frequency cap
//   case-quiet       as hero-winback, deep in the night
//   case-holdout     as hero-aov, in the control group of increase-aov
//   case-noaction    active, told of ai_search 2 days ago: in the audience of feature-adoption, nothing fits
std::vector<Person> Heroes(absl::Time now);

}  // namespace campaign::shop
