#include "services/compliance/frequency_cap.h"

#include "absl/strings/str_cat.h"
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

std::string CapText(const CompiledCap& cap) {
  std::string text = absl::StrCat(cap.max_messages, " ");
  if (cap.message_class == v1::MESSAGE_CLASS_MARKETING) absl::StrAppend(&text, "marketing ");
  if (cap.message_class == v1::MESSAGE_CLASS_TRANSACTIONAL) absl::StrAppend(&text, "transactional ");
  absl::StrAppend(&text, cap.max_messages == 1 ? "message" : "messages");
  if (cap.channel != v1::CHANNEL_UNSPECIFIED) absl::StrAppend(&text, " by ", ChannelName(cap.channel));
  if (cap.this_campaign_only) absl::StrAppend(&text, " of this campaign");
  return absl::StrCat(text, " in ", cap.window_text);
}

bool SameCampaign(const CompiledCap& cap, const Contact& a, const Contact& b) {
  return !cap.this_campaign_only || a.campaign_id == b.campaign_id;
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

absl::StatusOr<CompiledCap> CompiledCap::Compile(const v1::FrequencyCap& config, absl::string_view field_path) {
  CompiledCap cap;
  cap.channel = config.channel();
  cap.message_class = config.message_class();
  cap.this_campaign_only = config.this_campaign_only();
  cap.max_messages = config.max_messages();
  cap.window = absl::Seconds(config.window().seconds()) + absl::Nanoseconds(config.window().nanos());
  if (cap.window <= absl::ZeroDuration() || cap.window > kLongestCapWindow) {
    return InvalidField(absl::StrCat(field_path, ".window"), absl::FormatDuration(cap.window),
                        "is not above 0 and at most 366 days");
  }
  cap.window_text = WindowText(cap.window);
  cap.text = CapText(cap);
  return cap;
}

bool CompiledCap::Covers(const Contact& contact) const {
  return (channel == v1::CHANNEL_UNSPECIFIED || channel == contact.channel) &&
         (message_class == v1::MESSAGE_CLASS_UNSPECIFIED || message_class == contact.message_class);
}

int CountContacts(const CompiledCap& cap, absl::Span<const Contact> contacts, const Contact& next, absl::Time now) {
  int count = 0;
  for (const Contact& contact : contacts) {
    count += contact.time > now - cap.window && cap.Covers(contact) && SameCampaign(cap, contact, next);
  }
  return count;
}

void CheckFrequencyCaps(absl::Span<const CompiledCap> caps, absl::Span<const Contact> contacts, const Contact& next,
                        absl::Time now, Findings& findings) {
  const CompiledCap* nearest = nullptr;  // With the fewest slots left.
  int nearest_count = 0;
  for (const CompiledCap& cap : caps) {
    if (!cap.Covers(next)) continue;
    const int count = CountContacts(cap, contacts, next, now);
    if (nearest == nullptr || cap.max_messages - count < nearest->max_messages - nearest_count) {
      nearest = &cap;
      nearest_count = count;
    }
    if (count < cap.max_messages) continue;
    v1::Reason& reason =
        findings.Add(v1::VERDICT_BLOCK, kFrequencyCapReached,
                     absl::StrCat("At most ", cap.text, "; the customer has had ", count, " or has them coming"));
    AddFact(reason, "cap", cap.text);
    AddFact(reason, "count", absl::StrCat(count));
    AddFact(reason, "window", cap.window_text);
  }
  if (nearest != nullptr) findings.AddPassed("cap", absl::StrCat(nearest_count, " of ", nearest->max_messages));
}

}  // namespace campaign::compliance
