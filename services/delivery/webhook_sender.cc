#include "services/delivery/webhook_sender.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/status.h"

namespace campaign::delivery {
namespace {

// Standard Webhooks: "between 24 bytes (192 bits) and 64 bytes (512 bits)".
constexpr size_t kMinKeyBytes = 24;
constexpr size_t kMaxKeyBytes = 64;
constexpr int kGone = 410;

std::string HmacSha256(absl::string_view key, absl::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), digest, &size);
  return std::string(reinterpret_cast<const char*>(digest), size);
}

std::string Body(const OutgoingMessage& outgoing) {
  const v1::Message& message = *outgoing.message;
  nlohmann::ordered_json data = {{"channel", ChannelName(message.channel()).data()}, {"address", message.address()}};
  const std::pair<const char*, const std::string*> fields[] = {{"locale", &message.locale()},
                                                               {"subject", &message.subject()},
                                                               {"preheader", &message.preheader()},
                                                               {"text", &message.text()},
                                                               {"html", &message.html()},
                                                               {"unsubscribe_url", &message.unsubscribe_url()},
                                                               {"title", &message.title()},
                                                               {"deep_link", &message.deep_link()},
                                                               {"collapse_key", &message.collapse_key()},
                                                               {"plain_text", &message.plain_text()},
                                                               {"brand", &message.brand()},
                                                               {"template_id", &message.template_id()}};
  for (const auto& [name, value] : fields) {
    if (!value->empty()) data[name] = *value;
  }
  const nlohmann::ordered_json json = {
      {"type", "message.send"},
      {"timestamp", absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", outgoing.create_time, absl::UTCTimeZone())},
      {"data", std::move(data)}};
  return json.dump(/*indent=*/-1, ' ', /*ensure_ascii=*/false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ParseWebhookSecrets(absl::string_view field, absl::string_view text) {
  std::vector<std::string> keys;
  for (absl::string_view line : absl::StrSplit(text, absl::ByAnyChar(" \t\r\n"), absl::SkipEmpty())) {
    std::string key;
    const bool has_prefix = absl::ConsumePrefix(&line, "whsec_");
    if (!has_prefix || !absl::Base64Unescape(line, &key) || key.size() < kMinKeyBytes || key.size() > kMaxKeyBytes) {
      return absl::InvalidArgumentError(absl::StrCat(field, ": a secret is not \"whsec_\" and base64 of ", kMinKeyBytes,
                                                     " to ", kMaxKeyBytes, " bytes"));
    }
    keys.push_back(std::move(key));
  }
  if (keys.empty()) return absl::InvalidArgumentError(absl::StrCat(field, ": has no secret"));
  return keys;
}

std::string SignWebhook(const std::vector<std::string>& keys, absl::string_view id, absl::Time time,
                        absl::string_view body) {
  const std::string text = absl::StrCat(id, ".", absl::ToUnixSeconds(time), ".", body);
  return absl::StrJoin(keys, " ", [&](std::string* out, const std::string& key) {
    absl::StrAppend(out, "v1,", absl::Base64Escape(HmacSha256(key, text)));
  });
}

absl::StatusOr<std::unique_ptr<WebhookSender>> WebhookSender::Create(WebhookOptions options, const Clock& clock) {
  RETURN_IF_ERROR(CheckUrl("url", options.url));
  ASSIGN_OR_RETURN(const std::string text, ReadSecret("secret_file", options.secret_file));
  ASSIGN_OR_RETURN(std::vector<std::string> keys, ParseWebhookSecrets("secret_file", text));
  return std::unique_ptr<WebhookSender>(new WebhookSender(std::move(options), std::move(keys), clock));
}

WebhookSender::WebhookSender(WebhookOptions options, std::vector<std::string> keys, const Clock& clock)
    : options_(std::move(options)),
      keys_(std::move(keys)),
      clock_(clock),
      client_({.ca_file = options_.http.ca_file}) {}

std::vector<SendOutcome> WebhookSender::Send(absl::Span<const OutgoingMessage> messages) {
  const auto write = [this](const OutgoingMessage& message, HttpRequest& request) -> absl::optional<SendOutcome> {
    Write(message, request);
    return absl::nullopt;
  };
  return SendOverHttp(client_, options_.http, messages,
                      {write, [this](const HttpResult& result) { return Read(result); }});
}

void WebhookSender::Write(const OutgoingMessage& message, HttpRequest& request) const {
  const absl::Time now = clock_.Now();
  const std::string& id = message.idempotency_key;
  request.url = options_.url;
  request.body = Body(message);
  request.headers = {{"Content-Type", "application/json"},
                     {"Idempotency-Key", id},
                     {"webhook-id", id},
                     {"webhook-timestamp", absl::StrCat(absl::ToUnixSeconds(now))},
                     {"webhook-signature", SignWebhook(keys_, id, now, request.body)}};
}

SendOutcome WebhookSender::Read(const HttpResult& result) const {
  if (result.response.status == kGone) {
    return SendOutcome::Rejected(kWebhookGone, "the receiver wants no more messages (410)");
  }
  return OutcomeOf(result, deduplicates(), clock_.Now());
}

}  // namespace campaign::delivery
