#include "common/http_client.h"

#include <curl/curl.h>

#include <algorithm>

#include "common/http_transfer.h"

namespace campaign {
namespace {

constexpr int kPollMs = 1000;

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
    result.status = HttpTransfer::Check(request);
    if (!result.status.ok()) return;
    CURL* easy = TakeHandle();
    under_way_.push_back(std::make_unique<HttpTransfer>(request, result, options_, easy));
    if (curl_multi_add_handle(multi_, easy) != CURLM_OK) Finish(easy, CURLE_FAILED_INIT);
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
    while (!under_way_.empty()) Finish(under_way_.back()->easy(), code);
  }

  void Finish(CURL* easy, CURLcode code) {
    const auto found = std::find_if(under_way_.begin(), under_way_.end(),
                                    [&](const auto& transfer) { return transfer->easy() == easy; });
    failures_in_a_row_ = code == CURLE_OK ? 0 : failures_in_a_row_ + 1;
    (*found)->Finish(code);
    curl_multi_remove_handle(multi_, easy);
    under_way_.erase(found);
    idle_.push_back(easy);
  }

  const HttpClientOptions& options_;
  CURLM* const multi_;
  std::vector<CURL*> idle_;
  std::vector<std::unique_ptr<HttpTransfer>> under_way_;
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
