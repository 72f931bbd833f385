#include "services/compliance/suppression.h"

#include <algorithm>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/status.h"
#include "services/compliance/frequency_cap.h"
#include "services/compliance/phone_number.h"
#include "unicode/bytestream.h"
#include "unicode/idna.h"

namespace campaign::compliance {
namespace {

bool IsAscii(absl::string_view text) { return std::all_of(text.begin(), text.end(), absl::ascii_isascii); }

// "münchen.example" as "xn--mnchen-3ya.example" (UTS #46), in lower case. nullopt: there is no such form.
absl::optional<std::string> AsciiDomain(absl::string_view domain) {
  if (IsAscii(domain)) return absl::AsciiStrToLower(domain);
  UErrorCode error = U_ZERO_ERROR;
  static const icu::IDNA* const kIdna = icu::IDNA::createUTS46Instance(UIDNA_NONTRANSITIONAL_TO_ASCII, error);
  std::string ascii;
  icu::StringByteSink<std::string> sink(&ascii);
  icu::IDNAInfo info;
  if (kIdna == nullptr) return absl::nullopt;
  kIdna->nameToASCII_UTF8({domain.data(), static_cast<int32_t>(domain.size())}, sink, info, error);
  if (U_FAILURE(error) || info.hasErrors()) return absl::nullopt;
  return ascii;
}

bool IsDomainByte(char c) { return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.'; }

// An e-mail address; `address` has an '@'.
std::string EmailKey(absl::string_view address) {
  if (absl::EndsWith(address, ".")) address.remove_suffix(1);
  if (!IsAscii(address)) {
    const size_t at = address.rfind('@');
    if (const auto domain = AsciiDomain(address.substr(at + 1)); domain.has_value()) {
      return absl::StrCat(absl::AsciiStrToLower(address.substr(0, at + 1)), *domain);
    }
  }
  return absl::AsciiStrToLower(address);
}

// A telephone number with a country code.
std::string PhoneKey(absl::string_view number) {
  if (absl::optional<std::string> e164 = ToE164(number); e164.has_value()) return *std::move(e164);
  return absl::StrReplaceAll(number, {{" ", ""}, {"-", ""}, {"(", ""}, {")", ""}, {".", ""}, {"/", ""}});
}

bool InScope(const v1::Suppression& entry, const v1::Message& message) {
  if (entry.channel() != v1::CHANNEL_UNSPECIFIED && entry.channel() != message.channel()) return false;
  if (entry.message_class() != v1::MESSAGE_CLASS_UNSPECIFIED && entry.message_class() != ClassOf(message)) return false;
  return entry.brand().empty() || message.brand().empty() || entry.brand() == message.brand();
}

// "sms, brand Acme, marketing".
std::string ScopeText(const v1::Suppression& entry) {
  std::string text =
      entry.channel() == v1::CHANNEL_UNSPECIFIED ? "every channel" : std::string(ChannelName(entry.channel()));
  if (!entry.brand().empty()) absl::StrAppend(&text, ", brand ", entry.brand());
  if (entry.message_class() == v1::MESSAGE_CLASS_MARKETING) absl::StrAppend(&text, ", marketing");
  if (entry.message_class() == v1::MESSAGE_CLASS_TRANSACTIONAL) absl::StrAppend(&text, ", transactional");
  return text;
}

struct TargetWords {
  absl::string_view fact;
  std::string text;
};

TargetWords WordsFor(const v1::Suppression& entry) {
  switch (entry.target_case()) {
    case v1::Suppression::kAddress:
      return {"address", "The address"};
    case v1::Suppression::kPhoneNumber:
      return {"phone_number", "The telephone number"};
    case v1::Suppression::kDomain:
      return {"domain", absl::StrCat("The domain ", entry.domain())};
    case v1::Suppression::kDevice:
      return {"device", "The device"};
    default:
      return {"customer", "The customer"};
  }
}

absl::StatusOr<SuppressionTarget> NotBlank(TargetKind kind, std::string key, const std::string& field_path,
                                           absl::string_view value) {
  if (key.empty()) return InvalidField(field_path, absl::StrCat("\"", value, "\""), "is blank");
  return SuppressionTarget{kind, std::move(key)};
}

}  // namespace

absl::optional<std::string> DomainKey(absl::string_view domain) {
  domain = absl::StripAsciiWhitespace(domain);
  if (absl::EndsWith(domain, ".")) domain.remove_suffix(1);
  absl::optional<std::string> key = AsciiDomain(domain);
  if (!key.has_value() || key->empty() || !std::all_of(key->begin(), key->end(), IsDomainByte)) return absl::nullopt;
  // Between two dots there is something.
  if (absl::StartsWith(*key, ".") || absl::EndsWith(*key, ".") || absl::StrContains(*key, "..")) return absl::nullopt;
  return key;
}

std::string AddressKey(absl::string_view address) {
  address = absl::StripAsciiWhitespace(address);
  if (absl::StrContains(address, '@')) return EmailKey(address);
  return absl::StartsWith(address, "+") ? PhoneKey(address) : std::string(address);
}

absl::StatusOr<SuppressionTarget> TargetOf(const v1::Suppression& suppression, absl::string_view field_path) {
  const auto invalid = [&](absl::string_view name, absl::string_view value, absl::string_view bound) {
    return InvalidField(absl::StrCat(field_path, ".", name), absl::StrCat("\"", value, "\""), bound);
  };
  switch (suppression.target_case()) {
    case v1::Suppression::kCustomerId:
      return SuppressionTarget{TargetKind::kCustomer, suppression.customer_id()};
    case v1::Suppression::kAddress:
      return NotBlank(TargetKind::kAddress, AddressKey(suppression.address()), absl::StrCat(field_path, ".address"),
                      suppression.address());
    case v1::Suppression::kPhoneNumber: {
      absl::optional<std::string> number = ToE164(suppression.phone_number());
      if (number.has_value()) return SuppressionTarget{TargetKind::kPhoneNumber, *std::move(number)};
      return invalid("phone_number", suppression.phone_number(), "is no telephone number with a country code");
    }
    case v1::Suppression::kDomain: {
      absl::optional<std::string> domain = DomainKey(suppression.domain());
      if (domain.has_value()) return SuppressionTarget{TargetKind::kDomain, *std::move(domain)};
      return invalid("domain", suppression.domain(), "is no domain name");
    }
    case v1::Suppression::kDevice:
      return NotBlank(TargetKind::kDevice, std::string(absl::StripAsciiWhitespace(suppression.device())),
                      absl::StrCat(field_path, ".device"), suppression.device());
    case v1::Suppression::TARGET_NOT_SET:
      break;
  }
  return InvalidField(absl::StrCat(field_path, ".target"), "none",
                      "must be a customer_id, an address, a phone_number, a domain or a device");
}

MessageTargets MessageTargets::Of(const v1::Customer& customer, const v1::Message& message, Findings& findings) {
  MessageTargets targets;
  // CheckEvaluable has said already that there is no address.
  if (message.address().empty()) return targets;
  if (message.channel() != v1::CHANNEL_SMS) {
    targets.address = AddressKey(message.address());
    return targets;
  }
  absl::optional<std::string> number = ToE164(message.address(), customer.country());
  if (number.has_value()) targets.phone_number = *std::move(number);
  if (targets.phone_number.empty()) {
    AddFact(
        findings.Add(v1::VERDICT_BLOCK, kCheckNotEvaluable, "The address is no telephone number that can be called"),
        "target", "phone_number");
  }
  // With a country code the two are the same, and it need not be parsed again.
  const bool international = absl::StartsWith(message.address(), "+") && !targets.phone_number.empty();
  targets.address = international ? targets.phone_number : AddressKey(message.address());
  return targets;
}

void CheckSuppressions(absl::Span<const v1::Suppression> entries, const v1::Message& message, Findings& findings) {
  for (const v1::Suppression& entry : entries) {
    if (!InScope(entry, message)) continue;
    const TargetWords target = WordsFor(entry);
    v1::Reason& reason = findings.Add(
        v1::VERDICT_BLOCK, kSuppressed,
        absl::StrCat(target.text, " is on the suppression list", entry.reason().empty() ? "" : ": ", entry.reason()));
    AddFact(reason, "target", target.fact);
    AddFact(reason, "scope", ScopeText(entry));
    AddFact(reason, "reason", entry.reason());
    AddFact(reason, "source", entry.source());
  }
}

}  // namespace campaign::compliance
