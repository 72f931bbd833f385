#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "campaign/v1/delivery.pb.h"
#include "common/database.h"
#include "services/delivery/delivery_store.h"

namespace campaign::delivery {

inline constexpr char kResolvedSent[] = "RESOLVED_SENT";  // A person, or the provider's report, says that it went out.
inline constexpr char kResolvedNotSent[] = "RESOLVED_NOT_SENT";  // A person says that it did not.

// Writes down what a person found out about a dispatch in UNKNOWN, and takes it for ACCEPTED, or for RETRY_WAIT due at
// once. The same said again changes nothing and gives the receipt as it is by then.
//
// INVALID_ARGUMENT: no channel, or no resolution. NOT_FOUND: there is no such dispatch. ABORTED: `in_flight`, that is,
// Deliver is working on it right now. FAILED_PRECONDITION with its state: it is not UNKNOWN, and the last that was said
// of it is something else.
absl::StatusOr<v1::Receipt> ResolveUnknown(Connection& connection, const v1::ResolveUnknownRequest& request,
                                           bool in_flight, absl::Time now);

// The provider itself reports on a message whose dispatch is UNKNOWN: it has gone out, and is ACCEPTED from now on, as
// if a person had said so. Changes nothing in any other state.
void ResolveByReport(Connection& connection, const std::string& provider, absl::Time now, LedgerRow row);

// Adds a reason for each of the row's resolutions to its receipt, with who said so, when and why.
void AddResolutions(Connection& connection, const LedgerRow& row, v1::Receipt& receipt);

}  // namespace campaign::delivery
