#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/clock.h"
#include "services/delivery/channel_sender.h"
#include "services/delivery/smtp_options.h"
#include "services/delivery/worker_threads.h"

namespace campaign::delivery {

class SmtpConnection;

// Reason codes of messages that the mail server does not have; those of its refusals are in bounce_class.h.
inline constexpr char kSmtpUnreachable[] = "SMTP_UNREACHABLE";         // No connection.
inline constexpr char kSmtpTlsFailed[] = "SMTP_TLS_FAILED";            // No TLS, or a certificate nobody trusts.
inline constexpr char kSmtpServiceRefused[] = "SMTP_SERVICE_REFUSED";  // It does not want to speak with us at all.
inline constexpr char kSmtpTimedOut[] = "SMTP_TIMED_OUT";              // Silence before it had the message.
inline constexpr char kSmtpConnectionLost[] = "SMTP_CONNECTION_LOST";  // Broken before it had the message.
inline constexpr char kSmtpNotTried[] = "SMTP_NOT_TRIED";              // Those before it went badly.
// The one that it may have.
inline constexpr char kSmtpNoAnswer[] = "SMTP_NO_ANSWER";

// Sends e-mail over SMTP (RFC 5321). Thread-safe. Connections are kept between messages.
//
// Each message has a transaction of its own: MAIL, RCPT, DATA, each answered before the next. libcurl does not pipeline
// commands (RFC 2920), so what makes many messages fast is many connections.
class SmtpSender final : public ChannelSender {
 public:
  // INVALID_ARGUMENT with the field's name in SmtpOptions. Connects to nothing.
  static absl::Status Check(const SmtpOptions& options);

  // Connects to nothing yet. `clock` must outlive the sender. INVALID_ARGUMENT as Check.
  static absl::StatusOr<std::unique_ptr<SmtpSender>> Create(SmtpOptions options, const Clock& clock);

  // Says QUIT on every open connection.
  ~SmtpSender() override;

  // Accepted: the server answered the end of the message with 2xx. Rejected: it refused one of the commands or the
  // message with 5xx. Retry: 4xx, or nobody has the whole message. Unknown: the end of the message went out, and no
  // answer came. A server that cannot be reached or keeps silent is left alone for the rest of the messages.
  std::vector<SendOutcome> Send(absl::Span<const OutgoingMessage> messages) override;
  // Servers send what they accepted twice, twice.
  bool deduplicates() const override { return false; }
  absl::string_view provider() const override { return options_.name; }

 private:
  struct Batch;

  SmtpSender(SmtpOptions options, const Clock& clock);
  // Sends messages of the batch over one connection until none is left, or the server fails.
  void Work(Batch& batch);
  SendOutcome SendOne(const OutgoingMessage& outgoing, SmtpConnection& connection) const;
  std::unique_ptr<SmtpConnection> TakeConnection();

  const SmtpOptions options_;
  const std::string domain_;
  const Clock& clock_;

  absl::Mutex mutex_;
  // Those that no thread uses; the last one was used last.
  std::vector<std::unique_ptr<SmtpConnection>> idle_ ABSL_GUARDED_BY(mutex_);

  WorkerThreads threads_;  // Last: its tasks use all of the above.
};

}  // namespace campaign::delivery
