#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "campaign/v1/types.pb.h"

namespace campaign::delivery {

// The key of a dispatch: "<customer_run_id>.<channel>" where the id has only letters, digits, '-' and '_', else
// "<SHA-256 of the id, hex>.sha256.<channel>". Different for different (id, channel); at most 128 bytes; a valid file
// name and left part of a Message-ID.
std::string IdempotencyKey(absl::string_view customer_run_id, v1::Channel channel);

// What a key was made of.
struct Dispatched {
  std::string customer_run_id;
  v1::Channel channel = v1::CHANNEL_UNSPECIFIED;
};

// The way back. Null: no key, or one with a hash.
absl::optional<Dispatched> ParseIdempotencyKey(absl::string_view key);

}  // namespace campaign::delivery
