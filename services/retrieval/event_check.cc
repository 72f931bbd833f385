#include "common/clock.h"
#include "common/status.h"
#include "services/retrieval/history.h"

namespace campaign::retrieval {
namespace {

constexpr absl::Duration kMaxAhead = absl::Hours(24);
constexpr int32_t kNanosPerSecond = 1'000'000'000;

absl::Status Given(absl::string_view field_path, int value) {
  return value != 0 ? absl::OkStatus() : InvalidField(field_path, "unspecified", "is required");
}

absl::Status CheckKind(const v1::Event& event) {
  switch (event.kind_case()) {
    case v1::Event::kPurchase:
    case v1::Event::kPageView:
      return absl::OkStatus();
    case v1::Event::kTicket:
      return Given("ticket.status", event.ticket().status());
    case v1::Event::kInteraction:
      return Given("interaction.kind", event.interaction().kind());
    case v1::Event::kWords:
      return Given("words.source", event.words().source());
    case v1::Event::kMessageSent:
      return Given("message_sent.channel", event.message_sent().channel());
    case v1::Event::kMessageResponse:
      return Given("message_response.kind", event.message_response().kind());
    case v1::Event::KIND_NOT_SET:
      break;
  }
  return InvalidField("kind", "unset", "is required");
}

}  // namespace

absl::Status CheckTime(absl::string_view field_path, const google::protobuf::Timestamp& time, absl::Time now) {
  if (time.nanos() < 0 || time.nanos() >= kNanosPerSecond) {
    return InvalidField(absl::StrCat(field_path, ".nanos"), time.nanos(), "is not within 0 to 999999999");
  }
  // Second 0 stands for "never" in a history.
  const std::string seconds = absl::StrCat(field_path, ".seconds");
  if (time.seconds() < 1) return InvalidField(seconds, time.seconds(), "is before 1970");
  if (time.seconds() > absl::ToUnixSeconds(now + kMaxAhead) || FromTimestamp(time) > now + kMaxAhead) {
    return InvalidField(seconds, time.seconds(), "is more than a day after now");
  }
  return absl::OkStatus();
}

absl::Status CheckEvent(const v1::Event& event, absl::Time now) {
  if (!event.has_event_time()) return InvalidField("event_time", "unset", "is required");
  RETURN_IF_ERROR(CheckTime("event_time", event.event_time(), now));
  return CheckKind(event);
}

}  // namespace campaign::retrieval
