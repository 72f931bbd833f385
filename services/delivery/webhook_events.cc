#include "services/delivery/webhook_events.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "services/delivery/bounce_class.h"
#include "services/delivery/clean_text.h"

namespace campaign::delivery {
namespace {

using Json = nlohmann::json;

constexpr int kMaxDepth = 8;
constexpr size_t kMaxEvents = 500;

constexpr std::pair<absl::string_view, v1::FeedbackKind> kKinds[] = {
    {"delivered", v1::FEEDBACK_KIND_DELIVERED},  {"bounced", v1::FEEDBACK_KIND_SOFT_BOUNCE},
    {"complained", v1::FEEDBACK_KIND_COMPLAINT}, {"opened", v1::FEEDBACK_KIND_OPENED},
    {"clicked", v1::FEEDBACK_KIND_CLICKED},      {"unsubscribed", v1::FEEDBACK_KIND_UNSUBSCRIBED},
    {"replied", v1::FEEDBACK_KIND_REPLIED},
};

// Watches the parser: what readers of JSON may understand differently, or have no room for, is not taken.
class Watch {
 public:
  // Whether the parser shall keep this value.
  bool operator()(int depth, Json::parse_event_t event, const Json& value) {
    using Event = Json::parse_event_t;
    const bool opens = event == Event::object_start || event == Event::array_start;
    if (opens && depth >= kMaxDepth) Complain(absl::StrCat("is nested more than ", kMaxDepth, " deep"));
    if (event == Event::object_start) names_.emplace_back();
    if (event == Event::object_end && !names_.empty()) names_.pop_back();
    if (event == Event::key && !names_.empty() && !names_.back().insert(value.get<std::string>()).second) {
      Complain("has the same name twice in one object");
    }
    return complaint_.empty();
  }

  // Empty: there is none.
  const std::string& complaint() const { return complaint_; }

 private:
  void Complain(absl::string_view complaint) {
    if (complaint_.empty()) complaint_ = std::string(complaint);
  }

