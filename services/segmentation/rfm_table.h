#pragma once

#include <array>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "campaign/v1/segmentation.pb.h"

namespace campaign::segmentation {

// Names RFM scores: every combination of the three scores has exactly one segment. Immutable, so thread-safe.
class RfmTable {
 public:
  struct Name {
    std::string segment;
    std::string label;
  };

  // The campaign's rows, the first that fits winning, then its default segment; without rows the standard table.
  // INVALID_ARGUMENT: bounds outside 0 to 5 or the wrong way round; a row that no combination reaches; a combination
  // without a row where there is no default.
  static absl::StatusOr<RfmTable> Compile(const v1::RfmConfig& config, absl::string_view field_path);

  // The segment of scores from 1 to 5 each.
  const Name& Find(const v1::RfmScore& score) const { return names_[cells_[CellOf(score)]]; }

 private:
  static constexpr int kScores = 5;
  static constexpr int kCells = kScores * kScores * kScores;

  static int CellOf(const v1::RfmScore& score) {
    return ((score.recency() - 1) * kScores + score.frequency() - 1) * kScores + score.monetary() - 1;
  }
  static v1::RfmScore ScoreOf(int cell);

  std::vector<Name> names_;
  std::array<size_t, kCells> cells_{};  // Index into names_.
};

}  // namespace campaign::segmentation
