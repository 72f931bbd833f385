#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "campaign/v1/compliance.pb.h"
#include "services/compliance/verdict.h"

namespace campaign::compliance {

// The customer has had as many messages as a cap allows; BLOCK.
inline constexpr absl::string_view kFrequencyCapReached = "FREQUENCY_CAP_REACHED";

// Contacts are kept at least this long; no cap looks further back.
inline constexpr absl::Duration kLongestCapWindow = absl::Hours(24 * 366);

// A message that went out to a customer, or has a slot to.
struct Contact {
  int64_t campaign_id = 0;
  v1::Channel channel = v1::CHANNEL_UNSPECIFIED;
  v1::MessageClass message_class = v1::MESSAGE_CLASS_UNSPECIFIED;
  absl::Time time;
};

// One cap of a configuration, checked.
struct CompiledCap {
  v1::Channel channel = v1::CHANNEL_UNSPECIFIED;                   // Unspecified: all.
  v1::MessageClass message_class = v1::MESSAGE_CLASS_UNSPECIFIED;  // Unspecified: all.
  bool this_campaign_only = false;
  int max_messages = 0;
  absl::Duration window;
  std::string window_text;  // "7 days".
  std::string text;         // "3 marketing messages by email in 7 days".

  // INVALID_ARGUMENT under `field_path`: a window that is not above 0 and at most kLongestCapWindow.
  static absl::StatusOr<CompiledCap> Compile(const v1::FrequencyCap& config, absl::string_view field_path);

  // Whether the cap is about this contact, be it one to make or one to count. Not its age.
  bool Covers(const Contact& contact) const;
};

// The customer's contacts within the cap's window before `now` that it counts.
int CountContacts(const CompiledCap& cap, absl::Span<const Contact> contacts, const Contact& next, absl::Time now);

// Adds FREQUENCY_CAP_REACHED for each cap that leaves no slot for `next`, given the customer's other contacts.
void CheckFrequencyCaps(absl::Span<const CompiledCap> caps, absl::Span<const Contact> contacts, const Contact& next,
                        absl::Time now, Findings& findings);

// "email", "sms", "push", "chat".
absl::string_view ChannelName(v1::Channel channel);

}  // namespace campaign::compliance
