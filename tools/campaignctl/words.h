#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/generated_enum_reflection.h"

namespace campaign::ctl {

// "; nearest is 'subject'", or "; known: a, b, c" where no candidate is near.
std::string NearestOrKnown(absl::string_view name, const std::vector<std::string>& candidates);

// The value's name without its enum's prefix: "WAITING_REVIEW" for CUSTOMER_RUN_STATE_WAITING_REVIEW. A number that the
// enum does not know comes as that number.
std::string EnumText(const google::protobuf::EnumDescriptor& type, int value);

// EnumText of a generated enum's value.
template <class Enum>
std::string EnumText(Enum value) {
  return EnumText(*google::protobuf::GetEnumDescriptor<Enum>(), static_cast<int>(value));
}

// The names that people write: lower case, without prefix, without the unspecified value.
std::vector<std::string> EnumNames(const google::protobuf::EnumDescriptor& type);

// The value that `text` names: in any case, with or without prefix. INVALID_ARGUMENT lists the names that there are.
absl::StatusOr<int> ParseEnum(const google::protobuf::EnumDescriptor& type, absl::string_view text);

template <class Enum>
absl::StatusOr<Enum> ParseEnum(absl::string_view text) {
  absl::StatusOr<int> value = ParseEnum(*google::protobuf::GetEnumDescriptor<Enum>(), text);
  if (!value.ok()) return value.status();
  return static_cast<Enum>(*value);
}

// "30d", "72h", "15m", "45s", "500ms", "2w", or several after one another: "1d12h". Not negative.
absl::StatusOr<absl::Duration> ParseDurationText(absl::string_view text);

// `text` as it may go to a terminal: control characters (but line feeds and tabs) and those that reorder text are
// written as <U+001B>, so that nothing a customer or server wrote can move the cursor or forge lines.
std::string Printable(absl::string_view text);

}  // namespace campaign::ctl
