#include "services/delivery/mail_report.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/status.h"
#include "services/delivery/bounce_class.h"
#include "services/delivery/clean_text.h"
#include "services/delivery/mail_part.h"

namespace campaign::delivery {
namespace {

constexpr size_t kMaxRecipients = 100;

// "failed" of "failed (no such user)" and of "smtp; 550 no": what stands before a blank, a comment or a type's end.
absl::string_view FirstWord(absl::string_view value) { return value.substr(0, value.find_first_of(" \t;(")); }

// What stands behind the type of "rfc822; ann@example.com" (RFC 3464 section 2.1.2).
absl::string_view WithoutType(absl::string_view value) {
  const size_t semicolon = value.find(';');
  if (semicolon != absl::string_view::npos) value.remove_prefix(semicolon + 1);
  return absl::StripAsciiWhitespace(value);
}

std::string Address(absl::string_view value) {
  value = WithoutType(value);
  const size_t open = value.find('<');
  if (open != absl::string_view::npos) value = value.substr(open + 1, value.find('>', open) - open - 1);
  value = FirstWord(value);
  return absl::StrContains(value, '@') ? CleanName(value, kMaxEventAddress) : "";
}

// The left part of "<r1-0.email@shop.example>".
std::string KeyOfMessageId(absl::string_view value) {
  const size_t open = value.find('<');
  if (open != absl::string_view::npos) value.remove_prefix(open + 1);
  value = value.substr(0, value.find_first_of("> \t"));
  return CleanName(value.substr(0, value.rfind('@')), kMaxEventName);
}

// Whether a bounce says that nothing will ever arrive there.
v1::FeedbackKind BounceKind(const MailFields& recipient) {
  const absl::string_view diagnostic = recipient.Find("Diagnostic-Code");
  SmtpReply reply;
  if (absl::EqualsIgnoreCase(FirstWord(diagnostic), "smtp")) reply = ParseSmtpReply(WithoutType(diagnostic));
  const EnhancedStatus status = ParseEnhancedStatus(recipient.Find("Status"));
  // Relays that heard no enhanced status report 5.0.0; the server's own is better.
  if (status.subject != 0 || reply.status.permanence == 0) reply.status = status;
  if (reply.code == 0) reply.code = status.permanence * 100;
  return ClassifyBounce(reply, SmtpStage::kRecipient).hard ? v1::FEEDBACK_KIND_HARD_BOUNCE
                                                           : v1::FEEDBACK_KIND_SOFT_BOUNCE;
}

v1::FeedbackKind KindOf(const MailFields& recipient) {
  const absl::string_view action = FirstWord(recipient.Find("Action"));
  if (absl::EqualsIgnoreCase(action, "failed")) return BounceKind(recipient);
  if (absl::EqualsIgnoreCase(action, "delivered")) return v1::FEEDBACK_KIND_DELIVERED;
  return v1::FEEDBACK_KIND_UNSPECIFIED;
}

// "5.1.1 550 5.1.1 no such user": status and diagnosis.
std::string Diagnosis(const MailFields& recipient) {
  const std::string text =
      absl::StrCat(FirstWord(recipient.Find("Status")), " ", WithoutType(recipient.Find("Diagnostic-Code")));
  return CleanText(absl::StripAsciiWhitespace(text), kMaxEventText);
}

std::string AddressOf(const MailFields& recipient) {
  std::string original = Address(recipient.Find("Original-Recipient"));
  return original.empty() ? Address(recipient.Find("Final-Recipient")) : original;
}

// What a report is about and when it was made: what all its events share.
CallbackEvent CommonEvent(const MailPart& report, const std::vector<MailPart>& parts, absl::Time now) {
  CallbackEvent event;
  event.event_id = CleanText(report.fields.Find("Message-ID"), kMaxEventName);
  event.event_time = now;
  for (const MailPart& part : parts) {
    const std::string type = part.type();
    if (type == "message/rfc822" || type == "message/global") {
      event.idempotency_key = KeyOfMessageId(MailPart::Read(part.body).fields.Find("Message-ID"));
    } else if (type == "text/rfc822-headers" || type == "message/global-headers") {
      absl::string_view headers = part.body;
      event.idempotency_key = KeyOfMessageId(MailFields::Take(headers).Find("Message-ID"));
    }
  }
  return event;
}

absl::Status AddRecipient(const MailFields& recipient, CallbackEvent event, Callback& callback) {
  const size_t count = callback.events.size() + callback.ignored_count;
  if (count == kMaxRecipients) return InvalidField("body", "the report", "has more than 100 recipients");
  event.kind = KindOf(recipient);
  if (event.kind == v1::FEEDBACK_KIND_UNSPECIFIED) {
    ++callback.ignored_count;
    return absl::OkStatus();
  }
  // One report is one e-mail; its recipients are told apart by their places.
  if (!event.event_id.empty()) absl::StrAppend(&event.event_id, "#", count);
  event.address = AddressOf(recipient);
  if (event.kind != v1::FEEDBACK_KIND_DELIVERED) event.text = Diagnosis(recipient);
  callback.events.push_back(std::move(event));
  return absl::OkStatus();
}

absl::StatusOr<Callback> ReadDeliveryStatus(absl::string_view body, const CallbackEvent& common) {
  Callback callback;
  CallbackEvent event = common;
  while (!body.empty()) {
    const MailFields fields = MailFields::Take(body);
    // The first group is about the message, each further one about a recipient; many gateways add empty lines.
    if (event.idempotency_key.empty()) event.idempotency_key = KeyOfMessageId(fields.Find("Original-Message-ID"));
    if (fields.Find("Action").empty()) continue;
    RETURN_IF_ERROR(AddRecipient(fields, event, callback));
  }
  if (callback.events.empty() && callback.ignored_count == 0) {
    return InvalidField("body", "the delivery status", "has no recipient with an Action");
  }
  return callback;
}

absl::StatusOr<Callback> ReadAbuseReport(absl::string_view body, CallbackEvent event) {
  const MailFields fields = MailFields::Take(body);
  const absl::string_view type = FirstWord(fields.Find("Feedback-Type"));
  if (type.empty()) return InvalidField("body", "the abuse report", "has no Feedback-Type");
  // RFC 6430, RFC 6591: nobody complains with these.
  constexpr absl::string_view kNoComplaints[] = {"not-spam", "auth-failure", "dkim"};
  const auto is = [type](absl::string_view other) { return absl::EqualsIgnoreCase(type, other); };
  Callback callback;
  if (std::any_of(std::begin(kNoComplaints), std::end(kNoComplaints), is)) {
    callback.ignored_count = 1;
    return callback;
  }
  event.kind = v1::FEEDBACK_KIND_COMPLAINT;
  event.address = Address(fields.Find("Original-Rcpt-To"));
  event.text = CleanText(type, kMaxEventText);
  callback.events.push_back(std::move(event));
  return callback;
}

}  // namespace

absl::StatusOr<Callback> ReadMailReport(absl::string_view message, absl::Time now) {
  const MailPart report = MailPart::Read(message);
  Callback ignored;
  ignored.ignored_count = 1;
  if (report.type() != "multipart/report") return ignored;
  const std::vector<MailPart> parts = report.Parts();
  for (const MailPart& part : parts) {
    const std::string type = part.type();
    const bool is_status = type == "message/delivery-status" || type == "message/global-delivery-status";
    if (is_status) return ReadDeliveryStatus(part.body, CommonEvent(report, parts, now));
    if (type == "message/feedback-report") return ReadAbuseReport(part.body, CommonEvent(report, parts, now));
  }
  // A report of another kind, such as of a message displayed (RFC 8098), says nothing that counts here.
  const std::string kind = absl::AsciiStrToLower(MailParameter(report.fields.Find("Content-Type"), "report-type"));
  if (kind != "delivery-status" && kind != "feedback-report") return ignored;
  return InvalidField("body", "the report", absl::StrCat("has no part of the type message/", kind));
}

}  // namespace campaign::delivery
