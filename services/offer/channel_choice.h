#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "campaign/v1/profile.pb.h"
#include "campaign/v1/types.pb.h"
#include "google/protobuf/repeated_field.h"
#include "services/offer/loss.h"

namespace campaign::offer {

// No channel that the action may use has the customer's consent.
constexpr absl::string_view kNoConsentedChannel = "NO_CONSENTED_CHANNEL";
// The customer has no address on any channel that would be allowed.
constexpr absl::string_view kNoReachableChannel = "NO_REACHABLE_CHANNEL";

// A set of channels, a bit each.
using ChannelSet = uint32_t;
constexpr ChannelSet kAllChannels = ~ChannelSet{0};

constexpr ChannelSet SetOf(v1::Channel channel) { return ChannelSet{1} << channel; }
ChannelSet SetOf(const google::protobuf::RepeatedField<int>& channels);

// Channels on which the customer has an address.
ChannelSet ReachableChannels(const v1::Customer& customer);

// "email"; "email, sms".
absl::string_view ChannelName(v1::Channel channel);
std::string ChannelNames(const std::vector<v1::Channel>& channels);

// The first of `channels` (in order of preference) that the customer consented to and can be reached on.
// CHANNEL_UNSPECIFIED where there is none; then `loss` says why, and what would have to change.
v1::Channel ChooseChannel(const std::vector<v1::Channel>& channels, ChannelSet consented, ChannelSet reachable,
                          Loss& loss);

}  // namespace campaign::offer
