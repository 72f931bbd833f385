#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "tools/shop/shop.h"

namespace campaign::shop {

// What was written.
struct ExportCounts {
  int64_t customers = 0;
  int64_t events = 0;
  int64_t consents = 0;
  int64_t suppressions = 0;
};

// Writes the hand-made customers and then `customer_count` of the crowd to customers.jsonl, events.jsonl,
// consents.jsonl and suppressions.jsonl in `folder`, which is made where it is missing: a message a line, protobuf's
// JSON with the field names of the proto files. INTERNAL: a file that cannot be written.
absl::StatusOr<ExportCounts> Export(const Options& options, int64_t customer_count, const std::string& folder);

}  // namespace campaign::shop
