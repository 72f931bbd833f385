#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "tools/campaignctl/clients.h"
#include "tools/shop/shop.h"

namespace campaign::load {

// Customers of the shop, every one with an e-mail address and consent to e-mail, made while they are imported: memory
// does not grow with their number.
class Population {
 public:
  // Both must outlive it.
  Population(const shop::Shop& shop, absl::Time now, ctl::Clients& clients)
      : shop_(shop), now_(now), clients_(clients) {}

  // Imports customers [first, first + count) with their events, consents and suppressions. FAILED_PRECONDITION: events
  // were refused. Other errors are those of the services.
  absl::Status Import(int64_t first, int64_t count);

  // Events imported so far.
  int64_t event_count() const { return event_count_; }

 private:
  absl::Status ImportCustomers(int64_t first, int64_t end);
  absl::Status ImportEvents(int64_t first, int64_t end);
  absl::Status ImportConsents(int64_t first, int64_t end);
  absl::Status ImportSuppressions(int64_t first, int64_t end);

  const shop::Shop& shop_;
  const absl::Time now_;
  ctl::Clients& clients_;
  int64_t event_count_ = 0;
};

}  // namespace campaign::load
