#include "services/delivery/twilio_sender.h"

#include "tests/contract/senders.h"

namespace campaign::contract {
namespace {

using ::campaign::testing::StatusIs;
using delivery::SendOutcome;
using delivery::TwilioOptions;
using delivery::TwilioSender;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

class TwilioSenderTest : public Senders {
 protected:
  SendOutcome SendTo(const std::string& address) {
    const auto sender = Make<TwilioSender>(Twilio());
    v1::Message message = SmsMessage();
    message.set_address(address);
    return Send(*sender, message);
  }
  void ExpectRefused(const TwilioOptions& options, const std::string& text) {
    EXPECT_THAT(TwilioSender::Create(options, clock_).status(), StatusIs(absl::StatusCode::kInvalidArgument, text));
  }
};

TEST_F(TwilioSenderTest, TheFormHoldsWhatTheMessageSays) {
  TwilioOptions options = Twilio();
  options.status_callback = "https://shop.example/receipts?a=1&b=2";
  const auto sender = Make<TwilioSender>(options);
  v1::Message message = SmsMessage();
  message.set_text("Größe 5 & mehr: 100% = 2+2?\n\"Ann's\" 🦊 ~*");
  const SendOutcome outcome = Send(*sender, message);
  ASSERT_EQ(outcome.kind, Kind::kAccepted) << space_.Requests();
  const nlohmann::json sent = Sent("twilio")[0];
  EXPECT_EQ(sent["Body"], message.text());
  EXPECT_EQ(sent["To"], "+4917012345678");
  EXPECT_EQ(sent["From"], "+15005550006");
  EXPECT_EQ(sent["StatusCallback"], options.status_callback);
  EXPECT_FALSE(sent.contains("MessagingServiceSid"));
  EXPECT_EQ(outcome.provider_message_id, sent["sid"]);
  EXPECT_THAT(outcome.provider_message_id, StartsWith("SM"));
}

TEST_F(TwilioSenderTest, APoolOfSendersStandsForOne) {
  TwilioOptions options = Twilio();
  options.from = "";
  options.messaging_service_sid = "MG1";
  const auto sender = Make<TwilioSender>(options);
  EXPECT_EQ(Send(*sender, SmsMessage()).kind, Kind::kAccepted);
  EXPECT_EQ(Sent("twilio")[0]["MessagingServiceSid"], "MG1");
  EXPECT_FALSE(Sent("twilio")[0].contains("From"));
}

TEST_F(TwilioSenderTest, TwiliosErrorCodesSayWhy) {
  const auto expect = [&](const std::string& address, Kind kind, absl::string_view code,
                          v1::FeedbackKind feedback = v1::FEEDBACK_KIND_UNSPECIFIED) {
    const SendOutcome outcome = SendTo(address);
    EXPECT_EQ(outcome.kind, kind) << address;
    EXPECT_EQ(outcome.code, code);
    EXPECT_EQ(outcome.feedback, feedback);
    EXPECT_THAT(outcome.text, Not(HasSubstr(address)));
  };
  expect("+4917000000610", Kind::kRejected, "RECIPIENT_UNSUBSCRIBED", v1::FEEDBACK_KIND_UNSUBSCRIBED);
  expect("+4917000000614", Kind::kRejected, "ADDRESS_NOT_MOBILE", v1::FEEDBACK_KIND_HARD_BOUNCE);
  expect("+4917000000007", Kind::kRejected, "CARRIER_FILTERED");
  expect("+4917000000429", Kind::kRetry, "PROVIDER_RATE_LIMIT");
  EXPECT_THAT(Sent("twilio"), SizeIs(0));
}

TEST_F(TwilioSenderTest, AnErrorOfTheServerIsNoRefusalWhateverItsCode) {
  const auto sender = Make<TwilioSender>(Twilio("status=500,answer=%7B\"code\":21610%7D"));
  EXPECT_EQ(Send(*sender, SmsMessage()).kind, Kind::kUnknown);
  const auto rejecting = Make<TwilioSender>(Twilio("status=400,answer=%7B\"code\":21610%7D"));
  EXPECT_EQ(Send(*rejecting, SmsMessage()).code, "RECIPIENT_UNSUBSCRIBED");
}

TEST_F(TwilioSenderTest, WhatIsNoPhoneNumberIsNotAsked) {
  for (const char* address :
       {"0170 1234567", "+0170123456", "+49170abc1234", "+491701234567890123", "+49", "ann@x.de"}) {
    const SendOutcome outcome = SendTo(address);
    EXPECT_EQ(outcome.kind, Kind::kRejected) << address;
    EXPECT_EQ(outcome.code, "ADDRESS_INVALID");
  }
  EXPECT_THAT(space_.Requests(), SizeIs(0));
}

TEST_F(TwilioSenderTest, AWrongTokenIsTheProvidersRefusalOfUs) {
  TwilioOptions options = Twilio();
  options.auth_token_file = File("wrong", "nonsense");
  const auto sender = Make<TwilioSender>(options);
  const SendOutcome outcome = Send(*sender, SmsMessage());
  EXPECT_EQ(outcome.kind, Kind::kRetry);
  EXPECT_TRUE(outcome.provider_down);
  EXPECT_EQ(outcome.code, "PROVIDER_LOGIN_REFUSED");
}

TEST_F(TwilioSenderTest, RefusesOptionsThatCannotWork) {
  TwilioOptions options = Twilio();
  options.base_url = "http://api.twilio.com";
  ExpectRefused(options, "base_url: is http");
  options = Twilio();
  options.account_sid = "AC/../x";
  ExpectRefused(options, "account_sid: AC/../x");
  options = Twilio();
  options.api_key_sid = "AC1";
  ExpectRefused(options, "api_key_sid: AC1");
  options = Twilio();
  options.from = "";
  ExpectRefused(options, "from");
  options = Twilio();
  options.messaging_service_sid = "MG1";
  ExpectRefused(options, "not both");
  options.from = "";
  options.messaging_service_sid = "SM1";
  ExpectRefused(options, "messaging_service_sid");
  options = Twilio();
  options.status_callback = "ftp://x";
  ExpectRefused(options, "status_callback");
  options = Twilio();
  options.auth_token_file = folder_.File("none");
  ExpectRefused(options, "auth_token_file");
  options.auth_token_file = File("empty", " \n");
  ExpectRefused(options, "is empty");
  options.auth_token_file = "";
  ExpectRefused(options, "auth_token_file: is required");
}

}  // namespace
}  // namespace campaign::contract
