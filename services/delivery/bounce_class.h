#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace campaign::delivery {

// Reason codes of refusals by a mail server.
inline constexpr char kAddressUnknown[] = "ADDRESS_UNKNOWN";      // Nobody has this address.
inline constexpr char kDomainUnknown[] = "DOMAIN_UNKNOWN";        // The domain does not exist or takes no e-mail.
inline constexpr char kMailboxDisabled[] = "MAILBOX_DISABLED";    // It exists, but takes nothing any more.
inline constexpr char kMailboxFull[] = "MAILBOX_FULL";            // Over its quota.
inline constexpr char kSenderBlocked[] = "SENDER_BLOCKED";        // They want nothing from us: policy, block list.
inline constexpr char kRateLimited[] = "RATE_LIMITED";            // Too much in too short a time.
inline constexpr char kContentRefused[] = "CONTENT_REFUSED";      // They do not want this message.
inline constexpr char kMessageTooLarge[] = "MESSAGE_TOO_LARGE";   // More bytes than they take.
inline constexpr char kTemporaryFailure[] = "TEMPORARY_FAILURE";  // Not now; greylisting among others.
inline constexpr char kRefusedByServer[] = "REFUSED_BY_SERVER";   // For good, for a reason that has no class.
inline constexpr char kLoginRefused[] = "SMTP_LOGIN_REFUSED";     // Our user and password; not about any message.

// What a refusal is about.
enum class BounceClass { kInvalidAddress, kMailboxFull, kBlocked, kRateLimited, kContent, kTemporary, kOther };

// "5.1.1": a class, a subject, a detail (RFC 3463). All zero: none was given.
struct EnhancedStatus {
  int permanence = 0;
  int subject = 0;
  int detail = 0;
};

// The status at the start of `text`; zeros if there is none.
EnhancedStatus ParseEnhancedStatus(absl::string_view text);

// A mail server's answer to a command (RFC 5321 section 4.2, RFC 2034).
struct SmtpReply {
  int code = 0;
  EnhancedStatus status;
};

// A reply's line, such as "550 5.1.1 no such user"; code 0 if it is none.
SmtpReply ParseSmtpReply(absl::string_view line);

// What the server refused.
enum class SmtpStage {
  // To speak with us at all: greeting, EHLO, STARTTLS, AUTH.
  kSession,
  // MAIL.
  kSender,
  // RCPT.
  kRecipient,
  // DATA, or the message after it.
  kMessage,
};

// What a refusal means.
struct Bounce {
  BounceClass bounce_class = BounceClass::kOther;
  // Nothing will ever arrive at this address: it belongs on the suppression list. Never for what is about us or the
  // message, nor for a full mailbox.
  bool hard = false;
  const char* code = kRefusedByServer;
};

// The meaning of a 4xx or 5xx reply. The enhanced status counts where there is one (RFC 3463 and the IANA registry
// "SMTP Enhanced Status Codes"), else the basic code (RFC 5321 section 4.2.3, RFC 7504). What was refused before the
// recipient was named is never about the recipient.
Bounce ClassifyBounce(const SmtpReply& reply, SmtpStage stage);

// A sentence for people, with the reply's numbers. Servers' own words are left out: they hold addresses.
std::string BounceText(const Bounce& bounce, const SmtpReply& reply);

}  // namespace campaign::delivery
