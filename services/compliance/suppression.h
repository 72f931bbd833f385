#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "campaign/v1/compliance.pb.h"
#include "services/compliance/verdict.h"

namespace campaign::compliance {

// What an entry of the suppression list is about. The numbers are stored.
enum class TargetKind { kCustomer = 0, kAddress = 1, kPhoneNumber = 2, kDomain = 3, kDevice = 4 };
inline constexpr int kTargetKinds = 5;

// Whom an entry is about, in the form in which targets compare.
struct SuppressionTarget {
  TargetKind kind = TargetKind::kCustomer;
  std::string key;
};

// INVALID_ARGUMENT under `field_path` ("suppressions[3]"): no target, a blank one, a telephone number that is none or
// has no country code, a domain that is none.
absl::StatusOr<SuppressionTarget> TargetOf(const v1::Suppression& suppression, absl::string_view field_path);

// The form in which addresses compare: e-mail addresses in lower case with their domain in ASCII, telephone numbers
// with a country code as E.164, others as they are.
std::string AddressKey(absl::string_view address);

// The same of a domain, "example.com". nullopt: it is none.
absl::optional<std::string> DomainKey(absl::string_view domain);

// Where a message goes, in the forms in which entries can be about it.
struct MessageTargets {
  std::string address;
  // E.164, of an SMS.
  std::string phone_number;

  // Adds CHECK_NOT_EVALUABLE where an SMS goes to what is no telephone number, also not in the customer's country: no
  // entry could be found for it.
  static MessageTargets Of(const v1::Customer& customer, const v1::Message& message, Findings& findings);

  // Calls visit(TargetKind, const std::string& or absl::string_view key) for each. `customer` and `message` are as
  // above.
  template <class Visit>
  void ForEach(const v1::Customer& customer, const v1::Message& message, Visit visit) const;
};

// Adds SUPPRESSED for each entry whose scope holds the message. `entries` are about its targets. An entry of a brand is
// also about messages of which nobody says whose they are. Pure.
void CheckSuppressions(absl::Span<const v1::Suppression> entries, const v1::Message& message, Findings& findings);

// The class of a message; marketing where it has none.
inline v1::MessageClass ClassOf(const v1::Message& message) {
  return message.message_class() == v1::MESSAGE_CLASS_TRANSACTIONAL ? v1::MESSAGE_CLASS_TRANSACTIONAL
                                                                    : v1::MESSAGE_CLASS_MARKETING;
}

template <class Visit>
void MessageTargets::ForEach(const v1::Customer& customer, const v1::Message& message, Visit visit) const {
  visit(TargetKind::kCustomer, absl::string_view(customer.customer_id()));
  visit(TargetKind::kAddress, absl::string_view(address));
  if (message.channel() == v1::CHANNEL_SMS) {
    visit(TargetKind::kPhoneNumber, absl::string_view(phone_number));
    if (phone_number != address) visit(TargetKind::kAddress, absl::string_view(phone_number));
  } else if (message.channel() == v1::CHANNEL_PUSH) {
    visit(TargetKind::kDevice, absl::string_view(message.address()));
  } else if (message.channel() == v1::CHANNEL_EMAIL) {
    // The domain, and each that it is below.
    absl::string_view domain = address;
    for (size_t at = domain.rfind('@'); at != domain.npos; at = domain.find('.')) {
      domain.remove_prefix(at + 1);
      visit(TargetKind::kDomain, domain);
    }
  }
}

}  // namespace campaign::compliance
