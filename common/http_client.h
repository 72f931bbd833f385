#pragma once

#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

namespace campaign {

// What to ask of a server.
struct HttpRequest {
  // "GET", "HEAD", or any other, which is sent with the body.
  std::string method = "POST";
  // http or https, whole.
  std::string url;
  // A POST without a Content-Type is sent as a form (curl's default).
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  // For everything: connecting, sending, the whole answer.
  absl::Duration timeout = absl::Seconds(10);
  // For looking the name up, connecting and TLS.
  absl::Duration connect_timeout = absl::Seconds(3);
  // Headers and body together.
  size_t max_response_bytes = 1 << 20;
};

// What a server answered.
struct HttpResponse {
  // 0: it never said.
  int status = 0;
  // Names in lower case, in the order they came.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  // The first value under a name; empty if there is none.
  absl::string_view Header(absl::string_view lower_case_name) const;
};

// What came of a request.
struct HttpResult {
  // OK: a whole response came, whatever its status. Else:
  // INVALID_ARGUMENT: the request is malformed; nothing was sent. UNAVAILABLE: no connection, or it broke.
  // DEADLINE_EXCEEDED: a timeout. FAILED_PRECONDITION: the server's certificate is not trusted. RESOURCE_EXHAUSTED: the
  // response is too large. ABORTED: others failed. Messages name neither the URL nor a header.
  absl::Status status;
  // Of a failure. False: not one byte of the request left; sending it again cannot do anything twice. True: nobody can
  // say, unless `response.status` does.
  bool request_may_have_arrived = false;
  // Of a failure: what had come until then; a status other than 0 is the server's own.
  HttpResponse response;
};

struct HttpClientOptions {
  // PEM file of the authorities that servers' certificates are checked against; empty: the system's.
  std::string ca_file;
  std::string user_agent = "campaign";
  // Open between calls, for each of the calls that were ever under way at once.
  int max_idle_connections = 32;
};

// Calls HTTP/1.1 servers over libcurl and keeps connections to them. Thread-safe.
//
// A request is sent at most once. On a kept connection that breaks before the first byte of an answer, curl would send
// the request again, a POST too (Curl_retry_request in its lib/transfer.c); here that fails, unless not one byte had
// been written. A connection that the server has closed while idle is noticed before anything is written to it.
//
// Redirects are not followed, certificates always checked, proxies, .netrc and cookies in the environment ignored.
class HttpClient {
 public:
  explicit HttpClient(HttpClientOptions options = {});
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Blocks for up to the request's timeout.
  HttpResult Call(const HttpRequest& request);

  // One result a request, in order, with at most `max_parallel` under way at once (at least 1). A request's timeout
  // begins with its own turn. After `give_up_after` failures one after the other, in the order they come, those whose
  // turn has not come are not sent: ABORTED.
  std::vector<HttpResult> CallAll(absl::Span<const HttpRequest> requests, int max_parallel,
                                  int give_up_after = std::numeric_limits<int>::max());

 private:
  class Session;

  std::unique_ptr<Session> TakeSession();
  void ReturnSession(std::unique_ptr<Session> session);

  const HttpClientOptions options_;
  absl::Mutex mutex_;
  std::vector<std::unique_ptr<Session>> idle_sessions_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace campaign
