#pragma once

#include "campaign/v1/analytics.pb.h"
#include "services/analytics/analytics_store.h"

namespace campaign::analytics {

// Fills the report: a row for each key of the dimension, by key. A name that no record has gives no rows. A run with
// several assignments counts in each of its variants; runs outside every experiment have no variant.
void MakeReport(AnalyticsStore& store, const v1::GetReportRequest& request, v1::GetReportResponse& response);

}  // namespace campaign::analytics
