#pragma once

#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/delivery/fcm_sender.h"
#include "services/delivery/provider_router.h"
#include "services/delivery/receipt_signature.h"
#include "services/delivery/slack_sender.h"
#include "services/delivery/smtp_options.h"
#include "services/delivery/spool_sender.h"
#include "services/delivery/twilio_sender.h"
#include "services/delivery/webhook_sender.h"

namespace campaign::delivery {

// A provider that counts messages and drops them.
struct CountOptions {};

// A provider as the settings have it.
struct ProviderConfig {
  ProviderSettings settings;
  std::variant<SpoolOptions, CountOptions, SmtpOptions, TwilioOptions, FcmOptions, SlackOptions, WebhookOptions>
      endpoint;
  // A file with the secret that its callbacks are signed with; empty: none are taken. Twilio's is its auth token, those
  // of the others are as WebhookOptions::secret_file.
  std::string receipt_secret_file;
};

// Through whom messages go: services/delivery/providers.yaml says how it is written down.
struct ProvidersConfig {
  std::vector<ProviderConfig> providers;
  // Who may call back, with the secrets read.
  CallbackSources callbacks;
};

// Reads and checks the file as a whole, secrets too. Opens no folder and no connection. INVALID_ARGUMENT with the place
// `<file>:<line>: <field path>: <value> <bound>`.
absl::StatusOr<ProvidersConfig> ReadProviders(const std::string& file);

// One provider for all channels: "spool" or "count", without limits; `spool` is for the former. INVALID_ARGUMENT: there
// is no such kind, or one of its settings is missing or invalid.
absl::StatusOr<ProvidersConfig> OneProvider(const std::string& kind, const SpoolOptions& spool);

}  // namespace campaign::delivery
