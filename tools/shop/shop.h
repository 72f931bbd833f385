#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "campaign/v1/compliance.pb.h"
#include "campaign/v1/profile.pb.h"
#include "campaign/v1/retrieval.pb.h"
#include "tools/shop/traits.h"

namespace campaign::shop {

// A customer with everything that the system should know of them.
struct Person {
  v1::Customer customer;
  // By time.
  std::vector<v1::Event> events = {};
  // At most a few a channel; the latest counts.
  std::vector<v1::Consent> consents = {};
  // None or one.
  std::vector<v1::Suppression> suppressions = {};
};

struct Options {
  uint64_t seed = 7;
  // The end of all history: every event lies before it.
  absl::Time now = {};
  // Share of the browsing, searching, chatting, feature use and newsletters that is kept.
  double volume = 1;
};

// Nordlicht: a made-up shop for consumer electronics with a companion app. Its crowd has no last customer: customer i
// (0, 1, ...) depends only on the options and on i, so any range can be made in any order, by several threads, without
// holding the rest. Immutable, so thread-safe. The hand-made customers of the demo are in heroes.h.
class Shop {
 public:
  explicit Shop(const Options& options) : options_(options) {}

  // All of customer i.
  Person MakePerson(int64_t i) const;

  // The same, one part at a time. Each costs about as much as what it returns.
  v1::Customer Customer(int64_t i) const;
  std::vector<v1::Event> Events(int64_t i) const;
  std::vector<v1::Consent> Consents(int64_t i) const;
  std::vector<v1::Suppression> Suppressions(int64_t i) const;

  // "c-0000042".
  static std::string CustomerId(int64_t i);

 private:
  Traits TraitsOf(int64_t i) const;
  v1::Customer Customer(const Traits& traits, int64_t i) const;
  std::vector<v1::Event> Events(const Traits& traits, int64_t i) const;
  std::vector<v1::Consent> Consents(const Traits& traits, const v1::Customer& customer, int64_t i) const;
  std::vector<v1::Suppression> Suppressions(const v1::Customer& customer, int64_t i) const;

  const Options options_;
};

}  // namespace campaign::shop
