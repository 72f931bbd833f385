#include "services/delivery/smtp_sender.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/testing/fake_clock.h"
#include "common/testing/testing.h"
#include "services/delivery/mime.h"

// What servers make of it is tested with a real one in tests/contract.
namespace campaign::delivery {
namespace {

using ::campaign::testing::FakeClock;
using ::campaign::testing::StatusIs;
using ::campaign::testing::Utc;
using Kind = SendOutcome::Kind;
using Security = SmtpOptions::Security;

SmtpOptions Options() {
  SmtpOptions options;
  options.host = "mail.example.com";
  options.from = "shop@example.com";
  return options;
}

template <class Change>
absl::Status CheckAfter(Change change) {
  SmtpOptions options = Options();
  change(options);
  return SmtpSender::Check(options);
}

void ExpectRefused(const absl::Status& status, absl::string_view message) {
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, std::string(message)));
}

TEST(SmtpOptionsTest, GoodOnesAreTaken) {
  EXPECT_OK(SmtpSender::Check(Options()));
  EXPECT_OK(CheckAfter([](SmtpOptions& o) { o.host = "2001:db8::1"; }));
  EXPECT_OK(CheckAfter([](SmtpOptions& o) { o.from_name = "Café \"Nord\""; }));
  EXPECT_OK(CheckAfter([](SmtpOptions& o) { o.security = Security::kNone; }));
}

TEST(SmtpOptionsTest, BadOnesAreRefusedByName) {
  ExpectRefused(CheckAfter([](SmtpOptions& o) { o.name = ""; }), "name:  is not 1 to 64 bytes");
  ExpectRefused(CheckAfter([](SmtpOptions& o) { o.host = "a/b"; }), "host: a/b is not a host name");
  ExpectRefused(CheckAfter([](SmtpOptions& o) { o.port = 0; }), "port: 0 is below 1");
  ExpectRefused(CheckAfter([](SmtpOptions& o) { o.port = 65536; }), "port: 65536 is above 65535");
  ExpectRefused(CheckAfter([](SmtpOptions& o) { o.from = "Shop <shop@example.com>"; }), "from: Shop");
  ExpectRefused(CheckAfter([](SmtpOptions& o) { o.from_name = "Shop\r\nBcc: x@y.z"; }), "from_name:  has a line break");
  ExpectRefused(CheckAfter([](SmtpOptions& o) { o.helo = "me\r\nQUIT"; }), "is not a host name");
  ExpectRefused(CheckAfter([](SmtpOptions& o) { o.user = "ann"; }), "user: ann is given without a password");
  ExpectRefused(CheckAfter([](SmtpOptions& o) { o.ca_file = "/nowhere.pem"; }), "ca_file: /nowhere.pem cannot be read");
  ExpectRefused(CheckAfter([](SmtpOptions& o) { o.connect_timeout = absl::ZeroDuration(); }), "connect_timeout: 0");
  ExpectRefused(CheckAfter([](SmtpOptions& o) { o.message_timeout = absl::Hours(2); }), "message_timeout: 2h");
  ExpectRefused(CheckAfter([](SmtpOptions& o) { o.max_connections = 257; }), "max_connections: 257 is above 256");
  ExpectRefused(CheckAfter([](SmtpOptions& o) { o.max_messages_per_connection = 0; }), "is below 1");
}

TEST(SmtpOptionsTest, APasswordGoesInTheClearToThisMachineAlone) {
  const auto with_login = [](absl::string_view host) {
    return CheckAfter([&](SmtpOptions& o) {
      o.host = std::string(host);
      o.security = Security::kNone;
      o.user = "ann";
      o.password = "secret";
    });
  };
  for (const char* host : {"localhost", "127.0.0.1", "127.1.2.3", "::1"}) EXPECT_OK(with_login(host));
  for (const char* host : {"mail.example.com", "127.example.com", "127.0.0.1.example.com", "10.0.0.1", "::2"}) {
    ExpectRefused(with_login(host), "security: none would send the password in the clear");
  }
}

class SmtpSenderTest : public ::testing::Test {
 protected:
  // To a port where nothing listens: it was never given to anybody.
  void SetUp() override {
    SmtpOptions options = Options();
    options.host = "127.0.0.1";
    options.port = 1;
    options.max_connections = 2;
    ASSERT_OK_AND_ASSIGN(sender_, SmtpSender::Create(options, clock_));
  }

  std::vector<SendOutcome> Send(const v1::Message& message, int count = 1) {
    std::vector<OutgoingMessage> outgoing;
    for (int i = 0; i < count; ++i) outgoing.push_back({&message, absl::StrCat("key", i), clock_.Now()});
    return sender_->Send(outgoing);
  }

  static v1::Message Email() {
    return campaign::testing::ParseProto<v1::Message>(
        R"pb(channel: CHANNEL_EMAIL address: "ann@example.com" subject: "Hi" text: "Hello")pb");
  }

  FakeClock clock_{Utc("2026-06-15 12:00:00")};
  std::unique_ptr<SmtpSender> sender_;
};

TEST_F(SmtpSenderTest, WithoutAConnectionNothingIsSentAndAnotherProviderMayBeAsked) {
  const SendOutcome outcome = Send(Email())[0];
  EXPECT_EQ(outcome.kind, Kind::kRetry);
  EXPECT_EQ(outcome.code, kSmtpUnreachable);
  EXPECT_TRUE(outcome.provider_down);
  EXPECT_FALSE(outcome.may_have_arrived);
}

TEST_F(SmtpSenderTest, AServerThatCannotBeReachedIsAskedOnceForEachConnection) {
  const std::vector<SendOutcome> outcomes = Send(Email(), 512);
  ASSERT_EQ(outcomes.size(), 512);
  int tried = 0;
  for (const SendOutcome& outcome : outcomes) {
    EXPECT_EQ(outcome.kind, Kind::kRetry);
    EXPECT_TRUE(outcome.provider_down);
    tried += outcome.code == kSmtpUnreachable ? 1 : 0;
  }
  EXPECT_GE(tried, 1);
  EXPECT_LE(tried, 2);
  EXPECT_EQ(outcomes.back().code, kSmtpNotTried);
}

TEST_F(SmtpSenderTest, WhatCannotBeAnEmailIsRefusedWithoutAServer) {
  v1::Message message = Email();
  message.set_subject("Hi\nBcc: all@example.com");
  EXPECT_EQ(Send(message)[0].code, kHeaderInjection);
  message = Email();
  message.set_address("zoë@example.com");
  EXPECT_EQ(Send(message)[0].code, kAddressNotAscii);
  message = Email();
  message.set_unsubscribe_url("http://shop.example.com/u");
  EXPECT_EQ(Send(message)[0].code, kUnsubscribeUrlInvalid);
  message = Email();
  message.set_channel(v1::CHANNEL_SMS);
  EXPECT_EQ(Send(message)[0].code, kChannelUnsupported);
  EXPECT_EQ(Send(message)[0].kind, Kind::kRejected);
}

TEST_F(SmtpSenderTest, ItDoesNotDeduplicate) {
  EXPECT_FALSE(sender_->deduplicates());
  EXPECT_EQ(sender_->provider(), "smtp");
}

}  // namespace
}  // namespace campaign::delivery
