#include "services/delivery/providers.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "services/delivery/http_outcome.h"
#include "services/delivery/sender_options.h"
#include "services/delivery/yaml_fields.h"

namespace campaign::delivery {
namespace {

using Channels = std::vector<v1::Channel>;

enum class Kind { kSpool, kCount, kSmtp, kTwilio, kFcm, kSlack, kWebhook };

struct KindRow {
  const char* name;
  Kind kind;
  Channels channels;
};

Channels AnyChannel() { return {v1::CHANNEL_EMAIL, v1::CHANNEL_SMS, v1::CHANNEL_PUSH, v1::CHANNEL_CHAT}; }

const std::vector<KindRow>& Kinds() {
  const Channels any = AnyChannel();
  static const auto* const kinds = new std::vector<KindRow>{
      {"spool", Kind::kSpool, any},
      {"count", Kind::kCount, any},
      {"smtp", Kind::kSmtp, {v1::CHANNEL_EMAIL}},
      {"twilio", Kind::kTwilio, {v1::CHANNEL_SMS}},
      {"fcm", Kind::kFcm, {v1::CHANNEL_PUSH}},
      {"slack", Kind::kSlack, {v1::CHANNEL_CHAT}},
      {"webhook", Kind::kWebhook, any},
  };
  return *kinds;
}

const KindRow* ReadKind(YamlFields& fields) {
  std::vector<std::pair<std::string, const KindRow*>> choices;
  for (const KindRow& row : Kinds()) choices.emplace_back(row.name, &row);
  const KindRow* kind = nullptr;
  fields.Require("kind");
  fields.Choice("kind", choices, kind);
  return kind;
}

void ReadRate(YamlFields rate, RateLimit& limit, YamlFields& parent) {
  rate.Require("per_second");
  rate.Number("per_second", 0.001, 100'000, limit.per_second);
  limit.burst = std::max(1.0, limit.per_second);
  rate.Number("burst", 1, 1'000'000, limit.burst);
  parent.Add(rate.Finish());
}

void ReadBreaker(YamlFields breaker, CircuitBreakerOptions& options, YamlFields& parent) {
  breaker.Whole("failures", 0, 1000, options.failures);
  breaker.Duration("open_for", absl::Seconds(1), absl::Hours(1), options.open_for);
  parent.Add(breaker.Finish());
}

// Names go into the ledger, into response ids and logs.
void ReadName(YamlFields& fields, std::string& name) {
  fields.Require("name");
  fields.Text("name", name);
  const bool is_plain =
      name.size() <= 64 && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-.") == name.npos;
  if (!is_plain) fields.Refuse("name", name, "is not of up to 64 lower-case letters, digits, '-', '_' and '.'");
}

void ReadChannels(YamlFields& fields, const KindRow& kind, Channels& channels) {
  std::vector<std::pair<std::string, v1::Channel>> choices;
  for (const v1::Channel channel : kind.channels) choices.emplace_back(ChannelName(channel), channel);
  fields.Require("channels");
  fields.Choices("channels", choices, channels);
}

void ReadSettings(YamlFields& fields, const KindRow& kind, ProviderSettings& settings) {
  ReadName(fields, settings.name);
  ReadChannels(fields, kind, settings.channels);
  fields.Whole("weight", 1, 1000, settings.weight);
  if (fields.Has("rate")) ReadRate(fields.Map("rate"), settings.rate, fields);
  if (fields.Has("domain_rate")) {
    ReadRate(fields.Map("domain_rate"), settings.domain_rate, fields);
    if (std::count(settings.channels.begin(), settings.channels.end(), v1::CHANNEL_EMAIL) == 0) {
      fields.Refuse("domain_rate", settings.name, "does not send e-mail, and only its addresses have domains");
    }
  }
  ReadBreaker(fields.Map("breaker"), settings.breaker, fields);
  fields.Whole("parallel_batches", 1, 64, settings.parallel_batches);
}

void ReadHttp(YamlFields& fields, HttpSenderOptions& http) {
  fields.Text("ca_file", http.ca_file);
  fields.Duration("timeout", absl::Milliseconds(100), absl::Minutes(5), http.timeout);
  fields.Duration("connect_timeout", absl::Milliseconds(100), absl::Minutes(1), http.connect_timeout);
  fields.Whole("max_parallel", 1, 256, http.max_parallel);
}

SpoolOptions ReadSpool(YamlFields& fields) {
  SpoolOptions spool;
  fields.Require("folder");
  fields.Text("folder", spool.folder);
  fields.Require("sender_address");
  fields.Text("sender_address", spool.sender_address);
  return spool;
}

// The user's password is in a file.
void ReadLogin(YamlFields& fields, SmtpOptions& smtp) {
  fields.Text("user", smtp.user);
  std::string password_file;
  fields.Text("password_file", password_file);
  if (smtp.user.empty() != password_file.empty()) {
    return fields.Refuse(smtp.user.empty() ? "user" : "password_file", "''", "is required: both or neither");
  }
  if (smtp.user.empty()) return;
  absl::StatusOr<std::string> password = ReadSecret("password_file", password_file);
  password.ok() ? void(smtp.password = *std::move(password)) : fields.Refuse(password.status());
}

SmtpOptions ReadSmtp(YamlFields& fields, const std::string& name) {
  using Security = SmtpOptions::Security;
  SmtpOptions smtp;
  smtp.name = name;
  fields.Text("host", smtp.host);
  fields.Whole("port", 1, 65535, smtp.port);
  fields.Choice<Security>("security",
                          {{"starttls", Security::kStartTls}, {"tls", Security::kTls}, {"none", Security::kNone}},
                          smtp.security);
  ReadLogin(fields, smtp);
  fields.Text("from", smtp.from);
  fields.Text("from_name", smtp.from_name);
  fields.Text("helo", smtp.helo);
  fields.Text("ca_file", smtp.ca_file);
  fields.Duration("connect_timeout", absl::Milliseconds(100), absl::Minutes(5), smtp.connect_timeout);
  fields.Duration("message_timeout", absl::Seconds(1), absl::Minutes(30), smtp.message_timeout);
  fields.Whole("max_connections", 1, 256, smtp.max_connections);
  fields.Whole("max_messages_per_connection", 1, 100'000, smtp.max_messages_per_connection);
  return smtp;
}

TwilioOptions ReadTwilio(YamlFields& fields, const std::string& name) {
  TwilioOptions twilio;
  twilio.name = name;
  fields.Text("base_url", twilio.base_url);
  fields.Text("account_sid", twilio.account_sid);
  fields.Text("api_key_sid", twilio.api_key_sid);
  fields.Text("auth_token_file", twilio.auth_token_file);
  fields.Text("from", twilio.from);
  fields.Text("messaging_service_sid", twilio.messaging_service_sid);
  fields.Text("status_callback", twilio.status_callback);
  ReadHttp(fields, twilio.http);
  return twilio;
}

FcmOptions ReadFcm(YamlFields& fields, const std::string& name) {
  FcmOptions fcm;
  fcm.name = name;
  fields.Text("base_url", fcm.base_url);
  fields.Text("service_account_file", fcm.service_account_file);
  fields.Text("project", fcm.project);
  ReadHttp(fields, fcm.http);
  return fcm;
}

SlackOptions ReadSlack(YamlFields& fields, const std::string& name) {
  SlackOptions slack;
  slack.name = name;
  fields.Text("webhook_url_file", slack.webhook_url_file);
  ReadHttp(fields, slack.http);
  return slack;
}

WebhookOptions ReadWebhook(YamlFields& fields, const std::string& name) {
  WebhookOptions webhook;
  webhook.name = name;
  fields.Text("url", webhook.url);
  fields.Text("secret_file", webhook.secret_file);
  ReadHttp(fields, webhook.http);
  return webhook;
}

void ReadEndpoint(YamlFields& fields, Kind kind, ProviderConfig& config) {
  const std::string& name = config.settings.name;
  switch (kind) {
    case Kind::kSpool:
      config.endpoint = ReadSpool(fields);
      return;
    case Kind::kCount:
      config.endpoint = CountOptions();
      return;
    case Kind::kSmtp:
      config.endpoint = ReadSmtp(fields, name);
      return;
    case Kind::kTwilio:
      config.endpoint = ReadTwilio(fields, name);
      return;
    case Kind::kFcm:
      config.endpoint = ReadFcm(fields, name);
      return;
    case Kind::kSlack:
      config.endpoint = ReadSlack(fields, name);
      return;
    case Kind::kWebhook:
      config.endpoint = ReadWebhook(fields, name);
      return;
  }
}

absl::Status ReadCallbackSecret(const ProviderConfig& config, Kind kind, CallbackSources& callbacks) {
  if (config.receipt_secret_file.empty()) return absl::OkStatus();
  CallbackSource source;
  source.channel = config.settings.channels.front();
  ASSIGN_OR_RETURN(std::string secret, ReadSecret("receipt_secret_file", config.receipt_secret_file));
  if (kind == Kind::kTwilio) {
    source.kind = CallbackSource::Kind::kTwilio;
    source.keys = {std::move(secret)};
  } else {
    ASSIGN_OR_RETURN(source.keys, ParseWebhookSecrets("receipt_secret_file", secret));
  }
  callbacks.emplace(config.settings.name, std::move(source));
  return absl::OkStatus();
}

absl::Status ReadProvider(const std::string& file, const std::string& path, const YAML::Node& node,
                          ProvidersConfig& config) {
  YamlFields fields(file, absl::StrCat(path, "."), node);
  const KindRow* const kind = ReadKind(fields);
  if (kind == nullptr) return fields.Problem();
  ProviderConfig provider;
  ReadSettings(fields, *kind, provider.settings);
  ReadEndpoint(fields, kind->kind, provider);
  fields.Text("receipt_secret_file", provider.receipt_secret_file);
  for (const ProviderConfig& other : config.providers) {
    if (other.settings.name == provider.settings.name) {
      fields.Refuse("name", provider.settings.name, "is the name of another provider too");
    }
  }
  RETURN_IF_ERROR(fields.Finish());
  fields.Refuse(CheckSender(provider));
  fields.Refuse(ReadCallbackSecret(provider, kind->kind, config.callbacks));
  config.providers.push_back(std::move(provider));
  return fields.Problem();
}

absl::Status RequireFlag(absl::string_view name, const std::string& value) {
  if (!value.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("--", name, " is required for provider spool"));
}

absl::StatusOr<YAML::Node> ParseFile(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  if (!file || !(text << file.rdbuf())) return InvalidField("--providers", path, "cannot be read, or is empty");
  try {
    return YAML::Load(text.str());
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(absl::StrCat(path, ":", std::max(error.mark.line, 0) + 1, ": ", error.msg));
  }
}

}  // namespace

absl::StatusOr<ProvidersConfig> ReadProviders(const std::string& file) {
  ASSIGN_OR_RETURN(const YAML::Node document, ParseFile(file));
  YamlFields fields(file, "", document);
  fields.Require("providers");
  ProvidersConfig config;
  const std::vector<YAML::Node> nodes = fields.List("providers");
  if (nodes.size() > ProviderRouter::kMaxProviders) {
    fields.Refuse("providers", absl::StrCat(nodes.size()),
                  absl::StrCat("providers are more than ", ProviderRouter::kMaxProviders));
  }
  RETURN_IF_ERROR(fields.Finish());
  for (size_t i = 0; i < nodes.size(); ++i) {
    RETURN_IF_ERROR(ReadProvider(file, absl::StrCat("providers[", i, "]"), nodes[i], config));
  }
  return config;
}

absl::StatusOr<ProvidersConfig> OneProvider(const std::string& kind, const SpoolOptions& spool) {
  ProviderConfig provider;
  provider.settings.name = kind;
  provider.settings.channels = AnyChannel();
  provider.settings.breaker.failures = 0;
  if (kind == "count") {
    provider.endpoint = CountOptions();
  } else if (kind == "spool") {
    RETURN_IF_ERROR(RequireFlag("spool", spool.folder));
    RETURN_IF_ERROR(RequireFlag("sender_address", spool.sender_address));
    provider.endpoint = spool;
  } else {
    return InvalidField("--provider", kind.empty() ? "''" : kind, "is neither spool nor count");
  }
  RETURN_IF_ERROR(CheckSender(provider));
  ProvidersConfig config;
  config.providers.push_back(std::move(provider));
  return config;
}

}  // namespace campaign::delivery
