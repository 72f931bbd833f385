#include "services/compliance/quiet_hours.h"

#include <algorithm>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "common/status.h"

namespace campaign::compliance {
namespace {

constexpr absl::Duration kHorizon = absl::Hours(72);

absl::StatusOr<int> ParseMinute(const std::string& text, const std::string& field_path) {
  const auto digit = [&](size_t i) { return absl::ascii_isdigit(static_cast<unsigned char>(text[i])); };
  if (text.size() == 5 && text[2] == ':' && digit(0) && digit(1) && digit(3) && digit(4)) {
    const int hour = (text[0] - '0') * 10 + (text[1] - '0');
    const int minute = (text[3] - '0') * 10 + (text[4] - '0');
    if (hour < 24 && minute < 60) return hour * 60 + minute;
  }
  return InvalidField(field_path, absl::StrCat("\"", text, "\""), "is not a time from 00:00 to 23:59");
}

bool IsQuiet(const QuietWindow& window, absl::TimeZone zone, absl::Time time) {
  return window.Contains(absl::CivilMinute(zone.At(time).cs));
}

// The instant of the next change of the zone's offset after `time`.
absl::optional<absl::Time> NextTransition(absl::TimeZone zone, absl::Time time) {
  absl::TimeZone::CivilTransition transition;
  if (!zone.NextTransition(time, &transition)) return absl::nullopt;
  // Of a gap the first civil second is missing, of an overlap it is there twice: only that one is not unique.
  return zone.At(std::min(transition.from, transition.to)).trans;
}

// The first instant after `time`, which is quiet, at which the zone may have left the window: it is quiet until then.
absl::Time NextBoundary(const QuietWindow& window, absl::TimeZone zone, absl::Time time) {
  const absl::CivilMinute local(zone.At(time).cs);
  absl::CivilMinute end = absl::CivilMinute(absl::CivilDay(local)) + window.end_minute;
  if (end <= local) end = absl::CivilMinute(absl::CivilDay(local) + 1) + window.end_minute;
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

}  // namespace

bool QuietWindow::Contains(absl::CivilMinute local) const {
  const int minute = local.hour() * 60 + local.minute();
  if (start_minute <= end_minute) return start_minute <= minute && minute < end_minute;
  return minute >= start_minute || minute < end_minute;
}

absl::StatusOr<CompiledQuietHours> CompiledQuietHours::Compile(const v1::QuietHours& config,
                                                               absl::string_view field_path) {
  CompiledQuietHours compiled;
  ASSIGN_OR_RETURN(compiled.window.start_minute, ParseMinute(config.start(), absl::StrCat(field_path, ".start")));
  ASSIGN_OR_RETURN(compiled.window.end_minute, ParseMinute(config.end(), absl::StrCat(field_path, ".end")));
  for (int i = 0; i < config.channels_size(); ++i) {
    if (config.channels(i) == v1::CHANNEL_UNSPECIFIED) {
      return InvalidField(absl::StrCat(field_path, ".channels[", i, "]"), "CHANNEL_UNSPECIFIED", "is no channel");
    }
    compiled.channels.push_back(config.channels(i));
  }
  compiled.text = absl::StrCat(config.start(), "-", config.end());
  return compiled;
}

bool CompiledQuietHours::AppliesTo(v1::Channel channel) const {
  if (window.start_minute == window.end_minute) return false;
  return channels.empty() || absl::c_linear_search(channels, channel);
}

absl::optional<absl::Time> FirstAllowed(const QuietWindow& window, absl::Span<const absl::TimeZone> zones,
                                        absl::Time now) {
  absl::Time time = now;
  while (time <= now + kHorizon) {
    absl::Time next = time;
    for (const absl::TimeZone zone : zones) {
      if (IsQuiet(window, zone, time)) next = std::max(next, NextBoundary(window, zone, time));
    }
    if (next == time) return time;
    time = next;
  }
  return absl::nullopt;
}

QuietHoursCheck::Answer QuietHoursCheck::Compute(const v1::Customer& customer) const {
  Answer answer;
  if (const auto zone = zones_.Find(customer.time_zone())) {
    answer.place = customer.time_zone();
    answer.local_time = absl::FormatTime("%H:%M", now_, *zone);
    answer.allowed = FirstAllowed(quiet_hours_.window, absl::MakeConstSpan(&*zone, 1), now_);
    return answer;
  }
  absl::Span<const absl::TimeZone> zones = zones_.CountryZones(customer.country());
  answer.place = zones.empty() ? "an unknown country" : absl::StrCat("country ", customer.country());
  if (zones.empty()) zones = zones_.EveryOffset();
  answer.allowed = FirstAllowed(quiet_hours_.window, zones, now_);
  return answer;
}

const QuietHoursCheck::Answer& QuietHoursCheck::AnswerFor(const v1::Customer& customer) {
  const std::pair<absl::string_view, absl::string_view> key(customer.time_zone(), customer.country());
  auto it = answers_.find(key);
  if (it == answers_.end()) it = answers_.emplace(key, Compute(customer)).first;
  return it->second;
}

void QuietHoursCheck::Check(const v1::Customer& customer, v1::Channel channel, Findings& findings) {
  if (!quiet_hours_.AppliesTo(channel)) return;
  if (!zones_.available()) {
    return findings.AddNotEvaluable("Quiet hours cannot be checked: the time zone database is missing");
  }
  const Answer& answer = AnswerFor(customer);
  if (!answer.allowed.has_value()) {
    return findings.AddNotEvaluable(absl::StrCat("Quiet hours cannot be checked: the time zone is not known, and in ",
                                                 answer.place, " it is never outside ", quiet_hours_.text,
                                                 " everywhere"));
  }
  if (*answer.allowed == now_) {
    if (!answer.local_time.empty()) findings.AddPassed("local_time", answer.local_time);
    return;
  }
  findings.defer_until = *answer.allowed;
  const std::string until = absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", *answer.allowed, absl::UTCTimeZone());
  v1::Reason& reason = findings.Add(
      v1::VERDICT_DEFER, kQuietHours,
      absl::StrCat("Quiet hours ", quiet_hours_.text, " in ", answer.place, "; may be sent from ", until, " on"));
  AddFact(reason, "defer_until_time", until);
  AddFact(reason, "place", answer.place);
}

}  // namespace campaign::compliance
