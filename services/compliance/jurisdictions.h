#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "campaign/v1/compliance.pb.h"

namespace campaign::compliance {

// What a law asks for before a message of one class goes out on one channel.
struct ConsentRule {
  enum class Needs {
    kNothing,      // Consents are not looked at.
    kNoObjection,  // Nothing, until the customer takes it back.
    kConsent,      // One of the legal bases below, standing.
  };

  std::string law;  // "CASL s. 6(1)"; for people.
  Needs needs = Needs::kConsent;
  // By v1::LegalBasis.
  std::array<bool, v1::LegalBasis_ARRAYSIZE> accepts{};
  // An implied consent ends so long after it was given, whatever was said of its end. Infinite: when was said.
  absl::Duration implied_lasts = absl::InfiniteDuration();

  // "express or implied consent"; for people.
  std::string NeedsText() const;
};

// Where a customer lives, as far as the law tells places apart.
struct Jurisdiction {
  std::string name;  // "EU".
  std::vector<std::string> countries;

  // `message_class` unspecified is marketing, which is held to more.
  const ConsentRule& RuleFor(v1::Channel channel, v1::MessageClass message_class) const {
    return rules[channel][message_class == v1::MESSAGE_CLASS_TRANSACTIONAL];
  }

  // By v1::Channel; of marketing, of transactional messages.
  std::array<std::array<ConsentRule, 2>, v1::Channel_ARRAYSIZE> rules;
};

// The table of jurisdictions that ships (jurisdictions.yaml says what it means). Immutable, so thread-safe.
class Jurisdictions {
 public:
  // INVALID_ARGUMENT, "FILE:LINE: what is wrong": an unknown key or name and the nearest known one, a country or a case
  // that comes twice, a number out of bounds, a `strictest` that is laxer than another, a file that cannot be read.
  static absl::StatusOr<Jurisdictions> ReadFromFile(const std::string& path);
  // The same of a file's text; `path` is for messages.
  static absl::StatusOr<Jurisdictions> Parse(const std::string& text, const std::string& path);

  // Of an ISO 3166-1 alpha-2 country. What is no such country, or none of the table's, is under the strictest.
  const Jurisdiction& Of(absl::string_view country) const { return list_[IndexOf(country)]; }
  // Whether there is a jurisdiction of this name, other than the strictest.
  bool IsName(absl::string_view name) const;

  const std::vector<Jurisdiction>& list() const { return list_; }

 private:
  // Of the strictest where nothing else is known.
  size_t IndexOf(absl::string_view country) const {
    const auto found = by_country_.find(country);
    return found == by_country_.end() ? strictest_ : found->second;
  }

  std::vector<Jurisdiction> list_;
  size_t strictest_ = 0;
  absl::flat_hash_map<std::string, size_t> by_country_;
};

}  // namespace campaign::compliance
