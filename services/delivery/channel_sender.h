#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "campaign/v1/delivery.pb.h"
#include "campaign/v1/message.pb.h"

namespace campaign::delivery {

// Reasons why a message cannot be sent by any sender.
inline constexpr char kChannelUnsupported[] = "CHANNEL_UNSUPPORTED";  // No channel, or one without a sender.
inline constexpr char kAddressMissing[] = "ADDRESS_MISSING";          // Nowhere to send it to.
inline constexpr char kAddressInvalid[] = "ADDRESS_INVALID";          // Not an address of the channel's kind.
inline constexpr char kMessageEmpty[] = "MESSAGE_EMPTY";              // Neither text nor HTML.

// A message on its way out.
struct OutgoingMessage {
  // Not owned.
  const v1::Message* message = nullptr;
  // The same at every attempt; usable as a file name and as a Message-ID's left part.
  std::string idempotency_key;
  // When the ledger first heard of it: the same at every attempt.
  absl::Time create_time;
};

// What a provider made of a message.
struct SendOutcome {
  enum class Kind {
    kAccepted,
    // Refused for good.
    kRejected,
    // Refused for now, definitely not sent (but see `may_have_arrived`).
    kRetry,
    // Nobody can say whether it went out.
    kUnknown,
  };

  Kind kind = Kind::kUnknown;
  // UPPER_SNAKE; empty if accepted.
  std::string code;
  // For people. Never an address.
  std::string text;
  // Of kRetry: the least time that the provider asks to be left alone.
  absl::Duration retry_after = absl::ZeroDuration();
  // The provider's own name for the message, by which it reports on it later; empty where it gave none.
  std::string provider_message_id = {};
  // Of kRetry: it may have gone out all the same. Only a provider that deduplicates says so, and nobody but this
  // provider may be asked again: another would send it a second time.
  bool may_have_arrived = false;
  // Of kRetry: no message at all gets through there now: no connection, no TLS, the login refused, a failing server.
  // Another provider may be asked at once. Not for what is about this message or the rate, such as greylisting or 429.
  bool provider_down = false;
  // Of kRejected, where it is about the address and not about us or the message: HARD_BOUNCE (nothing will ever arrive
  // there) or UNSUBSCRIBED. Goes the way of what providers report later.
  v1::FeedbackKind feedback = v1::FEEDBACK_KIND_UNSPECIFIED;

  static SendOutcome Accepted(absl::string_view provider_message_id = "") {
    SendOutcome outcome = Of(Kind::kAccepted, "", "");
    outcome.provider_message_id = std::string(provider_message_id);
    return outcome;
  }
  static SendOutcome Rejected(absl::string_view code, absl::string_view text,
                              v1::FeedbackKind feedback = v1::FEEDBACK_KIND_UNSPECIFIED) {
    SendOutcome outcome = Of(Kind::kRejected, code, text);
    outcome.feedback = feedback;
    return outcome;
  }
  static SendOutcome Unknown(absl::string_view code, absl::string_view text) { return Of(Kind::kUnknown, code, text); }
  static SendOutcome Retry(absl::string_view code, absl::string_view text,
                           absl::Duration after = absl::ZeroDuration()) {
    SendOutcome outcome = Of(Kind::kRetry, code, text);
    outcome.retry_after = after;
    return outcome;
  }
  static SendOutcome Down(absl::string_view code, absl::string_view text, absl::Duration after = absl::ZeroDuration()) {
    SendOutcome outcome = Retry(code, text, after);
    outcome.provider_down = true;
    return outcome;
  }
  static SendOutcome RetryHere(absl::string_view code, absl::string_view text,
                               absl::Duration after = absl::ZeroDuration()) {
    SendOutcome outcome = Retry(code, text, after);
    outcome.may_have_arrived = true;
    return outcome;
  }

 private:
  static SendOutcome Of(Kind kind, absl::string_view code, absl::string_view text) {
    return {kind, std::string(code), std::string(text), absl::ZeroDuration()};
  }
};

// Hands messages to a provider. Thread-safe: called on several threads, never with the same key at once.
class ChannelSender {
 public:
  virtual ~ChannelSender() = default;

  // One outcome a message, in order. May block. Accepted means that the provider will not lose it.
  virtual std::vector<SendOutcome> Send(absl::Span<const OutgoingMessage> messages) = 0;

  // Whether a message sent again under its key goes out once. Without it nothing is ever sent a second time.
  virtual bool deduplicates() const = 0;

  // At most 64 bytes.
  virtual absl::string_view provider() const = 0;
};

// The outcome of a message that no sender has to be asked about, because it cannot be sent.
absl::optional<SendOutcome> Refusal(const v1::Message& message);

// "email", "sms", "push", "chat"; "none" for no channel.
absl::string_view ChannelName(v1::Channel channel);

}  // namespace campaign::delivery
