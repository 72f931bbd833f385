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

v1::Message MessageOn(v1::Channel channel) {
  v1::Message message;
  message.set_channel(channel);
  return message;
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
  const v1::Message message = MessageOn(v1::CHANNEL_EMAIL);
  check.Check(customer, message, findings);
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
  EXPECT_TRUE(quiet_hours.AppliesTo(MessageOn(v1::CHANNEL_SMS)));
  EXPECT_FALSE(quiet_hours.AppliesTo(MessageOn(v1::CHANNEL_EMAIL)));
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
  check.Check(ParseProto<v1::Customer>("time_zone: 'Europe/Berlin'"), MessageOn(v1::CHANNEL_SMS), findings);
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
  check.Check(ParseProto<v1::Customer>("time_zone: 'Europe/Berlin' country: 'DE'"), MessageOn(v1::CHANNEL_SMS),
              findings);
  EXPECT_EQ(WorstVerdict(findings), v1::VERDICT_BLOCK);
  EXPECT_EQ(findings.list.at(0).reason.code(), kCheckNotEvaluable);
}

// What a customer may be sent to under a configuration: "2026-06-15 06:00:00" UTC, "now", or "never".
std::string AllowedUnder(absl::string_view config, absl::string_view customer, absl::string_view now,
                         absl::string_view message = "channel: CHANNEL_EMAIL") {
  auto quiet_hours = CompiledQuietHours::Compile(ParseProto<v1::QuietHours>(config), "config.quiet_hours");
  EXPECT_OK(quiet_hours);
  QuietHoursCheck check(*quiet_hours, Zones(), Utc(now));
  const auto parsed_customer = ParseProto<v1::Customer>(customer);
  const auto parsed_message = ParseProto<v1::Message>(message);
  Findings findings;
  check.Check(parsed_customer, parsed_message, findings);
  const v1::Verdict verdict = WorstVerdict(findings);
  if (verdict == v1::VERDICT_ALLOW) return "now";
  if (verdict != v1::VERDICT_DEFER) return "never";
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", *findings.defer_until, absl::UTCTimeZone());
}

struct RuleCase {
  const char* name;
  const char* config;
  const char* customer;
  const char* now;
  const char* allowed;
};

class QuietHoursRules : public ::testing::TestWithParam<RuleCase> {};

TEST_P(QuietHoursRules, FindTheFirstAllowedInstant) {
  const RuleCase& c = GetParam();
  EXPECT_EQ(AllowedUnder(c.config, c.customer, c.now), c.allowed);
}

constexpr const char* kUtc = "time_zone: 'UTC' country: 'GB'";
constexpr const char* kLateWeekend = "start: '21:00' end: '08:00' weekend_start: '20:00' weekend_end: '10:00'";

// 2026-06-12 is a Friday.
INSTANTIATE_TEST_SUITE_P(
    Weekends, QuietHoursRules,
    ::testing::Values(
        RuleCase{"FridayEveningIsAWeekdays", kLateWeekend, kUtc, "2026-06-12 20:30:00", "now"},
        RuleCase{"WhatBeganOnFridayEndsAsFridaySays", kLateWeekend, kUtc, "2026-06-12 22:00:00", "2026-06-13 08:00:00"},
        RuleCase{"SaturdayMorningTillThen", kLateWeekend, kUtc, "2026-06-13 07:59:59", "2026-06-13 08:00:00"},
        RuleCase{"SaturdayMorningAfter", kLateWeekend, kUtc, "2026-06-13 08:00:00", "now"},
        RuleCase{"SaturdayEvening", kLateWeekend, kUtc, "2026-06-13 20:00:00", "2026-06-14 10:00:00"},
        RuleCase{"SundayMorning", kLateWeekend, kUtc, "2026-06-14 09:00:00", "2026-06-14 10:00:00"},
        RuleCase{"WhatBeganOnSundayEndsAsSundaySays", kLateWeekend, kUtc, "2026-06-14 23:00:00", "2026-06-15 10:00:00"},
        RuleCase{"MondayMorningTillThen", kLateWeekend, kUtc, "2026-06-15 09:59:00", "2026-06-15 10:00:00"},
        RuleCase{"TuesdayMorning", kLateWeekend, kUtc, "2026-06-16 08:00:00", "now"},
        RuleCase{"ByTheLocalDay", kLateWeekend, "time_zone: 'Pacific/Auckland'", "2026-06-12 20:30:00", "now"},
        RuleCase{"NoneAtWeekends", "start: '21:00' end: '08:00' weekend_start: '00:00' weekend_end: '00:00'", kUtc,
                 "2026-06-13 23:00:00", "now"},
        RuleCase{"AllWeekendButAMinute", "start: '21:00' end: '08:00' weekend_start: '00:00' weekend_end: '23:59'",
                 kUtc, "2026-06-12 22:00:00", "2026-06-13 23:59:00"},
        RuleCase{"AsOnOtherDays", "start: '21:00' end: '08:00'", kUtc, "2026-06-13 09:00:00", "now"}),
    [](const auto& info) { return info.param.name; });

