#include "services/generator/channel_bounds.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/sms.h"
#include "services/generator/item_error.h"

namespace campaign::generator {
namespace {

// Names, braces and quotes around the four texts: {"notification":{"title":"","body":""},"data":{"deep_link":""},
// "collapse_key":""} for FCM, which {"aps":{"alert":{...}},...} for APNs does not surpass.
constexpr int kPushFrameBytes = 96;

void AddFact(absl::string_view name, std::string value, v1::Reason& note) {
  v1::Fact& fact = *note.add_facts();
  fact.set_name(std::string(name));
  fact.set_value(std::move(value));
}

int JsonBytes(absl::string_view text) {
  int bytes = 0;
  for (const char c : text) bytes += c == '"' || c == '\\' ? 2 : static_cast<unsigned char>(c) < 0x20 ? 6 : 1;
  return bytes;
}

// Characters, not bytes: those that continue one of UTF-8 do not count.
int CountCharacters(absl::string_view text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

void NoteCut(absl::string_view what, absl::string_view text, int shown, v1::Message& message) {
  // A character is a byte at least, so that most texts need no counting.
  if (text.size() <= static_cast<size_t>(shown)) return;
  const int characters = CountCharacters(text);
  if (characters <= shown) return;
  v1::Reason& note = *message.add_notes();
  note.set_code(kPushCut);
  note.set_text(absl::StrCat("the ", what, " has ", characters, " characters; phones show about ", shown));
}

}  // namespace

absl::optional<v1::ItemError> CheckSms(int max_segments, v1::Message& message) {
  const SmsSize size = MeasureSms(message.text());
  if (size.segments > max_segments) {
    return MakeItemError(absl::StatusCode::kFailedPrecondition, kSmsTooLong,
                         absl::StrCat("the SMS takes ", size.segments, " segments (", size.units,
                                      size.ucs2 ? " units of UCS-2" : " septets", "), above ", max_segments,
                                      size.ucs2 ? absl::StrCat("; ", size.segments_without_forcing, " without \"",
                                                               size.forcing, "\" and the like")
                                                : ""));
  }
  if (!size.ucs2) return absl::nullopt;
  v1::Reason& note = *message.add_notes();
  note.set_code(kSmsUcs2);
  note.set_text(absl::StrCat("\"", size.forcing, "\" is not in the GSM alphabet: ", size.segments, " segment",
                             size.segments == 1 ? "" : "s", " instead of ", size.segments_without_forcing));
  AddFact("character", size.forcing, note);
  AddFact("segments", absl::StrCat(size.segments), note);
  AddFact("segments_without", absl::StrCat(size.segments_without_forcing), note);
  return absl::nullopt;
}

absl::optional<v1::ItemError> CheckPush(v1::Message& message) {
  const int bytes = kPushFrameBytes + JsonBytes(message.title()) + JsonBytes(message.text()) +
                    JsonBytes(message.deep_link()) + JsonBytes(message.collapse_key());
  if (bytes > kMaxPushPayloadBytes) {
    return MakeItemError(absl::StatusCode::kFailedPrecondition, kPushTooLarge,
                         absl::StrCat("the push message is ", bytes, " bytes of JSON, above ", kMaxPushPayloadBytes));
  }
  NoteCut("title", message.title(), kShownTitleCharacters, message);
  NoteCut("text", message.text(), kShownBodyCharacters, message);
  return absl::nullopt;
}

}  // namespace campaign::generator
