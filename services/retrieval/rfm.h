#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "campaign/v1/segmentation.pb.h"
#include "services/retrieval/history.pb.h"

namespace campaign::retrieval {

// Dimensions of the RFM histogram. The values are stored.
enum class RfmDimension { kRecency = 1, kFrequency = 2, kMonetary = 3 };

// A bucket of the histogram; within a dimension, ascending buckets hold ascending values (recency: ascending days of
// last purchase, so descending days since).
struct RfmBucket {
  RfmDimension dimension;
  int64_t bucket;
  auto operator<=>(const RfmBucket&) const = default;
};

// How many customers a bucket gained or lost, or how many it holds. Ordered.
using RfmCounts = std::map<RfmBucket, int64_t>;

// Adds `sign` (1 or -1) to the three buckets that a customer is in; none without a purchase. Recency: the UTC day
// number of the last purchase. Frequency: orders in all. Monetary: spend in all in major units of `currency_code`, in
// buckets 1 % wide.
void CountCustomer(const History& history, absl::string_view currency_code, int sign, RfmCounts& counts);

// The customers in the histogram, and the bounds of their quintiles at `now` by the nearest-rank definition: bound i is
// the largest value of the bucket of the customer at rank ceil(i * n / 5) in ascending order (Hyndman and Fan 1996,
// definition 1), so customers in one bucket are never parted. Recency bounds are exact to the day of last purchase,
// frequency bounds exact, monetary bounds at most 1 % above. No bounds for fewer than 5 customers.
struct RfmQuintiles {
  v1::RfmCutoffs cutoffs;
  int64_t customer_count = 0;
};
RfmQuintiles ComputeQuintiles(const RfmCounts& histogram, absl::Time now);

// Monetary buckets, for tests: the bucket of an amount in thousandths of a major unit, and the largest amount in it.
int64_t MonetaryBucket(int64_t thousandths);
int64_t LargestInMonetaryBucket(int64_t bucket);

}  // namespace campaign::retrieval
