#include "services/offer/priority.h"

#include <algorithm>
#include <string>

#include "services/offer/compiled_offers.h"

namespace campaign::offer {
namespace {

double InterestIn(const v1::CategoryStats& stats, double view_weight) {
  return stats.orders_365d() + view_weight * stats.views_30d();
}

double AffinityOf(const CompiledAction& action, const v1::Profile& profile, double view_weight, double interest) {
  if (interest <= 0) return 0;
  double liked = 0;
  for (const v1::CategoryStats& stats : profile.categories()) {
    const bool offered =
        std::find(action.categories.begin(), action.categories.end(), stats.category()) != action.categories.end();
    if (offered) liked += InterestIn(stats, view_weight);
  }
  return liked / interest;
}

double PropensityOf(const CompiledAction& action, const rules::Subject& subject) {
  double propensity = action.propensity;
  for (const CompiledAdjustment& adjustment : action.adjustments) {
    if (adjustment.when.Matches(subject)) propensity *= adjustment.multiplier;
  }
  return std::min(propensity, 1.0);
}

}  // namespace

Weighing WeighingOf(const v1::OfferConfig& config) {
  const v1::ArbitrationConfig& arbitration = config.arbitration();
  Weighing weighing;
  weighing.affinity_weight = arbitration.affinity_weight();
  if (arbitration.has_affinity_view_weight()) weighing.view_weight = arbitration.affinity_view_weight();
  weighing.propensity = std::any_of(config.actions().begin(), config.actions().end(),
                                    [](const v1::Action& action) { return action.has_uplift(); });
  if (arbitration.factors().empty()) return weighing;
  const auto counts = [&](v1::PriorityFactor factor) {
    return std::find(arbitration.factors().begin(), arbitration.factors().end(), factor) != arbitration.factors().end();
  };
  weighing.propensity = counts(v1::PRIORITY_FACTOR_PROPENSITY);
  weighing.context_weight = counts(v1::PRIORITY_FACTOR_CONTEXT_WEIGHT);
  weighing.value = counts(v1::PRIORITY_FACTOR_VALUE);
  weighing.lever = counts(v1::PRIORITY_FACTOR_LEVER);
  return weighing;
}

void WriteCounted(const Weighing& weighing, v1::ActionDecision& decision) {
  if (weighing.propensity) decision.add_counted_factors(v1::PRIORITY_FACTOR_PROPENSITY);
  if (weighing.context_weight) decision.add_counted_factors(v1::PRIORITY_FACTOR_CONTEXT_WEIGHT);
  if (weighing.value) decision.add_counted_factors(v1::PRIORITY_FACTOR_VALUE);
  if (weighing.lever) decision.add_counted_factors(v1::PRIORITY_FACTOR_LEVER);
}

double InterestOf(const v1::Profile& profile, double view_weight) {
  double interest = 0;
  for (const v1::CategoryStats& stats : profile.categories()) interest += InterestIn(stats, view_weight);
  return interest;
}

Priority PriorityOf(const Weighing& weighing, const CompiledAction& action, const rules::Subject& subject,
                    double interest) {
  Priority priority;
  priority.propensity = PropensityOf(action, subject);
  priority.uplift = action.uplift.value_or(priority.propensity);
  priority.value_minor = priority.uplift * action.worth_minor - static_cast<double>(action.cost_minor);
  priority.lever = action.lever;
  for (const CompiledAdjustment& weight : action.context_weights) {
    if (weight.when.Matches(subject)) priority.context_weight *= weight.multiplier;
  }
  if (weighing.affinity_weight > 0 && !action.categories.empty()) {
    priority.affinity = AffinityOf(action, subject.profile, weighing.view_weight, interest);
    priority.context_weight *= 1 + weighing.affinity_weight * *priority.affinity;
  }
  priority.without_value = (weighing.propensity ? priority.propensity : 1) *
                           (weighing.context_weight ? priority.context_weight : 1) *
                           (weighing.lever ? priority.lever : 1);
  priority.total = priority.without_value * (weighing.value ? priority.value_minor : 1);
  return priority;
}

void WriteFactors(const CompiledAction& action, const Priority& priority, v1::PriorityFactors& factors) {
  factors.set_propensity(priority.propensity);
  if (priority.context_weight != 1) factors.set_context_weight(priority.context_weight);
  factors.set_value_minor(priority.value_minor);
  if (priority.lever != 1) factors.set_lever(priority.lever);
  if (action.uplift) factors.set_uplift(priority.uplift);
  if (priority.affinity) factors.set_affinity(*priority.affinity);
  factors.set_priority(priority.total);
}

}  // namespace campaign::offer
