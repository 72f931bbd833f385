#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/clock.h"
#include "services/delivery/channel_sender.h"
#include "services/delivery/spool_sender.h"

namespace campaign::delivery {

// INVALID_ARGUMENT: no such provider, or one of its settings is missing or invalid. Opens nothing.
absl::Status CheckSender(const std::string& provider, const SpoolOptions& spool);

// The sender for a provider, "spool" or "count"; `spool` is for the former. `clock` must outlive it.
// INVALID_ARGUMENT as CheckSender. Else as SpoolSender::Open.
absl::StatusOr<std::unique_ptr<ChannelSender>> MakeSender(const std::string& provider, const SpoolOptions& spool,
                                                          const Clock& clock);

}  // namespace campaign::delivery
