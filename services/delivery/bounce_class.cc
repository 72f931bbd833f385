#include "services/delivery/bounce_class.h"

#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace campaign::delivery {
namespace {

constexpr int kAny = -1;

constexpr Bounce kInvalid{BounceClass::kInvalidAddress, /*hard=*/true, kAddressUnknown};
constexpr Bounce kNoDomain{BounceClass::kInvalidAddress, /*hard=*/true, kDomainUnknown};
constexpr Bounce kDisabled{BounceClass::kInvalidAddress, /*hard=*/true, kMailboxDisabled};
constexpr Bounce kFull{BounceClass::kMailboxFull, /*hard=*/false, kMailboxFull};
constexpr Bounce kBlocked{BounceClass::kBlocked, /*hard=*/false, kSenderBlocked};
constexpr Bounce kLimited{BounceClass::kRateLimited, /*hard=*/false, kRateLimited};
constexpr Bounce kContent{BounceClass::kContent, /*hard=*/false, kContentRefused};
constexpr Bounce kTooLarge{BounceClass::kContent, /*hard=*/false, kMessageTooLarge};
constexpr Bounce kTemporary{BounceClass::kTemporary, /*hard=*/false, kTemporaryFailure};
constexpr Bounce kOther{BounceClass::kOther, /*hard=*/false, kRefusedByServer};
constexpr Bounce kLogin{BounceClass::kOther, /*hard=*/false, kLoginRefused};

struct StatusRow {
  int subject;
  int detail;
  Bounce bounce;
};

// The first row that fits counts.
constexpr StatusRow kPermanentStatuses[] = {
    {1, 1, kInvalid},     // Bad destination mailbox address.
    {1, 2, kNoDomain},    // Bad destination system address.
    {1, 3, kInvalid},     // Bad destination mailbox address syntax.
    {1, 6, kInvalid},     // Destination mailbox has moved, no forwarding address.
    {1, 7, kBlocked},     // Bad sender's mailbox address syntax.
    {1, 8, kBlocked},     // Bad sender's system address.
    {1, 10, kNoDomain},   // Recipient address has null MX (RFC 7505).
    {2, 1, kDisabled},    // Mailbox disabled, not accepting messages.
    {2, 2, kFull},        // Mailbox full.
    {2, 3, kTooLarge},    // Message length exceeds administrative limit.
    {3, 4, kTooLarge},    // Message too big for system.
    {4, 4, kNoDomain},    // Unable to route: what relays say of a domain that DNS does not know.
    {6, kAny, kContent},  // Message content or media.
    {7, 8, kLogin},       // Authentication credentials invalid (RFC 4954).
    {7, 9, kLogin},       // Authentication mechanism is too weak.
    {7, 11, kLogin},      // Encryption required for requested authentication mechanism.
    {7, 16, kTooLarge},   // Message length exceeds the limit for its priority.
    {7, 17, kInvalid},    // Mailbox owner has changed (RFC 7293).
    {7, 18, kNoDomain},   // Domain owner has changed.
    {7, 28, kLimited},    // Mail flood detected.
    {7, kAny, kBlocked},  // Security or policy; DKIM, SPF and DMARC (RFC 7372) among them.
};

constexpr StatusRow kTransientStatuses[] = {
    {2, 1, kLimited},   // What large providers say of a mailbox that gets mail too quickly.
    {2, 2, kFull},      // Mailbox full.
    {7, 28, kLimited},  // Mail flood detected.
};

struct CodeRow {
  int code;
  Bounce to_recipient;
  Bounce to_message;
};

constexpr CodeRow kPermanentCodes[] = {
    {550, kInvalid, kBlocked},   // Mailbox unavailable; after the message: policy.
    {551, kInvalid, kOther},     // User not local.
    {552, kFull, kTooLarge},     // Exceeded storage allocation.
    {553, kInvalid, kOther},     // Mailbox name not allowed.
    {554, kBlocked, kContent},   // Transaction failed.
    {556, kNoDomain, kNoDomain}  // Domain does not accept mail (RFC 7504).
};

bool IsLogin(const SmtpReply& reply) {
  // RFC 4954: authentication required, mechanism too weak, credentials invalid, encryption required.
  return reply.code == 530 || reply.code == 534 || reply.code == 535 || reply.code == 538;
}

template <size_t kRows>
const Bounce* FindStatus(const StatusRow (&rows)[kRows], const EnhancedStatus& status) {
  for (const StatusRow& row : rows) {
    if (row.subject == status.subject && (row.detail == kAny || row.detail == status.detail)) return &row.bounce;
  }
  return nullptr;
}

Bounce ClassifyTransient(const SmtpReply& reply) {
  if (const Bounce* bounce = FindStatus(kTransientStatuses, reply.status)) return *bounce;
  // "421 4.7.0": the connection is closed on us for policy, which is how providers slow senders down.
  if (reply.code == 421 && reply.status.subject == 7) return kLimited;
  return kTemporary;
}

Bounce ClassifyPermanent(const SmtpReply& reply, SmtpStage stage) {
  if (reply.status.permanence == 5) {
    if (const Bounce* bounce = FindStatus(kPermanentStatuses, reply.status)) return *bounce;
  }
  for (const CodeRow& row : kPermanentCodes) {
    if (row.code == reply.code) return stage == SmtpStage::kRecipient ? row.to_recipient : row.to_message;
  }
  return kOther;
}

absl::string_view Sentence(absl::string_view code) {
  constexpr struct {
    const char* code;
    const char* sentence;
  } kSentences[] = {
      {kAddressUnknown, "nobody has this address"},
      {kDomainUnknown, "the address's domain does not exist or takes no e-mail"},
      {kMailboxDisabled, "the mailbox takes no messages any more"},
      {kMailboxFull, "the mailbox is full"},
      {kSenderBlocked, "the recipient's mail server does not want messages from this sender"},
      {kRateLimited, "the mail server wants messages more slowly"},
      {kContentRefused, "the mail server does not want this message"},
      {kMessageTooLarge, "the message is too large for the mail server"},
      {kTemporaryFailure, "the mail server does not take the message now"},
      {kLoginRefused, "the mail server does not accept the user and password in the settings"},
  };
  for (const auto& row : kSentences) {
    if (row.code == code) return row.sentence;
  }
  return "the mail server refused the message";
}

// Takes up to three digits off the front; kAny if there is none.
int TakeNumber(absl::string_view& text) {
  int number = kAny;
  for (int digits = 0; digits < 3 && !text.empty() && absl::ascii_isdigit(text[0]); ++digits) {
    number = (number == kAny ? 0 : number * 10) + (text[0] - '0');
    text.remove_prefix(1);
  }
  return number;
}

bool TakeDot(absl::string_view& text) {
  if (text.empty() || text[0] != '.') return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

EnhancedStatus ParseEnhancedStatus(absl::string_view text) {
  EnhancedStatus status;
  status.permanence = TakeNumber(text);
  if (status.permanence != 2 && status.permanence != 4 && status.permanence != 5) return {};
  if (!TakeDot(text) || (status.subject = TakeNumber(text)) == kAny) return {};
  if (!TakeDot(text) || (status.detail = TakeNumber(text)) == kAny) return {};
  const bool ends = text.empty() || absl::ascii_isspace(text[0]);
  return ends ? status : EnhancedStatus{};
}

SmtpReply ParseSmtpReply(absl::string_view line) {
  SmtpReply reply;
  const size_t size = line.size();
  const int code = TakeNumber(line);
  if (size - line.size() != 3 || code < 200 || code > 599) return {};
  if (!line.empty() && line[0] != ' ' && line[0] != '-' && !absl::ascii_isspace(line[0])) return {};
  reply.code = code;
  if (!line.empty()) reply.status = ParseEnhancedStatus(line.substr(1));
  return reply;
}

Bounce ClassifyBounce(const SmtpReply& reply, SmtpStage stage) {
  if (IsLogin(reply)) return kLogin;
  const Bounce bounce = reply.code >= 500 ? ClassifyPermanent(reply, stage) : ClassifyTransient(reply);
  const bool about_recipient =
      bounce.bounce_class == BounceClass::kInvalidAddress || bounce.bounce_class == BounceClass::kMailboxFull;
  const bool recipient_known = stage == SmtpStage::kRecipient || stage == SmtpStage::kMessage;
  if (!about_recipient || recipient_known) return bounce;
  return reply.code >= 500 ? kBlocked : kTemporary;
}

std::string BounceText(const Bounce& bounce, const SmtpReply& reply) {
  std::string text = absl::StrCat(Sentence(bounce.code), " (", reply.code);
  if (reply.status.permanence != 0) {
    absl::StrAppend(&text, " ", reply.status.permanence, ".", reply.status.subject, ".", reply.status.detail);
  }
  return absl::StrCat(text, ")");
}

}  // namespace campaign::delivery