constexpr const char* kChristmas =
    "start: '21:00' end: '08:00' holidays { date: '12-25' } holidays { date: '12-26' countries: 'GB' countries: 'de' } "
    "holidays { date: '2026-12-28' countries: 'GB' }";

INSTANTIATE_TEST_SUITE_P(
    Holidays, QuietHoursRules,
    ::testing::Values(RuleCase{"TheWholeDayAndTheNightsAround", kChristmas, "time_zone: 'UTC' country: 'FR'",
                               "2026-12-24 22:00:00", "2026-12-26 08:00:00"},
                      RuleCase{"AtNoon", kChristmas, "time_zone: 'UTC' country: 'FR'", "2026-12-25 12:00:00",
                               "2026-12-26 08:00:00"},
                      RuleCase{"EveryYear", kChristmas, "time_zone: 'UTC' country: 'FR'", "2031-12-25 12:00:00",
                               "2031-12-26 08:00:00"},
                      RuleCase{"ByCountry", kChristmas, kUtc, "2026-12-25 12:00:00", "2026-12-27 08:00:00"},
                      RuleCase{"CountriesInEitherCase", kChristmas, "time_zone: 'UTC' country: 'DE'",
                               "2026-12-26 12:00:00", "2026-12-27 08:00:00"},
                      RuleCase{"OfOneYearIsThatDay", kChristmas, kUtc, "2026-12-28 12:00:00", "2026-12-29 08:00:00"},
                      RuleCase{"OfOneYearIsNoOther", kChristmas, kUtc, "2027-12-28 12:00:00", "now"},
                      RuleCase{"AnUnknownCountryHasAllOfThem", kChristmas, "time_zone: 'UTC'", "2026-12-28 12:00:00",
                               "2026-12-29 08:00:00"},
                      RuleCase{"ThePhoneTellsTheCountry", kChristmas,
                               "time_zone: 'UTC' contact_points { channel: CHANNEL_SMS address: '+33612345678' }",
                               "2026-12-28 12:00:00", "2026-12-29 08:00:00"},
                      RuleCase{"ByTheLocalDay", kChristmas, "time_zone: 'Pacific/Auckland' country: 'NZ'",
                               "2026-12-24 11:00:00", "2026-12-25 19:00:00"},
                      RuleCase{"WithoutHoursOfTheirOwn", "start: '08:00' end: '08:00' holidays { date: '12-25' }", kUtc,
                               "2026-12-25 00:00:00", "2026-12-26 00:00:00"},
                      RuleCase{"UntilTheLastOfManyDays",
                               "start: '21:00' end: '08:00' holidays { date: '12-24' } holidays { date: '12-25' } "
                               "holidays { date: '12-26' } holidays { date: '12-27' } holidays { date: '12-28' } "
                               "holidays { date: '12-29' }",
                               kUtc, "2026-12-24 00:00:00", "2026-12-30 08:00:00"},
                      RuleCase{"OnALeapDay", "start: '21:00' end: '08:00' holidays { date: '02-29' }", kUtc,
                               "2028-02-29 12:00:00", "2028-03-01 08:00:00"},
                      // The clocks of Beirut skip the midnight that ends the holiday.
                      RuleCase{"ThatEndsAtASkippedMidnight", "start: '08:00' end: '08:00' holidays { date: '03-28' }",
                               "time_zone: 'Asia/Beirut'", "2026-03-28 12:00:00", "2026-03-28 22:00:00"}),
    [](const auto& info) { return info.param.name; });

// New York is at UTC-4 in June, Los Angeles at UTC-7, Honolulu at UTC-10; Toronto and Vancouver are as far apart.
INSTANTIATE_TEST_SUITE_P(
    PhonesOfUnknownZones, QuietHoursRules,
    ::testing::Values(RuleCase{"OfOneZone", "start: '21:00' end: '08:00'",
                               "contact_points { channel: CHANNEL_SMS address: '+4915112345678' }",
                               "2026-06-15 19:00:00", "2026-06-16 06:00:00"},
                      RuleCase{"BeforeTheCountry", "start: '21:00' end: '08:00'",
                               "country: 'US' contact_points { channel: CHANNEL_SMS address: '+4915112345678' }",
                               "2026-06-15 12:00:00", "now"},
                      RuleCase{"OfPlusOneByTheAreaCode", "start: '21:00' end: '08:00'",
                               "contact_points { channel: CHANNEL_SMS address: '+18097654321' }", "2026-06-15 13:00:00",
                               "now"},
                      RuleCase{"OfTheUnitedStates", "start: '21:00' end: '08:00'",
                               "contact_points { channel: CHANNEL_SMS address: '+12125550123' }", "2026-06-15 13:00:00",
                               "2026-06-15 18:00:00"},
                      RuleCase{"ThatAreNoneLeaveTheCountry", "start: '21:00' end: '08:00'",
                               "country: 'NP' contact_points { channel: CHANNEL_SMS address: '12' }",
                               "2026-06-15 15:15:00", "2026-06-16 02:15:00"},
                      RuleCase{"ThatAreNoneLeaveEveryZone", "start: '21:00' end: '08:00'",
                               "contact_points { channel: CHANNEL_SMS address: '12' }", "2026-06-15 15:15:00",
                               "never"}),
    [](const auto& info) { return info.param.name; });

