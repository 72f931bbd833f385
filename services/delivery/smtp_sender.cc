#include "services/delivery/smtp_sender.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "common/status.h"
#include "services/delivery/bounce_class.h"
#include "services/delivery/mime.h"
#include "services/delivery/smtp_connection.h"

namespace campaign::delivery {
namespace {

using End = SmtpResult::End;
using Kind = SendOutcome::Kind;
using Security = SmtpOptions::Security;

// A message that makes the server close the connection costs one; a server that does it every time is left alone.
constexpr int kMaxLostInARow = 3;

absl::Status CheckRange(absl::string_view field, int value, int max) {
  if (value < 1) return InvalidField(field, value, "is below 1");
  if (value > max) return InvalidField(field, value, absl::StrCat("is above ", max));
  return absl::OkStatus();
}

absl::Status CheckTimeout(absl::string_view field, absl::Duration value) {
  if (value < absl::Milliseconds(1)) return InvalidField(field, absl::FormatDuration(value), "is below 1ms");
  if (value > absl::Hours(1)) return InvalidField(field, absl::FormatDuration(value), "is above 1h");
  return absl::OkStatus();
}

bool IsHost(absl::string_view host) {
  return !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '-' || c == '_' || c == ':';
  });
}

bool IsLoopback(absl::string_view host) {
  return host == "localhost" || host == "::1" ||
         (absl::StartsWith(host, "127.") &&
          std::all_of(host.begin(), host.end(), [](char c) { return absl::ascii_isdigit(c) || c == '.'; }));
}

absl::Status CheckLogin(const SmtpOptions& options) {
  if (options.user.empty() != options.password.empty()) {
    return InvalidField("user", options.user, "is given without a password, or a password without it");
  }
  if (options.user.empty() || options.security != Security::kNone || IsLoopback(options.host)) return absl::OkStatus();
  return InvalidField("security", "none", "would send the password in the clear to another machine");
}

SendOutcome Refused(const SmtpResult& result) {
  const Bounce bounce = ClassifyBounce(result.reply, result.stage);
  const std::string text = BounceText(bounce, result.reply);
  // Neither is about this message, whatever the number says.
  if (bounce.code == kLoginRefused) return SendOutcome::Down(kLoginRefused, text);
  if (result.stage == SmtpStage::kSession) {
    return SendOutcome::Down(kSmtpServiceRefused,
                             absl::StrCat("the mail server does not serve us now (", result.reply.code, ")"));
  }
  if (result.reply.code < 500) return SendOutcome::Retry(bounce.code, text);
  return SendOutcome::Rejected(bounce.code, text,
                               bounce.hard ? v1::FEEDBACK_KIND_HARD_BOUNCE : v1::FEEDBACK_KIND_UNSPECIFIED);
}

SendOutcome Lost(SmtpStage stage) {
  constexpr char kText[] = "the connection broke before the mail server had the message";
  // Before the server knows anything of the message it is about us.
  if (stage == SmtpStage::kSession) return SendOutcome::Down(kSmtpConnectionLost, kText);
  return SendOutcome::Retry(kSmtpConnectionLost, kText);
}

SendOutcome OutcomeOf(const SmtpResult& result) {
  switch (result.end) {
    case End::kAccepted:
      return SendOutcome::Accepted(result.queue_id);
    case End::kRefused:
      return Refused(result);
    case End::kUnreachable:
      return SendOutcome::Down(kSmtpUnreachable, "no connection to the mail server");
    case End::kTlsFailed:
      return SendOutcome::Down(kSmtpTlsFailed, "no trusted TLS connection to the mail server");
    case End::kLoginNotOffered:
      return SendOutcome::Down(kLoginRefused, "the mail server offers no way to log in that this sender knows");
    case End::kTimedOut:
      return SendOutcome::Down(kSmtpTimedOut, "the mail server kept silent before it had the message");
    case End::kLost:
      return Lost(result.stage);
    case End::kNoAnswer:
      break;
  }
  return SendOutcome::Unknown(kSmtpNoAnswer, "the mail server got the message, but did not say whether it took it");
}

SmtpOptions WithDefaults(SmtpOptions options) {
  if (options.helo.empty()) options.helo = options.from.substr(options.from.rfind('@') + 1);
  return options;
}

}  // namespace

// Messages that several threads share.
struct SmtpSender::Batch {
  absl::Span<const OutgoingMessage> messages;
  std::vector<SendOutcome> outcomes;
  // The first that no thread has taken.
  std::atomic<size_t> next = 0;
};

