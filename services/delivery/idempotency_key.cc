#include "services/delivery/idempotency_key.h"

#include <openssl/sha.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "services/delivery/channel_sender.h"

namespace campaign::delivery {
namespace {

bool IsPlain(absl::string_view id) {
  return !id.empty() && id.size() <= 64 &&
         std::all_of(id.begin(), id.end(), [](char c) { return absl::ascii_isalnum(c) || c == '-' || c == '_'; });
}

std::string Digest(absl::string_view id) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(id.data()), id.size(), digest);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest), sizeof(digest)));
}

}  // namespace

std::string IdempotencyKey(absl::string_view customer_run_id, v1::Channel channel) {
  if (IsPlain(customer_run_id)) return absl::StrCat(customer_run_id, ".", ChannelName(channel));
  return absl::StrCat(Digest(customer_run_id), ".sha256.", ChannelName(channel));
}

absl::optional<Dispatched> ParseIdempotencyKey(absl::string_view key) {
  const size_t dot = key.rfind('.');
  if (dot == absl::string_view::npos || !IsPlain(key.substr(0, dot))) return absl::nullopt;
  for (const v1::Channel channel : {v1::CHANNEL_EMAIL, v1::CHANNEL_SMS, v1::CHANNEL_PUSH, v1::CHANNEL_CHAT}) {
    if (key.substr(dot + 1) == ChannelName(channel)) return Dispatched{std::string(key.substr(0, dot)), channel};
  }
  return absl::nullopt;
}

}  // namespace campaign::delivery
