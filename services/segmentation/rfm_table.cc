#include "services/segmentation/rfm_table.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace campaign::segmentation {
namespace {

using Rows = google::protobuf::RepeatedPtrField<v1::RfmSegment>;

struct StandardRow {
  const char* segment;
  const char* label;
  int recency_min, recency_max, value_min, value_max;
};

// The eleven segments that marketing tools share, by recency score and the mean of frequency and monetary score. The
// ranges published for them overlap (about to sleep: recency 2 to 3, value 0 to 2; hibernating: 1 to 2, 1 to 2; ...);
// each row lies within its segment's, and together they cover every combination once, the first that fits winning.
constexpr StandardRow kStandardRows[] = {
    {"champions", "Champions", 4, 5, 4, 5},
    {"need_attention", "Need attention", 3, 3, 2, 3},
    {"loyal_customers", "Loyal customers", 3, 5, 3, 5},
    {"potential_loyalists", "Potential loyalists", 4, 5, 2, 2},
    {"new_customers", "New customers", 5, 5, 1, 1},
    {"promising", "Promising", 4, 4, 1, 1},
    {"about_to_sleep", "About to sleep", 3, 3, 1, 1},
    {"cannot_lose_them", "Cannot lose them", 1, 1, 4, 5},
    {"at_risk", "At risk", 1, 2, 3, 5},
    {"hibernating", "Hibernating", 2, 2, 1, 2},
    {"lost", "Lost", 1, 1, 1, 2},
};

Rows StandardRows() {
  Rows rows;
  for (const StandardRow& standard : kStandardRows) {
    v1::RfmSegment& row = *rows.Add();
    row.set_segment(standard.segment);
    row.set_label(standard.label);
    row.set_recency_min(standard.recency_min);
    row.set_recency_max(standard.recency_max);
    row.set_value_min(standard.value_min);
    row.set_value_max(standard.value_max);
  }
  return rows;
}

absl::Status CheckRange(int min, int max, const std::string& field_path) {
  constexpr int kBestScore = 5;
  if (min < 0 || min > kBestScore) return InvalidField(field_path + "_min", min, "is not between 0 and 5");
  if (max < 0 || max > kBestScore) return InvalidField(field_path + "_max", max, "is not between 0 and 5");
  if (max != 0 && max < min) return InvalidField(field_path + "_max", max, absl::StrCat("is below the minimum ", min));
  return absl::OkStatus();
}

absl::Status CheckRow(const v1::RfmSegment& row, const std::string& path) {
  RETURN_IF_ERROR(CheckRange(row.recency_min(), row.recency_max(), path + ".recency"));
  RETURN_IF_ERROR(CheckRange(row.value_min(), row.value_max(), path + ".value"));
  RETURN_IF_ERROR(CheckRange(row.frequency_min(), row.frequency_max(), path + ".frequency"));
  return CheckRange(row.monetary_min(), row.monetary_max(), path + ".monetary");
}

bool Within(int score, int min, int max) { return score >= min && (max == 0 || score <= max); }

bool Fits(const v1::RfmSegment& row, const v1::RfmScore& score) {
  return Within(score.recency(), row.recency_min(), row.recency_max()) &&
         Within((score.frequency() + score.monetary()) / 2, row.value_min(), row.value_max()) &&
         Within(score.frequency(), row.frequency_min(), row.frequency_max()) &&
         Within(score.monetary(), row.monetary_min(), row.monetary_max());
}

}  // namespace

v1::RfmScore RfmTable::ScoreOf(int cell) {
  v1::RfmScore score;
  score.set_recency(cell / (kScores * kScores) + 1);
  score.set_frequency(cell / kScores % kScores + 1);
  score.set_monetary(cell % kScores + 1);
  return score;
}

absl::StatusOr<RfmTable> RfmTable::Compile(const v1::RfmConfig& config, absl::string_view field_path) {
  const Rows rows = config.segments().empty() ? StandardRows() : config.segments();
  const std::string path = absl::StrCat(field_path, ".segments");
  RfmTable table;
  for (int i = 0; i < rows.size(); ++i) {
    RETURN_IF_ERROR(CheckRow(rows[i], absl::StrCat(path, "[", i, "]")));
    table.names_.push_back({rows[i].segment(), rows[i].label()});
  }
  table.names_.push_back({config.default_segment(), config.default_label()});
  std::vector<bool> reached(table.names_.size());
  for (int cell = 0; cell < kCells; ++cell) {
    const v1::RfmScore score = ScoreOf(cell);
    const auto row =
        std::find_if(rows.begin(), rows.end(), [&](const auto& candidate) { return Fits(candidate, score); });
    if (row == rows.end() && config.default_segment().empty()) {
      return InvalidField(path, "[...]",
                          absl::StrCat("has no row for recency ", score.recency(), ", frequency ", score.frequency(),
                                       ", monetary ", score.monetary(), ", and there is no default_segment"));
    }
    table.cells_[cell] = static_cast<size_t>(row - rows.begin());
    reached[table.cells_[cell]] = true;
  }
  for (int i = 0; i < rows.size(); ++i) {
    if (reached[static_cast<size_t>(i)]) continue;
    return InvalidField(absl::StrCat(path, "[", i, "]"), rows[i].segment(),
                        "is never reached: rows before it take all");
  }
  return table;
}

}  // namespace campaign::segmentation