absl::Status SmtpSender::Check(const SmtpOptions& options) {
  if (options.name.empty() || options.name.size() > 64) {
    return InvalidField("name", options.name, "is not 1 to 64 bytes");
  }
  if (!IsHost(options.host)) return InvalidField("host", options.host, "is not a host name or an address");
  RETURN_IF_ERROR(CheckRange("port", options.port, 65535));
  if (!IsMailbox(options.from)) return InvalidField("from", options.from, "is not a plain e-mail address");
  if (HasLineBreak(options.from_name)) return InvalidField("from_name", "", "has a line break");
  if (!options.helo.empty() && (!IsHost(options.helo) || absl::StrContains(options.helo, ':'))) {
    return InvalidField("helo", options.helo, "is not a host name");
  }
  RETURN_IF_ERROR(CheckLogin(options));
  if (!options.ca_file.empty() && access(options.ca_file.c_str(), R_OK) != 0) {
    return InvalidField("ca_file", options.ca_file, "cannot be read");
  }
  RETURN_IF_ERROR(CheckTimeout("connect_timeout", options.connect_timeout));
  RETURN_IF_ERROR(CheckTimeout("message_timeout", options.message_timeout));
  RETURN_IF_ERROR(CheckRange("max_connections", options.max_connections, 256));
  return CheckRange("max_messages_per_connection", options.max_messages_per_connection, 1000000);
}

absl::StatusOr<std::unique_ptr<SmtpSender>> SmtpSender::Create(SmtpOptions options, const Clock& clock) {
  RETURN_IF_ERROR(Check(options));
  return std::unique_ptr<SmtpSender>(new SmtpSender(WithDefaults(std::move(options)), clock));
}

SmtpSender::SmtpSender(SmtpOptions options, const Clock& clock)
    : options_(std::move(options)),
      domain_(options_.from.substr(options_.from.rfind('@') + 1)),
      clock_(clock),
      threads_(options_.max_connections) {}

SmtpSender::~SmtpSender() = default;

std::vector<SendOutcome> SmtpSender::Send(absl::Span<const OutgoingMessage> messages) {
  Batch batch;
  batch.messages = messages;
  batch.outcomes.assign(messages.size(),
                        SendOutcome::Down(kSmtpNotTried, "not tried: the mail server failed on messages before it"));
  const int workers = std::min<int>(options_.max_connections, static_cast<int>(messages.size()));
  absl::BlockingCounter working(workers);
  for (int i = 0; i < workers; ++i) {
    threads_.Run([this, &batch, &working] {
      Work(batch);
      working.DecrementCount();
    });
  }
  working.Wait();
  return std::move(batch.outcomes);
}

void SmtpSender::Work(Batch& batch) {
  std::unique_ptr<SmtpConnection> connection = TakeConnection();
  int lost_in_a_row = 0;
  while (lost_in_a_row < kMaxLostInARow) {
    const size_t index = batch.next.fetch_add(1);
    if (index >= batch.messages.size()) break;
    SendOutcome& outcome = batch.outcomes[index];
    outcome = SendOne(batch.messages[index], *connection);
    if (outcome.provider_down || outcome.kind == Kind::kUnknown) break;
    lost_in_a_row = outcome.code == kSmtpConnectionLost ? lost_in_a_row + 1 : 0;
  }
  absl::MutexLock lock(&mutex_);
  idle_.push_back(std::move(connection));
}

SendOutcome SmtpSender::SendOne(const OutgoingMessage& outgoing, SmtpConnection& connection) const {
  const v1::Message& message = *outgoing.message;
  if (message.channel() != v1::CHANNEL_EMAIL) {
    return SendOutcome::Rejected(kChannelUnsupported, "a mail server sends e-mail alone");
  }
  const std::string message_id = absl::StrCat(outgoing.idempotency_key, "@", domain_);
  const Email email = EmailOf(message, options_.from, options_.from_name, message_id, clock_.Now());
  if (absl::optional<SendOutcome> refusal = RefusalOf(email); refusal.has_value()) return *std::move(refusal);
  return OutcomeOf(connection.Send(message.address(), FormatEmail(email)));
}

std::unique_ptr<SmtpConnection> SmtpSender::TakeConnection() {
  absl::MutexLock lock(&mutex_);
  if (idle_.empty()) return std::make_unique<SmtpConnection>(options_);
  std::unique_ptr<SmtpConnection> connection = std::move(idle_.back());
  idle_.pop_back();
  return connection;
}

}  // namespace campaign::delivery
