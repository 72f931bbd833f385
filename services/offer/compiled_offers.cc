#include "services/offer/compiled_offers.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "services/offer/config_checks.h"
#include "services/offer/constraints.h"
#include "services/offer/pricing.h"

namespace campaign::offer {
namespace {

// What a decision says of the action whoever the customer is.
v1::ActionDecision DecisionOf(const v1::Action& action, const Variables& price_variables) {
  v1::ActionDecision decision;
  decision.set_kind(action.kind());
  decision.set_action_id(action.action_id());
  decision.set_name(action.name());
  decision.set_template_id(action.template_id().empty() ? action.action_id() : action.template_id());
  // What nobody has called transactional is held to the stricter rules.
  decision.set_message_class(action.message_class() == v1::MESSAGE_CLASS_UNSPECIFIED ? v1::MESSAGE_CLASS_MARKETING
                                                                                     : action.message_class());
  OverlayVariables(action.variables(), *decision.mutable_variables());
  OverlayVariables(price_variables, *decision.mutable_variables());
  return decision;
}

std::vector<v1::Channel> ChannelsOf(const v1::Action& action, const v1::OfferConfig& config) {
  std::vector<v1::Channel> channels;
  for (const int channel : config.channel_priority()) {
    bool allowed = action.channels().empty();
    for (const int own : action.channels()) allowed = allowed || own == channel;
    if (allowed) channels.push_back(static_cast<v1::Channel>(channel));
  }
  return channels;
}

std::vector<const v1::Experiment*> ExperimentsOf(const v1::Action& action, const v1::OfferConfig& config) {
  std::vector<const v1::Experiment*> experiments;
  for (const v1::Experiment& experiment : config.experiments()) {
    if (IsAbout(experiment, action)) experiments.push_back(&experiment);
  }
  return experiments;
}

absl::Status CompileRules(const v1::Action& action, const std::string& path, CompiledAction& compiled) {
  ASSIGN_OR_RETURN(compiled.stages[0], rules::CompiledRule::Compile(action.eligibility(), path + ".eligibility"));
  ASSIGN_OR_RETURN(compiled.stages[1], rules::CompiledRule::Compile(action.applicability(), path + ".applicability"));
  ASSIGN_OR_RETURN(compiled.stages[2], rules::CompiledRule::Compile(action.suitability(), path + ".suitability"));
  for (int i = 0; i < action.propensity_adjustments_size(); ++i) {
    const v1::PropensityAdjustment& adjustment = action.propensity_adjustments(i);
    ASSIGN_OR_RETURN(
        rules::CompiledRule when,
        rules::CompiledRule::Compile(adjustment.when(), absl::StrCat(path, ".propensity_adjustments[", i, "].when")));
    compiled.adjustments.push_back({std::move(when), adjustment.multiplier()});
  }
  for (int i = 0; i < action.context_weights_size(); ++i) {
    const v1::ContextWeight& weight = action.context_weights(i);
    ASSIGN_OR_RETURN(rules::CompiledRule when,
                     rules::CompiledRule::Compile(weight.when(), absl::StrCat(path, ".context_weights[", i, "].when")));
    compiled.context_weights.push_back({std::move(when), weight.weight()});
  }
  return absl::OkStatus();
}

// What the action may use up, and when it may not.
absl::Status CompileConstraints(const v1::Action& action, const v1::OfferConfig& config, const std::string& path,
                                CompiledAction& compiled) {
  compiled.spend_minor = DiscountMinor(action) + action.cost_minor();
  if (action.has_inventory()) compiled.inventory = action.inventory();
  if (action.has_daily_cap()) compiled.daily_cap = action.daily_cap();
  if (action.has_customer_cap()) compiled.customer_cap = action.customer_cap();
  ASSIGN_OR_RETURN(compiled.cooldown, CooldownOf(action, path));
  compiled.margin_loss = MarginLoss(action, config);
  if (!compiled.margin_loss) return absl::OkStatus();
  compiled.margin_floor_percent = FormatPercent(config.margin_floor_bps());
  compiled.margin_change =
      absl::StrCat("margin ", FormatPercent(config.margin_floor_bps() - DiscountedMarginBps(action)),
                   " points short of the floor of ", compiled.margin_floor_percent, " %");
  return absl::OkStatus();
}

// What its priority comes from.
void CompileFactors(const v1::Action& action, CompiledAction& compiled) {
  compiled.propensity = action.propensity();
  if (action.has_uplift()) compiled.uplift = action.uplift();
  if (action.has_lever()) compiled.lever = action.lever();
  compiled.worth_minor = WorthMinor(action);
  compiled.cost_minor = action.cost_minor();
  compiled.categories.assign(action.categories().begin(), action.categories().end());
}

absl::StatusOr<CompiledAction> CompileAction(const v1::Action& action, const v1::OfferConfig& config,
                                             const std::string& path) {
  RETURN_IF_ERROR(CheckAction(action, path));
  CompiledAction compiled;
  RETURN_IF_ERROR(CompileRules(action, path, compiled));
  compiled.price_variables = PriceVariables(action, config.currency_code());
  compiled.decision = DecisionOf(action, compiled.price_variables);
  CompileFactors(action, compiled);
  RETURN_IF_ERROR(CompileConstraints(action, config, path, compiled));
  compiled.channels = ChannelsOf(action, config);
  if (compiled.channels.empty()) {
    return InvalidField(path + ".channels", action.channels_size(),
                        "elements, none of them in config.channel_priority");
  }
  compiled.needs_consent = compiled.decision.message_class() != v1::MESSAGE_CLASS_TRANSACTIONAL;
  compiled.experiments = ExperimentsOf(action, config);
  RETURN_IF_ERROR(CheckVariableCount(compiled.decision.variables_size(), compiled.experiments, path));
  return compiled;
}

}  // namespace

absl::StatusOr<CompiledOffers> CompileOffers(const v1::OfferConfig& config) {
  RETURN_IF_ERROR(CheckOffers(config));
  CompiledOffers compiled;
  compiled.config = std::make_unique<const v1::OfferConfig>(config);
  compiled.weighing = WeighingOf(config);
  ASSIGN_OR_RETURN(compiled.time_zone, TimeZoneOf(config));
  for (int i = 0; i < config.actions_size(); ++i) {
    ASSIGN_OR_RETURN(CompiledAction action,
                     CompileAction(config.actions(i), *compiled.config, absl::StrCat("config.actions[", i, "]")));
    compiled.any_history = compiled.any_history || action.cooldown > absl::ZeroDuration() || action.customer_cap;
    if (config.actions(i).action_id() == config.fallback_action_id()) compiled.fallback = i;
    compiled.actions.push_back(std::move(action));
  }
  return compiled;
}

}  // namespace campaign::offer
