#include "tools/shop/heroes.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/clock.h"
#include "tools/shop/customer.h"
#include "tools/shop/diary.h"

namespace campaign::shop {
namespace {

// Best known first. No two neighbours round the globe are more than three hours apart.
const std::vector<City>& Cities() {
  static const auto& cities = *new std::vector<City>{
      {"America/New_York", "US"}, {"America/Los_Angeles", "US"}, {"Europe/London", "GB"},
      {"Europe/Berlin", "DE"},    {"Asia/Tokyo", "JP"},          {"Australia/Sydney", "AU"},
      {"America/Chicago", "US"},  {"America/Denver", "US"},      {"Asia/Singapore", "SG"},
      {"Asia/Dubai", "AE"},       {"Asia/Kolkata", "IN"},        {"America/Sao_Paulo", "BR"},
      {"Africa/Nairobi", "KE"},   {"Asia/Bangkok", "TH"},        {"Pacific/Auckland", "NZ"},
      {"Pacific/Honolulu", "US"}, {"Atlantic/Azores", "PT"},     {"Asia/Karachi", "PK"},
      {"Asia/Dhaka", "BD"},       {"America/Anchorage", "US"},   {"Pacific/Noumea", "NC"},
  };
  return cities;
}

// Hours since local midnight, such as 13.5.
double LocalHour(const City& city, absl::Time now) {
  absl::TimeZone zone;
  if (!absl::LoadTimeZone(city.time_zone, &zone)) return -1;
  const absl::CivilSecond local = absl::ToCivilSecond(now, zone);
  return local.hour() + local.minute() / 60.0;
}

// Hours between two times of day, the shorter way round.
double HoursApart(double a, double b) {
  const double apart = std::fabs(a - b);
  return std::min(apart, 24 - apart);
}

// Tells one customer's story.
class Story {
 public:
  Story(absl::string_view id, absl::string_view first_name, absl::string_view last_name, City city, absl::Time now)
      : now_(absl::FromUnixSeconds(absl::ToUnixSeconds(now))), diary_(id) {
    v1::Customer& customer = person_.customer;
    customer.set_customer_id(std::string(id));
    customer.set_first_name(std::string(first_name));
    customer.set_last_name(std::string(last_name));
    customer.set_locale("en-US");
    customer.set_time_zone(city.time_zone);
    customer.set_country(city.country);
    customer.set_currency_code("USD");
    Attribute("plan", "free");
    SignedUp(600);
    Reach(v1::CHANNEL_EMAIL, absl::StrCat(absl::AsciiStrToLower(first_name), ".", absl::AsciiStrToLower(last_name), ".",
                                          id, "@example.com"));
  }

  // `days` are days before now everywhere.
  absl::Time Ago(double days) const { return now_ - absl::Seconds(std::llround(days * 86400)); }

  Story& SignedUp(double days) {
    *person_.customer.mutable_signup_time() = ToTimestamp(Ago(days));
    for (v1::Consent& consent : person_.consents) *consent.mutable_event_time() = person_.customer.signup_time();
    return *this;
  }

  // An address, and the consent to use it.
  Story& Reach(v1::Channel channel, std::string address) {
    v1::ContactPoint& point = *person_.customer.add_contact_points();
    point.set_channel(channel);
    point.set_address(std::move(address));
    person_.consents.push_back(MakeConsent(person_.customer.customer_id(), channel, true,
                                           FromTimestamp(person_.customer.signup_time()), "sign-up form"));
    return *this;
  }

  Story& Push() { return Reach(v1::CHANNEL_PUSH, absl::StrCat("push-", person_.customer.customer_id())); }

  Story& Attribute(absl::string_view name, absl::string_view value) {
    v1::Fact* fact = nullptr;
    for (v1::Fact& known : *person_.customer.mutable_attributes()) {
      if (known.name() == name) fact = &known;
    }
    if (fact == nullptr) fact = person_.customer.add_attributes();
    fact->set_name(std::string(name));
    fact->set_value(std::string(value));
    return *this;
  }

  Story& Tag(absl::string_view tag) {
    person_.customer.add_tags(std::string(tag));
    return *this;
  }

  Story& Bought(double days, absl::string_view product_id) {
    diary_.BuyProduct(Ago(days), product_id);
    return *this;
  }

  // An order with a total of its own.
  Story& Paid(double days, absl::string_view product_id, absl::string_view category, int64_t amount_minor) {
    Diary::AddLine(diary_.Buy(Ago(days)), product_id, category, 1, amount_minor);
    return *this;
  }

