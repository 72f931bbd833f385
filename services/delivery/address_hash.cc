#include "services/delivery/address_hash.h"

#include <openssl/sha.h>

#include <string>

#include "absl/strings/ascii.h"

namespace campaign::delivery {
namespace {

int64_t Digest(absl::string_view text) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  uint64_t start = 0;
  for (int i = 0; i < 8; ++i) start = start << 8 | digest[i];
  return static_cast<int64_t>(start);
}

std::string DigitsOf(absl::string_view number) {
  std::string digits;
  for (const char c : number) {
    if (absl::ascii_isdigit(c)) digits.push_back(c);
  }
  return digits;
}

}  // namespace

int64_t AddressHash(v1::Channel channel, absl::string_view address) {
  if (channel == v1::CHANNEL_CHAT) return address.empty() ? 0 : Digest(address);
  if (channel != v1::CHANNEL_SMS) return 0;
  const std::string digits = DigitsOf(address);
  return digits.empty() ? 0 : Digest(digits);
}

}  // namespace campaign::delivery
