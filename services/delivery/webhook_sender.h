#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/clock.h"
#include "common/http_client.h"
#include "services/delivery/channel_sender.h"
#include "services/delivery/http_outcome.h"

namespace campaign::delivery {

inline constexpr char kWebhookGone[] = "WEBHOOK_GONE";  // 410: it wants nothing more.

// A system of one's own that sends messages on.
struct WebhookOptions {
  // The provider's name in the settings and the ledger, at most 64 bytes.
  std::string name = "webhook";
  std::string url;
  // A file with the secret, "whsec_" and base64 of 24 to 64 bytes; while it is being changed two, on lines of their
  // own.
  std::string secret_file;
  HttpSenderOptions http;
};

// Keys from what a secret file holds, in order. INVALID_ARGUMENT naming `field`: not as WebhookOptions says.
absl::StatusOr<std::vector<std::string>> ParseWebhookSecrets(absl::string_view field, absl::string_view text);

// The value of webhook-signature: "v1," and base64 of HMAC-SHA256(key, "<id>.<seconds>.<body>"), once for each key,
// with spaces between. Source: Standard Webhooks, spec/standard-webhooks.md, "Signature scheme".
std::string SignWebhook(const std::vector<std::string>& keys, absl::string_view id, absl::Time time,
                        absl::string_view body);

// Posts messages of any channel as JSON to a URL, signed as Standard Webhooks (standardwebhooks.com). Thread-safe.
//
// {"type": "message.send", "timestamp": "<RFC 3339: when the ledger first heard of it>", "data": {"channel": "sms",
// "address": ..., and the other fields of campaign.v1.Message that are set}}. The body is the same at every attempt.
class WebhookSender final : public ChannelSender {
 public:
  // INVALID_ARGUMENT with the field's name in WebhookOptions. Calls nobody. `clock` must outlive the sender.
  static absl::StatusOr<std::unique_ptr<WebhookSender>> Create(WebhookOptions options, const Clock& clock);

  // Accepted: 2xx.
  std::vector<SendOutcome> Send(absl::Span<const OutgoingMessage> messages) override;
  // The receiver is asked to: `webhook-id` and `Idempotency-Key` are the idempotency key.
  bool deduplicates() const override { return true; }
  absl::string_view provider() const override { return options_.name; }

 private:
  WebhookSender(WebhookOptions options, std::vector<std::string> keys, const Clock& clock);
  void Write(const OutgoingMessage& message, HttpRequest& request) const;
  SendOutcome Read(const HttpResult& result) const;

  const WebhookOptions options_;
  const std::vector<std::string> keys_;
  const Clock& clock_;
  HttpClient client_;
};

}  // namespace campaign::delivery
