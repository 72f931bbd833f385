#include "orchestrator/campaign_validation.h"

#include <algorithm>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/limits.h"
#include "common/rules/rule.h"
#include "common/status.h"

namespace campaign::orchestrator {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

absl::Status CheckName(absl::string_view path, absl::string_view name, char separator) {
  const bool starts_well = !name.empty() && absl::ascii_islower(name[0]);
  for (const char c : name) {
    if (!starts_well || (!absl::ascii_islower(c) && !absl::ascii_isdigit(c) && c != separator)) {
      return InvalidField(path, absl::StrCat("'", name, "'"),
                          absl::StrCat("is not of the form [a-z][a-z0-9", std::string(1, separator), "]*"));
    }
  }
  return absl::OkStatus();
}

// Compiles every Rule anywhere in the campaign, so that none is first found wrong by a service in the middle of a run.
absl::Status CheckRules(const Message& message, const std::string& path) {
  if (message.GetDescriptor() == v1::Rule::descriptor()) {
    return rules::CompiledRule::Compile(static_cast<const v1::Rule&>(message), path).status();
  }
  const Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    const std::string field_path = absl::StrCat(path, ".", field->name());
    if (!field->is_repeated()) {
      RETURN_IF_ERROR(CheckRules(reflection.GetMessage(message, field), field_path));
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      RETURN_IF_ERROR(
          CheckRules(reflection.GetRepeatedMessage(message, field, i), absl::StrCat(field_path, "[", i, "]")));
    }
  }
  return absl::OkStatus();
}

// Each a strategy, none twice.
absl::Status CheckStrategyList(const google::protobuf::RepeatedField<int>& strategies, const std::string& list_path) {
  absl::flat_hash_set<int> seen;
  for (int i = 0; i < strategies.size(); ++i) {
    const std::string path = absl::StrCat(list_path, "[", i, "]");
    if (strategies[i] == v1::STRATEGY_UNSPECIFIED) return InvalidField(path, "STRATEGY_UNSPECIFIED", "is no strategy");
    if (!seen.insert(strategies[i]).second)
      return InvalidField(path, v1::Strategy_Name(strategies[i]), "appears twice");
  }
  return absl::OkStatus();
}

absl::Status CheckStrategies(const v1::Campaign& campaign) {
  const auto& enabled = campaign.segmentation().enabled_strategies();
  const std::string path = "campaign.segmentation.enabled_strategies";
  if (enabled.empty()) {
    return InvalidField(path, "[]",
                        absl::StrCat("must name at least one, as '", campaign.goal(), "' is no built-in goal"));
  }
  RETURN_IF_ERROR(CheckStrategyList(enabled, path));
  for (int i = 0; i < campaign.segmentation().strategy_rules_size(); ++i) {
    const auto& ordered = campaign.segmentation().strategy_rules(i).strategies();
    const std::string rule_path = absl::StrCat("campaign.segmentation.strategy_rules[", i, "].strategies");
    RETURN_IF_ERROR(CheckStrategyList(ordered, rule_path));
    // Somebody of whom the rule holds would have no strategy at all.
    if (std::find_first_of(ordered.begin(), ordered.end(), enabled.begin(), enabled.end()) == ordered.end()) {
      return InvalidField(rule_path, "[...]", "names none of enabled_strategies");
    }
  }
  return absl::OkStatus();
}

bool MayBeConditional(v1::Step step) {
  return step == v1::STEP_SEGMENTATION || step == v1::STEP_RETRIEVAL || step == v1::STEP_OFFER ||
         step == v1::STEP_GENERATION;
}

