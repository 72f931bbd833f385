#include "services/delivery/channel_sender.h"

namespace campaign::delivery {

absl::optional<SendOutcome> Refusal(const v1::Message& message) {
  if (message.channel() == v1::CHANNEL_UNSPECIFIED) {
    return SendOutcome::Rejected(kChannelUnsupported, "the message names no channel");
  }
  if (message.address().empty()) return SendOutcome::Rejected(kAddressMissing, "the message has no address");
  if (message.text().empty() && message.html().empty()) {
    return SendOutcome::Rejected(kMessageEmpty, "the message has no text");
  }
  return absl::nullopt;
}

absl::string_view ChannelName(v1::Channel channel) {
  switch (channel) {
    case v1::CHANNEL_EMAIL:
      return "email";
    case v1::CHANNEL_SMS:
      return "sms";
    case v1::CHANNEL_PUSH:
      return "push";
    case v1::CHANNEL_CHAT:
      return "chat";
    default:
      return "none";
  }
}

}  // namespace campaign::delivery
