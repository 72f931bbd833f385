#include "services/compliance/suppression.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/testing/testing.h"

namespace campaign::compliance {
namespace {

using ::campaign::testing::IsOk;
using ::campaign::testing::ParseProto;
using ::campaign::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

v1::Message Message(absl::string_view more = "") {
  auto message = ParseProto<v1::Message>(
      "channel: CHANNEL_EMAIL address: 'ann@example.com' brand: 'Acme' message_class: MESSAGE_CLASS_MARKETING");
  message.MergeFrom(ParseProto<v1::Message>(more));
  return message;
}

// "kind:key" of everything that an entry could be about.
std::vector<std::string> TargetsOfMessage(absl::string_view message_text, absl::string_view country = "") {
  static constexpr const char* kNames[] = {"customer", "address", "phone", "domain", "device"};
  v1::Customer customer;
  customer.set_customer_id("ann");
  customer.set_country(std::string(country));
  const v1::Message message = Message(message_text);
  Findings findings;
  std::vector<std::string> found;
  MessageTargets::Of(customer, message, findings)
      .ForEach(customer, message, [&](TargetKind kind, absl::string_view key) {
        found.push_back(absl::StrCat(kNames[static_cast<int>(kind)], ":", key));
      });
  for (const Finding& finding : findings.list) found.push_back(finding.reason.code());
  return found;
}

std::string KeyOf(absl::string_view suppression) {
  const auto target = TargetOf(ParseProto<v1::Suppression>(suppression), "suppressions[0]");
  return target.ok() ? target->key : std::string(target.status().message());
}

TEST(SuppressionTarget, ComparesInOneForm) {
  const std::pair<const char*, const char*> cases[] = {
      {"customer_id: 'Ann'", "Ann"},
      {"address: ' Ann@EXAMPLE.com '", "ann@example.com"},
      {"address: 'ann@example.com.'", "ann@example.com"},
      {"address: 'Ann@M\xC3\x9CNCHEN.example'", "ann@xn--mnchen-3ya.example"},
      {"address: '+49 (0)151 234-567'", "+49151234567"},
      {"address: '+12'", "+12"},
      {"address: 'chat-42'", "chat-42"},
      {"phone_number: '+1 (206) 555-0199'", "+12065550199"},
      {"domain: 'Example.COM'", "example.com"},
      {"domain: ' example.com. '", "example.com"},
      {"domain: 'm\xC3\xBCnchen.example'", "xn--mnchen-3ya.example"},
      {"device: ' TokenABC '", "TokenABC"},
  };
  for (const auto& [suppression, key] : cases) EXPECT_EQ(KeyOf(suppression), key) << suppression;
}

TEST(SuppressionTarget, IsRefusedWithItsFieldWhereItIsNone) {
  const std::pair<const char*, const char*> cases[] = {
      {"reason: 'x'",
       "suppressions[0].target: none must be a customer_id, an address, a phone_number, a domain or a device"},
      {"address: '  '", "suppressions[0].address: \"  \" is blank"},
      {"phone_number: '0151 234567'",
       "suppressions[0].phone_number: \"0151 234567\" is no telephone number with a country code"},
      {"phone_number: '+1 555'", "suppressions[0].phone_number: \"+1 555\" is no telephone number with a country code"},
      {"domain: 'ann@example.com'", "suppressions[0].domain: \"ann@example.com\" is no domain name"},
      {"domain: 'example..com'", "suppressions[0].domain: \"example..com\" is no domain name"},
      {"domain: '.com'", "suppressions[0].domain: \".com\" is no domain name"},
      {"domain: '.'", "suppressions[0].domain: \".\" is no domain name"},
      {"domain: 'two words'", "suppressions[0].domain: \"two words\" is no domain name"},
      {"device: ' '", "suppressions[0].device: \" \" is blank"},
  };
  for (const auto& [suppression, error] : cases) EXPECT_EQ(KeyOf(suppression), error) << suppression;
}

TEST(MessageTargets, AnEmailIsToItsAddressAndEveryDomainAboveIt) {
  EXPECT_THAT(TargetsOfMessage("address: 'Ann@Mail.Example.com'"),
              ElementsAre("customer:ann", "address:ann@mail.example.com", "domain:mail.example.com",
                          "domain:example.com", "domain:com"));
}

TEST(MessageTargets, AnSmsIsToItsNumberAsE164) {
  const char kSms[] = "channel: CHANNEL_SMS ";
  EXPECT_THAT(TargetsOfMessage(absl::StrCat(kSms, "address: '+12065550199'")),
              ElementsAre("customer:ann", "address:+12065550199", "phone:+12065550199"));
  EXPECT_THAT(TargetsOfMessage(absl::StrCat(kSms, "address: '+49 (0)151 234567'")),
              ElementsAre("customer:ann", "address:+49151234567", "phone:+49151234567"));
  EXPECT_THAT(TargetsOfMessage(absl::StrCat(kSms, "address: '0151 234567'"), "DE"),
              ElementsAre("customer:ann", "address:0151 234567", "phone:+49151234567", "address:+49151234567"));
}

TEST(MessageTargets, AnSmsToWhatIsNoNumberCannotBeEvaluated) {
  for (const char* country : {"", "XX"}) {
    EXPECT_THAT(TargetsOfMessage("channel: CHANNEL_SMS address: '0151 234567'", country),
                ::testing::Contains("CHECK_NOT_EVALUABLE"));
  }
  EXPECT_THAT(TargetsOfMessage("channel: CHANNEL_SMS address: 'ann@example.com'", "US"),
              ::testing::Contains("CHECK_NOT_EVALUABLE"));
}

TEST(MessageTargets, APushIsToItsDevice) {
  EXPECT_THAT(TargetsOfMessage("channel: CHANNEL_PUSH address: 'TokenABC'"),
              ElementsAre("customer:ann", "address:TokenABC", "device:TokenABC"));
}

TEST(Suppression, HoldsWithinItsScopeOnly) {
  struct Case {
    const char* entry;
    const char* message;
    bool blocked;
  };
  for (const Case& c : {
           Case{"", "", true},
           Case{"channel: CHANNEL_EMAIL", "", true},
           Case{"channel: CHANNEL_SMS", "", false},
           Case{"brand: 'Acme'", "", true},
           Case{"brand: 'Other'", "", false},
           Case{"brand: 'Other'", "brand: ''", true},
           Case{"", "brand: ''", true},
           Case{"message_class: MESSAGE_CLASS_MARKETING", "", true},
           Case{"message_class: MESSAGE_CLASS_MARKETING", "message_class: MESSAGE_CLASS_UNSPECIFIED", true},
           Case{"message_class: MESSAGE_CLASS_MARKETING", "message_class: MESSAGE_CLASS_TRANSACTIONAL", false},
           Case{"message_class: MESSAGE_CLASS_TRANSACTIONAL", "", false},
           Case{"message_class: MESSAGE_CLASS_TRANSACTIONAL", "message_class: MESSAGE_CLASS_TRANSACTIONAL", true},
           Case{"", "message_class: MESSAGE_CLASS_TRANSACTIONAL", true},
           Case{"channel: CHANNEL_EMAIL brand: 'Acme' message_class: MESSAGE_CLASS_MARKETING", "", true},
           Case{"channel: CHANNEL_EMAIL brand: 'Other' message_class: MESSAGE_CLASS_MARKETING", "", false},
       }) {
    Findings findings;
    const std::vector<v1::Suppression> entries = {
        ParseProto<v1::Suppression>(absl::StrCat("customer_id: 'ann' ", c.entry))};
    CheckSuppressions(entries, Message(c.message), findings);
    EXPECT_EQ(!findings.list.empty(), c.blocked) << c.entry << " | " << c.message;
  }
}

TEST(Suppression, SaysWhatItIsAboutAndCarriesScopeReasonAndSource) {
  const auto reason_for = [](absl::string_view entry) {
    Findings findings;
    const std::vector<v1::Suppression> entries = {ParseProto<v1::Suppression>(entry)};
    CheckSuppressions(entries, Message(), findings);
    EXPECT_EQ(findings.list.size(), 1);
    EXPECT_EQ(findings.list[0].verdict, v1::VERDICT_BLOCK);
    const v1::Reason& reason = findings.list[0].reason;
    EXPECT_EQ(reason.code(), kSuppressed);
    std::string text = reason.text();
    for (const v1::Fact& fact : reason.facts()) absl::StrAppend(&text, " | ", fact.name(), "=", fact.value());
    return text;
  };
  EXPECT_EQ(reason_for("customer_id: 'ann' reason: 'legal' source: 'care'"),
            "The customer is on the suppression list: legal | target=customer | scope=every channel | reason=legal | "
            "source=care");
  EXPECT_EQ(reason_for("address: 'ann@example.com' channel: CHANNEL_EMAIL brand: 'Acme'"),
            "The address is on the suppression list | target=address | scope=email, brand Acme | reason= | source=");
  EXPECT_EQ(reason_for("domain: 'example.com' message_class: MESSAGE_CLASS_MARKETING reason: 'hard bounces'"),
            "The domain example.com is on the suppression list: hard bounces | target=domain | "
            "scope=every channel, marketing | reason=hard bounces | source=");
  EXPECT_EQ(reason_for("phone_number: '+12065550199'").substr(0, 20), "The telephone number");
  EXPECT_EQ(reason_for("device: 'token'").substr(0, 10), "The device");
}

TEST(Suppression, EveryEntryThatHoldsIsAReason) {
  Findings findings;
  const std::vector<v1::Suppression> entries = {ParseProto<v1::Suppression>("customer_id: 'ann'"),
                                                ParseProto<v1::Suppression>("customer_id: 'ann' brand: 'Other'"),
                                                ParseProto<v1::Suppression>("domain: 'example.com'")};
  CheckSuppressions(entries, Message(), findings);
  EXPECT_EQ(findings.list.size(), 2);
  findings.list.clear();
  CheckSuppressions({}, Message(), findings);
  EXPECT_THAT(findings.list, IsEmpty());
}

}  // namespace
}  // namespace campaign::compliance
