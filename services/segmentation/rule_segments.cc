#include "services/segmentation/rule_segments.h"

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "services/segmentation/names.h"

namespace campaign::segmentation {
namespace {

// A result holds at most 32 reasons, up to four of them hops.
constexpr size_t kMaxReasons = 24;

}  // namespace

absl::StatusOr<RuleSegments> RuleSegments::Compile(v1::Strategy strategy,
                                                   const google::protobuf::RepeatedPtrField<v1::RuleSegment>& segments,
                                                   absl::string_view field_path) {
  RuleSegments compiled;
  compiled.strategy_ = strategy;
  for (int i = 0; i < segments.size(); ++i) {
    const v1::RuleSegment& segment = segments[i];
    const std::string path = absl::StrCat(field_path, "[", i, "]");
    if (!(segment.score() >= 0 && segment.score() <= 1)) {
      return InvalidField(path + ".score", segment.score(), "is not between 0 and 1");
    }
    ASSIGN_OR_RETURN(rules::CompiledRule when, rules::CompiledRule::Compile(segment.when(), path + ".when"));
    compiled.segments_.push_back({segment.segment(), segment.label(), segment.score(), std::move(when)});
  }
  return compiled;
}

bool RuleSegments::Answer(const v1::Profile& profile, v1::SegmentResult& result) const {
  const rules::Subject subject{profile, &result};
  for (const Segment& segment : segments_) {
    if (!segment.when.Matches(subject)) continue;
    std::vector<v1::Reason> reasons = segment.when.Explain(subject);
    if (reasons.size() > kMaxReasons) reasons.resize(kMaxReasons);
    for (v1::Reason& reason : reasons) *result.add_reasons() = std::move(reason);
    SetAnswer(strategy_, segment.name, segment.label, segment.score, result);
    return true;
  }
  AddHop(strategy_, kNoRuleMatched,
         strategy_ == v1::STRATEGY_PROFILE ? "no persona fits the customer" : "no behavioral segment fits the customer",
         result);
  return false;
}

}  // namespace campaign::segmentation
