#include "services/delivery/fcm_sender.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/status.h"

namespace campaign::delivery {
namespace {

constexpr char kScope[] = "https://www.googleapis.com/auth/firebase.messaging";
// What FCM takes, and what Apple takes of it (FCM's ErrorCode reference, INVALID_ARGUMENT, "Message too big").
constexpr size_t kMaxPayloadBytes = 4096;
// FCM asks to be left alone for a minute after QUOTA_EXCEEDED without a Retry-After.
constexpr absl::Duration kQuotaPause = absl::Minutes(1);

std::string Dump(const nlohmann::json& json) {
  return json.dump(/*indent=*/-1, ' ', /*ensure_ascii=*/false, nlohmann::json::error_handler_t::replace);
}

// What the device gets.
nlohmann::json Payload(const v1::Message& message) {
  nlohmann::json payload = {{"notification", {{"body", message.text()}}}};
  if (!message.title().empty()) payload["notification"]["title"] = message.title();
  if (!message.deep_link().empty()) payload["data"] = {{"deep_link", message.deep_link()}};
  return payload;
}

// "UNREGISTERED": the code of FCM's own detail, or "".
std::string ErrorCode(const HttpResponse& response) {
  const nlohmann::json json = nlohmann::json::parse(response.body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("error") || !json["error"].is_object()) return "";
  const nlohmann::json details = json["error"].value("details", nlohmann::json::array());
  for (const nlohmann::json& detail : details) {
    if (detail.is_object() && detail.contains("errorCode") && detail["errorCode"].is_string()) {
      return detail["errorCode"].get<std::string>();
    }
  }
  return "";
}

std::string MessageName(const HttpResponse& response) {
  const nlohmann::json json = nlohmann::json::parse(response.body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("name") || !json["name"].is_string()) return "";
  return json["name"].get<std::string>();
}

absl::optional<SendOutcome> Write(const OutgoingMessage& outgoing, const std::string& url, const std::string& token,
                                  HttpRequest& request) {
  const v1::Message& message = *outgoing.message;
  nlohmann::json json = Payload(message);
  if (Dump(json).size() > kMaxPayloadBytes) {
    return SendOutcome::Rejected(kPushTooLarge, "the push message is larger than 4096 bytes");
  }
  json["token"] = message.address();
  if (!message.collapse_key().empty()) {
    json["android"] = {{"collapse_key", message.collapse_key()}};
    json["apns"] = {{"headers", {{"apns-collapse-id", message.collapse_key()}}}};
  }
  request.url = url;
  request.headers = {{"Authorization", absl::StrCat("Bearer ", token)}, {"Content-Type", "application/json"}};
  request.body = Dump({{"message", std::move(json)}});
  return absl::nullopt;
}

// Without a token no message can be sent, and none was.
SendOutcome NoToken(const absl::Status& status) {
  const bool refused = status.code() == absl::StatusCode::kPermissionDenied;
  return SendOutcome::Down(refused ? kProviderLoginRefused : kProviderUnreachable,
                           absl::StrCat("there is no access token: ", status.message()));
}

bool IsTokenRefused(const SendOutcome& outcome) { return outcome.code == kProviderLoginRefused; }

}  // namespace

absl::StatusOr<std::unique_ptr<FcmSender>> FcmSender::Create(FcmOptions options, const Clock& clock) {
  RETURN_IF_ERROR(CheckUrl("base_url", options.base_url));
  ASSIGN_OR_RETURN(const std::string json, ReadSecret("service_account_file", options.service_account_file));
  ASSIGN_OR_RETURN(ServiceAccount account, ParseServiceAccount(json));
  if (options.project.empty()) options.project = account.project_id;
  return std::unique_ptr<FcmSender>(new FcmSender(std::move(options), std::move(account), clock));
}

FcmSender::FcmSender(FcmOptions options, ServiceAccount account, const Clock& clock)
    : options_(std::move(options)),
      url_(
          absl::StrCat(absl::StripSuffix(options_.base_url, "/"), "/v1/projects/", options_.project, "/messages:send")),
      clock_(clock),
      client_({.ca_file = options_.http.ca_file}),
      token_(std::move(account), kScope, options_.http, client_) {}

std::vector<SendOutcome> FcmSender::Send(absl::Span<const OutgoingMessage> messages) {
  const absl::StatusOr<std::string> token = token_.Get(clock_.Now());
  if (!token.ok()) return std::vector<SendOutcome>(messages.size(), NoToken(token.status()));
  std::vector<SendOutcome> outcomes = SendWith(*token, messages);
  if (std::any_of(outcomes.begin(), outcomes.end(), IsTokenRefused)) SendRefusedAgain(*token, messages, outcomes);
  return outcomes;
}

std::vector<SendOutcome> FcmSender::SendWith(const std::string& token, absl::Span<const OutgoingMessage> messages) {
  return SendOverHttp(
      client_, options_.http, messages,
      {[&](const OutgoingMessage& message, HttpRequest& request) { return Write(message, url_, token, request); },
       [&](const HttpResult& result) { return Read(result); }});
}

// A token may be revoked before its time. What FCM refused with 401 it has not sent.
void FcmSender::SendRefusedAgain(const std::string& refused_token, absl::Span<const OutgoingMessage> messages,
                                 std::vector<SendOutcome>& outcomes) {
  token_.Forget(refused_token);
  const absl::StatusOr<std::string> token = token_.Get(clock_.Now());
  if (!token.ok()) return;
  std::vector<OutgoingMessage> refused;
  for (size_t i = 0; i < messages.size(); ++i) {
    if (IsTokenRefused(outcomes[i])) refused.push_back(messages[i]);
  }
  const std::vector<SendOutcome> again = SendWith(*token, refused);
  size_t next = 0;
  for (SendOutcome& outcome : outcomes) {
    if (IsTokenRefused(outcome)) outcome = again[next++];
  }
}

// Codes: https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode
SendOutcome FcmSender::Read(const HttpResult& result) const {
  const absl::Time now = clock_.Now();
  const HttpResponse& response = result.response;
  if (response.status == 200) return SendOutcome::Accepted(MessageName(response));
  const std::string code = response.status >= 400 && response.status < 500 ? ErrorCode(response) : "";
  if (code == "UNREGISTERED")
    return SendOutcome::Rejected(kDeviceUnregistered, "the app is not there any more", v1::FEEDBACK_KIND_HARD_BOUNCE);
  if (code == "SENDER_ID_MISMATCH") {
    return SendOutcome::Rejected(kDeviceOfOtherProject, "the device's token belongs to another project");
  }
  if (code == "INVALID_ARGUMENT") {
    return SendOutcome::Rejected(kPushInvalid, "the device's token or the push message is not valid");
  }
  if (code == "THIRD_PARTY_AUTH_ERROR") {
    return SendOutcome::Retry(kPlatformLoginRefused, "the platform does not take the project's keys",
                              RetryAfter(response, now));
  }
  SendOutcome outcome = OutcomeOf(result, deduplicates(), now);
  if (code == "QUOTA_EXCEEDED") outcome.retry_after = std::max(outcome.retry_after, kQuotaPause);
  return outcome;
}

}  // namespace campaign::delivery