  // `count` times between `from` and `to` days ago, evenly.
  template <class Act>
  Story& Often(int count, double from, double to, Act act) {
    for (int i = 0; i < count; ++i) act(from + (to - from) * (count > 1 ? i / (count - 1.0) : 0), i);
    return *this;
  }

  Story& Viewed(int count, double from, double to, std::vector<absl::string_view> products) {
    return Often(count, from, to,
                 [&](double days, int i) { diary_.ViewProduct(Ago(days), products[i % products.size()]); });
  }

  Story& Searched(int count, double from, double to, std::vector<absl::string_view> texts) {
    return Often(count, from, to,
                 [&](double days, int i) { diary_.Say(Ago(days), v1::TEXT_SOURCE_SEARCH, texts[i % texts.size()]); });
  }

  Story& Used(absl::string_view feature, int count, double from, double to) {
    return Often(count, from, to,
                 [&](double days, int) { diary_.Interact(Ago(days), feature, v1::INTERACTION_KIND_USED); });
  }

  Story& ToldOf(absl::string_view feature, double days) {
    diary_.Interact(Ago(days), feature, v1::INTERACTION_KIND_ANNOUNCED);
    return *this;
  }

  Story& OpenedAnnouncement(absl::string_view feature, double days) {
    diary_.Interact(Ago(days), feature, v1::INTERACTION_KIND_ANNOUNCEMENT_OPENED);
    return *this;
  }

  Story& OpenTicket(double days, absl::string_view topic, absl::string_view text) {
    diary_.OpenTicket(Ago(days), topic, text, false);
    return *this;
  }

  Story& Suppressed(absl::string_view reason) {
    v1::Suppression& suppression = person_.suppressions.emplace_back();
    suppression.set_customer_id(person_.customer.customer_id());
    suppression.set_reason(std::string(reason));
    suppression.set_source("customer care");
    return *this;
  }

  Person Tell() {
    person_.events = diary_.TakeSorted();
    return std::move(person_);
  }

