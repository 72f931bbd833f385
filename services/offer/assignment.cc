#include "services/offer/assignment.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "services/offer/experiment.h"
#include "services/offer/reasons.h"
#include "services/offer/thompson.h"
#include "services/offer/variables.h"

namespace campaign::offer {
namespace {

// Limit of ActionDecision.reasons.
constexpr int kMaxReasons = 16;

const v1::Variant* FindVariant(const v1::Experiment& experiment, absl::string_view variant_id) {
  for (const v1::Variant& variant : experiment.variants()) {
    if (variant.variant_id() == variant_id) return &variant;
  }
  return nullptr;
}

// Thompson sampling chooses for a run, a hash for the customer.
const std::string& ScopeOf(const v1::SelectItem& item, const v1::Experiment& experiment) {
  static const auto& all_runs = *new std::string();
  return experiment.has_thompson_sampling() ? item.customer_run_id() : all_runs;
}

void Explain(const v1::Experiment& experiment, const v1::Assignment& assignment, v1::ActionDecision& decision) {
  if (decision.reasons_size() == kMaxReasons) return;
  v1::Reason& reason = *decision.add_reasons();
  SetReason(reason, kExperimentVariant,
            absl::StrCat("variant ", assignment.variant_id(), " of experiment ", assignment.experiment_id(),
                         assignment.kept() ? ", assigned earlier" : ""));
  AddFact(reason, "experiment", assignment.experiment_id());
  AddFact(reason, "variant", assignment.variant_id());
  if (experiment.has_thompson_sampling()) AddFact(reason, "probability", absl::StrCat(assignment.probability()));
}

}  // namespace

void Assigner::Assign(const v1::SelectItem& item, const CompiledAction& action, v1::ActionDecision& decision) {
  for (const v1::Experiment* experiment : action.experiments) {
    const Choice choice = Choose(item, *experiment);
    if (choice.variant == nullptr) continue;
    v1::Assignment& assignment = *decision.add_assignments();
    assignment.set_experiment_id(experiment->experiment_id());
    assignment.set_variant_id(choice.variant->variant_id());
    assignment.set_probability(choice.probability);
    assignment.set_kept(choice.kept);
    if (!choice.variant->template_id().empty()) decision.set_template_id(choice.variant->template_id());
    OverlayVariables(choice.variant->variables(), *decision.mutable_variables());
    Explain(*experiment, assignment, decision);
  }
  if (decision.assignments_size() > 0) OverlayVariables(action.price_variables, *decision.mutable_variables());
}

Assigner::Choice Assigner::Choose(const v1::SelectItem& item, const v1::Experiment& experiment) {
  if (request_.dry_run()) {
    const Choice recorded = Recorded(item, experiment);
    return recorded.variant != nullptr ? recorded : ChooseNew(item, experiment);
  }
  const Choice choice = ChooseNew(item, experiment);
  if (choice.variant == nullptr) return Recorded(item, experiment);
  const std::string& customer_id = item.profile().customer().customer_id();
  const std::string& scope = ScopeOf(item, experiment);
  const RecordedAssignment assignment{choice.variant->variant_id(), item.customer_run_id(), choice.probability, now_};
  // Tried first, because for whoever is new it is all that has to be done.
  if (ledger_.RecordNew(customer_id, experiment.experiment_id(), scope, assignment)) return choice;
  const Choice recorded = Recorded(item, experiment);
  if (recorded.variant != nullptr) return recorded;
  ledger_.Replace(customer_id, experiment.experiment_id(), scope, assignment);
  return choice;
}

Assigner::Choice Assigner::Recorded(const v1::SelectItem& item, const v1::Experiment& experiment) {
  const absl::optional<RecordedAssignment> recorded =
      ledger_.Find(item.profile().customer().customer_id(), experiment.experiment_id(), ScopeOf(item, experiment));
  if (!recorded) return {};
  const bool own = recorded->customer_run_id == item.customer_run_id();
  // A decision made before is made again without what other runs recorded since.
  if (request_.has_decide_time() && !own && recorded->time > now_) return {};
  return {FindVariant(experiment, recorded->variant_id), recorded->probability, !own};
}

Assigner::Choice Assigner::ChooseNew(const v1::SelectItem& item, const v1::Experiment& experiment) {
  const std::string& customer_id = item.profile().customer().customer_id();
  if (!experiment.has_thompson_sampling()) {
    const v1::Variant* variant = AssignVariant(experiment, customer_id);
    return {variant, variant == nullptr ? 0 : static_cast<double>(variant->weight_bps()) / kBucketCount, false};
  }
  if (!TakesPart(experiment, customer_id)) return {};
  const std::vector<double>& probabilities = ProbabilitiesOf(experiment);
  const size_t drawn =
      Draw(probabilities, UniformOf(request_.config_version(), experiment.experiment_id(), item.customer_run_id()));
  return {&experiment.variants(static_cast<int>(drawn)), probabilities[drawn], false};
}

const std::vector<double>& Assigner::ProbabilitiesOf(const v1::Experiment& experiment) {
  const auto [it, inserted] = probabilities_.try_emplace(&experiment);
  if (inserted) it->second = VariantProbabilities(experiment, request_.variant_responses());
  return it->second;
}

}  // namespace campaign::offer
