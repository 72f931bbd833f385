#pragma once

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "campaign/v1/retrieval.pb.h"
#include "common/database.h"

namespace campaign::retrieval {

inline constexpr absl::string_view kUnknownCustomer = "UNKNOWN_CUSTOMER";
inline constexpr absl::string_view kInvalidEvent = "INVALID_EVENT";
inline constexpr int kMaxRefused = 100;

// The error of an item that names a customer who is not known: NOT_FOUND, UNKNOWN_CUSTOMER.
v1::ItemError UnknownCustomerError();

// Records the events in their order and counts them in `response`: recorded, duplicate (the event_id is known, from
// this request or before), refused (the customer is not known, or CheckEvent says no). Each customer's history is read
// and written once, together with the RFM histogram. Runs in the connection's transaction.
void RecordEvents(Connection& connection, const v1::RecordEventsRequest& request, absl::Time now,
                  v1::RecordEventsResponse& response);

}  // namespace campaign::retrieval
