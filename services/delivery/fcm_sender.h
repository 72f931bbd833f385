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
#include "services/delivery/google_token.h"
#include "services/delivery/http_outcome.h"

namespace campaign::delivery {

inline constexpr char kDeviceUnregistered[] = "DEVICE_UNREGISTERED";        // The app was removed, or has a new token.
inline constexpr char kDeviceOfOtherProject[] = "DEVICE_OF_OTHER_PROJECT";  // The token belongs to another sender.
inline constexpr char kPushInvalid[] = "PUSH_INVALID";                      // The token or the message is not valid.
inline constexpr char kPushTooLarge[] = "PUSH_TOO_LARGE";                   // More than 4096 bytes.
inline constexpr char kPlatformLoginRefused[] = "PLATFORM_LOGIN_REFUSED";   // Apple's or the browser's keys are wrong.

// A Firebase project.
struct FcmOptions {
  // The provider's name in the settings and the ledger, at most 64 bytes.
  std::string name = "fcm";
  std::string base_url = "https://fcm.googleapis.com";
  // The JSON file of a service account, as Google gives it out: client_email, private_key, token_uri, project_id.
  std::string service_account_file;
  // Empty: the service account's.
  std::string project;
  HttpSenderOptions http;
};

// Sends push messages over Firebase Cloud Messaging's HTTP v1 API. Thread-safe.
class FcmSender final : public ChannelSender {
 public:
  // INVALID_ARGUMENT with the field's name in FcmOptions. Calls nobody. `clock` must outlive the sender.
  static absl::StatusOr<std::unique_ptr<FcmSender>> Create(FcmOptions options, const Clock& clock);

  // Accepted: FCM has it. A token that FCM does not take any more is fetched anew once.
  std::vector<SendOutcome> Send(absl::Span<const OutgoingMessage> messages) override;
  // FCM's v1 API knows no idempotency key. A collapse key replaces what is still shown, but the device rings twice.
  bool deduplicates() const override { return false; }
  absl::string_view provider() const override { return options_.name; }

 private:
  FcmSender(FcmOptions options, ServiceAccount account, const Clock& clock);
  std::vector<SendOutcome> SendWith(const std::string& token, absl::Span<const OutgoingMessage> messages);
  void SendRefusedAgain(const std::string& refused_token, absl::Span<const OutgoingMessage> messages,
                        std::vector<SendOutcome>& outcomes);
  SendOutcome Read(const HttpResult& result) const;

  const FcmOptions options_;
  const std::string url_;
  const Clock& clock_;
  HttpClient client_;
  GoogleToken token_;
};

}  // namespace campaign::delivery
