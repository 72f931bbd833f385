#pragma once

#include "absl/types/optional.h"
#include "campaign/v1/message.pb.h"
#include "campaign/v1/types.pb.h"

namespace campaign::generator {

// Reasons why one customer gets no message.
inline constexpr char kSmsTooLong[] = "SMS_TOO_LONG";      // More segments than the campaign allows.
inline constexpr char kPushTooLarge[] = "PUSH_TOO_LARGE";  // More than push services carry.

// Notes on a message.
inline constexpr char kSmsUcs2[] = "SMS_UCS2";  // A character forces UCS-2, which holds less than half.
inline constexpr char kPushCut[] = "PUSH_CUT";  // Phones show less than the whole.

// Bytes of JSON that a push message may have. "The maximum payload is 4096 bytes" (Firebase Cloud Messaging, "About FCM
// messages"; Apple, "Generating a remote notification": 4 KB).
inline constexpr int kMaxPushPayloadBytes = 4096;
// Characters that phones show of a notification that is not expanded and one that is, about: two lines and six. What is
// above is cut off, which is for the marketer to judge.
inline constexpr int kShownTitleCharacters = 65;
inline constexpr int kShownBodyCharacters = 240;

// Notes what makes an SMS dear. An error: it takes more than `max_segments`.
absl::optional<v1::ItemError> CheckSms(int max_segments, v1::Message& message);

// Notes what phones will cut off a push message. An error: it is larger than push services carry, however its sender
// lays the fields out in JSON.
absl::optional<v1::ItemError> CheckPush(v1::Message& message);

}  // namespace campaign::generator
