#include "tests/contract/senders.h"

#include "absl/strings/match.h"
#include "tests/contract/keys.h"

namespace campaign::contract {
namespace {

using ::campaign::testing::ParseProto;

// Little enough that a server that says nothing does not hold a test up.
delivery::HttpSenderOptions Http(absl::string_view words) {
  const bool silent = absl::StrContains(words, "stall") || absl::StrContains(words, "drip");
  return {.timeout = silent ? absl::Milliseconds(250) : absl::Seconds(10)};
}

}  // namespace

HttpServer& ProviderServer() {
  static HttpServer server({"--fcm-key", PublicKeyHex()});
  return server;
}

delivery::TwilioOptions Senders::Twilio(absl::string_view words) {
  return {.base_url = space_.Url(words, ""),
          .account_sid = "AC00000000000000000000000000000001",
          .auth_token_file = File("twilio", "twilio-token\n"),
          .from = "+15005550006",
          .http = Http(words)};
}

delivery::FcmOptions Senders::Fcm(absl::string_view words) {
  const nlohmann::json account = {{"type", "service_account"},
                                  {"client_email", "sender@shop.iam.gserviceaccount.com"},
                                  {"private_key_id", "key-1"},
                                  {"private_key", KeyPem()},
                                  {"token_uri", space_.Url("", "/token")},
                                  {"project_id", "shop"}};
  return {.base_url = space_.Url(words, ""),
          .service_account_file = File("account.json", account.dump()),
          .http = Http(words)};
}

delivery::SlackOptions Senders::Slack(absl::string_view words) {
  return {.webhook_url_file = File("slack", space_.Url(words, "/services/T0/B0/secret")), .http = Http(words)};
}

delivery::WebhookOptions Senders::Webhook(absl::string_view words) {
  return {.url = space_.Url(words, "/webhook"),
          .secret_file = File("webhook", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n"),
          .http = Http(words)};
}

std::string Senders::File(absl::string_view name, absl::string_view content) {
  std::ofstream(folder_.File(name)) << content;
  return folder_.File(name);
}

std::vector<nlohmann::json> Senders::Sent(absl::string_view provider) const {
  std::vector<nlohmann::json> found;
  for (const nlohmann::json& row : space_.Sent()) {
    if (row["provider"] == std::string(provider)) found.push_back(row);
  }
  return found;
}

std::vector<nlohmann::json> Senders::Requests(absl::string_view path_end) const {
  std::vector<nlohmann::json> found;
  for (const nlohmann::json& row : space_.Requests()) {
    if (absl::EndsWith(row["path"].get<std::string>(), path_end)) found.push_back(row);
  }
  return found;
}

v1::Message SmsMessage() {
  return ParseProto<v1::Message>("channel: CHANNEL_SMS address: '+4917012345678' text: 'Hello'");
}

v1::Message PushMessage() {
  return ParseProto<v1::Message>("channel: CHANNEL_PUSH address: 'device-1' title: 'Hi' text: 'Hello'");
}

v1::Message ChatMessage() {
  return ParseProto<v1::Message>("channel: CHANNEL_CHAT address: 'C-1' text: 'Hello **Ann**' plain_text: 'Hello Ann'");
}

v1::Message EmailMessage() {
  return ParseProto<v1::Message>("channel: CHANNEL_EMAIL address: 'ann@example.com' subject: 'Hi' text: 'Hello'");
}

}  // namespace campaign::contract
