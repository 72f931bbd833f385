#include "services/compliance/quiet_hours.h"

#include <algorithm>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "services/compliance/phone_number.h"

namespace campaign::compliance {
namespace {

constexpr int kMinutesOfDay = 24 * 60;

// Of plain quiet hours; weekends and holidays may follow one another.
constexpr absl::Duration kHorizon = absl::Hours(72);
constexpr absl::Duration kWeekendHorizon = absl::Hours(5 * 24);
constexpr absl::Duration kHolidayHorizon = absl::Hours(21 * 24);

absl::StatusOr<int> ParseMinute(const std::string& text, const std::string& field_path) {
  const auto digit = [&](size_t i) { return absl::ascii_isdigit(static_cast<unsigned char>(text[i])); };
  if (text.size() == 5 && text[2] == ':' && digit(0) && digit(1) && digit(3) && digit(4)) {
    const int hour = (text[0] - '0') * 10 + (text[1] - '0');
    const int minute = (text[3] - '0') * 10 + (text[4] - '0');
    if (hour < 24 && minute < 60) return hour * 60 + minute;
  }
  return InvalidField(field_path, absl::StrCat("\"", text, "\""), "is not a time from 00:00 to 23:59");
}

absl::StatusOr<QuietWindow> ParseWindow(const std::string& start, const std::string& end, absl::string_view field_path,
                                        absl::string_view prefix) {
  QuietWindow window;
  ASSIGN_OR_RETURN(window.start, ParseMinute(start, absl::StrCat(field_path, ".", prefix, "start")));
  ASSIGN_OR_RETURN(window.end, ParseMinute(end, absl::StrCat(field_path, ".", prefix, "end")));
  return window;
}

absl::StatusOr<QuietDay> ParseHoliday(const v1::Holiday& config, const std::string& field_path) {
  // 2000 has a February 29.
  const bool every_year = config.date().size() == 5;
  const std::string date = every_year ? absl::StrCat("2000-", config.date()) : config.date();
  absl::CivilDay day;
  if (date.size() != 10 || !absl::c_all_of(date, [](unsigned char c) { return absl::ascii_isdigit(c) || c == '-'; }) ||
      !absl::ParseCivilTime(date, &day)) {
    return InvalidField(field_path + ".date", absl::StrCat("\"", config.date(), "\""),
                        "is no date such as 2026-12-25, or 12-25 for every year");
  }
  QuietDay holiday{every_year ? 0 : static_cast<int>(day.year()), day.month(), day.day(), {}, config.date()};
  for (int c = 0; c < config.countries_size(); ++c) {
    const std::string& country = config.countries(c);
    if (country.size() != 2 || !absl::c_all_of(country, [](unsigned char b) { return absl::ascii_isalpha(b); })) {
      return InvalidField(absl::StrCat(field_path, ".countries[", c, "]"), absl::StrCat("\"", country, "\""),
                          "is not a country's two letters");
    }
    holiday.countries.push_back(absl::AsciiStrToUpper(country));
  }
  return holiday;
}

bool IsQuiet(const QuietCalendar& calendar, absl::TimeZone zone, absl::Time time) {
  return calendar.Contains(absl::CivilMinute(zone.At(time).cs));
}

// The instant of the next change of the zone's offset after `time`.
absl::optional<absl::Time> NextTransition(absl::TimeZone zone, absl::Time time) {
  absl::TimeZone::CivilTransition transition;
  if (!zone.NextTransition(time, &transition)) return absl::nullopt;
  // Of a gap the first civil second is missing, of an overlap it is there twice: only that one is not unique.
  return zone.At(std::min(transition.from, transition.to)).trans;
}

// The first instant after `time`, which is quiet, at which the zone may have left it: it is quiet until then.
absl::Time NextBoundary(const QuietCalendar& calendar, absl::TimeZone zone, absl::Time time) {
  const absl::CivilMinute end = calendar.NextEnd(absl::CivilMinute(zone.At(time).cs));
  const absl::TimeZone::TimeInfo info = zone.At(absl::CivilSecond(end));
  absl::Time boundary = absl::InfiniteFuture();
  for (const absl::Time candidate : {info.pre, info.trans, info.post}) {
    // Where `end` is missing, `pre` and `post` are made up; the clock jumps over it at `trans`.
    if (info.kind == absl::TimeZone::TimeInfo::SKIPPED && candidate != info.trans) continue;
    if (candidate > time) boundary = std::min(boundary, candidate);
  }
  // A clock that goes back may leave the window through its start.
  if (const auto transition = NextTransition(zone, time)) boundary = std::min(boundary, *transition);
  return boundary;
}

// The country of the number that the message goes to, or else of the customer's telephone; empty: not known.
std::string RegionOfPhone(const v1::Customer& customer, const v1::Message& message) {
  if (message.channel() == v1::CHANNEL_SMS && !message.address().empty()) return CountryOfPhone(message.address());
  for (const v1::ContactPoint& point : customer.contact_points()) {
    if (point.channel() == v1::CHANNEL_SMS && !point.address().empty()) return CountryOfPhone(point.address());
  }
  return "";
}

}  // namespace

QuietCalendar::QuietCalendar(QuietWindow weekday, QuietWindow weekend, std::vector<const QuietDay*> holidays)
    : weekday_(weekday), weekend_(weekend), holidays_(std::move(holidays)) {
  for (const QuietDay* holiday : holidays_) may_be_holiday_.set(32 * holiday->month + holiday->day);
}

const QuietWindow& QuietCalendar::WindowOf(absl::CivilDay day) const {
  const absl::Weekday weekday = absl::GetWeekday(day);
  return weekday == absl::Weekday::saturday || weekday == absl::Weekday::sunday ? weekend_ : weekday_;
}

const QuietDay* QuietCalendar::HolidayOn(absl::CivilDay day) const {
  if (!may_be_holiday_[32 * day.month() + day.day()]) return nullptr;
  for (const QuietDay* holiday : holidays_) {
    const bool that_year = holiday->year == 0 || holiday->year == day.year();
    if (that_year && holiday->month == day.month() && holiday->day == day.day()) return holiday;
  }
  return nullptr;
}

bool QuietCalendar::Contains(absl::CivilMinute local) const {
  const absl::CivilDay today(local);
  const int minute = local.hour() * 60 + local.minute();
  const QuietWindow& window = WindowOf(today);
  if (window.start <= minute && minute < (window.OverMidnight() ? kMinutesOfDay : window.end)) return true;
  const QuietWindow& last = WindowOf(today - 1);
  if (last.OverMidnight() && minute < last.end) return true;
  return HolidayOn(today) != nullptr;
}

absl::CivilMinute QuietCalendar::NextEnd(absl::CivilMinute local) const {
  const absl::CivilDay today(local);
  const absl::CivilMinute midnight(today + 1);
  absl::CivilMinute next = midnight + kMinutesOfDay;
  const auto consider = [&](absl::CivilMinute end) {
    if (end > local) next = std::min(next, end);
  };
  if (HolidayOn(today) != nullptr) consider(midnight);
  // Windows that began yesterday and today.
  for (const absl::CivilDay day : {today - 1, today}) {
    const QuietWindow& window = WindowOf(day);
    consider(absl::CivilMinute(window.OverMidnight() ? day + 1 : day) + window.end);
  }
  return next;
}

absl::StatusOr<CompiledQuietHours> CompiledQuietHours::Compile(const v1::QuietHours& config,
                                                               absl::string_view field_path) {
  CompiledQuietHours compiled;
  ASSIGN_OR_RETURN(compiled.weekday, ParseWindow(config.start(), config.end(), field_path, ""));
  compiled.weekend = compiled.weekday;
  compiled.text = absl::StrCat(config.start(), "-", config.end());
  compiled.horizon = kHorizon;
  if (!config.weekend_start().empty() || !config.weekend_end().empty()) {
    ASSIGN_OR_RETURN(compiled.weekend,
                     ParseWindow(config.weekend_start(), config.weekend_end(), field_path, "weekend_"));
    absl::StrAppend(&compiled.text, ", ", config.weekend_start(), "-", config.weekend_end(), " at weekends");
    compiled.horizon = kWeekendHorizon;
  }
  for (int i = 0; i < config.holidays_size(); ++i) {
    ASSIGN_OR_RETURN(QuietDay day, ParseHoliday(config.holidays(i), absl::StrCat(field_path, ".holidays[", i, "]")));
    compiled.holidays.push_back(std::move(day));
    compiled.horizon = kHolidayHorizon;
  }
  for (int i = 0; i < config.channels_size(); ++i) {
    if (config.channels(i) == v1::CHANNEL_UNSPECIFIED) {
      return InvalidField(absl::StrCat(field_path, ".channels[", i, "]"), "CHANNEL_UNSPECIFIED", "is no channel");
    }
    compiled.channels.push_back(config.channels(i));
  }
  compiled.exempt_transactional = config.exempt_transactional();
  return compiled;
}

bool CompiledQuietHours::AppliesTo(const v1::Message& message) const {
  if (exempt_transactional && message.message_class() == v1::MESSAGE_CLASS_TRANSACTIONAL) return false;
  if (weekday.start == weekday.end && weekend.start == weekend.end && holidays.empty()) return false;
  return channels.empty() || absl::c_linear_search(channels, message.channel());
}

QuietCalendar CompiledQuietHours::CalendarOf(absl::string_view country) const {
  std::vector<const QuietDay*> of_country;
  for (const QuietDay& holiday : holidays) {
    const bool here =
        country.empty() || holiday.countries.empty() ||
        absl::c_any_of(holiday.countries, [&](const std::string& c) { return absl::EqualsIgnoreCase(c, country); });
    if (here) of_country.push_back(&holiday);
  }
  return QuietCalendar(weekday, weekend, std::move(of_country));
}

absl::optional<absl::Time> FirstAllowed(const QuietCalendar& calendar, absl::Span<const absl::TimeZone> zones,
                                        absl::Time now, absl::Duration horizon) {
  absl::Time time = now;
  while (time <= now + horizon) {
    absl::Time next = time;
    for (const absl::TimeZone zone : zones) {
      if (IsQuiet(calendar, zone, time)) next = std::max(next, NextBoundary(calendar, zone, time));
    }
    if (next == time) return time;
    time = next;
  }
  return absl::nullopt;
}

QuietHoursCheck::Answer QuietHoursCheck::InZone(const std::string& zone_name, absl::string_view country) const {
  Answer answer;
  const absl::optional<absl::TimeZone> zone = zones_.Find(zone_name);
  if (!zone.has_value()) return answer;
  answer.zone_known = true;
  answer.place = zone_name;
  answer.local_time = absl::FormatTime("%H:%M", now_, *zone);
  const QuietCalendar calendar = quiet_hours_.CalendarOf(country);
  answer.allowed = FirstAllowed(calendar, absl::MakeConstSpan(&*zone, 1), now_, quiet_hours_.horizon);
  const QuietDay* holiday = calendar.HolidayOn(absl::CivilDay(zone->At(now_).cs));
  if (holiday != nullptr) answer.holiday = holiday->text;
  return answer;
}

QuietHoursCheck::Answer QuietHoursCheck::InCountry(absl::string_view country, absl::string_view holidays_of) const {
  Answer answer;
  absl::Span<const absl::TimeZone> zones = zones_.CountryZones(country);
  answer.place = zones.empty() ? "an unknown country" : absl::StrCat("country ", country);
  if (zones.empty()) zones = zones_.EveryOffset();
  answer.allowed = FirstAllowed(quiet_hours_.CalendarOf(holidays_of), zones, now_, quiet_hours_.horizon);
  return answer;
}

const QuietHoursCheck::Answer& QuietHoursCheck::AnswerFor(const v1::Customer& customer, const v1::Message& message) {
  const std::pair<absl::string_view, absl::string_view> key(customer.time_zone(), customer.country());
  auto it = by_zone_.find(key);
  if (it == by_zone_.end()) it = by_zone_.emplace(key, InZone(customer.time_zone(), customer.country())).first;
  if (it->second.zone_known) return it->second;
  const std::string region = RegionOfPhone(customer, message);
  const bool region_has_zones = !region.empty() && !zones_.CountryZones(region).empty();
  std::pair<std::string, std::string> places(region_has_zones ? region : customer.country(),
                                             customer.country().empty() ? region : customer.country());
  auto found = by_country_.find(places);
  if (found == by_country_.end()) {
    Answer answer = InCountry(places.first, places.second);
    found = by_country_.emplace(std::move(places), std::move(answer)).first;
  }
  return found->second;
}

void QuietHoursCheck::Defer(const Answer& answer, Findings& findings) const {
  findings.defer_until = *answer.allowed;
  const std::string until = absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", *answer.allowed, absl::UTCTimeZone());
  v1::Reason& reason = findings.Add(
      v1::VERDICT_DEFER, kQuietHours,
      absl::StrCat("Quiet hours ", quiet_hours_.text, " in ", answer.place,
                   answer.holiday.empty() ? "" : absl::StrCat(", where it is a holiday (", answer.holiday, ")"),
                   "; may be sent from ", until, " on"));
  AddFact(reason, "defer_until_time", until);
  AddFact(reason, "place", answer.place);
  if (!answer.holiday.empty()) AddFact(reason, "holiday", answer.holiday);
}

void QuietHoursCheck::Check(const v1::Customer& customer, const v1::Message& message, Findings& findings) {
  if (!quiet_hours_.AppliesTo(message)) return;
  if (!zones_.available()) {
    return findings.AddNotEvaluable("Quiet hours cannot be checked: the time zone database is missing");
  }
  const Answer& answer = AnswerFor(customer, message);
  if (!answer.allowed.has_value()) {
    return findings.AddNotEvaluable(
        absl::StrCat("Quiet hours cannot be checked: ", answer.zone_known ? "" : "the time zone is not known, and ",
                     "in ", answer.place, " it is never outside ", quiet_hours_.text, " everywhere"));
  }
  if (*answer.allowed != now_) return Defer(answer, findings);
  if (!answer.local_time.empty()) findings.AddPassed("local_time", answer.local_time);
}

}  // namespace campaign::compliance
