#include "services/offer/experiment.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace campaign::offer {
namespace {

constexpr uint32_t kFnvOffset = 2166136261u;
constexpr uint32_t kFnvPrime = 16777619u;

// Keeps the control group independent of an experiment that has the campaign's name.
constexpr absl::string_view kHoldoutPrefix = "holdout/";
// As the SDKs spell the seed of a namespace.
constexpr absl::string_view kNamespacePrefix = "__";
constexpr int kBucketCountVersion1 = 1'000;

uint32_t Continue(uint32_t hash, absl::string_view bytes) {
  for (const char byte : bytes) hash = (hash ^ static_cast<uint8_t>(byte)) * kFnvPrime;
  return hash;
}

// The second pass over the first one's decimal digits is what version 2 adds: FNV-1a alone is biased.
int BucketOf(uint32_t first_pass) { return Fnv1a32(absl::AlphaNum(first_pass).Piece()) % kBucketCount; }

int BucketIn(const v1::Experiment& experiment, absl::string_view customer_id) {
  return Bucket(experiment.seed().empty() ? experiment.experiment_id() : experiment.seed(), customer_id);
}

int64_t CoverageBps(const v1::Experiment& experiment) {
  return experiment.has_coverage_bps() ? experiment.coverage_bps() : kBucketCount;
}

bool IsInNamespaceOf(const v1::Experiment& experiment, absl::string_view customer_id) {
  return !experiment.has_namespace_range() || IsInNamespace(experiment.namespace_range(), customer_id);
}

}  // namespace

uint32_t Fnv1a32(absl::string_view bytes) { return Continue(kFnvOffset, bytes); }

int Bucket(absl::string_view seed, absl::string_view value) { return BucketOf(Continue(Fnv1a32(seed), value)); }

int BucketVersion1(absl::string_view seed, absl::string_view value) {
  return Continue(Fnv1a32(value), seed) % kBucketCountVersion1;
}

bool IsInNamespace(const v1::NamespaceRange& range, absl::string_view customer_id) {
  // The seed stands after the value in version 1, so that its parts can be hashed one by one.
  const uint32_t hash = Continue(Continue(Fnv1a32(customer_id), kNamespacePrefix), range.name());
  const int bps = hash % kBucketCountVersion1 * (kBucketCount / kBucketCountVersion1);
  return bps >= range.start_bps() && bps < range.end_bps();
}

const v1::Variant* AssignVariant(const v1::Experiment& experiment, absl::string_view customer_id) {
  if (!IsInNamespaceOf(experiment, customer_id)) return nullptr;
  const int64_t coverage_bps = CoverageBps(experiment);
  const int64_t bucket = BucketIn(experiment, customer_id);
  int64_t start = 0;
  for (const v1::Variant& variant : experiment.variants()) {
    const int64_t width_times_count = coverage_bps * variant.weight_bps();
    if (bucket >= start && (bucket - start) * kBucketCount < width_times_count) return &variant;
    start += variant.weight_bps();
  }
  return nullptr;
}

bool TakesPart(const v1::Experiment& experiment, absl::string_view customer_id) {
  return IsInNamespaceOf(experiment, customer_id) && BucketIn(experiment, customer_id) < CoverageBps(experiment);
}

bool IsHeldOut(const v1::Holdout& holdout, absl::string_view default_seed, absl::string_view customer_id) {
  if (holdout.share_bps() == 0) return false;
  const absl::string_view seed = holdout.seed().empty() ? default_seed : absl::string_view(holdout.seed());
  return BucketOf(Continue(Continue(Fnv1a32(kHoldoutPrefix), seed), customer_id)) < holdout.share_bps();
}

}  // namespace campaign::offer
