#include "tools/shop/customer.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/clock.h"

namespace campaign::shop {
namespace {

void AddContact(v1::Customer& customer, v1::Channel channel, std::string address) {
  if (address.empty()) return;
  v1::ContactPoint& point = *customer.add_contact_points();
  point.set_channel(channel);
  point.set_address(std::move(address));
}

void AddContacts(v1::Customer& customer, const Traits& traits, Random& random) {
  if (traits.has_email) {
    AddContact(customer, v1::CHANNEL_EMAIL,
               absl::StrCat(AsciiName(customer.first_name()), ".", AsciiName(customer.last_name()), ".",
                            traits.customer_id, "@example.com"));
  }
  if (random.Chance(0.6)) AddContact(customer, v1::CHANNEL_SMS, FictionalPhone(traits.place->country, random));
  if (traits.app_user) AddContact(customer, v1::CHANNEL_PUSH, absl::StrCat("push-", traits.customer_id));
  if (random.Chance(0.25)) AddContact(customer, v1::CHANNEL_CHAT, absl::StrCat("chat-", traits.customer_id));
}

void AddAttribute(v1::Customer& customer, absl::string_view name, absl::string_view value) {
  v1::Fact& fact = *customer.add_attributes();
  fact.set_name(std::string(name));
  fact.set_value(std::string(value));
}

void AddAttributes(v1::Customer& customer, const Traits& traits, Random& random) {
  static constexpr absl::string_view kPlans[] = {"free", "plus", "pro"};
  static constexpr absl::string_view kAges[] = {"18-24", "25-34", "35-44", "45-54", "55-64", "65+"};
  static constexpr absl::string_view kIndustries[] = {"software", "education", "healthcare",  "design",
                                                      "retail",   "media",     "engineering", "consulting"};
  static constexpr absl::string_view kSources[] = {"search", "friend", "newsletter", "marketplace", "store"};
  const double plus = traits.app_user ? 0.2 : 0.05;
  const double pro = traits.business ? 0.2 : 0.03;
  AddAttribute(customer, "plan", kPlans[random.Weighted({1 - plus - pro, plus, pro})]);
  AddAttribute(customer, "age_band", kAges[random.Weighted({0.15, 0.3, 0.24, 0.16, 0.1, 0.05})]);
  AddAttribute(customer, "acquired_by", random.Of(kSources));
  if (traits.business) AddAttribute(customer, "industry", random.Of(kIndustries));
}

void AddTags(v1::Customer& customer, const Traits& traits, Random& random) {
  // Sales tags by what it expects, not by what was spent; so not all who are tagged have spent it.
  if (traits.orders_per_year > 12 && !traits.gone()) customer.add_tags("vip");
  if (traits.business) customer.add_tags("business");
  if (random.Chance(0.08)) customer.add_tags("student");
  if (traits.app_user && random.Chance(0.1)) customer.add_tags("beta_tester");
}

}  // namespace

v1::Customer MakeCustomer(const Traits& traits, Random& random) {
  v1::Customer customer;
  customer.set_customer_id(traits.customer_id);
  // Some leave their name out; templates must live with it.
  const bool named = random.Chance(0.95);
  customer.set_first_name(std::string(random.Of(traits.place->first_names)));
  customer.set_last_name(std::string(random.Of(traits.place->last_names)));
  AddContacts(customer, traits, random);
  if (!named) customer.clear_first_name();
  customer.set_locale(traits.place->locale);
  if (random.Chance(0.97)) customer.set_time_zone(traits.zone->name);
  customer.set_country(traits.place->country);
  customer.set_currency_code(traits.place->currency_code);
  AddTags(customer, traits, random);
  AddAttributes(customer, traits, random);
  *customer.mutable_signup_time() = ToTimestamp(traits.signup);
  return customer;
}

v1::Consent MakeConsent(absl::string_view customer_id, v1::Channel channel, bool granted, absl::Time time,
                        absl::string_view source) {
  v1::Consent consent;
  consent.set_customer_id(std::string(customer_id));
  consent.set_channel(channel);
  consent.set_granted(granted);
  *consent.mutable_event_time() = ToTimestamp(time);
  consent.set_source(std::string(source));
  return consent;
}

std::vector<v1::Consent> MakeConsents(const v1::Customer& customer, const Traits& traits, Random& random) {
  std::vector<v1::Consent> consents;
  const auto add = [&](v1::Channel channel, bool granted, absl::Time time, absl::string_view source) {
    consents.push_back(MakeConsent(traits.customer_id, channel, granted, time, source));
  };
  if (traits.mail_until > traits.signup) add(v1::CHANNEL_EMAIL, true, traits.signup, "sign-up form");
  if (traits.mail_until > traits.signup && traits.mail_until < traits.now) {
    add(v1::CHANNEL_EMAIL, false, traits.mail_until, "preference centre");
  }
  for (const v1::ContactPoint& point : customer.contact_points()) {
    // By channel: unspecified, e-mail (above), SMS, push, chat.
    static constexpr double kAgree[] = {0, 0, 0.35, 0.65, 0.6};
    static constexpr absl::string_view kSources[] = {"", "", "checkout", "app", "chat window"};
    if (!random.Chance(kAgree[point.channel()])) continue;
    add(point.channel(), true, traits.signup, kSources[point.channel()]);
    if (!random.Chance(0.08)) continue;
    const absl::Time withdrawn = traits.signup + (traits.now - traits.signup) * random.Uniform();
    add(point.channel(), false, absl::FromUnixSeconds(absl::ToUnixSeconds(withdrawn)), "preference centre");
  }
  return consents;
}

std::vector<v1::Suppression> MakeSuppressions(const v1::Customer& customer, Random& random) {
  if (!random.Chance(1.0 / 150)) return {};
  v1::Suppression suppression;
  const bool has_email =
      customer.contact_points_size() > 0 && customer.contact_points(0).channel() == v1::CHANNEL_EMAIL;
  if (has_email && random.Chance(0.4)) {
    suppression.set_address(customer.contact_points(0).address());
    suppression.set_channel(v1::CHANNEL_EMAIL);
    suppression.set_reason("hard bounce");
    suppression.set_source("mail provider");
  } else {
    suppression.set_customer_id(customer.customer_id());
    suppression.set_reason(random.Chance(0.8) ? "asked not to be contacted" : "legal");
    suppression.set_source("customer care");
  }
  return {suppression};
}

}  // namespace campaign::shop
