#include "services/retrieval/rfm.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "common/rules/phrases.h"
#include "services/retrieval/series.h"

namespace campaign::retrieval {
namespace {

constexpr double kBucketWidth = 1.01;
constexpr int64_t kMinCustomers = 5;
constexpr int kQuintiles = 5;
constexpr int64_t kNoSpend = -1;

// Thousandths, because no currency has more than three decimals.
int64_t Thousandths(int64_t spend_minor, absl::string_view currency_code) {
  const double thousandths = rules::MajorUnits(spend_minor, currency_code) * 1000;
  constexpr double kLargest = 9e18;
  return std::llround(std::clamp(thousandths, 0.0, kLargest));
}

// Buckets at the ranks ceil(i * n / 5), i = 1 to 4, counted from `begin` on. Buckets have n customers in all.
template <class Iterator>
std::vector<int64_t> BucketsAtQuintiles(Iterator begin, Iterator end, int64_t customer_count) {
  std::vector<int64_t> buckets;
  int64_t seen = 0;
  for (Iterator it = begin; it != end; ++it) {
    seen += it->second;
    while (buckets.size() < kQuintiles - 1) {
      const int64_t i = static_cast<int64_t>(buckets.size()) + 1;
      if (seen < (i * customer_count + kQuintiles - 1) / kQuintiles) break;
      buckets.push_back(it->first.bucket);
    }
  }
  return buckets;
}

}  // namespace

int64_t MonetaryBucket(int64_t thousandths) {
  if (thousandths <= 0) return kNoSpend;
  return static_cast<int64_t>(std::log(static_cast<double>(thousandths)) / std::log(kBucketWidth));
}

int64_t LargestInMonetaryBucket(int64_t bucket) {
  if (bucket <= kNoSpend) return 0;
  int64_t largest = static_cast<int64_t>(std::pow(kBucketWidth, static_cast<double>(bucket + 1)));
  // Rounding may have gone across the edge, in either direction.
  while (MonetaryBucket(largest) > bucket) --largest;
  while (MonetaryBucket(largest + 1) <= bucket) ++largest;
  return largest;
}

void CountCustomer(const History& history, absl::string_view currency_code, int sign, RfmCounts& counts) {
  if (history.orders_total() == 0) return;
  counts[{RfmDimension::kRecency, history.last_purchase_time() / kDaySeconds}] += sign;
  counts[{RfmDimension::kFrequency, history.orders_total()}] += sign;
  counts[{RfmDimension::kMonetary, MonetaryBucket(Thousandths(history.spend_total_minor(), currency_code))}] += sign;
}

RfmQuintiles ComputeQuintiles(const RfmCounts& histogram, absl::Time now) {
  constexpr int64_t kLowest = std::numeric_limits<int64_t>::min();
  const auto frequency = histogram.lower_bound({RfmDimension::kFrequency, kLowest});
  const auto monetary = histogram.lower_bound({RfmDimension::kMonetary, kLowest});
  RfmQuintiles result;
  for (auto it = frequency; it != monetary; ++it) result.customer_count += it->second;
  const int64_t n = result.customer_count;
  if (n < kMinCustomers) return result;

  const double now_days = absl::ToDoubleSeconds(now - absl::UnixEpoch()) / kDaySeconds;
  // The newest day first: days since, ascending. The start of the day is the longest ago.
  for (int64_t day : BucketsAtQuintiles(std::make_reverse_iterator(frequency), histogram.rend(), n)) {
    result.cutoffs.add_recency_days(std::max(0.0, now_days - static_cast<double>(day)));
  }
  for (int64_t orders : BucketsAtQuintiles(frequency, monetary, n)) {
    result.cutoffs.add_frequency_orders(static_cast<double>(orders));
  }
  for (int64_t bucket : BucketsAtQuintiles(monetary, histogram.end(), n)) {
    result.cutoffs.add_monetary(static_cast<double>(LargestInMonetaryBucket(bucket)) / 1000);
  }
  return result;
}

}  // namespace campaign::retrieval
