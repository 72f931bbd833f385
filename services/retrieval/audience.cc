#include "services/retrieval/audience.h"

#include <utility>

#include "common/status.h"
#include "services/retrieval/features.h"

namespace campaign::retrieval {

AudienceScan::AudienceScan(RetrievalStore& store, rules::CompiledRule filter, Moment moment,
                           std::string after_customer_id, int64_t max_customers)
    : store_(store),
      filter_(std::move(filter)),
      moment_(moment),
      max_customers_(max_customers),
      scanned_to_(std::move(after_customer_id)) {}

absl::Status AudienceScan::NextPage(v1::QueryAudienceResponse& page) {
  page.Clear();
  page_scanned_ = 0;
  const std::string after = scanned_to_;
  RETURN_IF_ERROR(store_.database().Read([&](Connection& connection) {
    if (filter_.empty()) {
      const auto visit = [&](absl::string_view customer_id) { return Visit(customer_id, true, page); };
      if (RetrievalStore::ScanCustomerIds(connection, after, visit)) done_ = true;
    } else {
      const auto visit = [&](const CustomerRow& row) { return Visit(row.customer_id, Matches(connection, row), page); };
      if (RetrievalStore::ScanCustomers(connection, after, visit)) done_ = true;
    }
    return absl::OkStatus();
  }));
  if (page_scanned_ > 0) page.set_scanned_to_customer_id(scanned_to_);
  return absl::OkStatus();
}

bool AudienceScan::Matches(Connection& connection, const CustomerRow& row) {
  profile_.Clear();
  moment_.ReadCustomer(row, *profile_.mutable_customer());
  moment_.ReadHistory(connection, row, history_);
  DeriveFeatures(history_, moment_.time(), profile_);
  return filter_.Matches({.profile = profile_});
}

bool AudienceScan::Visit(absl::string_view customer_id, bool matches, v1::QueryAudienceResponse& page) {
  ++page_scanned_;
  scanned_to_.assign(customer_id.data(), customer_id.size());
  if (matches) {
    page.add_customer_ids(scanned_to_);
    ++sent_;
    if (max_customers_ > 0 && sent_ == max_customers_) done_ = true;
  }
  return !done_ && page.customer_ids_size() < kMaxPageIds && page_scanned_ < kMaxPageScanned;
}

}  // namespace campaign::retrieval
