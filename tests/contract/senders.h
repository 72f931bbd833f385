#pragma once

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "common/testing/fake_clock.h"
#include "common/testing/testing.h"
#include "services/delivery/fcm_sender.h"
#include "services/delivery/slack_sender.h"
#include "services/delivery/twilio_sender.h"
#include "services/delivery/webhook_sender.h"
#include "tests/contract/http_server.h"

namespace campaign::contract {

// The server that plays the providers; it knows the service account's public key.
HttpServer& ProviderServer();

// Options of senders to it that are right. Secrets are files in a folder that ends with this.
class Senders : public ::testing::Test {
 protected:
  using Kind = delivery::SendOutcome::Kind;

  // `words` say how the server misbehaves (http_server.py).
  delivery::TwilioOptions Twilio(absl::string_view words = "");
  delivery::FcmOptions Fcm(absl::string_view words = "");
  delivery::SlackOptions Slack(absl::string_view words = "");
  delivery::WebhookOptions Webhook(absl::string_view words = "");

  // A sender, or a failed test.
  template <class Sender, class Options>
  std::unique_ptr<Sender> Make(Options options) {
    auto sender = Sender::Create(std::move(options), clock_);
    EXPECT_OK(sender.status());
    return *std::move(sender);
  }

  // The path of a new file that holds this.
  std::string File(absl::string_view name, absl::string_view content);

  // One message; its key is "key".
  delivery::SendOutcome Send(delivery::ChannelSender& sender, const v1::Message& message,
                             const std::string& key = "key") {
    const delivery::OutgoingMessage outgoing{&message, key, clock_.Now()};
    return sender.Send({&outgoing, 1})[0];
  }

  // What the provider accepted, apart from tokens.
  std::vector<nlohmann::json> Sent(absl::string_view provider) const;
  // Requests whose path ends so.
  std::vector<nlohmann::json> Requests(absl::string_view path_end) const;

  Space space_{ProviderServer()};
  testing::TempDir folder_;
  testing::FakeClock clock_{absl::Now()};
};

// Messages that the providers take.
v1::Message SmsMessage();
v1::Message PushMessage();
v1::Message ChatMessage();
v1::Message EmailMessage();

}  // namespace campaign::contract
