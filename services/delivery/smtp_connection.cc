#include "services/delivery/smtp_connection.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace campaign::delivery {
namespace {

using End = SmtpResult::End;
using Security = SmtpOptions::Security;

struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

long Milliseconds(absl::Duration duration) {
  return static_cast<long>(std::max<int64_t>(1, absl::ToInt64Milliseconds(duration)));
}

std::string Url(const SmtpOptions& options) {
  const bool literal = absl::StrContains(options.host, ':');
  return absl::StrCat(options.security == Security::kTls ? "smtps://" : "smtp://", literal ? "[" : "", options.host,
                      literal ? "]" : "", ":", options.port, "/", options.helo);
}

// "queued as 4F2A" (Postfix), "Ok 0102..." (Amazon): how an answer names the message, at most 256 bytes.
std::string QueueId(absl::string_view line) {
  constexpr absl::string_view kQueuedAs = "queued as ";
  line = absl::StripAsciiWhitespace(line);
  if (const size_t at = line.find(kQueuedAs); at != absl::string_view::npos) {
    line.remove_prefix(at + kQueuedAs.size());
  } else if (absl::StartsWithIgnoreCase(line, "250 Ok ")) {
    line.remove_prefix(7);
  } else {
    return "";
  }
  const bool one_word =
      !line.empty() && line.size() <= 256 && std::all_of(line.begin(), line.end(), absl::ascii_isgraph);
  return one_word ? std::string(line) : "";
}

End EndOf(CURLcode code, bool greeted) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
      return End::kUnreachable;
    case CURLE_OPERATION_TIMEDOUT:
      return greeted ? End::kTimedOut : End::kUnreachable;
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_ENGINE_INITFAILED:
      return End::kTlsFailed;
    case CURLE_LOGIN_DENIED:
      return End::kLoginNotOffered;
    case CURLE_ABORTED_BY_CALLBACK:
      return End::kTimedOut;
    default:
      return End::kLost;
  }
}

}  // namespace

SmtpConnection::~SmtpConnection() {
  // libcurl says QUIT and would wait for its answer as long as for any other.
  HangUp(SHUT_RD);
}

SmtpResult SmtpConnection::Send(const std::string& recipient, absl::string_view email) {
  SmtpResult result = SendOnce(recipient, email);
  if (!WasStale(result)) return result;
  Drop();
  return SendOnce(recipient, email);
}

// Whether what went wrong is that the kept connection's time was over. The server knows nothing of the e-mail.
bool SmtpConnection::WasStale(const SmtpResult& result) const {
  if (new_socket_ || stage_ > SmtpStage::kSender) return false;
  return result.end == End::kLost || (result.end == End::kRefused && result.reply.code == 421);
}

SmtpResult SmtpConnection::SendOnce(const std::string& recipient, absl::string_view email) {
  rest_ = email;
  stage_ = SmtpStage::kSession;
  greeted_ = new_socket_ = login_missing_ = end_sent_ = false;
  refusal_.reset();
  final_reply_.reset();
  queue_id_.clear();
  const std::unique_ptr<curl_slist, ListDeleter> recipients(curl_slist_append(nullptr, recipient.c_str()));
  if (recipients == nullptr || (easy_ == nullptr && !Open())) return {End::kUnreachable};
  curl_easy_setopt(easy_.get(), CURLOPT_MAIL_RCPT, recipients.get());
  const bool last = message_count_ + 1 >= options_.max_messages_per_connection;
  curl_easy_setopt(easy_.get(), CURLOPT_FORBID_REUSE, last ? 1L : 0L);
  const CURLcode code = curl_easy_perform(easy_.get());
  message_count_ = last ? 0 : message_count_ + 1;
  SmtpResult result = Judge(code);
  // After anything else the next e-mail could read an answer that was meant for this one.
  if (result.end != End::kAccepted && result.end != End::kRefused) {
    Drop();
  } else {
    curl_easy_setopt(easy_.get(), CURLOPT_MAIL_RCPT, nullptr);
  }
  return result;
}

// Strict: that the server does not have the e-mail is only said where it cannot have its end, or refused it itself.
SmtpResult SmtpConnection::Judge(CURLcode code) const {
  if (end_sent_) {
    const int answer = final_reply_.has_value() ? final_reply_->code / 100 : 0;
    if (answer == 2) return {End::kAccepted, stage_, *final_reply_, queue_id_};
    if (answer == 4 || answer == 5) return {End::kRefused, stage_, *final_reply_, ""};
    return {End::kNoAnswer, stage_};
  }
  if (code == CURLE_OK) return {End::kNoAnswer, stage_};
  if (login_missing_) return {End::kLoginNotOffered, stage_};
  if (refusal_.has_value()) return {End::kRefused, stage_, *refusal_, ""};
  return {EndOf(code, greeted_), stage_};
}

void SmtpConnection::Drop() {
  HangUp(SHUT_RDWR);
  easy_.reset();
}

void SmtpConnection::HangUp(int how) {
  for (const curl_socket_t socket : sockets_) shutdown(socket, how);
}

