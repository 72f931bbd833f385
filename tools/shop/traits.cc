#include "tools/shop/traits.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace campaign::shop {
namespace {

constexpr double kMonthWeights[] = {0.9, 0.8, 0.85, 0.85, 0.9, 0.9, 0.85, 0.85, 1.0, 1.05, 1.7, 1.6};
constexpr double kLargestMonthWeight = 1.7;
// By local hour: a small peak at lunch, the large one in the evening.
constexpr double kHourWeights[] = {1, 0.4, 0.2, 0.1, 0.1, 0.3, 1, 2, 3, 4, 4, 5, 6, 5, 4, 4, 4, 5, 6, 8, 10, 10, 7, 3};
constexpr absl::Duration kDay = absl::Hours(24);

const Place& DrawPlace(Random& random) {
  static const auto& weights = *[] {
    auto* all = new std::vector<double>;
    for (const Place& place : Places()) all->push_back(place.weight);
    return all;
  }();
  return Places()[random.Weighted(weights)];
}

void DrawPresence(Traits& traits, Random& random) {
  // The shop grows: half of the customers signed up in the last 330 days.
  traits.signup = traits.now - kHistory * std::pow(random.Uniform(), 1.15) - absl::Hours(1);
  traits.signup = absl::FromUnixSeconds(absl::ToUnixSeconds(traits.signup));
  traits.fade = traits.now;
  const double fate = random.Uniform();
  if (fate < kLeftShare) {
    traits.fade = traits.signup + (traits.now - traits.signup) * random.Uniform();
    traits.residue = 0;
  } else if (fate < kLeftShare + kFadingShare) {
    traits.fade = std::max(traits.signup, traits.now - kDay * random.Int(26, 34));
    traits.residue = 0.1 + 0.3 * random.Uniform();
  }
}

void DrawMail(Traits& traits, Random& random) {
  traits.has_email = random.Chance(0.98);
  traits.mail_until = absl::InfiniteFuture();
  const double wish = random.Uniform();
  if (!traits.has_email || wish < 0.12) {
    traits.mail_until = traits.signup;
  } else if (wish < 0.22) {
    const absl::Time withdrawn = traits.signup + (traits.now - traits.signup) * random.Uniform();
    traits.mail_until = absl::FromUnixSeconds(absl::ToUnixSeconds(withdrawn));
  }
}

void DrawTaste(Traits& traits, Random& random) {
  for (int i = 0; i < kCategoryCount; ++i) {
    traits.taste[i] = Categories()[i].weight * random.Gamma(0.8, 1.0) + 1e-6;
  }
  for (int i = 0; i < kFeatureCount; ++i) {
    traits.adopts[i] = random.Chance(AppFeatures()[i].adoption) && traits.app_user;
  }
}

double MonthWeight(absl::Time time, const absl::TimeZone& zone) {
  return kMonthWeights[absl::ToCivilMonth(time, zone).month() - 1];
}

}  // namespace

Traits MakeTraits(absl::string_view customer_id, absl::Time now, Random& random) {
  Traits traits;
  traits.customer_id = std::string(customer_id);
  traits.now = now;
  traits.place = &DrawPlace(random);
  traits.zone = &random.Of(traits.place->zones);
  traits.app_user = random.Chance(0.7);
  traits.business = random.Chance(0.15);
  DrawPresence(traits, random);
  DrawMail(traits, random);
  // Heavy tail: most buy once or twice a year, a few every other week.
  traits.orders_per_year = std::min(40.0, random.Gamma(0.9, traits.business ? 5.5 : 3.3));
  traits.views_per_30d = std::min(60.0, random.Gamma(1.1, 6.0) + 0.8 * traits.orders_per_year);
  traits.openness = 0.1 + 0.6 * random.Uniform();
  DrawTaste(traits, random);
  return traits;
}

absl::Time AtWakingHour(absl::Time time, const absl::TimeZone& zone, absl::Time earliest, absl::Time latest,
                        Random& random) {
  const absl::CivilDay day = absl::ToCivilDay(time, zone);
  const int second = random.Int(0, 3599);
  const absl::CivilSecond local(day.year(), day.month(), day.day(), random.Weighted(kHourWeights), 0, second);
  const absl::Time awake = absl::FromCivil(local, zone);
  if (awake >= earliest && awake < latest) return awake;
  return std::max(earliest, absl::FromUnixSeconds(absl::ToUnixSeconds(time)));
}

std::vector<absl::Time> Timeline::Draw(double per_30d, absl::Time from, bool seasonal, Random& random) const {
  from = std::max(from, traits_.signup);
  const double before = std::max(0.0, absl::FDivDuration(std::max(from, traits_.fade) - from, kDay));
  const double after = absl::FDivDuration(traits_.now - std::max(from, traits_.fade), kDay) * traits_.residue;
  std::vector<absl::Time> times(random.Poisson(per_30d / 30 * (before + after)));
  for (absl::Time& time : times) {
    time = DrawOne(from, before, after, random);
    // Four tries, then it is what it is: keeps the number, and nearly the season.
    for (int i = 0; seasonal && i < 4; ++i) {
      if (random.Chance(MonthWeight(time, traits_.zone->time_zone) / kLargestMonthWeight)) break;
      time = DrawOne(from, before, after, random);
    }
    time = AtWakingHour(time, traits_.zone->time_zone, from, traits_.now, random);
  }
  return times;
}

absl::Time Timeline::DrawOne(absl::Time from, double before, double after, Random& random) const {
  const double at = random.Uniform() * (before + after);
  if (at < before) return from + kDay * at;
  return std::max(from, traits_.fade) + kDay * ((at - before) / traits_.residue);
}

}  // namespace campaign::shop
