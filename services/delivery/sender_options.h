#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/clock.h"
#include "services/delivery/provider_router.h"
#include "services/delivery/providers.h"

namespace campaign::delivery {

// INVALID_ARGUMENT with a field's name: the provider's sender refuses its settings. Opens no folder and no connection.
absl::Status CheckSender(const ProviderConfig& config);

// A router over the providers' senders. `clock` must outlive it. INVALID_ARGUMENT as CheckSender. Else as
// SpoolSender::Open.
absl::StatusOr<ProviderRouter> MakeRouter(const ProvidersConfig& config, const Clock& clock);

}  // namespace campaign::delivery
