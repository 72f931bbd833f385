#include "services/delivery/twilio_sender.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/status.h"

namespace campaign::delivery {
namespace {

// E.164: a plus, and up to 15 digits of which the first is not 0.
constexpr size_t kMinPhoneBytes = 8;
constexpr size_t kMaxPhoneBytes = 16;
constexpr int kCreated = 201;

// What a code of Twilio's (its "Error and Warning Dictionary") means for the message. Codes that are not here go by
// their HTTP status, which Twilio recommends.
struct TwilioError {
  enum class Meaning { kRejected, kRetry, kDown };
  int code;
  Meaning meaning;
  const char* reason;
  const char* text;
  // Of kRejected: what it says of the number.
  v1::FeedbackKind feedback = v1::FEEDBACK_KIND_UNSPECIFIED;
};
using Meaning = TwilioError::Meaning;

constexpr TwilioError kErrors[] = {
    {20003, Meaning::kDown, kProviderLoginRefused, "the provider does not take our credentials"},
    {20005, Meaning::kDown, kProviderAccountClosed, "the account with the provider is not active"},
    {20429, Meaning::kRetry, kProviderRateLimit, "too many requests at once"},
    {21211, Meaning::kRejected, kAddressInvalid, "this is not a phone number", v1::FEEDBACK_KIND_HARD_BOUNCE},
    {21265, Meaning::kRejected, kAddressInvalid, "a short code takes no messages"},
    {21408, Meaning::kRejected, kRegionNotEnabled, "the account may not send to this country"},
    {21610, Meaning::kRejected, kRecipientUnsubscribed, "the recipient has answered STOP",
     v1::FEEDBACK_KIND_UNSUBSCRIBED},
    {21611, Meaning::kRetry, kProviderQueueFull, "the sender's queue is full"},
    {21612, Meaning::kRejected, kRecipientUnreachable, "this sender cannot reach that number"},
    {21614, Meaning::kRejected, kAddressNotMobile, "this is not a mobile number", v1::FEEDBACK_KIND_HARD_BOUNCE},
    {21617, Meaning::kRejected, kMessageTooLong, "the text is longer than the provider takes"},
    {30001, Meaning::kRetry, kProviderQueueFull, "the provider's queue is full"},
    {30002, Meaning::kDown, kProviderAccountClosed, "the account with the provider is suspended"},
    {30003, Meaning::kRejected, kRecipientUnreachable, "the phone cannot be reached"},
    {30004, Meaning::kRejected, kRecipientUnreachable, "the recipient's carrier blocks it"},
    {30005, Meaning::kRejected, kRecipientUnreachable, "nobody has this number", v1::FEEDBACK_KIND_HARD_BOUNCE},
    {30006, Meaning::kRejected, kAddressNotMobile, "this is a landline, or its carrier takes no SMS"},
    {30007, Meaning::kRejected, kCarrierFiltered, "a carrier takes the text for spam"},
    {63038, Meaning::kRetry, kProviderQueueFull, "the account's messages of today are used up"},
};

bool IsPhone(absl::string_view address) {
  if (address.size() < kMinPhoneBytes || address.size() > kMaxPhoneBytes) return false;
  if (address[0] != '+' || address[1] == '0') return false;
  return std::all_of(address.begin() + 1, address.end(), [](char c) { return absl::ascii_isdigit(c); });
}

bool IsSid(absl::string_view sid, absl::string_view prefix) {
  return sid.size() > prefix.size() && absl::StartsWith(sid, prefix) &&
         std::all_of(sid.begin(), sid.end(), [](char c) { return absl::ascii_isalnum(c); });
}

// application/x-www-form-urlencoded.
void AppendField(absl::string_view name, absl::string_view value, std::string& form) {
  constexpr char kHex[] = "0123456789ABCDEF";
  absl::StrAppend(&form, form.empty() ? "" : "&", name, "=");
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || c == '-' || c == '.' || c == '_' || c == '~') {
      form += c;
    } else {
      form += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
}

// What is there under that name if it is a number or a text as `otherwise` is.
template <class T>
T Field(const nlohmann::json& json, const char* name, T otherwise) {
  const auto found = json.is_object() ? json.find(name) : json.end();
  if (found == json.end()) return otherwise;
  const bool fits = std::is_same_v<T, int> ? found->is_number_integer() : found->is_string();
  return fits ? found->template get<T>() : otherwise;
}

SendOutcome OutcomeOfError(const TwilioError& error, absl::Duration retry_after) {
  switch (error.meaning) {
    case Meaning::kRejected:
      return SendOutcome::Rejected(error.reason, error.text, error.feedback);
    case Meaning::kDown:
      return SendOutcome::Down(error.reason, error.text, retry_after);
    default:
      return SendOutcome::Retry(error.reason, error.text, retry_after);
  }
}

absl::Status Check(const TwilioOptions& options) {
  RETURN_IF_ERROR(CheckUrl("base_url", options.base_url));
  if (!IsSid(options.account_sid, "AC")) {
    return InvalidField("account_sid", options.account_sid, "is not AC and letters and digits");
  }
  if (!options.api_key_sid.empty() && !IsSid(options.api_key_sid, "SK")) {
    return InvalidField("api_key_sid", options.api_key_sid, "is not SK and letters and digits");
  }
  if (options.from.empty() == options.messaging_service_sid.empty()) {
    return InvalidField("from", options.from, "or messaging_service_sid is required, and not both");
  }
  if (!options.messaging_service_sid.empty() && !IsSid(options.messaging_service_sid, "MG")) {
    return InvalidField("messaging_service_sid", options.messaging_service_sid, "is not MG and letters and digits");
  }
  return options.status_callback.empty() ? absl::OkStatus() : CheckUrl("status_callback", options.status_callback);
}

}  // namespace

absl::StatusOr<std::unique_ptr<TwilioSender>> TwilioSender::Create(TwilioOptions options, const Clock& clock) {
  RETURN_IF_ERROR(Check(options));
  ASSIGN_OR_RETURN(const std::string auth_token, ReadSecret("auth_token_file", options.auth_token_file));
  return std::unique_ptr<TwilioSender>(new TwilioSender(std::move(options), auth_token, clock));
}

TwilioSender::TwilioSender(TwilioOptions options, absl::string_view auth_token, const Clock& clock)
    : options_(std::move(options)),
      authorization_(absl::StrCat(
          "Basic ", absl::Base64Escape(absl::StrCat(
                        options_.api_key_sid.empty() ? options_.account_sid : options_.api_key_sid, ":", auth_token)))),
      url_(absl::StrCat(absl::StripSuffix(options_.base_url, "/"), "/2010-04-01/Accounts/", options_.account_sid,
                        "/Messages.json")),
      clock_(clock),
      client_({.ca_file = options_.http.ca_file}) {}

std::vector<SendOutcome> TwilioSender::Send(absl::Span<const OutgoingMessage> messages) {
  return SendOverHttp(client_, options_.http, messages,
                      {[this](const OutgoingMessage& message, HttpRequest& request) { return Write(message, request); },
                       [this](const HttpResult& result) { return Read(result); }});
}

absl::optional<SendOutcome> TwilioSender::Write(const OutgoingMessage& outgoing, HttpRequest& request) const {
  const v1::Message& message = *outgoing.message;
  if (!IsPhone(message.address())) {
    return SendOutcome::Rejected(kAddressInvalid, "the address is not an international phone number");
  }
  request.url = url_;
  request.headers = {{"Authorization", authorization_}, {"Content-Type", "application/x-www-form-urlencoded"}};
  AppendField("To", message.address(), request.body);
  if (!options_.from.empty()) AppendField("From", options_.from, request.body);
  if (options_.from.empty()) AppendField("MessagingServiceSid", options_.messaging_service_sid, request.body);
  AppendField("Body", message.text(), request.body);
  if (!options_.status_callback.empty()) AppendField("StatusCallback", options_.status_callback, request.body);
  return absl::nullopt;
}

SendOutcome TwilioSender::Read(const HttpResult& result) const {
  const absl::Time now = clock_.Now();
  const HttpResponse& response = result.response;
  const nlohmann::json json = nlohmann::json::parse(response.body, nullptr, /*allow_exceptions=*/false);
  if (response.status == kCreated) return SendOutcome::Accepted(Field<std::string>(json, "sid", ""));
  const int code = Field<int>(json, "code", 0);
  const auto* error = std::find_if(std::begin(kErrors), std::end(kErrors),
                                   [code](const TwilioError& known) { return known.code == code; });
  // Of an error of the server's nobody knows how far it came, whatever its code.
  if (error != std::end(kErrors) && response.status >= 400 && response.status < 500) {
    return OutcomeOfError(*error, RetryAfter(response, now));
  }
  return OutcomeOf(result, deduplicates(), now);
}

}  // namespace campaign::delivery
