#pragma once

#include "absl/status/status.h"
#include "campaign/v1/retrieval.pb.h"
#include "common/database.h"

namespace campaign::retrieval {

// INVALID_ARGUMENT "customers[3].contact_points[1].channel: ...": a channel that is not given or given twice, a country
// or currency that is not of capital letters in full length, a signup_time that is no time.
absl::Status CheckCustomers(const v1::ImportCustomersRequest& request);

// Creates or replaces the customers and counts what changed in `response`; an identical customer is neither created nor
// updated. Histories stay. Runs in the connection's transaction.
void ImportCustomers(Connection& connection, const v1::ImportCustomersRequest& request,
                     v1::ImportCustomersResponse& response);

}  // namespace campaign::retrieval
