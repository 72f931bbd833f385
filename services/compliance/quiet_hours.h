#pragma once

#include <bitset>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "campaign/v1/compliance.pb.h"
#include "services/compliance/verdict.h"
#include "services/compliance/zone_database.h"

namespace campaign::compliance {

// The message would go out in the customer's quiet hours; DEFER.
inline constexpr absl::string_view kQuietHours = "QUIET_HOURS";

// Minutes of the day from `start` up to, not including, `end`; over midnight where start is after end. Equal: never.
struct QuietWindow {
  int start = 0;
  int end = 0;

  bool OverMidnight() const { return start > end; }
};

// A local day that is quiet from midnight to midnight.
struct QuietDay {
  int year = 0;  // 0: every year.
  int month = 1;
  int day = 1;
  std::vector<std::string> countries;  // Upper case. Empty: everywhere.
  std::string text;                    // As configured: "12-25".
};

// What is quiet in one country. Each local day has one window, that of weekdays or that of Saturday and Sunday, and a
// window belongs to the day that it begins on: what begins on Friday evening ends on Saturday when Friday's says, and
// what begins on Sunday evening ends when Sunday's says. A holiday is quiet from midnight to midnight, and in its
// window too, so that the night after it is as any other.
class QuietCalendar {
 public:
  // `holidays` are those of the country; they must outlive the calendar.
  QuietCalendar(QuietWindow weekday, QuietWindow weekend, std::vector<const QuietDay*> holidays);

  bool Contains(absl::CivilMinute local) const;
  // The first minute after `local`, which is quiet, at which it may no longer be, if no clock is put forward or back.
  absl::CivilMinute NextEnd(absl::CivilMinute local) const;
  // Null: it is none.
  const QuietDay* HolidayOn(absl::CivilDay day) const;

 private:
  const QuietWindow& WindowOf(absl::CivilDay day) const;

  QuietWindow weekday_;
  QuietWindow weekend_;
  std::vector<const QuietDay*> holidays_;
  // By 32 * month + day: most days are none.
  std::bitset<size_t{32} * 13> may_be_holiday_;
};

// Quiet hours of a configuration, checked.
struct CompiledQuietHours {
  QuietWindow weekday;
  QuietWindow weekend;
  std::vector<QuietDay> holidays;
  std::vector<v1::Channel> channels;  // Empty: every channel.
  bool exempt_transactional = false;
  std::string text;        // "21:00-08:00, 20:00-10:00 at weekends".
  absl::Duration horizon;  // No quiet stretch that is meant to end is longer.

  // INVALID_ARGUMENT under `field_path`: a time that is not HH:MM, one end of the weekend's window without the other, a
  // holiday whose date is none, a country that is not two letters, a channel that is none.
  static absl::StatusOr<CompiledQuietHours> Compile(const v1::QuietHours& config, absl::string_view field_path);

  bool AppliesTo(const v1::Message& message) const;
  // Where the country is not known (empty), every holiday counts.
  QuietCalendar CalendarOf(absl::string_view country) const;
};

// The first instant from `now` on (`now` itself where it is one) at which no zone's local time is quiet. Local time is
// read off the clock on the wall: an hour that daylight saving skips does not exist, one that it repeats is quiet both
// times. nullopt: there is none within `horizon`, so there is none that could be relied on.
absl::optional<absl::Time> FirstAllowed(const QuietCalendar& calendar, absl::Span<const absl::TimeZone> zones,
                                        absl::Time now, absl::Duration horizon);

// Decides for the customers of one batch, at one moment. Not thread-safe.
class QuietHoursCheck {
 public:
  // `quiet_hours` and `zones` must outlive the check.
  QuietHoursCheck(const CompiledQuietHours& quiet_hours, const ZoneDatabase& zones, absl::Time now)
      : quiet_hours_(quiet_hours), zones_(zones), now_(now) {}

  // Adds QUIET_HOURS and the time until which to defer, or CHECK_NOT_EVALUABLE where no instant is known to be allowed.
  // A customer without a known zone: see QuietHours in compliance.proto. Both must outlive the check.
  void Check(const v1::Customer& customer, const v1::Message& message, Findings& findings);

 private:
  struct Answer {
    bool zone_known = false;
    absl::optional<absl::Time> allowed;
    std::string place;       // "Europe/Berlin", "country US", "an unknown country".
    std::string local_time;  // "14:05"; empty without a zone.
    std::string holiday;     // "12-25", where that day is one; empty without a zone.
  };
  const Answer& AnswerFor(const v1::Customer& customer, const v1::Message& message);
  Answer InZone(const std::string& zone_name, absl::string_view country) const;
  Answer InCountry(absl::string_view country, absl::string_view holidays_of) const;
  void Defer(const Answer& answer, Findings& findings) const;

  const CompiledQuietHours& quiet_hours_;
  const ZoneDatabase& zones_;
  const absl::Time now_;
  // By zone and country: the customers of a batch share few.
  absl::flat_hash_map<std::pair<absl::string_view, absl::string_view>, Answer> by_zone_;
  // By where the zones are looked for and where the holidays.
  absl::flat_hash_map<std::pair<std::string, std::string>, Answer> by_country_;
};

}  // namespace campaign::compliance
