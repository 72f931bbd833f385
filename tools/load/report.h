#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "tools/load/audience_load.h"
#include "tools/load/single_load.h"

namespace campaign::load {

// Everything that was measured.
struct Results {
  int64_t imported_customers = 0;
  int64_t imported_events = 0;
  absl::Duration import_elapsed;
  AudienceResult audience;
  SingleResult idle;
  SingleResult busy;
  // By process, since its start.
  std::map<std::string, int64_t> peak_rss_kib;
};

// Customers delivered, of those in the audience run.
double DeliveredShare(const AudienceResult& audience);

// Bytes that the databases have grown by for each customer, the message itself left out.
double StoredBytesPerCustomer(const AudienceResult& audience);

// Tables for people.
std::string ToText(const Results& results);

// One JSON object on one line. Times in the unit of their name; MB are 10^6 bytes.
std::string ToJson(const Results& results);

// Whether the numbers mean what they should. FAILED_PRECONDITION: the run had another number of customers than were
// imported, some have no outcome, or fewer than nine in ten were delivered, in the audience run or the single calls.
absl::Status CheckResults(const Results& results);

}  // namespace campaign::load
