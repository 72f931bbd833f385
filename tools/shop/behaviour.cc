#include "tools/shop/behaviour.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "tools/shop/diary.h"
#include "tools/shop/words.h"

namespace campaign::shop {
namespace {

constexpr absl::Duration kDay = absl::Hours(24);
// Page views and searches are kept this long.
constexpr absl::Duration kBrowsingKept = absl::Hours(24 * 180);
constexpr absl::Duration kFeatureUseKept = absl::Hours(24 * 180);
// A newsletter goes out every so often; the records reach back this far.
constexpr absl::Duration kNewsletterEvery = absl::Hours(24 * 14);
constexpr absl::Duration kNewslettersKept = absl::Hours(24 * 70);

// What the catalogue's price is here: whole units less one cent, never below 4.99.
int64_t LocalPrice(int64_t price_minor, double factor) {
  return std::max<int64_t>(499, std::llround(price_minor * factor / 100) * 100 - 1);
}

// One customer's life with the shop.
class Life {
 public:
  Life(const Traits& traits, double volume, Random& random)
      : traits_(traits), volume_(volume), random_(random), timeline_(traits), diary_(traits.customer_id) {}

  std::vector<v1::Event> Take() {
    Shop();
    Complain();
    Browse();
    for (int i = 0; i < kFeatureCount; ++i) UseFeature(AppFeatures()[i], traits_.adopts[i]);
    ReadNewsletters();
    return diary_.TakeSorted();
  }

 private:
  void Shop() {
    for (absl::Time time : timeline_.Draw(traits_.orders_per_year * 30 / 365, traits_.signup, true, random_)) {
      Order(time);
    }
  }

  void Order(absl::Time time) {
    v1::Purchase& purchase = diary_.Buy(time);
    const int category = random_.Weighted(traits_.taste);
    AddLine(purchase, category);
    // Something small goes along with something large.
    if (random_.Chance(category == kLaptops || category == kPhones ? 0.4 : 0.15)) AddLine(purchase, kAccessories);
    if (random_.Chance(0.1)) AddLine(purchase, random_.Weighted(traits_.taste));
    if (random_.Chance(0.12)) purchase.set_amount_minor(purchase.amount_minor() * random_.Int(80, 95) / 100);
  }

  void AddLine(v1::Purchase& purchase, int category) {
    const Product& product = random_.Of(Categories()[category].products);
    const int quantity = random_.Chance(category == kAccessories ? 0.15 : 0.03) ? random_.Int(2, 3) : 1;
    Diary::AddLine(purchase, product.product_id, Categories()[category].name, quantity,
                   quantity * LocalPrice(product.price_minor, traits_.place->price_factor));
  }

  void Complain() {
    static constexpr absl::string_view kTopics[] = {"shipping", "returns", "billing", "technical", "privacy"};
    const double per_year = 0.2 + 0.12 * traits_.orders_per_year;
    for (absl::Time time : timeline_.Draw(per_year * 30 / 365, traits_.signup, false, random_)) {
      Ticket(time, kTopics[random_.Weighted({0.34, 0.27, 0.22, 0.12, 0.05})]);
    }
  }

  void Ticket(absl::Time time, absl::string_view topic) {
    const absl::string_view language = traits_.place->language();
    const bool sensitive = random_.Chance(topic == "privacy" ? 0.6 : 0.03);
    const absl::string_view text =
        sensitive ? SensitiveTicketText(language, random_) : TicketText(language, topic, random_);
    const std::string ticket_id = diary_.OpenTicket(time, topic, text, sensitive);
    // A few are forgotten for weeks.
    const double days_open = random_.Exponential(random_.Chance(0.12) ? 60 : 3.5);
    const absl::Time closed = time + absl::Hours(3) + kDay * days_open;
    if (closed >= traits_.now) return;
    diary_.CloseTicket(absl::FromUnixSeconds(absl::ToUnixSeconds(closed)), ticket_id, topic);
  }

