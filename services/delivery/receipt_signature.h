#pragma once

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "campaign/v1/delivery.pb.h"

namespace campaign::delivery {

// Who may call back, and how to know that it was them.
struct CallbackSource {
  enum class Kind {
    // Forms, signed with X-Twilio-Signature.
    kTwilio,
    // JSON or e-mail reports, signed as Standard Webhooks.
    kStandardWebhooks,
  };

  Kind kind = Kind::kStandardWebhooks;
  // Any of them will do, while a secret is being changed. Twilio: auth tokens. Standard Webhooks: what
  // ParseWebhookSecrets gives. None: nothing is taken.
  std::vector<std::string> keys;
  // Of what comes back about no dispatch that is known.
  v1::Channel channel = v1::CHANNEL_UNSPECIFIED;
};

// By the provider's name.
using CallbackSources = absl::flat_hash_map<std::string, CallbackSource>;

// A callback is taken only within this time of its timestamp, either way.
inline constexpr absl::Duration kSignatureTolerance = absl::Minutes(5);

// The value of a header, by its name in any case; empty if there is none. The first one counts.
absl::string_view FindHeader(const v1::RecordReceiptsRequest& request, absl::string_view name);

// Whether the provider itself made this callback. UNAUTHENTICATED: the signature is missing or wrong, or its time is
// more than kSignatureTolerance from `now`. Twilio signs no time: what it says is taken once, however late it comes.
//
// Twilio: base64 of HMAC-SHA1 over the URL and then name and value of each field of the form, sorted by name; source:
// Twilio's documentation, "Validating requests". Standard Webhooks: as SignWebhook, any of several signatures.
absl::Status VerifySignature(const CallbackSource& source, const v1::RecordReceiptsRequest& request, absl::Time now);

}  // namespace campaign::delivery
