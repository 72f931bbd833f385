#include "services/segmentation/names.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"

namespace campaign::segmentation {

std::string StrategyName(v1::Strategy strategy) {
  return absl::AsciiStrToLower(v1::Strategy_Name(strategy).substr(sizeof("STRATEGY_") - 1));
}

std::string LabelOf(absl::string_view segment) {
  std::string label = absl::StrReplaceAll(segment, {{"_", " "}});
  if (!label.empty()) label[0] = absl::ascii_toupper(label[0]);
  return label;
}

void SetAnswer(v1::Strategy strategy, absl::string_view segment, absl::string_view label, double score,
               v1::SegmentResult& result) {
  result.set_strategy(strategy);
  result.set_segment(segment.data(), segment.size());
  result.set_label(label.empty() ? LabelOf(segment) : std::string(label));
  result.set_score(score);
}

void AddHop(v1::Strategy strategy, absl::string_view code, absl::string_view text, v1::SegmentResult& result) {
  v1::Reason& reason = *result.add_reasons();
  reason.set_code(code.data(), code.size());
  reason.set_text(text.data(), text.size());
  AddFact("strategy", StrategyName(strategy), reason);
}

void AddFact(absl::string_view name, absl::string_view value, v1::Reason& reason) {
  v1::Fact& fact = *reason.add_facts();
  fact.set_name(name.data(), name.size());
  fact.set_value(value.data(), value.size());
}

}  // namespace campaign::segmentation
