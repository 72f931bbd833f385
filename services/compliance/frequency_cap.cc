#include "services/compliance/frequency_cap.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "common/status.h"

namespace campaign::compliance {
namespace {

std::string WindowText(absl::Duration window) {
  const auto in_units = [&](absl::Duration unit, absl::string_view name) {
    const int64_t count = window / unit;
    return absl::StrCat(count, " ", name, count == 1 ? "" : "s");
  };
  if (window % absl::Hours(24) == absl::ZeroDuration()) return in_units(absl::Hours(24), "day");
  if (window % absl::Hours(1) == absl::ZeroDuration()) return in_units(absl::Hours(1), "hour");
  return absl::FormatDuration(window);
}

// The longest that the period can be, from where it begins first: between two zones lie up to 26 hours, and a day may
// be longer than 24.
absl::Duration LongestPeriod(v1::CalendarPeriod period) {
  constexpr int kSlackDays = 2;
  switch (period) {
    case v1::CALENDAR_PERIOD_DAY:
      return absl::Hours(24 * (1 + kSlackDays));
    case v1::CALENDAR_PERIOD_WEEK:
      return absl::Hours(24 * (7 + kSlackDays));
    default:
      return absl::Hours(24 * (31 + kSlackDays));
  }
}

absl::string_view PeriodText(v1::CalendarPeriod period) {
  switch (period) {
    case v1::CALENDAR_PERIOD_DAY:
      return "the calendar day";
    case v1::CALENDAR_PERIOD_WEEK:
      return "the calendar week";
    default:
      return "the calendar month";
  }
}

absl::CivilDay FirstDay(v1::CalendarPeriod period, absl::CivilDay today) {
  switch (period) {
    case v1::CALENDAR_PERIOD_DAY:
      return today;
    case v1::CALENDAR_PERIOD_WEEK:
      return absl::PrevWeekday(today + 1, absl::Weekday::monday);
    default:
      return absl::CivilDay(absl::CivilMonth(today));
  }
}

absl::Status CompileWindow(const v1::FrequencyCap& config, absl::string_view field_path, CompiledCap& cap) {
  cap.window = absl::Seconds(config.window().seconds()) + absl::Nanoseconds(config.window().nanos());
  if (cap.window <= absl::ZeroDuration() || cap.window > kLongestCapWindow) {
    return InvalidField(absl::StrCat(field_path, ".window"), absl::FormatDuration(cap.window),
                        "is not above 0 and at most 366 days");
  }
  if (!config.time_zone().empty()) {
    return InvalidField(absl::StrCat(field_path, ".time_zone"), absl::StrCat("\"", config.time_zone(), "\""),
                        "is of no use without a calendar");
  }
  cap.window_text = WindowText(cap.window);
  return absl::OkStatus();
}

absl::Status CompileCalendar(const v1::FrequencyCap& config, absl::string_view field_path, const ZoneDatabase& zones,
                             CompiledCap& cap) {
  if (config.has_window()) {
    return InvalidField(absl::StrCat(field_path, ".calendar"), PeriodText(config.calendar()),
                        "cannot be with a window beside it");
  }
  // Without a database no zone is known: then more counts.
  if (!config.time_zone().empty() && zones.available() && !zones.Find(config.time_zone()).has_value()) {
    return InvalidField(absl::StrCat(field_path, ".time_zone"), absl::StrCat("\"", config.time_zone(), "\""),
                        "is no time zone");
  }
  cap.calendar = config.calendar();
  cap.zone_name = config.time_zone();
  cap.window = LongestPeriod(config.calendar());
  cap.window_text = std::string(PeriodText(config.calendar()));
  return absl::OkStatus();
}

bool CountsFor(const CompiledCap& cap, const Contact& a, const Contact& b) {
  return (!cap.this_campaign_only || a.campaign_id == b.campaign_id) &&
         (!cap.this_brand_only || a.brand_id == b.brand_id);
}

}  // namespace

absl::string_view ChannelName(v1::Channel channel) {
  switch (channel) {
    case v1::CHANNEL_EMAIL:
      return "email";
    case v1::CHANNEL_SMS:
      return "sms";
    case v1::CHANNEL_PUSH:
      return "push";
    case v1::CHANNEL_CHAT:
      return "chat";
    default:
      return "no channel";
  }
}

absl::StatusOr<CompiledCap> CompiledCap::Compile(const v1::FrequencyCap& config, absl::string_view field_path,
                                                 const ZoneDatabase& zones) {
  CompiledCap cap;
  cap.channel = config.channel();
  cap.message_class = config.message_class();
  cap.this_campaign_only = config.this_campaign_only();
  cap.this_brand_only = config.this_brand_only();
  cap.exempt_transactional = config.exempt_transactional();
  cap.max_messages = config.max_messages();
  RETURN_IF_ERROR(config.calendar() == v1::CALENDAR_PERIOD_UNSPECIFIED
                      ? CompileWindow(config, field_path, cap)
                      : CompileCalendar(config, field_path, zones, cap));
  return cap;
}

bool CompiledCap::Covers(const Contact& contact) const {
  if (exempt_transactional && contact.message_class == v1::MESSAGE_CLASS_TRANSACTIONAL) return false;
  return (channel == v1::CHANNEL_UNSPECIFIED || channel == contact.channel) &&
         (message_class == v1::MESSAGE_CLASS_UNSPECIFIED || message_class == contact.message_class);
}

std::string CompiledCap::TextFor(int most) const {
  std::string text = absl::StrCat(most, " ");
  if (message_class == v1::MESSAGE_CLASS_MARKETING) absl::StrAppend(&text, "marketing ");
  if (message_class == v1::MESSAGE_CLASS_TRANSACTIONAL) absl::StrAppend(&text, "transactional ");
  absl::StrAppend(&text, most == 1 ? "message" : "messages");
  if (channel != v1::CHANNEL_UNSPECIFIED) absl::StrAppend(&text, " by ", ChannelName(channel));
  if (this_campaign_only) absl::StrAppend(&text, " of this campaign");
  if (this_brand_only) absl::StrAppend(&text, " of this brand");
  absl::StrAppend(&text, " in ", window_text);
  if (!zone_name.empty()) absl::StrAppend(&text, " of ", zone_name);
  return text;
}

absl::Time PeriodStart(v1::CalendarPeriod period, absl::TimeZone zone, absl::Time now) {
  const absl::CivilDay first = FirstDay(period, absl::CivilDay(zone.At(now).cs));
  const absl::TimeZone::TimeInfo info = zone.At(absl::CivilSecond(first));
  return info.kind == absl::TimeZone::TimeInfo::SKIPPED ? info.trans : info.pre;
}

int CountContacts(const CompiledCap& cap, absl::Span<const Contact> contacts, const Contact& next, absl::Time since) {
  int count = 0;
  for (const Contact& contact : contacts) {
    count += contact.time > since && cap.Covers(contact) && CountsFor(cap, contact, next);
  }
  return count;
}

FrequencyCapCheck::Starts FrequencyCapCheck::ComputeStarts(absl::string_view zone_name) const {
  Starts starts;
  starts.fill(now_);
  const absl::optional<absl::TimeZone> zone = zones_.Find(zone_name);
  const absl::Span<const absl::TimeZone> possible =
      zone.has_value() ? absl::MakeConstSpan(&*zone, 1) : zones_.EveryOffset();
  for (int period = v1::CALENDAR_PERIOD_DAY; period < v1::CalendarPeriod_ARRAYSIZE; ++period) {
    for (const absl::TimeZone& one : possible) {
      starts[period] = std::min(starts[period], PeriodStart(static_cast<v1::CalendarPeriod>(period), one, now_));
    }
  }
  return starts;
}

const FrequencyCapCheck::Starts& FrequencyCapCheck::StartsIn(absl::string_view zone_name) {
  auto it = starts_.find(zone_name);
  if (it == starts_.end()) it = starts_.emplace(zone_name, ComputeStarts(zone_name)).first;
  return it->second;
}

absl::Time FrequencyCapCheck::Since(const CompiledCap& cap, absl::string_view customer_zone) {
  if (cap.calendar == v1::CALENDAR_PERIOD_UNSPECIFIED) return now_ - cap.window;
  // The period's first instant belongs to it.
  return StartsIn(cap.zone_name.empty() ? customer_zone : cap.zone_name)[cap.calendar] - absl::Nanoseconds(1);
}

void FrequencyCapCheck::Check(absl::string_view zone_name, absl::Span<const Contact> contacts, const Contact& next,
                              MostMessages most, Findings& findings) {
  int nearest_most = -1;  // Of the cap with the fewest slots left.
  int nearest_count = 0;
  for (const CompiledCap& cap : caps_) {
    if (!cap.Covers(next)) continue;
    const int allowed = most(cap.max_messages);
    const int count = CountContacts(cap, contacts, next, Since(cap, zone_name));
    if (nearest_most < 0 || allowed - count < nearest_most - nearest_count) {
      nearest_most = allowed;
      nearest_count = count;
    }
    if (count < allowed) continue;
    const std::string text = cap.TextFor(allowed);
    v1::Reason& reason =
        findings.Add(v1::VERDICT_BLOCK, kFrequencyCapReached,
                     absl::StrCat("At most ", text, "; the customer has had ", count, " or has them coming"));
    AddFact(reason, "cap", text);
    AddFact(reason, "count", absl::StrCat(count));
    AddFact(reason, "window", cap.window_text);
    // Another channel may have slots left.
    if (cap.channel != v1::CHANNEL_UNSPECIFIED) AddFact(reason, "channel", ChannelName(cap.channel));
  }
  if (nearest_most >= 0) findings.AddPassed("cap", absl::StrCat(nearest_count, " of ", nearest_most));
}

}  // namespace campaign::compliance
