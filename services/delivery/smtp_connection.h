#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "services/delivery/bounce_class.h"
#include "services/delivery/smtp_options.h"

namespace campaign::delivery {

// What became of an e-mail.
struct SmtpResult {
  enum class End {
    // 2xx after the message.
    kAccepted,
    // 4xx or 5xx; `reply` and `stage` say what to what. The server does not have the message.
    kRefused,
    // No connection: no such host, refused, or too slow to greet. None of the following has the message either.
    kUnreachable,
    // No TLS, or a certificate that is not trusted.
    kTlsFailed,
    // The server does not offer AUTH, or not the way that we know.
    kLoginNotOffered,
    // It kept silent before the end of the message went out.
    kTimedOut,
    // The connection broke before the end of the message went out.
    kLost,
    // The end of the message went out, or may have, and no answer came: only the server knows whether it has it.
    kNoAnswer,
  };

  End end = End::kNoAnswer;
  SmtpStage stage = SmtpStage::kSession;
  // Of kAccepted and kRefused.
  SmtpReply reply;
  // Of kAccepted: the server's own name for the message, where it says one the usual way.
  std::string queue_id;
};

// A connection to a mail server that is made when first needed, kept between e-mails, and made anew when it broke. Not
// thread-safe. `options` must outlive it.
class SmtpConnection {
 public:
  explicit SmtpConnection(const SmtpOptions& options) : options_(options) {}
  // Says QUIT, and waits for no answer.
  ~SmtpConnection();
  SmtpConnection(const SmtpConnection&) = delete;
  SmtpConnection& operator=(const SmtpConnection&) = delete;

  // Sends one e-mail. Blocks for at most about the message timeout. A kept connection that turns out to be closed, or
  // that the server closes (421) before it knows the recipient, is replaced by a new one, once. `recipient` must be a
  // mailbox, `email` in the form of FormatEmail.
  SmtpResult Send(const std::string& recipient, absl::string_view email);

 private:
  struct EasyDeleter {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  };

  SmtpResult SendOnce(const std::string& recipient, absl::string_view email);
  bool Open();
  void SetSecurity();
  void SetCallbacks();
  SmtpResult Judge(CURLcode code) const;
  bool WasStale(const SmtpResult& result) const;
  // Closes without another word.
  void Drop();
  void HangUp(int how);

  void OnCommand(absl::string_view line);
  void OnReply(absl::string_view line);
  size_t ReadBody(char* buffer, size_t size);
  bool IsLate();

  // What libcurl calls; `self` is the connection.
  static size_t ReadBodyCallback(char* buffer, size_t size, size_t count, void* self);
  static int DebugCallback(CURL* easy, curl_infotype type, char* data, size_t size, void* self);
  static int ProgressCallback(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t);
  static curl_socket_t OpenSocketCallback(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int CloseSocketCallback(void* self, curl_socket_t socket);

  const SmtpOptions& options_;

  // Of the connection.
  std::vector<curl_socket_t> sockets_;
  int message_count_ = 0;
  bool logged_in_ = false;

  // Of the e-mail under way.
  absl::string_view rest_;  // Of its text.
  SmtpStage stage_ = SmtpStage::kSession;
  bool greeted_ = false;
  bool new_socket_ = false;
  bool login_missing_ = false;
  // From then on libcurl sends the end of the message.
  bool end_sent_ = false;
  absl::optional<SmtpReply> refusal_;
  absl::optional<SmtpReply> final_reply_;
  std::string queue_id_;

  std::unique_ptr<CURL, EasyDeleter> easy_;  // Last: closing it calls back.
};

}  // namespace campaign::delivery
