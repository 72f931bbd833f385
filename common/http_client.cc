#include "common/http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <cstdint>

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
constexpr int kPollMs = 1000;
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

// What is refused is not repeated: URLs and headers hold secrets.
absl::Status Check(const HttpRequest& request) {
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

// One request on its way.
struct Transfer {
  const HttpRequest* request = nullptr;
  HttpResult* result = nullptr;
  CURL* easy = nullptr;
  curl_slist* headers = nullptr;
  size_t received_bytes = 0;
  bool too_large = false;

  // False: more than the caller wants.
  bool Count(size_t bytes) {
    received_bytes += bytes;
    too_large = received_bytes > request->max_response_bytes;
    return !too_large;
  }
};

size_t OnBody(const char* data, size_t, size_t size, void* user) {
  Transfer& transfer = *static_cast<Transfer*>(user);
  if (!transfer.Count(size)) return 0;
  transfer.result->response.body.append(data, size);
  return size;
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
  Transfer& transfer = *static_cast<Transfer*>(user);
  if (!transfer.Count(size)) return 0;
  const absl::string_view line(data, size);
  HttpResponse& response = transfer.result->response;
  const size_t colon = line.find(':');
  if (absl::StartsWith(line, "HTTP/")) {
    ReadStatusLine(line, response);
  } else if (colon != absl::string_view::npos && !absl::ascii_isspace(line.front())) {
    response.headers.emplace_back(absl::AsciiStrToLower(line.substr(0, colon)),
                                  std::string(absl::StripAsciiWhitespace(line.substr(colon + 1))));
  }
  return size;
}

long SentBytes(CURL* easy) {
  long sent = 0;
  curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &sent);
  return sent;
}

// Called each time that a connection is ready and the request about to be written to it. The second time is curl's own
// retry.
int BeforeRequest(void* user, char*, char*, int, int) {
  return SentBytes(static_cast<Transfer*>(user)->easy) > 0 ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
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

void SetUp(Transfer& transfer, const HttpClientOptions& options) {
  CURL* easy = transfer.easy;
  const HttpRequest& request = *transfer.request;
  transfer.headers = MakeHeaders(request);
  SetConnection(easy, options);
  SetMethod(easy, request);
  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer.headers);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, Milliseconds(request.timeout));
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, Milliseconds(request.connect_timeout));
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, OnBody);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, OnHeader);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, BeforeRequest);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, &transfer);
}

}  // namespace

absl::string_view HttpResponse::Header(absl::string_view lower_case_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_case_name) return value;
  }
  return "";
}

// What one call at a time uses: connections, and handles to be used again.
class HttpClient::Session {
 public:
  explicit Session(const HttpClientOptions& options) : options_(options), multi_(curl_multi_init()) {
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(options.max_idle_connections));
  }
  ~Session() {
    for (CURL* easy : idle_) curl_easy_cleanup(easy);
    curl_multi_cleanup(multi_);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void CallAll(absl::Span<const HttpRequest> requests, size_t max_parallel, int give_up_after,
               std::vector<HttpResult>& results) {
    size_t next = 0;
    failures_in_a_row_ = 0;
    while (next < requests.size() || !under_way_.empty()) {
      while (next < requests.size() && under_way_.size() < max_parallel) {
        if (failures_in_a_row_ < give_up_after) {
          Start(requests[next], results[next]);
        } else {
          results[next].status = absl::AbortedError("not sent: the requests before it failed");
        }
        ++next;
      }
      Advance();
    }
  }

 private:
  void Start(const HttpRequest& request, HttpResult& result) {
    result.status = Check(request);
    if (!result.status.ok()) return;
    auto transfer = std::make_unique<Transfer>();
    transfer->request = &request;
    transfer->result = &result;
    transfer->easy = TakeHandle();
    SetUp(*transfer, options_);
    curl_multi_add_handle(multi_, transfer->easy);
    under_way_.push_back(std::move(transfer));
  }

  CURL* TakeHandle() {
    if (idle_.empty()) return curl_easy_init();
    CURL* easy = idle_.back();
    idle_.pop_back();
    return easy;
  }

  // Does what can be done at once; waits if nothing came of it.
  void Advance() {
    if (under_way_.empty()) return;
    int running = 0;
    if (curl_multi_perform(multi_, &running) != CURLM_OK) return FinishAll(CURLE_RECV_ERROR);
    bool finished_any = false;
    int queued = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &queued)) {
      if (message->msg != CURLMSG_DONE) continue;
      Finish(message->easy_handle, message->data.result);
      finished_any = true;
    }
    if (!finished_any) curl_multi_poll(multi_, nullptr, 0, kPollMs, nullptr);
  }

  // Only when curl is out of memory or was called wrongly.
  void FinishAll(CURLcode code) {
    while (!under_way_.empty()) Finish(under_way_.back()->easy, code);
  }

  void Finish(CURL* easy, CURLcode code) {
    const auto found = std::find_if(under_way_.begin(), under_way_.end(),
                                    [&](const auto& transfer) { return transfer->easy == easy; });
    Transfer& transfer = **found;
    transfer.result->status = StatusOf(code, transfer.too_large);
    failures_in_a_row_ = code == CURLE_OK ? 0 : failures_in_a_row_ + 1;
    transfer.result->request_may_have_arrived = code != CURLE_OK && SentBytes(easy) > 0;
    curl_multi_remove_handle(multi_, easy);
    curl_easy_reset(easy);
    curl_slist_free_all(transfer.headers);
    idle_.push_back(easy);
    under_way_.erase(found);
  }

  const HttpClientOptions& options_;
  CURLM* const multi_;
  std::vector<CURL*> idle_;
  std::vector<std::unique_ptr<Transfer>> under_way_;
  int failures_in_a_row_ = 0;
};

HttpClient::HttpClient(HttpClientOptions options) : options_(std::move(options)) {
  static const CURLcode initialized = curl_global_init(CURL_GLOBAL_DEFAULT);
  static_cast<void>(initialized);
}

HttpClient::~HttpClient() = default;

HttpResult HttpClient::Call(const HttpRequest& request) { return CallAll({&request, 1}, 1).front(); }

std::vector<HttpResult> HttpClient::CallAll(absl::Span<const HttpRequest> requests, int max_parallel,
                                            int give_up_after) {
  std::vector<HttpResult> results(requests.size());
  std::unique_ptr<Session> session = TakeSession();
  session->CallAll(requests, std::max(1, max_parallel), give_up_after, results);
  ReturnSession(std::move(session));
  return results;
}

// The one used last has the freshest connections.
std::unique_ptr<HttpClient::Session> HttpClient::TakeSession() {
  {
    absl::MutexLock lock(&mutex_);
    if (!idle_sessions_.empty()) {
      std::unique_ptr<Session> session = std::move(idle_sessions_.back());
      idle_sessions_.pop_back();
      return session;
    }
  }
  return std::make_unique<Session>(options_);
}

void HttpClient::ReturnSession(std::unique_ptr<Session> session) {
  absl::MutexLock lock(&mutex_);
  idle_sessions_.push_back(std::move(session));
}

}  // namespace campaign
