#include "services/delivery/receipt_signature.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "services/delivery/form_body.h"
#include "services/delivery/webhook_sender.h"

namespace campaign::delivery {
namespace {

// Takes as long wherever they differ, so that nobody finds a signature byte by byte.
bool Same(absl::string_view a, absl::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string HmacSha1(absl::string_view key, absl::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), digest, &size);
  return std::string(reinterpret_cast<const char*>(digest), size);
}

absl::Status Wrong() {
  return absl::UnauthenticatedError("the signature does not fit the callback and the provider's secret");
}

absl::Status Missing(absl::string_view header) {
  return absl::UnauthenticatedError(absl::StrCat("the callback has no header ", header));
}

absl::Status VerifyTwilio(const CallbackSource& source, const v1::RecordReceiptsRequest& request) {
  const absl::string_view signature = FindHeader(request, "X-Twilio-Signature");
  if (signature.empty()) return Missing("X-Twilio-Signature");
  absl::optional<FormFields> fields = ReadForm(request.body());
  if (!fields.has_value()) return Wrong();
  std::sort(fields->begin(), fields->end());
  // Twilio's own libraries count a field that comes twice with the same value once.
  fields->erase(std::unique(fields->begin(), fields->end()), fields->end());
  std::string text = request.url();
  for (const auto& [name, value] : *fields) absl::StrAppend(&text, name, value);
  const bool known = std::any_of(source.keys.begin(), source.keys.end(), [&](const std::string& key) {
    return !key.empty() && Same(signature, absl::Base64Escape(HmacSha1(key, text)));
  });
  return known ? absl::OkStatus() : Wrong();
}

absl::Status VerifyWebhook(const CallbackSource& source, const v1::RecordReceiptsRequest& request, absl::Time now) {
  for (const char* header : {"webhook-id", "webhook-timestamp", "webhook-signature"}) {
    if (FindHeader(request, header).empty()) return Missing(header);
  }
  int64_t seconds = 0;
  if (!absl::SimpleAtoi(FindHeader(request, "webhook-timestamp"), &seconds)) {
    return absl::UnauthenticatedError("webhook-timestamp is no number of seconds");
  }
  const absl::Time time = absl::FromUnixSeconds(seconds);
  if (now - time > kSignatureTolerance) return absl::UnauthenticatedError("the callback is more than 5 minutes old");
  if (time - now > kSignatureTolerance) {
    return absl::UnauthenticatedError("the callback is more than 5 minutes in the future");
  }
  const std::string expected = SignWebhook(source.keys, FindHeader(request, "webhook-id"), time, request.body());
  const std::vector<absl::string_view> ours = absl::StrSplit(expected, ' ', absl::SkipEmpty());
  for (const absl::string_view given : absl::StrSplit(FindHeader(request, "webhook-signature"), ' ')) {
    if (std::any_of(ours.begin(), ours.end(), [given](absl::string_view one) { return Same(given, one); })) {
      return absl::OkStatus();
    }
  }
  return Wrong();
}

}  // namespace

absl::string_view FindHeader(const v1::RecordReceiptsRequest& request, absl::string_view name) {
  for (const v1::Fact& header : request.headers()) {
    if (absl::EqualsIgnoreCase(header.name(), name)) return header.value();
  }
  return "";
}

absl::Status VerifySignature(const CallbackSource& source, const v1::RecordReceiptsRequest& request, absl::Time now) {
  switch (source.kind) {
    case CallbackSource::Kind::kTwilio:
      return VerifyTwilio(source, request);
    case CallbackSource::Kind::kStandardWebhooks:
      return VerifyWebhook(source, request, now);
  }
  return Wrong();
}

}  // namespace campaign::delivery
