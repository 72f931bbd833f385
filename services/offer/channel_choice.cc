#include "services/offer/channel_choice.h"

#include "absl/strings/str_cat.h"
#include "services/offer/reasons.h"

namespace campaign::offer {

ChannelSet SetOf(const google::protobuf::RepeatedField<int>& channels) {
  ChannelSet set = 0;
  for (const int channel : channels) set |= SetOf(static_cast<v1::Channel>(channel));
  return set;
}

ChannelSet ReachableChannels(const v1::Customer& customer) {
  ChannelSet set = 0;
  for (const v1::ContactPoint& contact : customer.contact_points()) set |= SetOf(contact.channel());
  return set;
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
      return "unspecified";
  }
}

std::string ChannelNames(const std::vector<v1::Channel>& channels) {
  std::string names;
  for (const v1::Channel channel : channels) absl::StrAppend(&names, names.empty() ? "" : ", ", ChannelName(channel));
  return names;
}

v1::Channel ChooseChannel(const std::vector<v1::Channel>& channels, ChannelSet consented, ChannelSet reachable,
                          v1::Reason& loss) {
  bool any_consented = false;
  for (const v1::Channel channel : channels) {
    if ((SetOf(channel) & consented) == 0) continue;
    if ((SetOf(channel) & reachable) != 0) return channel;
    any_consented = true;
  }
  const std::string names = ChannelNames(channels);
  if (any_consented) {
    SetReason(loss, kNoReachableChannel, absl::StrCat("no address on a channel that is allowed (of ", names, ")"));
  } else {
    SetReason(loss, kNoConsentedChannel, absl::StrCat("no consent for ", names));
  }
  return v1::CHANNEL_UNSPECIFIED;
}

}  // namespace campaign::offer
