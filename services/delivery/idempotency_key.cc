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

}  // namespace campaign::delivery
