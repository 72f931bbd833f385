#pragma once

#include "absl/status/status.h"
#include "google/protobuf/message.h"

namespace campaign {

// Checks every field of `message`, nested ones too, against its (campaign.v1.limit) option. OK, or INVALID_ARGUMENT
// `<field path>: <value> <bound>` for the first violation. Enum values that the API does not know are violations too.
// Thread-safe.
absl::Status CheckLimits(const google::protobuf::Message& message);

}  // namespace campaign