TEST(QuietHours, TakeTheNumberThatAnSmsGoesTo) {
  EXPECT_EQ(
      AllowedUnder("start: '21:00' end: '08:00'", "contact_points { channel: CHANNEL_SMS address: '+12125550123' }",
                   "2026-06-15 13:00:00", "channel: CHANNEL_SMS address: '+4915112345678'"),
      "now");
}

TEST(QuietHours, ExemptTransactionalMessagesWhereTheySaySo) {
  const char kTransactional[] = "channel: CHANNEL_EMAIL message_class: MESSAGE_CLASS_TRANSACTIONAL";
  EXPECT_EQ(AllowedUnder("start: '21:00' end: '08:00' exempt_transactional: true", kUtc, "2026-06-15 22:00:00",
                         kTransactional),
            "now");
  EXPECT_EQ(AllowedUnder("start: '21:00' end: '08:00' exempt_transactional: true", kUtc, "2026-06-15 22:00:00"),
            "2026-06-16 08:00:00");
  EXPECT_EQ(AllowedUnder("start: '21:00' end: '08:00'", kUtc, "2026-06-15 22:00:00", kTransactional),
            "2026-06-16 08:00:00");
}

TEST(QuietHours, RefuseHolidaysAndWeekendsThatAreNone) {
  const auto compile = [](absl::string_view rest) {
    return CompiledQuietHours::Compile(ParseProto<v1::QuietHours>(absl::StrCat("start: '21:00' end: '08:00' ", rest)),
                                       "q");
  };
  const auto kInvalid = absl::StatusCode::kInvalidArgument;
  for (const char* date : {"12-32", "2026-02-29", "1225", "12/25", "2026-1-1", "+026-01-01", "02-30"}) {
    EXPECT_THAT(compile(absl::StrCat("holidays { date: '01-01' } holidays { date: '", date, "' }")),
                StatusIs(kInvalid, absl::StrCat("q.holidays[1].date: \"", date, "\"")));
  }
  EXPECT_THAT(compile("holidays { date: '01-01' countries: 'D1' }"), StatusIs(kInvalid, "q.holidays[0].countries[0]"));
  EXPECT_THAT(compile("weekend_start: '20:00'"), StatusIs(kInvalid, "q.weekend_end"));
  EXPECT_THAT(compile("weekend_end: '20:00'"), StatusIs(kInvalid, "q.weekend_start"));
}

TEST(QuietHours, SayThatItIsAHoliday) {
  ASSERT_OK_AND_ASSIGN(const auto quiet_hours,
                       CompiledQuietHours::Compile(ParseProto<v1::QuietHours>(kChristmas), "config.quiet_hours"));
  QuietHoursCheck check(quiet_hours, Zones(), Utc("2026-12-25 12:00:00"));
  Findings findings;
  const auto customer = ParseProto<v1::Customer>("time_zone: 'Europe/Paris' country: 'FR'");
  check.Check(customer, MessageOn(v1::CHANNEL_SMS), findings);
  ASSERT_EQ(findings.list.size(), 1u);
  EXPECT_THAT(findings.list[0].reason.text(), ::testing::HasSubstr("in Europe/Paris, where it is a holiday (12-25)"));
}

// Minute by minute, for two days around changes of the clock of 2026 in zones with odd offsets, and over weekends.
TEST(QuietHours, AgreeWithTheClockOnTheWallInZonesWithOddOffsets) {
  const QuietDay holiday{.year = 2026, .month = 10, .day = 4};
  const QuietCalendar calendar({.start = 1 * 60 + 45, .end = 2 * 60 + 15}, {.start = 23 * 60, .end = 1 * 60 + 50},
                               {&holiday});
  for (const char* name : {"Australia/Lord_Howe", "America/St_Johns", "Africa/Casablanca", "Asia/Beirut"}) {
    const auto zone = Zones().Find(name);
    ASSERT_TRUE(zone.has_value()) << name;
    for (const char* from :
         {"2026-04-04 00:00:00", "2026-10-03 00:00:00", "2026-03-07 12:00:00", "2026-03-28 00:00:00"}) {
      absl::Time next_allowed = absl::InfiniteFuture();
      for (absl::Time t = Utc(from) + absl::Hours(60); t >= Utc(from); t -= absl::Minutes(1)) {
        if (!calendar.Contains(absl::CivilMinute(zone->At(t).cs))) next_allowed = t;
        if (next_allowed == absl::InfiniteFuture()) continue;
        ASSERT_EQ(FirstAllowed(calendar, absl::MakeConstSpan(&*zone, 1), t, absl::Hours(72)), next_allowed)
            << name << " " << t;
      }
    }
  }
}

}  // namespace
}  // namespace campaign::compliance
