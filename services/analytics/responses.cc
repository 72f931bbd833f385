#include "services/analytics/responses.h"

#include <string>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/types/optional.h"

namespace campaign::analytics {
namespace {

// A sum over millions of conversions still fits in 64 bits.
constexpr int64_t kMostRevenue = 1'000'000'000'000;

v1::ItemError Error(absl::StatusCode code, absl::string_view reason, absl::string_view message) {
  v1::ItemError error;
  error.set_code(static_cast<int>(code));
  error.set_reason(std::string(reason));
  error.set_message(std::string(message));
  return error;
}

v1::ItemError Invalid(absl::string_view reason, absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, reason, message);
}

bool IsCurrencyCode(absl::string_view code) {
  return code.size() == 3 && absl::c_all_of(code, [](unsigned char c) { return absl::ascii_isupper(c); });
}

absl::optional<v1::ItemError> WhyInvalid(const v1::Response& response) {
  if (response.kind() == v1::RESPONSE_KIND_UNSPECIFIED) return Invalid(kResponseKindMissing, "kind must be set");
  const int64_t minor_units = response.revenue().minor_units();
  if (minor_units == 0) return absl::nullopt;
  if (response.kind() != v1::RESPONSE_KIND_CONVERTED) {
    return Invalid(kRevenueInvalid, "only a conversion has revenue");
  }
  if (minor_units < 0 || minor_units > kMostRevenue) {
    return Invalid(kRevenueInvalid, "revenue.minor_units must be from 0 to 1000000000000");
  }
  if (!IsCurrencyCode(response.revenue().currency_code())) {
    return Invalid(kRevenueInvalid, "revenue.currency_code must be an ISO 4217 code");
  }
  return absl::nullopt;
}

}  // namespace

void AddResponses(AnalyticsStore& store, const v1::RecordResponsesRequest& request, v1::RecordResponsesResponse& out) {
  const auto refuse = [&](const v1::Response& response, const v1::ItemError& error) {
    v1::RefusedResponse& refused = *out.add_refused();
    refused.set_response_id(response.response_id());
    *refused.mutable_error() = error;
  };
  for (const v1::Response& response : request.responses()) {
    if (const absl::optional<v1::ItemError> error = WhyInvalid(response)) {
      refuse(response, *error);
      continue;
    }
    switch (store.AddResponse(response)) {
      case ResponseOutcome::kRecorded:
        out.set_recorded_count(out.recorded_count() + 1);
        break;
      case ResponseOutcome::kDuplicate:
        out.set_duplicate_count(out.duplicate_count() + 1);
        break;
      case ResponseOutcome::kUnknownRun:
        refuse(response, Error(absl::StatusCode::kNotFound, kUnknownCustomerRun, "no record of this customer run"));
        break;
    }
  }
}

}  // namespace campaign::analytics
