#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
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

// What came of earlier messages, by channel, of those that had at least `min_messages`.
class PastResponses {
 public:
  // Nothing counts.
  PastResponses() = default;
  PastResponses(const v1::Profile& profile, int min_messages);

  bool any() const { return any_; }
  // Whether a message on `a` has been responded to more often than one on `b`. A channel with too few messages counts
  // as one without responses.
  bool Better(v1::Channel a, v1::Channel b) const;
  int messages(v1::Channel channel) const { return of_[channel].messages; }
  int responded(v1::Channel channel) const { return of_[channel].responded; }

 private:
  struct Counts {
    int messages = 0;
    int responded = 0;
  };
  std::array<Counts, v1::Channel_ARRAYSIZE> of_{};
  bool any_ = false;
};

using Channels = absl::InlinedVector<v1::Channel, 4>;

// Those of `channels` (in order of preference) that are in `usable`, best first: by past responses, then by preference.
Channels UsableChannels(const std::vector<v1::Channel>& channels, ChannelSet usable, const PastResponses& responses);

// Says to `loss` why there is none, and what would have to change; nothing where there is one.
void CheckChannels(const std::vector<v1::Channel>& channels, ChannelSet consented, ChannelSet reachable, Loss& loss);

}  // namespace campaign::offer
