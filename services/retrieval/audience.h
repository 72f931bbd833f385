#pragma once

#include <string>

#include "absl/status/status.h"
#include "campaign/v1/retrieval.pb.h"
#include "common/rules/rule.h"
#include "services/retrieval/moment.h"
#include "services/retrieval/retrieval_store.h"

namespace campaign::retrieval {

// The customers that a rule selects, page by page. Each page is a read of its own, so that neither memory nor the
// database's log grows with the number of customers. Not thread-safe; keeps the store.
class AudienceScan {
 public:
  static constexpr int kMaxPageIds = 512;
  // A page is also done after this many customers, so that the caller sees progress where few match.
  static constexpr int kMaxPageScanned = 5000;

  // After `after_customer_id`, at most `max_customers` in all (0: no bound), profiles of `moment`.
  AudienceScan(RetrievalStore& store, rules::CompiledRule filter, Moment moment, std::string after_customer_id,
               int64_t max_customers);

  // Whether there is nothing more to come.
  bool done() const { return done_; }

  // Fills `page` with the next page; it may hold no ids, and where no customer was left to scan no scanned_to either.
  absl::Status NextPage(v1::QueryAudienceResponse& page);

 private:
  bool Matches(Connection& connection, const CustomerRow& row);
  // Takes the scan as far as this customer. Returns whether the page has room for more.
  bool Visit(absl::string_view customer_id, bool matches, v1::QueryAudienceResponse& page);

  RetrievalStore& store_;
  const rules::CompiledRule filter_;
  const Moment moment_;
  const int64_t max_customers_;
  std::string scanned_to_;
  int64_t sent_ = 0;
  int page_scanned_ = 0;
  bool done_ = false;
  // Used again for each customer: a message that was cleared keeps its memory.
  v1::Profile profile_;
  History history_;
};

}  // namespace campaign::retrieval
