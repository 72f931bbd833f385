#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "campaign/v1/segmentation.pb.h"
#include "services/segmentation/churn_model.h"

namespace campaign::segmentation {

// The probability lies below the campaign's lowest band.
inline constexpr char kNoChurnBand[] = "NO_CHURN_BAND";

// The churn strategy: the model that the campaign chose, and bands that name its probability. Immutable, so
// thread-safe.
class Churn {
 public:
  // Both models are checked, also the one that is not chosen. Bands may stand in any order. INVALID_ARGUMENT: what
  // either model refuses; BG/NBD chosen without parameters; two bands from the same probability.
  static absl::StatusOr<Churn> Compile(const v1::ChurnConfig& config, absl::string_view field_path);

  // Fills churn_probability, 0 to 1, where the model has something to go on, and what else it knows. Does not allocate.
  void Score(const v1::Profile& profile, v1::SegmentResult& result) const { model_->Score(profile, result); }

  // The band of `result.churn_probability`, with the model's reasons. Without probability, or below the lowest band: a
  // hop, and false.
  bool Answer(const v1::Profile& profile, v1::SegmentResult& result) const;

 private:
  absl::Status CompileBands(const v1::ChurnConfig& config, absl::string_view field_path);

  std::unique_ptr<const ChurnModel> model_;
  std::vector<v1::ChurnBand> bands_;  // Highest first.
};

}  // namespace campaign::segmentation