bool SmtpConnection::Open() {
  easy_.reset(curl_easy_init());
  if (easy_ == nullptr) return false;
  CURL* easy = easy_.get();
  const long message_timeout = Milliseconds(options_.message_timeout);
  curl_easy_setopt(easy, CURLOPT_URL, Url(options_).c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_MAXCONNECTS, 1L);
  curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(easy, CURLOPT_MAIL_FROM, options_.from.c_str());
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, Milliseconds(options_.connect_timeout));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, message_timeout);
  curl_easy_setopt(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, message_timeout / 1000 + 1);
  SetSecurity();
  SetCallbacks();
  return true;
}

void SmtpConnection::SetSecurity() {
  CURL* easy = easy_.get();
  if (options_.security != Security::kNone) curl_easy_setopt(easy, CURLOPT_USE_SSL, long{CURLUSESSL_ALL});
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  if (!options_.ca_file.empty()) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, options_.ca_file.c_str());
    curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  }
  if (options_.user.empty()) return;
  curl_easy_setopt(easy, CURLOPT_USERNAME, options_.user.c_str());
  curl_easy_setopt(easy, CURLOPT_PASSWORD, options_.password.c_str());
  curl_easy_setopt(easy, CURLOPT_LOGIN_OPTIONS, "AUTH=PLAIN;AUTH=LOGIN");
}

void SmtpConnection::SetCallbacks() {
  CURL* easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_READFUNCTION, ReadBodyCallback);
  curl_easy_setopt(easy, CURLOPT_READDATA, this);
  curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, DebugCallback);
  curl_easy_setopt(easy, CURLOPT_DEBUGDATA, this);
  curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
  curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, ProgressCallback);
  curl_easy_setopt(easy, CURLOPT_XFERINFODATA, this);
  curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, OpenSocketCallback);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, CloseSocketCallback);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, this);
}

// What AUTH says in Base64 has no colon.
void SmtpConnection::OnCommand(absl::string_view line) {
  if (absl::StartsWith(line, "MAIL FROM:")) {
    stage_ = SmtpStage::kSender;
    greeted_ = true;
    refusal_.reset();  // An EHLO that HELO made good.
  } else if (absl::StartsWith(line, "RCPT TO:")) {
    stage_ = SmtpStage::kRecipient;
  } else if (stage_ == SmtpStage::kRecipient && absl::StartsWith(line, "DATA")) {
    stage_ = SmtpStage::kMessage;
  }
}

void SmtpConnection::OnReply(absl::string_view line) {
  const SmtpReply reply = ParseSmtpReply(line);
  const bool goes_on = line.size() > 3 && line[3] == '-';
  if (reply.code == 0 || goes_on) return;
  greeted_ = true;
  if (end_sent_) {
    // A later one answers QUIT.
    if (final_reply_.has_value()) return;
    final_reply_ = reply;
    if (reply.code / 100 == 2) queue_id_ = QueueId(line);
    return;
  }
  if (reply.code == 235) logged_in_ = true;
  if (reply.code >= 400 && !refusal_.has_value()) refusal_ = reply;
}

// Returning 0 makes libcurl send the end of the message, and nothing else does: it knows no length.
size_t SmtpConnection::ReadBody(char* buffer, size_t size) {
  // libcurl goes on without AUTH where the server does not offer it.
  login_missing_ = !options_.user.empty() && !logged_in_;
  if (login_missing_) return CURL_READFUNC_ABORT;
  const size_t length = std::min(size, rest_.size());
  if (length == 0) {
    end_sent_ = true;
    return 0;
  }
  std::memcpy(buffer, rest_.data(), length);
  rest_.remove_prefix(length);
  return length;
}

bool SmtpConnection::IsLate() {
  curl_off_t microseconds = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_TOTAL_TIME_T, &microseconds);
  return absl::Microseconds(microseconds) >= options_.message_timeout;
}

size_t SmtpConnection::ReadBodyCallback(char* buffer, size_t size, size_t count, void* self) {
  return static_cast<SmtpConnection*>(self)->ReadBody(buffer, size * count);
}

int SmtpConnection::DebugCallback(CURL*, curl_infotype type, char* data, size_t size, void* self) {
  auto* connection = static_cast<SmtpConnection*>(self);
  if (type == CURLINFO_HEADER_OUT) connection->OnCommand(absl::string_view(data, size));
  if (type == CURLINFO_HEADER_IN) connection->OnReply(absl::string_view(data, size));
  return 0;
}

// libcurl would say QUIT to a server that has kept silent until the end, and wait for the answer once more as long.
int SmtpConnection::ProgressCallback(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto* connection = static_cast<SmtpConnection*>(self);
  if (!connection->IsLate()) return 0;
  connection->HangUp(SHUT_RDWR);
  return 1;
}

curl_socket_t SmtpConnection::OpenSocketCallback(void* self, curlsocktype, curl_sockaddr* address) {
  auto* connection = static_cast<SmtpConnection*>(self);
  const int opened = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (opened < 0) return CURL_SOCKET_BAD;
  connection->sockets_.push_back(opened);
  connection->new_socket_ = true;
  connection->logged_in_ = false;
  connection->message_count_ = 0;
  return opened;
}

int SmtpConnection::CloseSocketCallback(void* self, curl_socket_t socket) {
  auto* connection = static_cast<SmtpConnection*>(self);
  auto& sockets = connection->sockets_;
  sockets.erase(std::remove(sockets.begin(), sockets.end(), socket), sockets.end());
  return close(socket);
}

}  // namespace campaign::delivery