 private:
  const absl::Time now_;
  Diary diary_;
  Person person_;
};

// 40 activities from 54 to 32 days ago, 8 from 24 to 2 days ago: 80 % down.
Story Fading(Story story) {
  story.Push().ToldOf("order_tracking", 590).Used("order_tracking", 4, 290, 75);
  story.Bought(290, "hom-air-monitor").Bought(160, "aud-earbuds").Bought(75, "hom-smart-bulb");
  story.ToldOf("price_alerts", 280).OpenedAnnouncement("price_alerts", 279.6).Used("price_alerts", 8, 53.4, 34.4);
  story.Viewed(26, 54, 32.3, {"hom-thermostat", "hom-smart-bulb", "hom-plug", "aud-speaker"});
  story.Searched(6, 53.7, 33.1, {"thermostat", "smart plug", "bluetooth speaker for kitchen"});
  story.Viewed(6, 24, 3.2, {"hom-thermostat", "hom-plug"}).Searched(2, 20.5, 2, {"thermostat"});
  story.ToldOf("ai_search", 10);
  return story;
}

Story AccessoryLover(Story story) {
  story.Push().Bought(102, "acc-usb-c-hub").Bought(71, "acc-wireless-mouse").Bought(43, "acc-laptop-sleeve");
  story.Bought(41, "acc-usb-c-cable").Bought(22, "acc-power-bank").Bought(8, "acc-charger-65w");
  story.Viewed(14, 100, 31.5, {"acc-keyboard", "acc-desk-stand", "acc-usb-c-hub"});
  story.Viewed(12, 24, 1.3, {"acc-desk-stand", "acc-keyboard"})
      .Searched(3, 21, 4.6, {"desk stand", "keyboard compact"});
  return story;
}

Story LongAway(Story story) {
  story.Bought(410, "hom-plug").Bought(322, "aud-earbuds").Bought(231, "acc-phone-case").Bought(152, "hom-smart-bulb");
  story.Viewed(12, 240, 131, {"hom-smart-bulb", "hom-doorbell", "hom-air-monitor"});
  story.Searched(2, 150, 140, {"video doorbell", "air monitor"}).Viewed(1, 125, 125, {"hom-doorbell"});
  return story;
}

Story DailyUser(Story story) {
  story.Push().ToldOf("wishlists", 530).OpenedAnnouncement("wishlists", 529).ToldOf("price_alerts", 290);
  story.OpenedAnnouncement("price_alerts", 289.5).Used("wishlists", 40, 58.2, 0.6).Used("price_alerts", 30, 57.3, 0.9);
  story.Viewed(60, 58.6, 0.3, {"aud-headphones", "pho-standard", "acc-phone-case", "wea-watch"});
  story.Searched(16, 57.8, 1.2, {"noise cancelling headphones", "watch with gps", "phone case clear"});
  story.Bought(190, "wea-band").Bought(88, "acc-phone-case").Bought(36, "aud-earbuds");
  story.ToldOf("ai_search", 20).OpenedAnnouncement("ai_search", 19.6);
  return story;
}

Story BigSpender(Story story) {
  story.SignedUp(900).Push().Tag("vip").Attribute("plan", "pro").Attribute("industry", "design");
  story.Paid(420, "lap-air-13", "laptops", 109900);
  story.Paid(330, "lap-pro-14", "laptops", 189900).Paid(264, "pho-pro", "phones", 109900);
  story.Paid(190, "aud-headphones", "audio", 24999).Paid(131, "wea-watch-pro", "wearables", 44999);
  story.Paid(77, "hom-robot-vacuum", "home", 34999).Paid(18, "lap-air-13", "laptops", 109900);
  story.Paid(12, "acc-keyboard", "accessories", 9303);
  story.Viewed(22, 57, 1.5, {"lap-pro-14", "aud-soundbar", "acc-keyboard"});
  story.Used("order_tracking", 9, 50, 2).ToldOf("ai_search", 21).OpenedAnnouncement("ai_search", 20.5);
  story.Used("ai_search", 5, 19, 4);
  story.OpenTicket(
      3, "billing",
      "My card was charged twice for the 13-inch laptop I ordered two weeks ago. I can see both payments on "
      "my statement. Could someone please look into it and refund one of them?");
  return story;
}

// Around every week, but neither long enough told of ai_search nor an admirer of anything else in the app.
Story HardToHelp(Story story) {
  story.Push().Attribute("plan", "pro").Bought(150, "gam-controller").Bought(47, "gam-mouse-pad");
  story.Viewed(10, 56, 32, {"gam-handheld", "gam-headset"}).Viewed(10, 27, 1.1, {"gam-handheld", "gam-headset"});
  story.ToldOf("ai_search", 2);
  return story;
}

}  // namespace

std::vector<City> DaytimeCities(absl::Time now) {
  std::vector<City> cities;
  for (const City& city : Cities()) {
    const double hour = LocalHour(city, now);
    if (hour >= 10 && hour < 16) cities.push_back(city);
  }
  return cities;
}

City NightCity(absl::Time now) {
  return *std::min_element(Cities().begin(), Cities().end(), [&](const City& a, const City& b) {
    return HoursApart(LocalHour(a, now), 2.25) < HoursApart(LocalHour(b, now), 2.25);
  });
}

std::vector<Person> Heroes(absl::Time now) {
  const std::vector<City> cities = DaytimeCities(now);
  int next = 0;
  const auto story = [&](absl::string_view id, absl::string_view first_name, absl::string_view last_name) {
    return Story(id, first_name, last_name, cities[next++ % cities.size()], now);
  };
  std::vector<Person> people;
  people.push_back(Fading(story("hero-churn", "Maya", "Brooks").Reach(v1::CHANNEL_SMS, "+12065550142")).Tell());
  people.push_back(AccessoryLover(story("hero-aov", "Jonas", "Keller")).Tell());
  people.push_back(LongAway(story("hero-winback", "Aisha", "Rahman").Reach(v1::CHANNEL_SMS, "+13125550117")).Tell());
  people.push_back(DailyUser(story("hero-feature", "Tom", "Ellis")).Tell());
  people.push_back(BigSpender(story("hero-vip", "Eleanor", "Whitfield")).Tell());
  people.push_back(Fading(story("case-suppressed", "Nadia", "Cole").Suppressed("asked not to be contacted")).Tell());
  people.push_back(DailyUser(story("case-capped", "Victor", "Lang")).Tell());
  people.push_back(LongAway(Story("case-quiet", "Noor", "Haddad", NightCity(now), now)).Tell());
  people.push_back(AccessoryLover(story("case-holdout", "Petra", "Novak")).Tell());
  people.push_back(HardToHelp(story("case-noaction", "Simon", "Ward")).Tell());
  return people;
}

}  // namespace campaign::shop
