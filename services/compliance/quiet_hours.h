#pragma once

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "campaign/v1/compliance.pb.h"
#include "services/compliance/verdict.h"
#include "services/compliance/zone_database.h"

namespace campaign::compliance {

// The message would go out in the customer's quiet hours; DEFER.
inline constexpr absl::string_view kQuietHours = "QUIET_HOURS";

// Local times from `start_minute` of the day up to, not including, `end_minute`; over midnight where start is after
// end. Equal: never.
struct QuietWindow {
  int start_minute = 0;
  int end_minute = 0;

  bool Contains(absl::CivilMinute local) const;
};

// Quiet hours of a configuration, checked.
struct CompiledQuietHours {
  QuietWindow window;
  std::vector<v1::Channel> channels;  // Empty: every channel.
  std::string text;                   // "21:00-08:00".

  // INVALID_ARGUMENT under `field_path`: a time that is not HH:MM, a channel that is none.
  static absl::StatusOr<CompiledQuietHours> Compile(const v1::QuietHours& config, absl::string_view field_path);
  bool AppliesTo(v1::Channel channel) const;
};

// The first instant from `now` on (`now` itself where it is one) at which no zone's local time is in the window. Local
// time is read off the clock on the wall: an hour that daylight saving skips does not exist, one that it repeats is
// quiet both times. nullopt: there is none within three days, so there is none that could be relied on.
absl::optional<absl::Time> FirstAllowed(const QuietWindow& window, absl::Span<const absl::TimeZone> zones,
                                        absl::Time now);

// Decides for the customers of one batch, at one moment. Not thread-safe.
class QuietHoursCheck {
 public:
  // `quiet_hours` and `zones` must outlive the check.
  QuietHoursCheck(const CompiledQuietHours& quiet_hours, const ZoneDatabase& zones, absl::Time now)
      : quiet_hours_(quiet_hours), zones_(zones), now_(now) {}

  // Adds QUIET_HOURS and the time until which to defer, or CHECK_NOT_EVALUABLE where no instant is known to be allowed.
  // A customer without a known zone: see QuietHours in compliance.proto.
  void Check(const v1::Customer& customer, v1::Channel channel, Findings& findings);

 private:
  struct Answer {
    absl::optional<absl::Time> allowed;
    std::string place;       // "Europe/Berlin", "country US", "an unknown country".
    std::string local_time;  // "14:05"; empty without a zone.
  };
  const Answer& AnswerFor(const v1::Customer& customer);
  Answer Compute(const v1::Customer& customer) const;

  const CompiledQuietHours& quiet_hours_;
  const ZoneDatabase& zones_;
  const absl::Time now_;
  // By zone and country: the customers of a batch share few.
  absl::flat_hash_map<std::pair<absl::string_view, absl::string_view>, Answer> answers_;
};

}  // namespace campaign::compliance