  void Browse() {
    const absl::Time from = traits_.now - kBrowsingKept;
    const double views = traits_.views_per_30d * volume_;
    for (absl::Time time : timeline_.Draw(views, from, false, random_)) {
      const Category& category = Categories()[random_.Weighted(traits_.taste)];
      diary_.View(time, random_.Of(category.products).product_id, category.name);
    }
    for (absl::Time time : timeline_.Draw(views * 0.15, from, false, random_)) {
      const Category& category = Categories()[random_.Weighted(traits_.taste)];
      diary_.Say(time, v1::TEXT_SOURCE_SEARCH,
                 SearchText(traits_.place->language(), random_.Of(category.products).name, random_));
    }
    for (absl::Time time : timeline_.Draw(views * 0.02, from, false, random_)) {
      diary_.Say(time, v1::TEXT_SOURCE_CHAT, ChatText(traits_.place->language(), random_));
    }
  }

  bool OpensMailAt(absl::Time time) {
    return random_.Chance(traits_.openness * (time < traits_.fade ? 1 : traits_.residue));
  }

  void UseFeature(const AppFeature& feature, bool adopts) {
    if (!traits_.app_user) return;
    const absl::Time told =
        AtWakingHour(traits_.now - kDay * (feature.announced_days_ago - feature.rollout_days * random_.Uniform()),
                     traits_.zone->time_zone, absl::InfinitePast(), traits_.now, random_);
    // Who comes later finds it in the app and is told of nothing.
    if (told > traits_.signup) {
      diary_.Interact(told, feature.name, v1::INTERACTION_KIND_ANNOUNCED);
      const absl::Time opened = told + absl::Minutes(random_.Int(2, 2 * 24 * 60));
      if (OpensMailAt(told) && opened < traits_.now) {
        diary_.Interact(opened, feature.name, v1::INTERACTION_KIND_ANNOUNCEMENT_OPENED);
      }
    }
    if (!adopts) return;
    const absl::Time from = std::max(told, traits_.now - kFeatureUseKept);
    for (absl::Time time : timeline_.Draw(feature.uses_30d * volume_, from, false, random_)) {
      diary_.Interact(time, feature.name, v1::INTERACTION_KIND_USED);
    }
  }

  void ReadNewsletters() {
    const absl::Time latest = absl::FromCivil(absl::ToCivilDay(traits_.now, absl::UTCTimeZone()), absl::UTCTimeZone()) -
                              kDay * 2 + absl::Hours(9);
    for (absl::Time time = latest; time > traits_.now - kNewslettersKept; time -= kNewsletterEvery) {
      if (time < traits_.signup || time >= traits_.mail_until || !random_.Chance(volume_)) continue;
      const std::string run_id =
          absl::StrCat("newsletter-", absl::FormatTime("%Y%m%d", time, absl::UTCTimeZone()), "-", traits_.customer_id);
      diary_.Receive(time, run_id, "newsletter", v1::CHANNEL_EMAIL);
      if (!OpensMailAt(time)) continue;
      const absl::Time opened = time + absl::Minutes(random_.Int(1, 36 * 60));
      diary_.Respond(opened, run_id, v1::RESPONSE_KIND_OPENED);
      if (random_.Chance(0.15)) diary_.Respond(opened + absl::Seconds(40), run_id, v1::RESPONSE_KIND_CLICKED);
      if (random_.Chance(0.004)) diary_.Respond(opened + absl::Seconds(50), run_id, v1::RESPONSE_KIND_COMPLAINED);
    }
  }

  const Traits& traits_;
  const double volume_;
  Random& random_;
  const Timeline timeline_;
  Diary diary_;
};

}  // namespace

std::vector<v1::Event> MakeEvents(const Traits& traits, double volume, Random& random) {
  return Life(traits, volume, random).Take();
}

}  // namespace campaign::shop