// Steps in their natural order, each at most once; what sends must be generated, checked and reviewable before.
absl::Status CheckRoute(const v1::Campaign& campaign) {
  absl::flat_hash_set<int> seen;
  v1::Step before = v1::STEP_UNSPECIFIED;
  for (int i = 0; i < campaign.route_size(); ++i) {
    const std::string path = absl::StrCat("campaign.route[", i, "]");
    const v1::RouteStep& route_step = campaign.route(i);
    const v1::Step step = route_step.step();
    if (step == v1::STEP_UNSPECIFIED) return InvalidField(path + ".step", v1::Step_Name(step), "is no step");
    if (!seen.insert(step).second) return InvalidField(path + ".step", v1::Step_Name(step), "appears twice");
    if (step < before) {
      return InvalidField(path + ".step", v1::Step_Name(step),
                          absl::StrCat("must come before ", v1::Step_Name(before)));
    }
    if (route_step.when().kind_case() != v1::Rule::KIND_NOT_SET && !MayBeConditional(step)) {
      return InvalidField(path + ".when", v1::Step_Name(step), "must not be conditional");
    }
    before = step;
  }
  const std::string last = absl::StrCat("campaign.route[", campaign.route_size() - 1, "].step");
  if (before != v1::STEP_ANALYTICS) return InvalidField(last, v1::Step_Name(before), "must be STEP_ANALYTICS");
  if (!seen.contains(v1::STEP_ROUTER)) return InvalidField("campaign.route", "[...]", "lacks STEP_ROUTER");
  if (!seen.contains(v1::STEP_DELIVERY)) return absl::OkStatus();
  for (const v1::Step needed : {v1::STEP_OFFER, v1::STEP_GENERATION, v1::STEP_COMPLIANCE, v1::STEP_REVIEW}) {
    if (seen.contains(needed)) continue;
    return InvalidField("campaign.route", "[...]",
                        absl::StrCat("sends (STEP_DELIVERY) without ", v1::Step_Name(needed), " before"));
  }
  return absl::OkStatus();
}

bool HasVariant(const v1::Campaign& campaign, absl::string_view name) {
  for (const v1::Experiment& experiment : campaign.offers().experiments()) {
    for (const v1::Variant& variant : experiment.variants()) {
      if (absl::StrCat(experiment.experiment_id(), "/", variant.variant_id()) == name) return true;
    }
  }
  return false;
}

// What a template says by itself the generator checks.
absl::Status CheckTemplates(const v1::Campaign& campaign) {
  for (int i = 0; i < campaign.generation().templates_size(); ++i) {
    const std::string& variant = campaign.generation().templates(i).variant();
    if (variant.empty() || HasVariant(campaign, variant)) continue;
    return InvalidField(absl::StrCat("campaign.generation.templates[", i, "].variant"), variant,
                        "is no experiment_id/variant_id of the campaign");
  }
  return absl::OkStatus();
}

// Every channel that may be chosen for the action must have a template, or customers would fail in the middle of a run.
absl::Status CheckTemplateOf(const v1::Campaign& campaign, const std::string& path, const std::string& template_id,
                             const v1::Action& action) {
  absl::flat_hash_set<int> written;
  for (const auto* templates : {&campaign.generation().templates(), &campaign.generation().brand().templates()}) {
    for (const v1::Template& one : *templates) {
      // One of a variant is not for everybody.
      if (one.template_id() == template_id && one.variant().empty()) written.insert(one.channel());
    }
  }
  for (const int channel : campaign.offers().channel_priority()) {
    const auto& allowed = action.channels();
    if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), channel) == allowed.end()) continue;
    if (written.contains(channel)) continue;
    return InvalidField(
        path, template_id,
        absl::StrCat("has no template for ", v1::Channel_Name(channel), " (action ", action.action_id(), ")"));
  }
  return absl::OkStatus();
}

