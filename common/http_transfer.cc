#include "common/http_transfer.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace campaign {
namespace {

// Load balancers close connections that were idle for a minute. To be sooner makes it rare that a request crosses with
// their closing, after which nobody can say whether it arrived.
constexpr long kMaxIdleSeconds = 20;
constexpr absl::Duration kMaxTimeout = absl::Hours(1);

long Milliseconds(absl::Duration duration) {
  return std::max<int64_t>(1, absl::ToInt64Milliseconds(std::min(duration, kMaxTimeout)));
}

bool IsToken(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(c) || absl::string_view("!#$%&'*+-.^_`|~").find(c) != absl::string_view::npos;
  });
}

bool HasControlCharacter(absl::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return absl::ascii_iscntrl(c) && c != '\t'; });
}

bool IsUrl(absl::string_view url) {
  if (!absl::StartsWithIgnoreCase(url, "http://") && !absl::StartsWithIgnoreCase(url, "https://")) return false;
  return std::all_of(url.begin(), url.end(), [](char c) { return absl::ascii_isgraph(c); });
}

absl::Status StatusOf(CURLcode code, bool too_large) {
  const absl::string_view text = curl_easy_strerror(code);
  if (too_large) return absl::ResourceExhaustedError("the response is too large");
  switch (code) {
    case CURLE_OK:
      return absl::OkStatus();
    case CURLE_URL_MALFORMAT:
      return absl::InvalidArgumentError(absl::StrCat("url: ", text));
    case CURLE_OPERATION_TIMEDOUT:
      return absl::DeadlineExceededError(text);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
      return absl::FailedPreconditionError(text);
    case CURLE_ABORTED_BY_CALLBACK:
      return absl::UnavailableError("the connection broke after the request was sent");
    default:
      return absl::UnavailableError(text);
  }
}

size_t OnBody(const char* data, size_t, size_t size, void* user) {
  return static_cast<HttpTransfer*>(user)->AddBody({data, size}) ? size : 0;
}

// A status line begins a response; an interim one (1xx) is no answer yet.
void ReadStatusLine(absl::string_view line, HttpResponse& response) {
  response.headers.clear();
  const size_t space = line.find(' ');
  int status = 0;
  if (space != absl::string_view::npos && absl::SimpleAtoi(line.substr(space + 1, 3), &status) && status >= 200) {
    response.status = status;
  }
}

size_t OnHeader(const char* data, size_t, size_t size, void* user) {
  return static_cast<HttpTransfer*>(user)->AddHeaderLine({data, size}) ? size : 0;
}

long SentBytes(CURL* easy) {
  long sent = 0;
  curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &sent);
  return sent;
}

// Called each time that a connection is ready and the request about to be written to it. The second time is curl's own
// retry.
int BeforeRequest(void* user, char*, char*, int, int) {
  return SentBytes(static_cast<HttpTransfer*>(user)->easy()) > 0 ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

// A header without a value is written "Name;" to curl: "Name:" would take its own away.
curl_slist* MakeHeaders(const HttpRequest& request) {
  // Waiting for "100 Continue" would cost a second where a server does not know it.
  curl_slist* list = curl_slist_append(nullptr, "Expect:");
  for (const auto& [name, value] : request.headers) {
    const std::string line = value.empty() ? absl::StrCat(name, ";") : absl::StrCat(name, ": ", value);
    list = curl_slist_append(list, line.c_str());
  }
  return list;
}

void SetMethod(CURL* easy, const HttpRequest& request) {
  if (request.method == "GET") return;
  if (request.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    return;
  }
  curl_easy_setopt(easy, CURLOPT_POST, 1L);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
  if (request.method != "POST") curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

void SetConnection(CURL* easy, const HttpClientOptions& options) {
  // HTTP/2 would bring retries of its own, of refused streams; the callers' requests are small.
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, kMaxIdleSeconds);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, options.user_agent.c_str());
  if (!options.ca_file.empty()) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, options.ca_file.c_str());
    curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  }
}

}  // namespace

// What is refused is not repeated: URLs and headers hold secrets.
absl::Status HttpTransfer::Check(const HttpRequest& request) {
  const bool has_no_body = request.method == "GET" || request.method == "HEAD";
  if (!IsToken(request.method)) return absl::InvalidArgumentError("method: is not a token");
  if (!IsUrl(request.url)) return absl::InvalidArgumentError("url: is not an http or https URL in ASCII");
  for (const auto& [name, value] : request.headers) {
    if (!IsToken(name)) return absl::InvalidArgumentError("headers: a name is not a token");
    if (HasControlCharacter(value)) {
      return absl::InvalidArgumentError(absl::StrCat("headers[", name, "]: has a control character"));
    }
  }
  if (has_no_body && !request.body.empty()) return InvalidField("body", "is set", "for a method without one");
  if (request.timeout <= absl::ZeroDuration())
    return InvalidField("timeout", absl::FormatDuration(request.timeout), "is not above 0");
  if (request.connect_timeout <= absl::ZeroDuration()) {
    return InvalidField("connect_timeout", absl::FormatDuration(request.connect_timeout), "is not above 0");
  }
  return absl::OkStatus();
}

HttpTransfer::HttpTransfer(const HttpRequest& request, HttpResult& result, const HttpClientOptions& options, CURL* easy)
    : request_(request), result_(result), easy_(easy), headers_(MakeHeaders(request)) {
  SetConnection(easy, options);
  SetMethod(easy, request);
  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, Milliseconds(request.timeout));
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, Milliseconds(request.connect_timeout));
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, OnBody);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, OnHeader);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, BeforeRequest);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, this);
}

HttpTransfer::~HttpTransfer() {
  curl_easy_reset(easy_);
  curl_slist_free_all(headers_);
}

void HttpTransfer::Finish(CURLcode code) {
  result_.status = StatusOf(code, received_bytes_ > request_.max_response_bytes);
  result_.request_may_have_arrived = code != CURLE_OK && SentBytes(easy_) > 0;
}

bool HttpTransfer::Count(size_t bytes) {
  received_bytes_ += bytes;
  return received_bytes_ <= request_.max_response_bytes;
}

bool HttpTransfer::AddBody(absl::string_view data) {
  if (!Count(data.size())) return false;
  result_.response.body.append(data.data(), data.size());
  return true;
}

bool HttpTransfer::AddHeaderLine(absl::string_view line) {
  if (!Count(line.size())) return false;
  HttpResponse& response = result_.response;
  const size_t colon = line.find(':');
  if (absl::StartsWith(line, "HTTP/")) {
    ReadStatusLine(line, response);
  } else if (colon != absl::string_view::npos && !absl::ascii_isspace(line.front())) {
    response.headers.emplace_back(absl::AsciiStrToLower(line.substr(0, colon)),
                                  std::string(absl::StripAsciiWhitespace(line.substr(colon + 1))));
  }
  return true;
}

}  // namespace campaign
