#include "services/compliance/frequency_cap.h"

#include "absl/strings/str_cat.h"
#include "common/testing/testing.h"

namespace campaign::compliance {
namespace {

using ::campaign::testing::ParseProto;
using ::campaign::testing::StatusIs;
using ::campaign::testing::Utc;

constexpr v1::MessageClass kMarketing = v1::MESSAGE_CLASS_MARKETING;
constexpr v1::MessageClass kTransactional = v1::MESSAGE_CLASS_TRANSACTIONAL;

const ZoneDatabase& Zones() {
  static const auto& zones = *new ZoneDatabase(ZoneDatabase::SystemDirectory());
  return zones;
}

absl::Time Now() { return Utc("2026-06-15 12:00:00"); }

CompiledCap Cap(absl::string_view text) {
  auto cap = CompiledCap::Compile(ParseProto<v1::FrequencyCap>(text), "config.frequency_caps[0]", Zones());
  EXPECT_OK(cap);
  return *cap;
}

Contact At(absl::Duration ago, v1::Channel channel = v1::CHANNEL_EMAIL, v1::MessageClass message_class = kMarketing,
           int64_t campaign = 1) {
  return {.campaign_id = campaign, .channel = channel, .message_class = message_class, .time = Now() - ago};
}

Findings Check(const CompiledCap& cap, const std::vector<Contact>& contacts, const Contact& next,
               absl::string_view zone = "UTC", absl::Time now = Now()) {
  Findings findings;
  FrequencyCapCheck check(absl::MakeConstSpan(&cap, 1), Zones(), now);
  check.Check(
      zone, contacts, next, [](int most) { return most; }, findings);
  return findings;
}

bool Blocked(const CompiledCap& cap, const std::vector<Contact>& contacts, const Contact& next = At({})) {
  return WorstVerdict(Check(cap, contacts, next)) == v1::VERDICT_BLOCK;
}

TEST(FrequencyCap, BlocksOnceItsCountIsReached) {
  const CompiledCap cap = Cap("max_messages: 2 window { seconds: 604800 }");
  EXPECT_FALSE(Blocked(cap, {}));
  EXPECT_FALSE(Blocked(cap, {At(absl::Hours(1))}));
  EXPECT_TRUE(Blocked(cap, {At(absl::Hours(1)), At(absl::Hours(2))}));
}

TEST(FrequencyCap, NamesCapCountAndWindow) {
  const Findings findings = Check(Cap("channel: CHANNEL_EMAIL message_class: MESSAGE_CLASS_MARKETING max_messages: 1 "
                                      "window { seconds: 604800 }"),
                                  {At(absl::Hours(1))}, At({}));
  ASSERT_EQ(findings.list.size(), 1u);
  const v1::Reason& reason = findings.list[0].reason;
  EXPECT_EQ(reason.code(), "FREQUENCY_CAP_REACHED");
  EXPECT_EQ(reason.text(), "At most 1 marketing message by email in 7 days; the customer has had 1 or has them coming");
  EXPECT_EQ(reason.facts(1).value(), "1");
  EXPECT_EQ(reason.facts(2).value(), "7 days");
}

TEST(FrequencyCap, WindowRolls) {
  const CompiledCap cap = Cap("max_messages: 1 window { seconds: 3600 }");
  EXPECT_TRUE(Blocked(cap, {At(absl::Hours(1) - absl::Microseconds(1))}));
  EXPECT_FALSE(Blocked(cap, {At(absl::Hours(1))}));
}

TEST(FrequencyCap, OfAChannelCountsAndStopsThatChannelAlone) {
  const CompiledCap cap = Cap("channel: CHANNEL_SMS max_messages: 1 window { seconds: 3600 }");
  EXPECT_FALSE(Blocked(cap, {At(absl::Minutes(1), v1::CHANNEL_EMAIL)}, At({}, v1::CHANNEL_SMS)));
  EXPECT_TRUE(Blocked(cap, {At(absl::Minutes(1), v1::CHANNEL_SMS)}, At({}, v1::CHANNEL_SMS)));
  EXPECT_FALSE(Blocked(cap, {At(absl::Minutes(1), v1::CHANNEL_SMS)}, At({}, v1::CHANNEL_EMAIL)));
}

TEST(FrequencyCap, OfMarketingLeavesTransactionalAlone) {
  const CompiledCap marketing = Cap("message_class: MESSAGE_CLASS_MARKETING max_messages: 1 window { seconds: 3600 }");
  const Contact transactional = At({}, v1::CHANNEL_EMAIL, kTransactional);
  EXPECT_FALSE(Blocked(marketing, {At(absl::Minutes(1))}, transactional));
  EXPECT_FALSE(Blocked(marketing, {transactional}, At({})));
  const CompiledCap any = Cap("max_messages: 1 window { seconds: 3600 }");
  EXPECT_TRUE(Blocked(any, {At(absl::Minutes(1))}, transactional));
  EXPECT_TRUE(Blocked(any, {transactional}, At({})));
  const CompiledCap own = Cap("message_class: MESSAGE_CLASS_TRANSACTIONAL max_messages: 1 window { seconds: 3600 }");
  EXPECT_TRUE(Blocked(own, {transactional}, transactional));
}

TEST(FrequencyCap, OfThisCampaignDoesNotCountOthers) {
  const CompiledCap cap = Cap("this_campaign_only: true max_messages: 1 window { seconds: 3600 }");
  EXPECT_FALSE(Blocked(cap, {At(absl::Minutes(1), v1::CHANNEL_EMAIL, kMarketing, 2)}));
  EXPECT_TRUE(Blocked(cap, {At(absl::Minutes(1), v1::CHANNEL_EMAIL, kMarketing, 1)}));
}

TEST(FrequencyCap, OfNoneAllowsNone) { EXPECT_TRUE(Blocked(Cap("window { seconds: 60 }"), {})); }

// Whether a message of `sent` uses up the one slot of a calendar's period at `now`.
struct CalendarCase {
  const char* name;
  const char* period;
  const char* cap_zone;
  const char* customer_zone;
  const char* sent;
  const char* now;
  bool blocked;
};

class FrequencyCapCalendar : public ::testing::TestWithParam<CalendarCase> {};

TEST_P(FrequencyCapCalendar, CountsWhatIsOfItsPeriod) {
  const CalendarCase& c = GetParam();
  const CompiledCap cap =
      Cap(absl::StrCat("max_messages: 1 calendar: CALENDAR_PERIOD_", c.period, " time_zone: '", c.cap_zone, "'"));
  Contact sent = At({});
  sent.time = Utc(c.sent);
  const Findings findings = Check(cap, {sent}, At({}), c.customer_zone, Utc(c.now));
  EXPECT_EQ(WorstVerdict(findings) == v1::VERDICT_BLOCK, c.blocked);
}

constexpr const char* kBerlin = "Europe/Berlin";

// 2026-06-15 is a Monday. Berlin is at UTC+2 in June, Los Angeles at UTC-7.
INSTANTIATE_TEST_SUITE_P(
    Periods, FrequencyCapCalendar,
    ::testing::Values(
        CalendarCase{"DayHoldsItsFirstInstant", "DAY", kBerlin, "", "2026-06-14 22:00:00", "2026-06-15 21:59:59", true},
        CalendarCase{"DayEnds", "DAY", kBerlin, "", "2026-06-14 21:59:59", "2026-06-14 22:00:00", false},
        CalendarCase{"DayIsTheCustomers", "DAY", "", "America/Los_Angeles", "2026-06-15 07:00:00",
                     "2026-06-16 06:59:59", true},
        CalendarCase{"DayOfTheCustomersEnds", "DAY", "", "America/Los_Angeles", "2026-06-15 06:59:59",
                     "2026-06-15 07:00:00", false},
        CalendarCase{"CapsZoneComesFirst", "DAY", kBerlin, "America/Los_Angeles", "2026-06-14 21:59:59",
                     "2026-06-14 22:00:00", false},
        CalendarCase{"WeekBeginsOnMonday", "WEEK", "UTC", "", "2026-06-14 23:59:59", "2026-06-15 00:00:00", false},
        CalendarCase{"WeekEndsOnSunday", "WEEK", "UTC", "", "2026-06-15 00:00:00", "2026-06-21 23:59:59", true},
        CalendarCase{"MonthBeginsOnTheFirst", "MONTH", "UTC", "", "2026-05-31 23:59:59", "2026-06-01 00:00:00", false},
        CalendarCase{"MonthOf31Days", "MONTH", "UTC", "", "2026-07-01 00:00:00", "2026-07-31 23:59:59", true},
        CalendarCase{"MonthOfFebruary", "MONTH", "UTC", "", "2028-02-29 12:00:00", "2028-03-01 00:00:00", false},
        // In UTC-11 it is still the day before.
        CalendarCase{"UnknownZoneMayBeAnyThatCountsMore", "DAY", "", "", "2026-06-14 11:00:00", "2026-06-15 10:59:59",
                     true},
        CalendarCase{"UnknownZoneIsStillSomewhere", "DAY", "", "Mars/Olympus", "2026-06-14 09:59:59",
                     "2026-06-15 12:00:00", false},
        // Berlin's day of the change to summer time has 23 hours, that back has 25.
        CalendarCase{"ShortDay", "DAY", kBerlin, "", "2026-03-28 23:00:00", "2026-03-29 21:59:59", true},
        CalendarCase{"ShortDayEnds", "DAY", kBerlin, "", "2026-03-29 21:59:59", "2026-03-29 22:00:00", false},
        CalendarCase{"LongDay", "DAY", kBerlin, "", "2026-10-24 22:00:00", "2026-10-25 22:59:59", true},
        // Beirut's clocks skip the midnight that begins 2026-03-29.
        CalendarCase{"DayWithoutAMidnight", "DAY", "Asia/Beirut", "", "2026-03-28 22:00:00", "2026-03-29 20:00:00",
                     true},
        CalendarCase{"DayBeforeOneWithoutAMidnight", "DAY", "Asia/Beirut", "", "2026-03-28 21:59:59",
                     "2026-03-28 22:00:00", false}),
    [](const auto& info) { return info.param.name; });

TEST(FrequencyCap, OfACalendarSaysSo) {
  Contact sent = At(absl::Hours(1));
  const Findings findings =
      Check(Cap("max_messages: 1 calendar: CALENDAR_PERIOD_WEEK time_zone: 'Europe/Berlin' this_brand_only: true"),
            {sent}, At({}));
  ASSERT_EQ(findings.list.size(), 1u);
  EXPECT_EQ(findings.list[0].reason.text(),
            "At most 1 message of this brand in the calendar week of Europe/Berlin; the customer has had 1 or has them "
            "coming");
}

TEST(FrequencyCap, OfThisBrandDoesNotCountOthers) {
  const CompiledCap cap = Cap("this_brand_only: true max_messages: 1 window { seconds: 3600 }");
  Contact sent = At(absl::Minutes(1));
  sent.brand_id = 7;
  Contact next = At({});
  next.brand_id = 8;
  EXPECT_FALSE(Blocked(cap, {sent}, next));
  next.brand_id = 7;
  EXPECT_TRUE(Blocked(cap, {sent}, next));
}

TEST(FrequencyCap, ExemptsTransactionalMessagesWhereItSaysSo) {
  const CompiledCap cap = Cap("exempt_transactional: true max_messages: 1 window { seconds: 3600 }");
  const Contact transactional = At({}, v1::CHANNEL_EMAIL, kTransactional);
  EXPECT_FALSE(Blocked(cap, {At(absl::Minutes(1))}, transactional)) << "is not stopped";
  EXPECT_FALSE(Blocked(cap, {transactional}, At({}))) << "nor does it count";
  EXPECT_TRUE(Blocked(cap, {At(absl::Minutes(1))}, At({})));
}

TEST(FrequencyCap, OfSeveralEachThatIsReachedIsNamed) {
  const std::vector<CompiledCap> caps = {Cap("max_messages: 1 window { seconds: 3600 }"),
                                         Cap("max_messages: 5 window { seconds: 3600 }"),
                                         Cap("max_messages: 1 calendar: CALENDAR_PERIOD_DAY")};
  FrequencyCapCheck check(caps, Zones(), Now());
  Findings findings;
  check.Check(
      "UTC", std::vector<Contact>{At(absl::Minutes(1))}, At({}), [](int most) { return most; }, findings);
  EXPECT_EQ(findings.list.size(), 2u);
}

TEST(FrequencyCap, IsWhatAnOverrideMakesOfIt) {
  const CompiledCap cap = Cap("max_messages: 3 window { seconds: 3600 }");
  FrequencyCapCheck check(absl::MakeConstSpan(&cap, 1), Zones(), Now());
  Findings findings;
  check.Check(
      "UTC", std::vector<Contact>{At(absl::Minutes(1))}, At({}), [](int most) { return most - 2; }, findings);
  ASSERT_EQ(findings.list.size(), 1u);
  EXPECT_THAT(findings.list[0].reason.text(), ::testing::HasSubstr("At most 1 message in 1 hour"));
}

TEST(FrequencyCap, RefusesACalendarThatCannotBe) {
  const auto compile = [](absl::string_view text) {
    return CompiledCap::Compile(ParseProto<v1::FrequencyCap>(text), "cap", Zones());
  };
  const auto kInvalid = absl::StatusCode::kInvalidArgument;
  EXPECT_THAT(compile("calendar: CALENDAR_PERIOD_DAY window { seconds: 60 }"), StatusIs(kInvalid, "cap.calendar"));
  EXPECT_THAT(compile("calendar: CALENDAR_PERIOD_DAY time_zone: 'Mars'"),
              StatusIs(kInvalid, "cap.time_zone: \"Mars\""));
  EXPECT_THAT(compile("window { seconds: 60 } time_zone: 'UTC'"), StatusIs(kInvalid, "cap.time_zone: \"UTC\""));
}

TEST(FrequencyCap, RefusesAWindowOutOfBounds) {
  for (const char* window : {"", "window {}", "window { seconds: -1 }", "window { seconds: 31708800 }"}) {
    EXPECT_THAT(CompiledCap::Compile(ParseProto<v1::FrequencyCap>(absl::StrCat("max_messages: 1 ", window)),
                                     "config.frequency_caps[3]", Zones()),
                StatusIs(absl::StatusCode::kInvalidArgument, "config.frequency_caps[3].window: "))
        << window;
  }
}

}  // namespace
}  // namespace campaign::compliance
