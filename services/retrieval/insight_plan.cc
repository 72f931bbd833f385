#include <algorithm>

#include "common/status.h"
#include "services/retrieval/insights.h"

namespace campaign::retrieval {
namespace {

struct GoalDefault {
  absl::string_view goal;
  std::vector<v1::InsightKind> kinds;
};

const std::vector<v1::InsightKind>& DefaultKinds(absl::string_view goal) {
  using Kinds = std::vector<v1::InsightKind>;
  static const auto& goals = *new std::vector<GoalDefault>{
      {"reduce_churn",
       {v1::INSIGHT_KIND_ACTIVITY, v1::INSIGHT_KIND_FEATURE_USE, v1::INSIGHT_KIND_MESSAGES, v1::INSIGHT_KIND_TICKETS,
        v1::INSIGHT_KIND_PURCHASES}},
      {"increase_aov", {v1::INSIGHT_KIND_CATEGORY_AFFINITY, v1::INSIGHT_KIND_PURCHASES, v1::INSIGHT_KIND_BROWSING}},
      {"win_back",
       {v1::INSIGHT_KIND_ACTIVITY, v1::INSIGHT_KIND_PURCHASES, v1::INSIGHT_KIND_CATEGORY_AFFINITY,
        v1::INSIGHT_KIND_MESSAGES}},
      {"feature_adoption", {v1::INSIGHT_KIND_FEATURE_USE, v1::INSIGHT_KIND_ACTIVITY}},
      {"vip_retention",
       {v1::INSIGHT_KIND_PURCHASES, v1::INSIGHT_KIND_TICKETS, v1::INSIGHT_KIND_CATEGORY_AFFINITY,
        v1::INSIGHT_KIND_MESSAGES}},
  };
  static const auto& fallback =
      *new Kinds{v1::INSIGHT_KIND_PURCHASES, v1::INSIGHT_KIND_ACTIVITY, v1::INSIGHT_KIND_MESSAGES};
  const auto found = std::find_if(goals.begin(), goals.end(), [&](const GoalDefault& d) { return d.goal == goal; });
  return found == goals.end() ? fallback : found->kinds;
}

absl::Status CheckKinds(const v1::InsightRule& rule, int rule_index) {
  for (int i = 0; i < rule.kinds_size(); ++i) {
    const std::string path = absl::StrCat("config.rules[", rule_index, "].kinds[", i, "]");
    const std::string& name = v1::InsightKind_Name(rule.kinds(i));
    if (rule.kinds(i) == v1::INSIGHT_KIND_UNSPECIFIED) return InvalidField(path, name, "is no kind");
    const auto end = rule.kinds().begin() + i;
    if (std::find(rule.kinds().begin(), end, rule.kinds(i)) != end) return InvalidField(path, name, "is given twice");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<InsightPlan> InsightPlan::Compile(const v1::InsightConfig& config, absl::string_view goal) {
  InsightPlan plan;
  for (int i = 0; i < config.rules_size(); ++i) {
    const v1::InsightRule& rule = config.rules(i);
    RETURN_IF_ERROR(CheckKinds(rule, i));
    Rule& compiled = plan.rules_.emplace_back();
    compiled.segments.assign(rule.segments().begin(), rule.segments().end());
    for (int kind : rule.kinds()) compiled.kinds.push_back(static_cast<v1::InsightKind>(kind));
  }
  plan.rules_.push_back({.segments = {}, .kinds = DefaultKinds(goal)});
  return plan;
}

absl::Span<const v1::InsightKind> InsightPlan::KindsFor(absl::string_view segment) const {
  const auto applies = [&](const Rule& rule) {
    return rule.segments.empty() ||
           std::find(rule.segments.begin(), rule.segments.end(), segment) != rule.segments.end();
  };
  return std::find_if(rules_.begin(), rules_.end(), applies)->kinds;
}

}  // namespace campaign::retrieval
