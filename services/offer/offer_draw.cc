#include "services/offer/offer_draw.h"

#include <algorithm>

namespace campaign::offer {
namespace {

// What the draw has in the place of an experiment's name, which is never empty.
constexpr absl::string_view kNoExperiment = "";

Arm ArmOfAction(const CompiledOffers& offers, const CompiledAction& action, const v1::SelectActionsRequest& request) {
  const v1::ThompsonSampling& sampling = offers.config->arbitration().thompson_sampling();
  const auto& all = request.action_responses();
  const auto found = std::find_if(all.begin(), all.end(), [&](const v1::ActionResponses& one) {
    return one.action_id() == action.decision.action_id();
  });
  Arm arm =
      found == all.end() ? ArmOf(sampling, 0, 0) : ArmOf(sampling, found->exposure_count(), found->success_count());
  if (!offers.weighing.value || action.worth_minor <= 0) return arm;
  arm.worth = action.worth_minor;
  arm.cost = static_cast<double>(action.cost_minor);
  return arm;
}

}  // namespace

OfferDraw::OfferDraw(const CompiledOffers& offers, const v1::SelectActionsRequest& request)
    : sampling_(offers.config->arbitration().thompson_sampling()), config_version_(request.config_version()) {
  for (const CompiledAction& action : offers.actions) arms_.push_back(ArmOfAction(offers, action, request));
}

Drawn OfferDraw::Draw(ActionSet taking_part, absl::string_view customer_run_id) {
  const auto [it, inserted] = probabilities_.try_emplace(taking_part);
  if (inserted) it->second = Compute(taking_part);
  Drawn drawn;
  drawn.probabilities = &it->second;
  drawn.uniform = UniformOf(config_version_, kNoExperiment, customer_run_id);
  drawn.winner = offer::Draw(it->second, drawn.uniform);
  // Where the sum falls short of 1 by a rounding, the last one need not take part.
  while ((taking_part >> drawn.winner & 1) == 0) --drawn.winner;
  return drawn;
}

std::vector<double> OfferDraw::Compute(ActionSet taking_part) const {
  std::vector<Arm> arms;
  for (size_t i = 0; i < arms_.size(); ++i) {
    if (taking_part >> i & 1) arms.push_back(arms_[i]);
  }
  const std::vector<double> of_arms = DrawProbabilities(sampling_, arms);
  std::vector<double> probabilities(arms_.size());
  size_t next = 0;
  for (size_t i = 0; i < arms_.size(); ++i) {
    if (taking_part >> i & 1) probabilities[i] = of_arms[next++];
  }
  return probabilities;
}

}  // namespace campaign::offer
