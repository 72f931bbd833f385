#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace campaign::ctl {

// What one customer has bought.
struct CustomerPurchases {
  struct Purchase {
    absl::Time time;
    int64_t amount_minor;
  };

  std::string customer_id;
  std::string currency_code;
  std::vector<Purchase> purchases;  // Oldest first.
};

// What a shop's files say of purchases, as an import of them would leave it.
struct ShopPurchases {
  std::vector<CustomerPurchases> customers;  // Those with a purchase, as they came.
  // Of any event.
  absl::Time last_event = absl::InfinitePast();
  // Purchases of customers whom customers.jsonl does not know.
  int64_t unknown_customer_purchases = 0;
};

// Reads customers.jsonl, where present, and events.jsonl of a folder; an event_id that comes again counts once.
// NOT_FOUND: no events.jsonl. INVALID_ARGUMENT "FILE:LINE: ...": a line that is no such message, or an event without
// time, id or customer.
absl::StatusOr<ShopPurchases> ReadPurchases(const std::string& folder);

}  // namespace campaign::ctl
