#include "services/offer/channel_choice.h"

#include <algorithm>

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

namespace {

// The first of `channels` in `set`, else the first of all.
v1::Channel FirstOf(const std::vector<v1::Channel>& channels, ChannelSet set) {
  for (const v1::Channel channel : channels) {
    if ((SetOf(channel) & set) != 0) return channel;
  }
  return channels.front();
}

void ExplainNoChannel(const std::vector<v1::Channel>& channels, bool any_consented, v1::Reason& reason) {
  const std::string names = ChannelNames(channels);
  if (any_consented) {
    SetReason(reason, kNoReachableChannel, absl::StrCat("no address on a channel that is allowed (of ", names, ")"));
  } else {
    SetReason(reason, kNoConsentedChannel, absl::StrCat("no consent for ", names));
  }
}

}  // namespace

PastResponses::PastResponses(const v1::Profile& profile, int min_messages) {
  if (min_messages <= 0) return;
  for (const v1::ChannelResponses& responses : profile.channel_responses()) {
    if (!v1::Channel_IsValid(responses.channel()) || responses.messages_180d() < min_messages) continue;
    of_[responses.channel()] = {responses.messages_180d(), responses.responded_180d()};
    any_ = any_ || responses.responded_180d() > 0;
  }
}

bool PastResponses::Better(v1::Channel a, v1::Channel b) const {
  const auto worth = [this](v1::Channel one, v1::Channel other) {
    return int64_t{of_[one].responded} * std::max(of_[other].messages, 1);
  };
  return worth(a, b) > worth(b, a);
}

Channels UsableChannels(const std::vector<v1::Channel>& channels, ChannelSet usable, const PastResponses& responses) {
  Channels result;
  for (const v1::Channel channel : channels) {
    if ((SetOf(channel) & usable) != 0) result.push_back(channel);
  }
  if (responses.any()) {
    std::stable_sort(result.begin(), result.end(),
                     [&](v1::Channel a, v1::Channel b) { return responses.Better(a, b); });
  }
  return result;
}

void CheckChannels(const std::vector<v1::Channel>& channels, ChannelSet consented, ChannelSet reachable, Loss& loss) {
  bool any_consented = false;
  for (const v1::Channel channel : channels) {
    if ((SetOf(channel) & consented) == 0) continue;
    if ((SetOf(channel) & reachable) != 0) return;
    any_consented = true;
  }
  if (loss.Add()) ExplainNoChannel(channels, any_consented, loss.reason());
  // Nearest is a channel that has one of the two.
  const v1::Channel nearest = FirstOf(channels, consented & ~reachable ? consented : reachable);
  const bool consents = (SetOf(nearest) & consented) != 0;
  const bool reaches = (SetOf(nearest) & reachable) != 0;
  absl::StrAppend(&loss.AddChange(kChangeChannel, "channel", ChannelName(nearest)), consents ? "" : "consent for ",
                  consents || reaches ? "" : "and ", reaches ? "" : "an address on ", ChannelName(nearest));
}

}  // namespace campaign::offer
