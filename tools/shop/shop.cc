#include "tools/shop/shop.h"

#include "absl/strings/str_format.h"
#include "tools/shop/behaviour.h"
#include "tools/shop/customer.h"

namespace campaign::shop {
namespace {

// A random stream for each part, so that one can be made without the others.
enum Stream : uint64_t { kTraits, kCustomer, kEvents, kConsents, kSuppressions };

}  // namespace

std::string Shop::CustomerId(int64_t i) { return absl::StrFormat("c-%07d", i); }

Traits Shop::TraitsOf(int64_t i) const {
  Random random(options_.seed, i, kTraits);
  return MakeTraits(CustomerId(i), options_.now, random);
}

v1::Customer Shop::Customer(const Traits& traits, int64_t i) const {
  Random random(options_.seed, i, kCustomer);
  return MakeCustomer(traits, random);
}

std::vector<v1::Event> Shop::Events(const Traits& traits, int64_t i) const {
  Random random(options_.seed, i, kEvents);
  return MakeEvents(traits, options_.volume, random);
}

std::vector<v1::Consent> Shop::Consents(const Traits& traits, const v1::Customer& customer, int64_t i) const {
  Random random(options_.seed, i, kConsents);
  return MakeConsents(customer, traits, random);
}

std::vector<v1::Suppression> Shop::Suppressions(const v1::Customer& customer, int64_t i) const {
  Random random(options_.seed, i, kSuppressions);
  return MakeSuppressions(customer, random);
}

Person Shop::MakePerson(int64_t i) const {
  const Traits traits = TraitsOf(i);
  Person person{.customer = Customer(traits, i)};
  person.events = Events(traits, i);
  person.consents = Consents(traits, person.customer, i);
  person.suppressions = Suppressions(person.customer, i);
  return person;
}

v1::Customer Shop::Customer(int64_t i) const { return Customer(TraitsOf(i), i); }

std::vector<v1::Event> Shop::Events(int64_t i) const { return Events(TraitsOf(i), i); }

std::vector<v1::Consent> Shop::Consents(int64_t i) const {
  const Traits traits = TraitsOf(i);
  return Consents(traits, Customer(traits, i), i);
}

std::vector<v1::Suppression> Shop::Suppressions(int64_t i) const { return Suppressions(Customer(i), i); }

}  // namespace campaign::shop
