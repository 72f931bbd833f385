#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/testing/fake_clock.h"
#include "common/testing/testing.h"
#include "services/delivery/smtp_sender.h"
#include "tests/contract/smtp_server.h"

namespace campaign::contract {

// Sends e-mails to a real mail server. Skips where there is none.
class SmtpTest : public ::testing::Test {
 protected:
  using Security = delivery::SmtpOptions::Security;

  void SetUp() override {
    if (!SharedSmtpServer().installed()) GTEST_SKIP() << "aiosmtpd is not installed (tools/setup does): no mail server";
  }

  // One connection, no encryption.
  static delivery::SmtpOptions Options(const SmtpServer& server) {
    delivery::SmtpOptions options;
    options.host = "127.0.0.1";
    options.port = server.port();
    options.security = Security::kNone;
    options.from = "shop@example.com";
    options.max_connections = 1;
    return options;
  }

  // The same, with little patience.
  static delivery::SmtpOptions Impatient(const SmtpServer& server) {
    delivery::SmtpOptions options = Options(server);
    options.connect_timeout = absl::Milliseconds(300);
    options.message_timeout = absl::Milliseconds(300);
    return options;
  }

  std::unique_ptr<delivery::SmtpSender> Sender(const delivery::SmtpOptions& options) const {
    auto sender = delivery::SmtpSender::Create(options, clock_);
    EXPECT_OK(sender.status());
    return *std::move(sender);
  }

  static v1::Message Email(absl::string_view local_part, absl::string_view text = "Hello") {
    v1::Message message;
    message.set_channel(v1::CHANNEL_EMAIL);
    message.set_address(absl::StrCat(local_part, "@example.com"));
    message.set_subject("Hi");
    message.set_text(std::string(text));
    return message;
  }

  std::vector<delivery::SendOutcome> SendAll(delivery::SmtpSender& sender, const std::vector<v1::Message>& messages) {
    std::vector<delivery::OutgoingMessage> outgoing;
    for (const v1::Message& message : messages) {
      outgoing.push_back({&message, absl::StrCat("key", outgoing.size()), clock_.Now()});
    }
    return sender.Send(outgoing);
  }

  delivery::SendOutcome Send(delivery::SmtpSender& sender, const v1::Message& message) {
    return SendAll(sender, {message})[0];
  }

  const testing::FakeClock clock_{testing::Utc("2026-06-15 12:00:05")};
};

}  // namespace campaign::contract
