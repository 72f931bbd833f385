#include "services/compliance/quiet_hours.h"

#include "absl/strings/str_cat.h"
#include "common/testing/testing.h"

namespace campaign::compliance {
namespace {

using ::campaign::testing::ParseProto;
using ::campaign::testing::StatusIs;
using ::campaign::testing::TempDir;
using ::campaign::testing::Utc;

const ZoneDatabase& Zones() {
  static const auto& zones = *new ZoneDatabase(ZoneDatabase::SystemDirectory());
  return zones;
}

CompiledQuietHours Compile(absl::string_view start, absl::string_view end) {
  v1::QuietHours config;
  config.set_start(std::string(start));
  config.set_end(std::string(end));
  auto compiled = CompiledQuietHours::Compile(config, "config.quiet_hours");
  EXPECT_OK(compiled);
  return *compiled;
}

// When a customer of this zone and country may first be sent to: "2026-06-15 06:00:00" UTC, "now", or "never".
std::string Allowed(absl::string_view window, absl::string_view zone, absl::string_view country,
                    absl::string_view now) {
  v1::Customer customer;
  customer.set_time_zone(std::string(zone));
  customer.set_country(std::string(country));
  const CompiledQuietHours quiet_hours = Compile(window.substr(0, 5), window.substr(6));
  QuietHoursCheck check(quiet_hours, Zones(), Utc(now));
  Findings findings;
  check.Check(customer, v1::CHANNEL_EMAIL, findings);
  const v1::Verdict verdict = WorstVerdict(findings);
  if (verdict == v1::VERDICT_ALLOW) return "now";
  if (verdict == v1::VERDICT_DEFER) {
    return absl::FormatTime("%Y-%m-%d %H:%M:%S", *findings.defer_until, absl::UTCTimeZone());
  }
  EXPECT_EQ(findings.list.at(0).reason.code(), kCheckNotEvaluable);
  return "never";
}

struct Case {
  const char* name;
  const char* window;
  const char* zone;
  const char* country;
  const char* now;
  const char* allowed;
};

class QuietHoursTable : public ::testing::TestWithParam<Case> {};

TEST_P(QuietHoursTable, FindsTheFirstAllowedInstant) {
  const Case& c = GetParam();
  EXPECT_EQ(Allowed(c.window, c.zone, c.country, c.now), c.allowed);
}

constexpr const char* kNight = "21:00-08:00";
constexpr const char* kBerlin = "Europe/Berlin";
constexpr const char* kNewYork = "America/New_York";

INSTANTIATE_TEST_SUITE_P(
    PlainDays, QuietHoursTable,
    ::testing::Values(
        Case{"ByDay", kNight, kBerlin, "DE", "2026-06-15 12:00:00", "now"},
        Case{"LastAwakeSecond", kNight, kBerlin, "DE", "2026-06-15 18:59:59", "now"},
        Case{"FirstQuietSecondGoesToTheNextDay", kNight, kBerlin, "DE", "2026-06-15 19:00:00", "2026-06-16 06:00:00"},
        Case{"AfterMidnightGoesToTheSameDay", kNight, kBerlin, "DE", "2026-06-15 22:30:00", "2026-06-16 06:00:00"},
        Case{"LastQuietSecond", kNight, kBerlin, "DE", "2026-06-16 05:59:59", "2026-06-16 06:00:00"},
        Case{"FirstAwakeSecond", kNight, kBerlin, "DE", "2026-06-16 06:00:00", "now"},
        Case{"WithinADay", "12:00-14:00", kBerlin, "DE", "2026-01-15 11:30:00", "2026-01-15 13:00:00"},
        Case{"FromMidnight", "00:00-08:00", "UTC", "", "2026-01-15 00:00:00", "2026-01-15 08:00:00"},
        Case{"UntilMidnight", "20:00-00:00", "UTC", "", "2026-01-15 20:00:00", "2026-01-16 00:00:00"},
        Case{"StartEqualToEndIsNever", "08:00-08:00", kBerlin, "DE", "2026-06-15 06:00:00", "now"},
        Case{"Kathmandu", kNight, "Asia/Kathmandu", "NP", "2026-06-15 15:15:00", "2026-06-16 02:15:00"},
        Case{"KathmanduJustBefore", kNight, "Asia/Kathmandu", "NP", "2026-06-15 15:14:59", "now"},
        Case{"Kiritimati", kNight, "Pacific/Kiritimati", "KI", "2026-06-15 07:00:00", "2026-06-15 18:00:00"},
        Case{"AllButAMinute", "12:01-12:00", "UTC", "", "2026-06-15 12:01:00", "2026-06-16 12:00:00"}),
    [](const auto& info) { return info.param.name; });

// Berlin 2026: clocks go from 02:00 to 03:00 on March 29 (01:00 UTC), from 03:00 to 02:00 on October 25 (01:00 UTC).
// New York 2026: from 02:00 to 03:00 on March 8 (07:00 UTC), from 02:00 to 01:00 on November 1 (06:00 UTC).
INSTANTIATE_TEST_SUITE_P(
    DaylightSaving, QuietHoursTable,
    ::testing::Values(
        Case{"BerlinSpringNight", kNight, kBerlin, "DE", "2026-03-28 20:00:00", "2026-03-29 06:00:00"},
        Case{"BerlinAutumnNight", kNight, kBerlin, "DE", "2026-10-24 19:00:00", "2026-10-25 07:00:00"},
        Case{"NewYorkSpringNight", kNight, kNewYork, "US", "2026-03-08 03:00:00", "2026-03-08 12:00:00"},
        Case{"NewYorkAutumnNight", kNight, kNewYork, "US", "2026-11-01 03:00:00", "2026-11-01 13:00:00"},
        Case{"AnEndThatIsSkippedIsTheJump", "22:00-02:30", kBerlin, "DE", "2026-03-29 00:30:00", "2026-03-29 01:00:00"},
        Case{"NewYorkEndSkipped", "22:00-02:30", kNewYork, "US", "2026-03-08 06:59:59", "2026-03-08 07:00:00"},
        Case{"AStartThatIsSkippedBeginsAtTheJump", "02:30-05:00", kBerlin, "DE", "2026-03-29 01:00:00",
             "2026-03-29 03:00:00"},
        Case{"AWindowThatIsSkippedWhole", "02:00-03:00", kBerlin, "DE", "2026-03-29 01:00:00", "now"},
        Case{"AnEndThatComesTwiceEndsFirst", "22:00-02:30", kBerlin, "DE", "2026-10-25 00:00:00",
             "2026-10-25 00:30:00"},
        Case{"AndIsQuietAgainTheSecondTime", "22:00-02:30", kBerlin, "DE", "2026-10-25 01:10:00",
             "2026-10-25 01:30:00"},
        Case{"BetweenTheTwoItIsAllowed", "22:00-02:30", kBerlin, "DE", "2026-10-25 00:45:00", "now"},
        Case{"ClockGoesBackOutOfTheWindow", "02:30-04:00", kBerlin, "DE", "2026-10-25 00:40:00", "2026-10-25 01:00:00"},
        Case{"AWindowInTheRepeatedHour", "01:00-02:00", kNewYork, "US", "2026-11-01 05:30:00", "2026-11-01 07:00:00"},
        Case{"ARepeatedEndInNewYork", "23:00-01:30", kNewYork, "US", "2026-11-01 06:10:00", "2026-11-01 06:30:00"}),
    [](const auto& info) { return info.param.name; });

// The United States reach from New York (UTC-4 in summer) to Honolulu (UTC-10) and Adak (UTC-9).
INSTANTIATE_TEST_SUITE_P(
    UnknownZones, QuietHoursTable,
    ::testing::Values(
        Case{"CountryWaitsForItsLastZone", kNight, "", "US", "2026-06-15 13:00:00", "2026-06-15 18:00:00"},
        Case{"CountryAllAwake", kNight, "", "US", "2026-06-15 20:00:00", "now"},
        Case{"CountryQuietOnceItsFirstZoneIs", kNight, "", "US", "2026-06-16 01:00:00", "2026-06-16 18:00:00"},
        Case{"CountryInLowerCase", kNight, "", "us", "2026-06-15 13:00:00", "2026-06-15 18:00:00"},
        Case{"ZoneThatIsNoneFallsToTheCountry", kNight, "Mars/Olympus", "US", "2026-06-15 13:00:00",
             "2026-06-15 18:00:00"},
        Case{"CountryOfOneZone", kNight, "", "NP", "2026-06-15 15:15:00", "2026-06-16 02:15:00"},
        Case{"AMergedZoneBelongsToEachCountry", kNight, "", "DK", "2026-06-15 19:00:00", "2026-06-16 06:00:00"},
        Case{"WithoutACountryEveryZoneMustBeAwake", kNight, "", "", "2026-06-15 12:00:00", "never"},
        Case{"CountryThatIsNone", kNight, "", "XX", "2026-06-15 12:00:00", "never"},
        Case{"PathsAreNoZones", kNight, "/etc/localtime", "", "2026-06-15 12:00:00", "never"},
        Case{"NorIsTheMachinesZone", kNight, "localtime", "", "2026-06-15 12:00:00", "never"},
        Case{"ACountryThatIsNeverAllAwake", "16:00-12:00", "", "US", "2026-06-15 18:00:00", "never"},
        Case{"WithoutACountryAShortWindowPasses", "12:01-12:06", "", "", "2026-06-15 12:03:00", "2026-06-15 12:06:00"}),
    [](const auto& info) { return info.param.name; });

TEST(QuietHours, AreOnlyForTheirChannels) {
  v1::QuietHours config = ParseProto<v1::QuietHours>("start: '21:00' end: '08:00' channels: CHANNEL_SMS");
  ASSERT_OK_AND_ASSIGN(const auto quiet_hours, CompiledQuietHours::Compile(config, "config.quiet_hours"));
  EXPECT_TRUE(quiet_hours.AppliesTo(v1::CHANNEL_SMS));
  EXPECT_FALSE(quiet_hours.AppliesTo(v1::CHANNEL_EMAIL));
}

TEST(QuietHours, RefuseWhatIsNoTime) {
  for (const char* time : {"", "8:00", "24:00", "12:60", "ab:cd", "08-00", "08:0 "}) {
    v1::QuietHours config;
    config.set_start("21:00");
    config.set_end(time);
    EXPECT_THAT(CompiledQuietHours::Compile(config, "config.quiet_hours"),
                StatusIs(absl::StatusCode::kInvalidArgument, absl::StrCat("config.quiet_hours.end: \"", time, "\"")));
  }
}

TEST(QuietHours, SayWhereAndUntilWhen) {
  const CompiledQuietHours quiet_hours = Compile("21:00", "08:00");
  QuietHoursCheck check(quiet_hours, Zones(), Utc("2026-06-15 19:00:00"));
  Findings findings;
  check.Check(ParseProto<v1::Customer>("time_zone: 'Europe/Berlin'"), v1::CHANNEL_SMS, findings);
  ASSERT_EQ(findings.list.size(), 1u);
  EXPECT_EQ(findings.list[0].reason.text(),
            "Quiet hours 21:00-08:00 in Europe/Berlin; may be sent from 2026-06-16T06:00:00Z on");
  EXPECT_EQ(findings.list[0].reason.facts(0).value(), "2026-06-16T06:00:00Z");
}

TEST(QuietHours, CannotBeCheckedWithoutAZoneDatabase) {
  TempDir empty;
  const ZoneDatabase none(empty.path());
  EXPECT_FALSE(none.available());
  const CompiledQuietHours quiet_hours = Compile("21:00", "08:00");
  QuietHoursCheck check(quiet_hours, none, Utc("2026-06-15 12:00:00"));
  Findings findings;
  check.Check(ParseProto<v1::Customer>("time_zone: 'Europe/Berlin' country: 'DE'"), v1::CHANNEL_SMS, findings);
  EXPECT_EQ(WorstVerdict(findings), v1::VERDICT_BLOCK);
  EXPECT_EQ(findings.list.at(0).reason.code(), kCheckNotEvaluable);
}

// Against every zone of the table, minute by minute, for two days around each zone's changes of 2026.
TEST(QuietHours, AgreeWithTheClockOnTheWallInZonesWithOddOffsets) {
  const QuietWindow window{.start_minute = 1 * 60 + 45, .end_minute = 2 * 60 + 15};
  for (const char* name : {"Australia/Lord_Howe", "America/St_Johns", "Africa/Casablanca", "Asia/Kathmandu"}) {
    const auto zone = Zones().Find(name);
    ASSERT_TRUE(zone.has_value()) << name;
    for (const char* from :
         {"2026-04-04 00:00:00", "2026-10-03 00:00:00", "2026-03-07 12:00:00", "2026-02-14 12:00:00"}) {
      absl::Time next_allowed = absl::InfiniteFuture();
      for (absl::Time t = Utc(from) + absl::Hours(48); t >= Utc(from); t -= absl::Minutes(1)) {
        if (!window.Contains(absl::CivilMinute(zone->At(t).cs))) next_allowed = t;
        if (next_allowed == absl::InfiniteFuture()) continue;
        ASSERT_EQ(FirstAllowed(window, absl::MakeConstSpan(&*zone, 1), t), next_allowed) << name << " " << t;
      }
    }
  }
}

}  // namespace
}  // namespace campaign::compliance
