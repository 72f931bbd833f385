#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"
#include "campaign/v1/offers.pb.h"

namespace campaign::offer {

// Buckets that the hash divides customers into; a bucket is one basis point of them.
constexpr int kBucketCount = 10'000;

// 32-bit FNV-1a (Fowler, Noll, Vo) of the bytes.
uint32_t Fnv1a32(absl::string_view bytes);

// The bucket, 0 to 9,999, of `value` under `seed`: GrowthBook's hash, version 2, times 10,000. The same in every
// process and release, so that assignments stick and analysts can repeat them with any GrowthBook SDK.
int Bucket(absl::string_view seed, absl::string_view value);

// GrowthBook's hash, version 1, times 1,000: 0 to 999. Namespaces alone use it.
int BucketVersion1(absl::string_view seed, absl::string_view value);

// Whether the customer is in the range: GrowthBook's inNamespace.
bool IsInNamespace(const v1::NamespaceRange& range, absl::string_view customer_id);

// The variant of a customer by weight, or null for those outside coverage or namespace. Ranges as GrowthBook's
// getBucketRanges: each starts at the cumulative weight and is coverage × weight wide, so that raising the coverage
// moves nobody to another variant. Exact in integers where the SDKs round. Weights must sum to 10,000.
const v1::Variant* AssignVariant(const v1::Experiment& experiment, absl::string_view customer_id);

// Whether the customer takes part in an experiment whose variants have no weights: namespace and coverage alone.
bool TakesPart(const v1::Experiment& experiment, absl::string_view customer_id);

// Whether the customer is in the control group. `default_seed` names the split where the holdout has no seed of its
// own. Control groups of one seed contain each other: who is in the smaller one is in the larger one too.
bool IsHeldOut(const v1::Holdout& holdout, absl::string_view default_seed, absl::string_view customer_id);

}  // namespace campaign::offer
