#pragma once

#include "absl/strings/string_view.h"
#include "campaign/v1/analytics.pb.h"
#include "services/analytics/analytics_store.h"

namespace campaign::analytics {

// No record of the customer run; NOT_FOUND. Once it is recorded the response can be sent again.
inline constexpr absl::string_view kUnknownCustomerRun = "UNKNOWN_CUSTOMER_RUN";
// The response has no kind; INVALID_ARGUMENT.
inline constexpr absl::string_view kResponseKindMissing = "RESPONSE_KIND_MISSING";
// Revenue of another response than a conversion, below 0, above 10^12 or without an ISO 4217 code; INVALID_ARGUMENT.
inline constexpr absl::string_view kRevenueInvalid = "REVENUE_INVALID";

// Adds the responses. What is refused is named in `out`; the others stand.
void AddResponses(AnalyticsStore& store, const v1::RecordResponsesRequest& request, v1::RecordResponsesResponse& out);

}  // namespace campaign::analytics
