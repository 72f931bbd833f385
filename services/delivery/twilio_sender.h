#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/clock.h"
#include "common/http_client.h"
#include "services/delivery/channel_sender.h"
#include "services/delivery/http_outcome.h"

namespace campaign::delivery {

inline constexpr char kAddressNotMobile[] = "ADDRESS_NOT_MOBILE";            // A landline, or takes no SMS.
inline constexpr char kRecipientUnsubscribed[] = "RECIPIENT_UNSUBSCRIBED";   // Has answered STOP to this sender.
inline constexpr char kRecipientUnreachable[] = "RECIPIENT_UNREACHABLE";     // No way from this sender to that number.
inline constexpr char kRegionNotEnabled[] = "REGION_NOT_ENABLED";            // The account may not send there.
inline constexpr char kCarrierFiltered[] = "CARRIER_FILTERED";               // A carrier takes it for spam.
inline constexpr char kMessageTooLong[] = "MESSAGE_TOO_LONG";                // More than the provider takes.
inline constexpr char kProviderQueueFull[] = "PROVIDER_QUEUE_FULL";          // Accepts no more for now.
inline constexpr char kProviderAccountClosed[] = "PROVIDER_ACCOUNT_CLOSED";  // Suspended, or out of money.

// An account with Twilio, or with whoever speaks its API.
struct TwilioOptions {
  // The provider's name in the settings and the ledger, at most 64 bytes.
  std::string name = "twilio";
  std::string base_url = "https://api.twilio.com";
  // "AC" and letters and digits.
  std::string account_sid;
  // User of HTTP basic authentication: the SID of an API key. Empty: the account's SID.
  std::string api_key_sid;
  // A file with the account's token, or the API key's secret.
  std::string auth_token_file;
  // Whom messages come from: a number or alphanumeric sender. Either this or the next.
  std::string from;
  // "MG...": a pool of senders.
  std::string messaging_service_sid;
  // Where Twilio reports what became of messages; empty: nowhere.
  std::string status_callback;
  HttpSenderOptions http;
};

// Sends SMS as Twilio's "Message" resource takes them (POST .../2010-04-01/Accounts/{sid}/Messages.json). Thread-safe.
class TwilioSender final : public ChannelSender {
 public:
  // INVALID_ARGUMENT with the field's name in TwilioOptions. Calls nobody. `clock` must outlive the sender.
  static absl::StatusOr<std::unique_ptr<TwilioSender>> Create(TwilioOptions options, const Clock& clock);

  // Accepted: Twilio has put it into its queue (201); it reports what comes later to status_callback.
  std::vector<SendOutcome> Send(absl::Span<const OutgoingMessage> messages) override;
  // The Message resource knows no idempotency key: asked twice, it sends twice.
  bool deduplicates() const override { return false; }
  absl::string_view provider() const override { return options_.name; }

 private:
  TwilioSender(TwilioOptions options, absl::string_view auth_token, const Clock& clock);
  absl::optional<SendOutcome> Write(const OutgoingMessage& message, HttpRequest& request) const;
  SendOutcome Read(const HttpResult& result) const;

  const TwilioOptions options_;
  const std::string authorization_;
  const std::string url_;
  const Clock& clock_;
  HttpClient client_;
};

}  // namespace campaign::delivery
