#include "services/compliance/replies.h"

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/clock.h"
#include "common/status.h"

namespace campaign::compliance {
namespace {

// What a provider's clock may be ahead. A START from further on would outlive every STOP until then.
constexpr absl::Duration kMostClockSkew = absl::Hours(1);

absl::Status CheckReply(const v1::Reply& reply, absl::string_view path, absl::Time now) {
  if (reply.channel() == v1::CHANNEL_UNSPECIFIED) {
    return InvalidField(absl::StrCat(path, ".channel"), "CHANNEL_UNSPECIFIED", "is no channel");
  }
  const std::string time_path = absl::StrCat(path, ".reply_time");
  if (!reply.has_reply_time()) return InvalidField(time_path, "none", "must be set");
  const absl::Time time = FromTimestamp(reply.reply_time());
  if (time > now + kMostClockSkew) {
    return InvalidField(time_path, absl::FormatTime(time), "is more than an hour in the future");
  }
  return absl::OkStatus();
}

// The entry that a STOP makes.
v1::Suppression EntryFor(const v1::Reply& reply) {
  v1::Suppression entry;
  if (reply.channel() == v1::CHANNEL_SMS) {
    entry.set_phone_number(reply.address());
  } else if (reply.channel() == v1::CHANNEL_PUSH) {
    entry.set_device(reply.address());
  } else {
    entry.set_address(reply.address());
  }
  entry.set_channel(reply.channel());
  entry.set_brand(reply.brand());
  entry.set_reason("replied STOP");
  entry.set_source("reply");
  return entry;
}

// `target`'s errors name the field of the entry; a reply has only `address`.
absl::StatusOr<SuppressionTarget> TargetOfReply(const v1::Suppression& entry, const v1::Reply& reply,
                                                absl::string_view path) {
  absl::StatusOr<SuppressionTarget> target = TargetOf(entry, path);
  if (target.ok()) return target;
  return InvalidField(absl::StrCat(path, ".address"), absl::StrCat("\"", reply.address(), "\""),
                      entry.has_phone_number() ? "is no telephone number with a country code" : "is blank");
}

v1::ReplyEffect Apply(const v1::Reply& reply, ReplyKeyword keyword, const v1::Suppression& entry,
                      const SuppressionTarget& target, absl::Time now, ReplyStore& replies,
                      SuppressionStore& suppressions) {
  const absl::Time time = FromTimestamp(reply.reply_time());
  switch (keyword) {
    case ReplyKeyword::kStop:
      if (replies.HasLaterStart(target, reply.channel(), reply.brand(), time)) break;
      suppressions.AddByReply(entry, target, time, now);
      return v1::REPLY_EFFECT_SUPPRESSED;
    case ReplyKeyword::kStart:
      if (!suppressions.RemoveByReply(target, reply.channel(), reply.brand(), time)) break;
      return v1::REPLY_EFFECT_UNSUPPRESSED;
    case ReplyKeyword::kNone:
      break;
  }
  return v1::REPLY_EFFECT_NONE;
}

}  // namespace

absl::Status RecordReplies(const v1::RecordRepliesRequest& request, const ReplyKeywords& keywords, absl::Time now,
                           ReplyStore& replies, SuppressionStore& suppressions, v1::RecordRepliesResponse& response) {
  for (int i = 0; i < request.replies_size(); ++i) {
    const v1::Reply& reply = request.replies(i);
    const std::string path = absl::StrCat("replies[", i, "]");
    RETURN_IF_ERROR(CheckReply(reply, path, now));
    const v1::Suppression entry = EntryFor(reply);
    ASSIGN_OR_RETURN(const SuppressionTarget target, TargetOfReply(entry, reply, path));
    if (const auto known = replies.FindEffect(reply.reply_id()); known.has_value()) {
      response.add_effects(*known);
      continue;
    }
    const ReplyKeyword keyword = keywords.Of(reply.text());
    const v1::ReplyEffect effect = Apply(reply, keyword, entry, target, now, replies, suppressions);
    replies.Add(reply, keyword, keyword == ReplyKeyword::kNone ? SuppressionTarget() : target, effect);
    response.add_effects(effect);
  }
  return absl::OkStatus();
}

}  // namespace campaign::compliance
