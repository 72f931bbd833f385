#include "orchestrator/goals.h"

#include <vector>

#include "absl/strings/string_view.h"

namespace campaign::orchestrator {
namespace {

struct Goal {
  absl::string_view name;
  // The chain of strategies, in order of preference: the first with an answer wins. The router leaves out those that
  // the customer has no data for (kDataNeeds in router.cc). A campaign's enabled_strategies and strategy_rules replace
  // it.
  std::vector<v1::Strategy> strategies;
};

const std::vector<Goal>& Goals() {
  static const auto& goals = *new std::vector<Goal>{
      {"reduce_churn", {v1::STRATEGY_CHURN, v1::STRATEGY_BEHAVIORAL, v1::STRATEGY_RFM, v1::STRATEGY_PROFILE}},
      {"increase_aov", {v1::STRATEGY_BEHAVIORAL, v1::STRATEGY_RFM, v1::STRATEGY_PROFILE}},
      {"win_back", {v1::STRATEGY_BEHAVIORAL, v1::STRATEGY_RFM, v1::STRATEGY_CHURN}},
      {"feature_adoption", {v1::STRATEGY_BEHAVIORAL, v1::STRATEGY_INTENT, v1::STRATEGY_PROFILE}},
      {"vip_retention", {v1::STRATEGY_RFM, v1::STRATEGY_CHURN, v1::STRATEGY_PROFILE}},
  };
  return goals;
}

constexpr v1::Step kDefaultRoute[] = {v1::STEP_GOAL,     v1::STEP_ROUTER,     v1::STEP_SEGMENTATION, v1::STEP_RETRIEVAL,
                                      v1::STEP_OFFER,    v1::STEP_GENERATION, v1::STEP_COMPLIANCE,   v1::STEP_REVIEW,
                                      v1::STEP_DELIVERY, v1::STEP_ANALYTICS};

}  // namespace

void FillGoalDefaults(v1::Campaign& campaign) {
  const auto& hosts = campaign.generation().links().allowed_hosts();
  if (!hosts.empty() && campaign.compliance().content().allowed_hosts().empty()) {
    *campaign.mutable_compliance()->mutable_content()->mutable_allowed_hosts() = hosts;
  }
  if (campaign.generation().text_model().skip_review()) campaign.mutable_compliance()->set_trust_text_model(true);
  if (campaign.route().empty()) {
    for (const v1::Step step : kDefaultRoute) campaign.add_route()->set_step(step);
  }
  if (!campaign.segmentation().enabled_strategies().empty()) return;
  for (const Goal& goal : Goals()) {
    if (goal.name != campaign.goal()) continue;
    for (const v1::Strategy strategy : goal.strategies) {
      campaign.mutable_segmentation()->add_enabled_strategies(strategy);
    }
  }
}

}  // namespace campaign::orchestrator
