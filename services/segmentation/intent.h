#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "campaign/v1/segmentation.pb.h"
#include "common/text/intent_model.h"

namespace campaign::segmentation {

// The customer has written nothing in the last 90 days.
inline constexpr char kNoRecentTexts[] = "NO_RECENT_TEXTS";
// None of what they wrote is about anything the model knows.
inline constexpr char kIntentOutOfScope[] = "INTENT_OUT_OF_SCOPE";
// Reason: what they wrote about.
inline constexpr char kIntentRecognized[] = "INTENT_RECOGNIZED";

// What the customer's recent tickets, chats and searches are about. Immutable, so thread-safe.
class IntentStrategy {
 public:
  // INVALID_ARGUMENT: min_confidence outside 0 to 1.
  static absl::StatusOr<IntentStrategy> Compile(const v1::IntentConfig& config, absl::string_view field_path);

  // The intent of the newest text that has one, as the segment "intent_<intent>". Without one: a hop, and false.
  bool Answer(const v1::Profile& profile, const text::IntentModel& model, v1::SegmentResult& result) const;

 private:
  double min_confidence_ = 0;
};

}  // namespace campaign::segmentation
