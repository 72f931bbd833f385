#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "campaign/v1/segmentation.pb.h"
#include "common/rules/rule.h"

namespace campaign::segmentation {

// None of the strategy's rules holds for the customer, or it has none.
inline constexpr char kNoRuleMatched[] = "NO_RULE_MATCHED";

// Segments defined by rules, tried in order: behaviour (activity, habits, ignored features) and personas (attributes).
// Immutable, so thread-safe.
class RuleSegments {
 public:
  // INVALID_ARGUMENT: "<field_path>[3].when...: ...", as rules::CompiledRule; a score outside 0 to 1.
  static absl::StatusOr<RuleSegments> Compile(v1::Strategy strategy,
                                              const google::protobuf::RepeatedPtrField<v1::RuleSegment>& segments,
                                              absl::string_view field_path);

  bool empty() const { return segments_.empty(); }

  // The first segment whose rule holds, with the comparisons behind it as reasons. Without one: a hop, and false.
  // `result` may hold the RFM score and churn probability already; rules can ask for them.
  bool Answer(const v1::Profile& profile, v1::SegmentResult& result) const;

 private:
  struct Segment {
    std::string name;
    std::string label;
    double score;
    rules::CompiledRule when;
  };

  v1::Strategy strategy_ = v1::STRATEGY_UNSPECIFIED;
  std::vector<Segment> segments_;
};

}  // namespace campaign::segmentation
