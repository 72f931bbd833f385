#pragma once

#include <curl/curl.h>

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/http_client.h"

namespace campaign {

// One request on its way, in curl's terms. For HttpClient alone.
class HttpTransfer {
 public:
  // INVALID_ARGUMENT: the request is malformed, and must not be sent.
  static absl::Status Check(const HttpRequest& request);

  // Sets the handle up for the request, whose answer will go to `result`. All must outlive this.
  HttpTransfer(const HttpRequest& request, HttpResult& result, const HttpClientOptions& options, CURL* easy);
  // The handle is then as new, but for its connections.
  ~HttpTransfer();
  HttpTransfer(const HttpTransfer&) = delete;
  HttpTransfer& operator=(const HttpTransfer&) = delete;

  CURL* easy() const { return easy_; }

  // What curl made of it.
  void Finish(CURLcode code);

  // What comes from the server. False: more than the caller wants.
  bool AddBody(absl::string_view data);
  bool AddHeaderLine(absl::string_view line);

 private:
  bool Count(size_t bytes);

  const HttpRequest& request_;
  HttpResult& result_;
  CURL* const easy_;
  curl_slist* const headers_;
  size_t received_bytes_ = 0;
};

}  // namespace campaign
