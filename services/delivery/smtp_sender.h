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
#include "services/delivery/worker_threads.h"

namespace campaign::delivery {

class SmtpConnection;

// A mail server that takes e-mail for others ("submission", RFC 6409), and how to speak to it.
struct SmtpOptions {
  enum class Security {
    // Never encrypted. With a user only to this machine itself.
    kNone,
    // The connection is upgraded before anything of ours is said (RFC 3207), or nothing is sent.
    kStartTls,
    // Encrypted from the first byte (RFC 8314).
    kTls,
  };

  // The provider's name in the settings and the ledger, at most 64 bytes.
  std::string name = "smtp";
  // A host name, or an address; IPv6 without brackets.
  std::string host;
  int port = 587;
  Security security = Security::kStartTls;
  // Empty: no AUTH. Else nothing is sent unless the server took user and password.
  std::string user;
  std::string password;
  // A mailbox: From and MAIL FROM of every e-mail; its domain is also that of the Message-IDs.
  std::string from;
  // The name that people see instead; may be empty.
  std::string from_name;
  // What this machine calls itself in EHLO. Empty: the domain of `from`.
  std::string helo;
  // A file of trusted certificates (PEM). Empty: those of the system.
  std::string ca_file;
  // Until the server has greeted, and taken TLS and AUTH.
  absl::Duration connect_timeout = absl::Seconds(10);
  // From then on for one message, the server's answer to it included. Too short a time makes UNKNOWNs: servers may
  // think long about a message that they have.
  absl::Duration message_timeout = absl::Seconds(60);
  // Messages that are on their way at once, each over a connection of its own.
  int max_connections = 8;
  // A connection is closed after so many.
  int max_messages_per_connection = 100;
};

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
  // Sends messages of the batch over one connection until none is left.
  void Work(Batch& batch);
  SendOutcome SendOne(const OutgoingMessage& outgoing, SmtpConnection& connection, bool& usable) const;
  std::unique_ptr<SmtpConnection> TakeConnection();
  void GiveBack(std::unique_ptr<SmtpConnection> connection);

  const SmtpOptions options_;
  const std::string domain_;
  const Clock& clock_;

  absl::Mutex mutex_;
  // Those that no thread uses; the last one was used last.
  std::vector<std::unique_ptr<SmtpConnection>> idle_ ABSL_GUARDED_BY(mutex_);

  WorkerThreads threads_;  // Last: its tasks use all of the above.
};

}  // namespace campaign::delivery
