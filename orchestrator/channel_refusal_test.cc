#include "orchestrator/channel_refusal.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/testing/testing.h"

namespace campaign::orchestrator {
namespace {

using testing::ParseProto;

bool Refuses(absl::string_view record) { return RefusesChannel(ParseProto<v1::StepRecord>(record)); }

bool BlockRefuses(absl::string_view reasons, absl::string_view verdict = "VERDICT_BLOCK") {
  return Refuses(absl::StrCat("step: STEP_COMPLIANCE check { verdict: ", verdict, " ", reasons, " }"));
}

std::string Reason(absl::string_view code, absl::string_view fact = "", absl::string_view value = "") {
  const std::string facts = fact.empty() ? "" : absl::StrCat("facts { name: '", fact, "' value: '", value, "' }");
  return absl::StrCat("reasons { code: '", code, "' ", facts, " } ");
}

struct BlockCase {
  const char* name;
  std::string reasons;
  bool refuses;
};

class Blocks : public ::testing::TestWithParam<BlockCase> {};

TEST_P(Blocks, AreAboutTheChannelOrNot) { EXPECT_EQ(BlockRefuses(GetParam().reasons), GetParam().refuses); }

INSTANTIATE_TEST_SUITE_P(
    , Blocks,
    ::testing::Values(
        BlockCase{"AddressSuppressed", Reason("SUPPRESSED", "target", "address"), true},
        BlockCase{"NumberSuppressed", Reason("SUPPRESSED", "target", "phone_number"), true},
        BlockCase{"DomainSuppressed", Reason("SUPPRESSED", "target", "domain"), true},
        BlockCase{"DeviceSuppressed", Reason("SUPPRESSED", "target", "device"), true},
        BlockCase{"CustomerSuppressed", Reason("SUPPRESSED", "target", "customer"), false},
        BlockCase{"CustomerSuppressedOnAChannel",
                  "reasons { code: 'SUPPRESSED' facts { name: 'target' value: 'customer' } facts { name: 'scope' "
                  "value: 'sms, brand Acme' } }",
                  true},
        BlockCase{"CustomerSuppressedEverywhere",
                  "reasons { code: 'SUPPRESSED' facts { name: 'target' value: 'customer' } facts { name: 'scope' "
                  "value: 'every channel, marketing' } }",
                  false},
        BlockCase{"SuppressedWithoutFacts", Reason("SUPPRESSED"), false},
        BlockCase{"NoConsent", Reason("NO_CONSENT"), true},
        BlockCase{"NoNumber", Reason("CHECK_NOT_EVALUABLE", "target", "phone_number"), true},
        BlockCase{"SomethingElseNotEvaluable", Reason("CHECK_NOT_EVALUABLE"), false},
        BlockCase{"CapOfAChannel", Reason("FREQUENCY_CAP_REACHED", "channel", "sms"), true},
        BlockCase{"CapOfAll", Reason("FREQUENCY_CAP_REACHED", "cap", "3 messages in 7 days"), false},
        BlockCase{"CapOfAChannelAndCapOfAll",
                  Reason("FREQUENCY_CAP_REACHED", "channel", "sms") + Reason("FREQUENCY_CAP_REACHED"), false},
        BlockCase{"Content", Reason("EMPTY_MESSAGE"), false},
        BlockCase{"LinkNotAllowed", Reason("LINK_NOT_ALLOWED"), false},
        BlockCase{"AddressAndContent", Reason("NO_CONSENT") + Reason("EMPTY_MESSAGE"), false},
        BlockCase{"CodeThatIsNotKnown", Reason("SOMETHING_NEW", "channel", "sms"), false},
        // What would make wait, or ask a person, stands beside the block and does not block.
        BlockCase{"AddressAtNight", Reason("NO_CONSENT") + Reason("QUIET_HOURS"), true},
        BlockCase{"NightAlone", Reason("QUIET_HOURS"), false},
        BlockCase{"AddressOfAVip", Reason("NO_CONSENT") + Reason("VIP_CUSTOMER") + "red_flags: 'VIP_CUSTOMER'", true},
        BlockCase{"VipAlone", Reason("VIP_CUSTOMER") + "red_flags: 'VIP_CUSTOMER'", false},
        BlockCase{"NoReasonAtAll", "", false}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(Refusals, AreBlocksNoOtherVerdicts) {
  for (const char* verdict : {"VERDICT_ALLOW", "VERDICT_DEFER", "VERDICT_REVIEW", "VERDICT_UNSPECIFIED"}) {
    EXPECT_FALSE(BlockRefuses(Reason("NO_CONSENT"), verdict)) << verdict;
  }
}

TEST(Refusals, AreWhatTheGeneratorLacksForAChannel) {
  for (const char* reason : {"ADDRESS_MISSING", "TEMPLATE_MISSING"}) {
    EXPECT_TRUE(Refuses(absl::StrCat("step: STEP_GENERATION error { code: 5 reason: '", reason, "' }"))) << reason;
    EXPECT_FALSE(Refuses(absl::StrCat("step: STEP_DELIVERY error { code: 5 reason: '", reason, "' }"))) << reason;
  }
  EXPECT_FALSE(Refuses("step: STEP_GENERATION error { code: 5 reason: 'VARIABLE_MISSING' }"));
  EXPECT_FALSE(Refuses("step: STEP_GENERATION error { code: 14 reason: 'CALL_FAILED' }"));
}

std::string ReceiptOf(absl::string_view state, absl::string_view code) {
  return absl::StrCat("step: STEP_DELIVERY receipt { state: DELIVERY_STATE_", state, " ", Reason(code), " }");
}

TEST(Refusals, AreRejectionsOfTheAddressOrTheChannel) {
  for (const char* code :
       {"ADDRESS_INVALID", "ADDRESS_MISSING", "ADDRESS_NOT_MOBILE", "ADDRESS_UNKNOWN", "CHANNEL_UNSUPPORTED",
        "DEVICE_UNREGISTERED", "DEVICE_OF_OTHER_PROJECT", "DOMAIN_UNKNOWN", "MAILBOX_DISABLED", "MAILBOX_FULL",
        "RECIPIENT_UNREACHABLE", "RECIPIENT_UNSUBSCRIBED", "REGION_NOT_ENABLED", "WEBHOOK_GONE"}) {
    EXPECT_TRUE(Refuses(ReceiptOf("REJECTED", code))) << code;
    for (const char* state : {"ACCEPTED", "UNKNOWN", "SENDING", "RETRY_WAIT", "RESERVED", "UNSPECIFIED"}) {
      EXPECT_FALSE(Refuses(ReceiptOf(state, code))) << state << " " << code;
    }
  }
}

TEST(Refusals, OfATryAfterOneThatWasInDoubtCount) {
  EXPECT_TRUE(
      Refuses("step: STEP_DELIVERY receipt { state: DELIVERY_STATE_REJECTED reasons { code: 'ADDRESS_UNKNOWN' } "
              "reasons { code: 'RESOLVED_NOT_SENT' } }"));
  EXPECT_FALSE(Refuses(ReceiptOf("REJECTED", "RESOLVED_NOT_SENT")));
}

TEST(Refusals, AreNoRejectionsOfTheContentOrTheSenderOrForAnOutage) {
  for (const char* code : {"MESSAGE_EMPTY", "CONTENT_REFUSED", "MESSAGE_TOO_LARGE", "SENDER_BLOCKED",
                           "CARRIER_FILTERED", "ATTEMPTS_EXHAUSTED", "PROVIDER_LOGIN_REFUSED", "SOMETHING_NEW"}) {
    EXPECT_FALSE(Refuses(ReceiptOf("REJECTED", code))) << code;
  }
  EXPECT_FALSE(Refuses("step: STEP_DELIVERY receipt { state: DELIVERY_STATE_REJECTED }"));
}

}  // namespace
}  // namespace campaign::orchestrator
