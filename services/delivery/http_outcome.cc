#include "services/delivery/http_outcome.h"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace campaign::delivery {
namespace {

constexpr absl::Duration kMaxRetryAfter = absl::Hours(24);
// The date of HTTP, and two that receivers still have to know (RFC 9110 section 5.6.7).
constexpr const char* kDateFormats[] = {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT",
                                        "%a %b %e %H:%M:%S %Y"};

bool ParseHttpDate(absl::string_view text, absl::Time& time) {
  return std::any_of(std::begin(kDateFormats), std::end(kDateFormats), [&](const char* format) {
    std::string error;
    return absl::ParseTime(format, text, absl::UTCTimeZone(), &time, &error);
  });
}

// The host of a URL, without port.
absl::string_view HostOf(absl::string_view url) {
  url.remove_prefix(url.find("://") + 3);
  const absl::string_view authority = url.substr(0, url.find_first_of("/?#"));
  if (absl::StartsWith(authority, "[")) return authority.substr(0, authority.find(']') + 1);
  return authority.substr(0, authority.find(':'));
}

SendOutcome MayHaveArrived(bool deduplicates, absl::string_view code, absl::string_view text, absl::Duration after) {
  return deduplicates ? SendOutcome::RetryHere(code, text, after) : SendOutcome::Unknown(code, text);
}

SendOutcome OutcomeOfFailure(const HttpResult& result, bool deduplicates) {
  if (result.status.code() == absl::StatusCode::kInvalidArgument) {
    return SendOutcome::Rejected(kRequestInvalid, result.status.message());
  }
  if (!result.request_may_have_arrived) {
    return SendOutcome::Down(kProviderUnreachable,
                             absl::StrCat("the provider cannot be reached: ", result.status.message()));
  }
  return MayHaveArrived(deduplicates, kProviderSilent,
                        absl::StrCat("the provider got the message, but gave no answer: ", result.status.message()),
                        absl::ZeroDuration());
}

}  // namespace

absl::Status CheckUrl(absl::string_view field, absl::string_view url) {
  // A user, or what one parser or another takes for the end of one, hides the host.
  if (url.find_first_of("@\\") != absl::string_view::npos) {
    return absl::InvalidArgumentError(absl::StrCat(field, ": has a '@' or backslash"));
  }
  if (absl::StartsWith(url, "https://") && !HostOf(url).empty()) return absl::OkStatus();
  if (absl::StartsWith(url, "http://")) {
    const absl::string_view host = HostOf(url);
    if (host == "127.0.0.1" || host == "[::1]" || host == "localhost") return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat(field, ": is http, which is for this machine alone; use https"));
  }
  return absl::InvalidArgumentError(absl::StrCat(field, ": is not an https URL"));
}

absl::StatusOr<std::string> ReadSecret(absl::string_view field, const std::string& path) {
  if (path.empty()) return absl::InvalidArgumentError(absl::StrCat(field, ": is required"));
  std::ifstream file(path, std::ios::binary);
  if (!file) return InvalidField(field, path, "cannot be read");
  const std::string content((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (file.bad()) return InvalidField(field, path, "cannot be read");
  std::string secret(absl::StripAsciiWhitespace(content));
  if (secret.empty()) return InvalidField(field, path, "is empty");
  return secret;
}

absl::Duration RetryAfter(const HttpResponse& response, absl::Time now) {
  const absl::string_view text = response.Header("retry-after");
  int64_t seconds = 0;
  absl::Time time;
  absl::Duration after = absl::ZeroDuration();
  if (absl::SimpleAtoi(text, &seconds)) {
    after = absl::Seconds(seconds);
  } else if (ParseHttpDate(text, time)) {
    after = time - now;
  }
  return std::clamp(after, absl::ZeroDuration(), kMaxRetryAfter);
}

SendOutcome OutcomeOf(const HttpResult& result, bool deduplicates, absl::Time now) {
  const int status = result.response.status;
  if (status == 0) return OutcomeOfFailure(result, deduplicates);
  const std::string text = absl::StrCat("the provider answered with status ", status);
  const absl::Duration after = RetryAfter(result.response, now);
  switch (status) {
    case 401:
      return SendOutcome::Down(kProviderLoginRefused, text, after);
    case 429:
      return SendOutcome::Retry(kProviderRateLimit, text, after);
    case 408:
    case 425:
      return SendOutcome::Retry(kProviderUnavailable, text, after);
    case 503:
      return SendOutcome::Down(kProviderUnavailable, text, after);
    case 501:
    case 505:
      return SendOutcome::Rejected(kProviderRefused, text);
    default:
      break;
  }
  if (status < 300) return SendOutcome::Accepted();
  if (status < 500) return SendOutcome::Rejected(kProviderRefused, text);
  return MayHaveArrived(deduplicates, kProviderError, text, after);
}

std::vector<SendOutcome> SendOverHttp(HttpClient& client, const HttpSenderOptions& options,
                                      absl::Span<const OutgoingMessage> messages, const HttpExchange& exchange) {
  std::vector<SendOutcome> outcomes(messages.size());
  std::vector<HttpRequest> requests;
  std::vector<size_t> positions;
  for (size_t i = 0; i < messages.size(); ++i) {
    HttpRequest request;
    request.timeout = options.timeout;
    request.connect_timeout = options.connect_timeout;
    if (absl::optional<SendOutcome> refusal = exchange.write(messages[i], request); refusal.has_value()) {
      outcomes[i] = *std::move(refusal);
      continue;
    }
    requests.push_back(std::move(request));
    positions.push_back(i);
  }
  const std::vector<HttpResult> results =
      client.CallAll(requests, options.max_parallel, /*give_up_after=*/options.max_parallel);
  for (size_t i = 0; i < results.size(); ++i) outcomes[positions[i]] = exchange.read(results[i]);
  return outcomes;
}

}  // namespace campaign::delivery