  std::vector<absl::flat_hash_set<std::string>> names_;  // Of each open object.
  std::string complaint_;
};

absl::StatusOr<Json> Parse(absl::string_view body) {
  Watch watch;
  const auto callback = [&watch](int depth, Json::parse_event_t event, Json& value) {
    return watch(depth, event, value);
  };
  Json json = Json::parse(body.begin(), body.end(), callback, /*allow_exceptions=*/false);
  const std::string size = absl::StrCat(body.size(), " bytes");
  if (!watch.complaint().empty()) return InvalidField("body", size, watch.complaint());
  if (json.is_discarded()) return InvalidField("body", size, "are no JSON");
  return json;
}

// A string among the fields of an object; empty if it is not there.
absl::StatusOr<std::string> StringField(const Json& object, absl::string_view path, const char* name) {
  const auto field = object.find(name);
  if (field == object.end() || field->is_null()) return std::string();
  if (field->is_string()) return field->get<std::string>();
  return InvalidField(absl::StrCat(path, ".", name), field->type_name(), "is no string");
}

// The same for what has to be kept whole.
absl::StatusOr<std::string> NameField(const Json& object, absl::string_view path, const char* name, size_t limit) {
  ASSIGN_OR_RETURN(const std::string value, StringField(object, path, name));
  std::string clean = CleanName(value, limit);
  if (clean == value) return clean;
  return InvalidField(absl::StrCat(path, ".", name), absl::StrCat("a text of ", value.size(), " bytes"),
                      absl::StrCat("is above ", limit, " bytes, or has blanks or control characters"));
}

absl::StatusOr<absl::Time> TimeOf(const Json& event, absl::string_view path, absl::Time now) {
  ASSIGN_OR_RETURN(const std::string text, StringField(event, path, "timestamp"));
  if (text.empty()) return now;
  absl::Time time;
  if (text.size() > 64 || !absl::ParseTime(absl::RFC3339_full, text, &time, nullptr) || time < absl::UnixEpoch()) {
    return InvalidField(absl::StrCat(path, ".timestamp"), CleanText(text, 64), "is no time of RFC 3339 since 1970");
  }
  return std::min(time, now);
}

absl::StatusOr<v1::FeedbackKind> BounceKind(const Json& data, absl::string_view path) {
  ASSIGN_OR_RETURN(const std::string bounce, StringField(data, path, "bounce"));
  if (bounce == "hard") return v1::FEEDBACK_KIND_HARD_BOUNCE;
  if (bounce == "soft") return v1::FEEDBACK_KIND_SOFT_BOUNCE;
  ASSIGN_OR_RETURN(const std::string text, StringField(data, path, "status"));
  const EnhancedStatus status = ParseEnhancedStatus(text);
  if (!bounce.empty() || status.permanence == 0) {
    return InvalidField(absl::StrCat(path, ".bounce"), absl::StrCat("\"", CleanText(bounce, 64), "\""),
                        "is neither hard nor soft, and no status says");
  }
  const bool hard = ClassifyBounce({status.permanence * 100, status}, SmtpStage::kRecipient).hard;
  return hard ? v1::FEEDBACK_KIND_HARD_BOUNCE : v1::FEEDBACK_KIND_SOFT_BOUNCE;
}

absl::StatusOr<CallbackEvent> ReadData(const Json& data, const std::string& path) {
  CallbackEvent event;
  ASSIGN_OR_RETURN(event.event_id, NameField(data, path, "id", kMaxEventName));
  ASSIGN_OR_RETURN(event.provider_message_id, NameField(data, path, "message_id", kMaxEventName));
  ASSIGN_OR_RETURN(event.idempotency_key, NameField(data, path, "idempotency_key", kMaxEventName));
  ASSIGN_OR_RETURN(event.address, NameField(data, path, "address", kMaxEventAddress));
  ASSIGN_OR_RETURN(const std::string text, StringField(data, path, "text"));
  event.text = CleanText(text, kMaxEventText);
  if (event.provider_message_id.empty() && event.idempotency_key.empty() && event.address.empty()) {
    return InvalidField(path, "the event", "names neither message_id nor idempotency_key nor address");
  }
  return event;
}

absl::Status ReadEvent(const Json& json, const std::string& path, absl::Time now, Callback& callback) {
  if (!json.is_object()) return InvalidField(path, json.type_name(), "is no object");
  ASSIGN_OR_RETURN(const std::string type, StringField(json, path, "type"));
  const auto* kind = std::find_if(std::begin(kKinds), std::end(kKinds), [&](const auto& k) { return k.first == type; });
  if (kind == std::end(kKinds)) {
    ++callback.ignored_count;
    return absl::OkStatus();
  }
  const auto data = json.find("data");
  const std::string data_path = absl::StrCat(path, ".data");
  if (data == json.end() || !data->is_object()) return InvalidField(data_path, "the event", "has no object there");
  ASSIGN_OR_RETURN(CallbackEvent event, ReadData(*data, data_path));
  event.kind = kind->second;
  if (type == "bounced") {
    ASSIGN_OR_RETURN(event.kind, BounceKind(*data, data_path));
  }
  ASSIGN_OR_RETURN(event.event_time, TimeOf(json, path, now));
  callback.events.push_back(std::move(event));
  return absl::OkStatus();
}

absl::Status ReadEvents(const Json& json, absl::string_view webhook_id, absl::Time now, Callback& callback) {
  if (json.size() > kMaxEvents) return InvalidField("body", absl::StrCat(json.size(), " events"), "are above 500");
  for (size_t i = 0; i < json.size(); ++i) {
    const size_t known = callback.events.size();
    RETURN_IF_ERROR(ReadEvent(json[i], absl::StrCat("body[", i, "]"), now, callback));
    if (callback.events.size() == known || !callback.events.back().event_id.empty()) continue;
    callback.events.back().event_id = absl::StrCat(webhook_id, "#", i);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Callback> ReadWebhookEvents(absl::string_view body, absl::string_view webhook_id, absl::Time now) {
  ASSIGN_OR_RETURN(const Json json, Parse(body));
  Callback callback;
  if (json.is_array()) {
    RETURN_IF_ERROR(ReadEvents(json, webhook_id, now, callback));
    return callback;
  }
  RETURN_IF_ERROR(ReadEvent(json, "body", now, callback));
  if (!callback.events.empty() && callback.events[0].event_id.empty()) {
    callback.events[0].event_id = std::string(webhook_id);
  }
  return callback;
}

}  // namespace campaign::delivery
