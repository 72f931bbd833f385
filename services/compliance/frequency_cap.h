#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "campaign/v1/compliance.pb.h"
#include "services/compliance/verdict.h"
#include "services/compliance/zone_database.h"

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
  int64_t brand_id = 0;  // 0: of no brand.
};

// One cap of a configuration, checked.
struct CompiledCap {
  v1::Channel channel = v1::CHANNEL_UNSPECIFIED;                   // Unspecified: all.
  v1::MessageClass message_class = v1::MESSAGE_CLASS_UNSPECIFIED;  // Unspecified: all.
  bool this_campaign_only = false;
  bool this_brand_only = false;
  bool exempt_transactional = false;
  int max_messages = 0;
  v1::CalendarPeriod calendar = v1::CALENDAR_PERIOD_UNSPECIFIED;  // Unspecified: the window rolls.
  std::string zone_name;                                          // Of the calendar; empty: the customer's.
  // Of a calendar, the longest that its period can be, from its beginning anywhere in the world on.
  absl::Duration window;
  std::string window_text;  // "7 days", "the calendar week".

  // INVALID_ARGUMENT under `field_path`: neither or both of window and calendar; a window that is not above 0 and at
  // most kLongestCapWindow; a time zone that is none, or that has no calendar.
  static absl::StatusOr<CompiledCap> Compile(const v1::FrequencyCap& config, absl::string_view field_path,
                                             const ZoneDatabase& zones);

  // Whether the cap is about this contact, be it one to make or one to count. Not its age.
  bool Covers(const Contact& contact) const;
  // "3 marketing messages by email in 7 days".
  std::string TextFor(int most) const;
};

// When the period that `now` is in began in a zone. A day whose midnight the clock skips begins when it skips.
absl::Time PeriodStart(v1::CalendarPeriod period, absl::TimeZone zone, absl::Time now);

// The customer's contacts after `since` that the cap counts against `next`.
int CountContacts(const CompiledCap& cap, absl::Span<const Contact> contacts, const Contact& next, absl::Time since);

// Decides for the customers of one batch, at one moment. Not thread-safe. What it is given must outlive it.
class FrequencyCapCheck {
 public:
  FrequencyCapCheck(absl::Span<const CompiledCap> caps, const ZoneDatabase& zones, absl::Time now)
      : caps_(caps), zones_(zones), now_(now) {}

  // How many messages a cap allows the customer; given how many it says.
  using MostMessages = absl::FunctionRef<int(int)>;

  // Adds FREQUENCY_CAP_REACHED for each cap that leaves no slot for `next`, given the customer's other contacts.
  // `zone_name` is the customer's; the views must outlive the check.
  void Check(absl::string_view zone_name, absl::Span<const Contact> contacts, const Contact& next, MostMessages most,
             Findings& findings);

 private:
  // Of each period, by v1::CalendarPeriod.
  using Starts = std::array<absl::Time, v1::CalendarPeriod_ARRAYSIZE>;

  // Contacts after it count.
  absl::Time Since(const CompiledCap& cap, absl::string_view customer_zone);
  const Starts& StartsIn(absl::string_view zone_name);
  Starts ComputeStarts(absl::string_view zone_name) const;

  const absl::Span<const CompiledCap> caps_;
  const ZoneDatabase& zones_;
  const absl::Time now_;
  // By the name of the zone: the customers of a batch share few.
  absl::flat_hash_map<absl::string_view, Starts> starts_;
};

// "email", "sms", "push", "chat".
absl::string_view ChannelName(v1::Channel channel);

}  // namespace campaign::compliance
