#include "services/delivery/provider_callback.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/status.h"
#include "services/delivery/clean_text.h"
#include "services/delivery/form_body.h"
#include "services/delivery/mail_report.h"
#include "services/delivery/webhook_events.h"

namespace campaign::delivery {
namespace {

// Twilio's errors after which nothing will arrive at the number: unsubscribed, not a number, not a mobile one.
constexpr int kNumberTakesNothing[] = {21211, 21217, 21265, 21610, 21614, 30004, 30005, 30006};

// The status of a customer's message; a callback of one may leave it out.
constexpr char kReceived[] = "received";

// "whatsapp:+4366412345" and "+4366412345" are the same phone.
std::string Phone(absl::string_view address) {
  absl::ConsumePrefix(&address, "whatsapp:");
  return CleanName(address, kMaxEventAddress);
}

v1::FeedbackKind KindOfStatus(absl::string_view status, int error_code) {
  if (status == "delivered") return v1::FEEDBACK_KIND_DELIVERED;
  if (status == "read") return v1::FEEDBACK_KIND_OPENED;
  if (status != "undelivered" && status != "failed") return v1::FEEDBACK_KIND_UNSPECIFIED;
  const bool hard = std::find(std::begin(kNumberTakesNothing), std::end(kNumberTakesNothing), error_code) !=
                    std::end(kNumberTakesNothing);
  return hard ? v1::FEEDBACK_KIND_HARD_BOUNCE : v1::FEEDBACK_KIND_SOFT_BOUNCE;
}

void ReadStatus(const FormFields& fields, absl::string_view status, CallbackEvent& event) {
  int error_code = 0;
  const bool has_error = absl::SimpleAtoi(FindField(fields, "ErrorCode"), &error_code) && error_code > 0;
  event.kind = KindOfStatus(status, error_code);
  event.address = Phone(FindField(fields, "To"));
  if (!has_error) return;
  const std::string text = absl::StrCat("Twilio error ", error_code, " ", FindField(fields, "ErrorMessage"));
  event.text = CleanText(absl::StripAsciiWhitespace(text), kMaxEventText);
}

void ReadIncoming(const FormFields& fields, CallbackEvent& event) {
  const bool stop = absl::EqualsIgnoreCase(FindField(fields, "OptOutType"), "STOP");
  event.kind = stop ? v1::FEEDBACK_KIND_UNSUBSCRIBED : v1::FEEDBACK_KIND_REPLIED;
  event.address = Phone(FindField(fields, "From"));
  event.text = CleanText(FindField(fields, "Body"), kMaxEventText);
  // WhatsApp alone says what a message answers.
  event.provider_message_id = CleanName(FindField(fields, "OriginalRepliedMessageSid"), kMaxEventName);
}

absl::StatusOr<Callback> ReadStandardWebhook(const v1::RecordReceiptsRequest& request, absl::Time now) {
  const absl::string_view webhook_id = FindHeader(request, "webhook-id");
  const absl::string_view header = FindHeader(request, "content-type");
  const std::string type = absl::AsciiStrToLower(absl::StripAsciiWhitespace(header.substr(0, header.find(';'))));
  if (type.empty() || type == "application/json") return ReadWebhookEvents(request.body(), webhook_id, now);
  if (type != "message/rfc822") {
    return InvalidField("headers.content-type", CleanText(type, 64), "is neither application/json nor message/rfc822");
  }
  ASSIGN_OR_RETURN(Callback callback, ReadMailReport(request.body(), now));
  for (size_t i = 0; i < callback.events.size(); ++i) {
    std::string& event_id = callback.events[i].event_id;
    if (event_id.empty()) event_id = absl::StrCat(webhook_id, "#", i);
  }
  return callback;
}

}  // namespace

absl::StatusOr<Callback> ReadTwilioForm(absl::string_view body, absl::Time now) {
  const absl::optional<FormFields> fields = ReadForm(body);
  if (!fields.has_value()) return InvalidField("body", "the form", "has more than 512 fields");
  const std::string sid = CleanName(FindField(*fields, "MessageSid"), 64);
  if (sid.empty()) return InvalidField("body.MessageSid", "the form", "has no message's SID");
  absl::string_view status = FindField(*fields, "MessageStatus");
  if (status.empty()) status = FindField(*fields, "SmsStatus");
  if (status.empty()) status = kReceived;
  CallbackEvent event;
  event.event_id = absl::StrCat(sid, ":", CleanName(status, 32));
  event.event_time = now;
  if (status == kReceived) {
    ReadIncoming(*fields, event);
  } else {
    event.provider_message_id = sid;
    ReadStatus(*fields, status, event);
  }
  Callback callback;
  if (event.kind == v1::FEEDBACK_KIND_UNSPECIFIED) {
    callback.ignored_count = 1;
  } else {
    callback.events.push_back(std::move(event));
  }
  return callback;
}

absl::StatusOr<Callback> ReadCallback(const CallbackSource& source, const v1::RecordReceiptsRequest& request,
                                      absl::Time now) {
  RETURN_IF_ERROR(VerifySignature(source, request, now));
  if (source.kind == CallbackSource::Kind::kTwilio) return ReadTwilioForm(request.body(), now);
  return ReadStandardWebhook(request, now);
}

}  // namespace campaign::delivery
