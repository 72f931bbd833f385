#pragma once

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "common/http_client.h"
#include "services/delivery/channel_sender.h"

// What all senders over HTTP have in common.
namespace campaign::delivery {

inline constexpr char kProviderUnreachable[] = "PROVIDER_UNREACHABLE";  // No connection; nothing was sent.
inline constexpr char kProviderSilent[] = "PROVIDER_SILENT";            // It has the request, and no answer came.
inline constexpr char kProviderError[] = "PROVIDER_ERROR";              // It failed, having the request: 500, 502, 504.
inline constexpr char kProviderUnavailable[] = "PROVIDER_UNAVAILABLE";  // It takes nothing now: 503, 408, 425.
inline constexpr char kProviderRateLimit[] = "PROVIDER_RATE_LIMIT";     // Too much at once: 429.
inline constexpr char kProviderLoginRefused[] = "PROVIDER_LOGIN_REFUSED";  // It does not take our credentials: 401.
inline constexpr char kProviderRefused[] = "PROVIDER_REFUSED";  // It takes no such message: other 4xx and 3xx.
inline constexpr char kRequestInvalid[] = "REQUEST_INVALID";    // The message makes no valid request.

// How a sender calls its provider.
struct HttpSenderOptions {
  // Authorities that certificates are checked against, PEM; empty: the system's.
  std::string ca_file;
  // For a whole call. Too short makes UNKNOWNs of what a slow provider accepted.
  absl::Duration timeout = absl::Seconds(15);
  absl::Duration connect_timeout = absl::Seconds(5);
  // Calls under way at once, for each call of Send.
  int max_parallel = 16;
};

// INVALID_ARGUMENT naming `field`: not an https URL. Plain http is for this machine itself (127.0.0.1, [::1],
// localhost): messages are personal data.
absl::Status CheckUrl(absl::string_view field, absl::string_view url);

// What a file with a secret holds, without white space at both ends. INVALID_ARGUMENT naming `field`: it cannot be
// read, or is empty.
absl::StatusOr<std::string> ReadSecret(absl::string_view field, const std::string& path);

// The outcome by HTTP status, for when the provider's own error codes say nothing more.
//
// 2xx: accepted, even if the rest of the answer broke off. 429 and 408, 425, 503: refused for now, nothing was done
// (RFC 6585 section 4; RFC 9110 sections 15.5.9 and 15.6.4; RFC 8470 section 5.2), with their Retry-After. 401: no
// message gets through until the credentials are right. 500, 502, 504: the request was taken and something failed then,
// or a gateway does not know (RFC 9110 sections 15.6.1, 15.6.3, 15.6.5), so that it may have gone out; the same for
// silence. Those are UNKNOWN, or tried again here where the provider deduplicates. Other 3xx and 4xx, 501, 505:
// rejected.
SendOutcome OutcomeOf(const HttpResult& result, bool deduplicates, absl::Time now);

// The time that the response asks to be left alone (RFC 9110 section 10.2.3: seconds, or a date), at most a day; 0 if
// it says nothing that can be understood.
absl::Duration RetryAfter(const HttpResponse& response, absl::Time now);

// How a sender words a message and reads the answer.
struct HttpExchange {
  // Fills the request, or says why there is none.
  absl::FunctionRef<absl::optional<SendOutcome>(const OutgoingMessage&, HttpRequest&)> write;
  absl::FunctionRef<SendOutcome(const HttpResult&)> read;
};

// One outcome a message, in order. When as many calls as may be under way have failed one after the other, the rest is
// not asked: a provider that hangs makes few UNKNOWNs.
std::vector<SendOutcome> SendOverHttp(HttpClient& client, const HttpSenderOptions& options,
                                      absl::Span<const OutgoingMessage> messages, const HttpExchange& exchange);

}  // namespace campaign::delivery