absl::Status CheckActions(const v1::Campaign& campaign) {
  absl::flat_hash_set<std::string> ids;
  for (int i = 0; i < campaign.offers().actions_size(); ++i) {
    const v1::Action& action = campaign.offers().actions(i);
    const std::string path = absl::StrCat("campaign.offers.actions[", i, "]");
    if (!ids.insert(action.action_id()).second)
      return InvalidField(path + ".action_id", action.action_id(), "appears twice");
    if (action.kind() == v1::ACTION_KIND_UNSPECIFIED || action.kind() == v1::ACTION_KIND_NONE) {
      return InvalidField(path + ".kind", v1::ActionKind_Name(action.kind()), "is nothing to do");
    }
    const bool own = !action.template_id().empty();
    RETURN_IF_ERROR(CheckTemplateOf(campaign, path + (own ? ".template_id" : ".action_id"),
                                    own ? action.template_id() : action.action_id(), action));
  }
  return absl::OkStatus();
}

absl::Status CheckExperiment(const v1::Campaign& campaign, const v1::Experiment& experiment, const std::string& path) {
  absl::flat_hash_map<std::string, const v1::Action*> actions;
  for (const v1::Action& action : campaign.offers().actions()) actions[action.action_id()] = &action;
  for (int i = 0; i < experiment.action_ids_size(); ++i) {
    if (actions.contains(experiment.action_ids(i))) continue;
    return InvalidField(absl::StrCat(path, ".action_ids[", i, "]"), experiment.action_ids(i),
                        "is no action of the campaign");
  }
  int weight = 0;
  for (int i = 0; i < experiment.variants_size(); ++i) {
    const v1::Variant& variant = experiment.variants(i);
    weight += variant.weight_bps();
    if (variant.template_id().empty()) continue;
    for (const auto& [id, action] : actions) {
      const auto& about = experiment.action_ids();
      if (!about.empty() && std::find(about.begin(), about.end(), id) == about.end()) continue;
      RETURN_IF_ERROR(CheckTemplateOf(campaign, absl::StrCat(path, ".variants[", i, "].template_id"),
                                      variant.template_id(), *action));
    }
  }
  if (weight == 10'000 || experiment.has_thompson_sampling()) return absl::OkStatus();
  return InvalidField(path + ".variants", weight, "basis points of weight are not 10000 in all");
}

absl::Status CheckOffers(const v1::Campaign& campaign) {
  absl::flat_hash_set<int> channels;
  for (int i = 0; i < campaign.offers().channel_priority_size(); ++i) {
    const int channel = campaign.offers().channel_priority(i);
    const std::string path = absl::StrCat("campaign.offers.channel_priority[", i, "]");
    if (channel == v1::CHANNEL_UNSPECIFIED) return InvalidField(path, "CHANNEL_UNSPECIFIED", "is no channel");
    if (!channels.insert(channel).second) return InvalidField(path, v1::Channel_Name(channel), "appears twice");
  }
  RETURN_IF_ERROR(CheckActions(campaign));
  for (int i = 0; i < campaign.offers().experiments_size(); ++i) {
    RETURN_IF_ERROR(CheckExperiment(campaign, campaign.offers().experiments(i),
                                    absl::StrCat("campaign.offers.experiments[", i, "]")));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ValidateCampaign(const v1::Campaign& campaign) {
  RETURN_IF_ERROR(WithFieldPrefix("campaign", CheckLimits(campaign)));
  RETURN_IF_ERROR(CheckName("campaign.name", campaign.name(), '-'));
  RETURN_IF_ERROR(CheckName("campaign.goal", campaign.goal(), '_'));
  RETURN_IF_ERROR(CheckRoute(campaign));
  RETURN_IF_ERROR(CheckStrategies(campaign));
  RETURN_IF_ERROR(CheckRules(campaign, "campaign"));
  bool offers = false;
  for (const v1::RouteStep& step : campaign.route()) offers = offers || step.step() == v1::STEP_OFFER;
  if (!offers) return absl::OkStatus();
  if (!campaign.has_offers())
    return InvalidField("campaign.offers", "(absent)", "is required by STEP_OFFER in the route");
  RETURN_IF_ERROR(CheckTemplates(campaign));
  return CheckOffers(campaign);
}

}  // namespace campaign::orchestrator
