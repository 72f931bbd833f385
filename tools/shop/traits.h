#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "tools/shop/catalog.h"
#include "tools/shop/places.h"
#include "tools/shop/random.h"

namespace campaign::shop {

// What kind of customer this is: drawn once, and everything that the customer does follows from it.
struct Traits {
  std::string customer_id;
  const Place* place = nullptr;
  const Zone* zone = nullptr;
  bool app_user = false;
  bool business = false;

  // Around from `signup` to `now`; from `fade` on only `residue` of what they did before (1: as ever, 0: gone).
  absl::Time signup;
  absl::Time fade;
  absl::Time now;
  double residue = 1;

  bool has_email = false;
  // The shop may write by e-mail from sign-up to then; equal to `signup`: never.
  absl::Time mail_until;

  // While at full strength.
  double orders_per_year = 0;
  double views_per_30d = 0;
  // Probability of opening what the shop sends.
  double openness = 0;
  // Weights of the categories.
  std::array<double, kCategoryCount> taste = {};
  std::array<bool, kFeatureCount> adopts = {};

  bool gone() const { return residue == 0; }
};

// The share of customers who left at some time, and of those who do much less since about a month.
inline constexpr double kLeftShare = 0.42;
inline constexpr double kFadingShare = 0.10;
// How far back the shop's records go.
inline constexpr absl::Duration kHistory = absl::Hours(24 * 730);

Traits MakeTraits(absl::string_view customer_id, absl::Time now, Random& random);

// When customers do something.
class Timeline {
 public:
  explicit Timeline(const Traits& traits) : traits_(traits) {}

  // Times of events that come `per_30d` times in 30 days at full strength, from `from` on: a Poisson number of them,
  // at waking hours of the customer's city, in no order. `seasonal`: more before Christmas, fewer in summer.
  std::vector<absl::Time> Draw(double per_30d, absl::Time from, bool seasonal, Random& random) const;

 private:
  absl::Time DrawOne(absl::Time from, double before, double after, Random& random) const;

  const Traits& traits_;
};

// The same day at a waking hour there, whole seconds; the time itself where that would leave [earliest, latest).
absl::Time AtWakingHour(absl::Time time, const absl::TimeZone& zone, absl::Time earliest, absl::Time latest,
                        Random& random);

}  // namespace campaign::shop
