#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "campaign/v1/segmentation.pb.h"
#include "common/rules/rule.h"
#include "services/segmentation/rfm_table.h"

namespace campaign::segmentation {

// The customer has never bought.
inline constexpr char kNoPurchases[] = "NO_PURCHASES";
// Neither the campaign nor the run brings quintile bounds: too few customers have bought.
inline constexpr char kNoRfmCutoffs[] = "NO_RFM_CUTOFFS";
// Reasons: what stands behind each score.
inline constexpr char kRfmRecency[] = "RFM_RECENCY";
inline constexpr char kRfmFrequency[] = "RFM_FREQUENCY";
inline constexpr char kRfmMonetary[] = "RFM_MONETARY";

// OK where the cutoffs are all empty, or four finite, never descending bounds each.
// INVALID_ARGUMENT: "<field_path>.recency_days[2]: ...".
absl::Status CheckCutoffs(const v1::RfmCutoffs& cutoffs, absl::string_view field_path);

// Whether there are bounds at all.
bool HasCutoffs(const v1::RfmCutoffs& cutoffs);

// Quintile scores, 1 (worst) to 5 (best), after Hughes, "Strategic Database Marketing" (1994). Ties: a value's score
// depends on the value and the bounds alone, so equal values always share a score; one that is equal to a bound is in
// the lower quintile (days: the better score). Where most customers are tied, as with a single order, several bounds
// are one value and quintiles are of different size; nobody is put above their equals to fill one. nullopt: no
// purchase, or no cutoffs.
absl::optional<v1::RfmScore> ScoreRfm(const v1::Profile& profile, const v1::RfmCutoffs& cutoffs);

// Recency, frequency, monetary value: scores against quintile bounds, and a table that names them.
// Immutable, so thread-safe.
class Rfm {
 public:
  // INVALID_ARGUMENT: as CheckCutoffs and RfmTable::Compile.
  static absl::StatusOr<Rfm> Compile(const v1::RfmConfig& config, absl::string_view field_path);

  // The campaign's cutoffs, or `overall` where it has none.
  const v1::RfmCutoffs& Cutoffs(const v1::RfmCutoffs& overall) const;

  // Names the score in `result.rfm`, with a reason for each of its three parts, those furthest from the middle first.
  // Without a score: a hop, and false.
  bool Answer(const v1::Profile& profile, v1::SegmentResult& result) const;

 private:
  void AddReasons(const v1::Profile& profile, v1::SegmentResult& result) const;

  v1::RfmCutoffs cutoffs_;
  RfmTable table_;
  rules::Feature recency_;
  rules::Feature frequency_;
  rules::Feature monetary_;
};

}  // namespace campaign::segmentation
