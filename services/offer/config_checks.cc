#include "services/offer/config_checks.h"

#include <algorithm>
#include <cstdint>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "services/offer/experiment_checks.h"
#include "services/offer/pricing.h"

namespace campaign::offer {
namespace {

// Limit of ActionDecision.variables.
constexpr int kMaxVariables = 64;
constexpr absl::Duration kMaxCooldown = absl::Hours(24 * 3650);

absl::Status CheckChannels(const google::protobuf::RepeatedField<int>& channels, absl::string_view path) {
  for (int i = 0; i < channels.size(); ++i) {
    const std::string name = v1::Channel_Name(static_cast<v1::Channel>(channels[i]));
    const std::string item = absl::StrCat(path, "[", i, "]");
    if (channels[i] == v1::CHANNEL_UNSPECIFIED) return InvalidField(item, name, "is not a channel");
    if (std::count(channels.begin(), channels.begin() + i, channels[i]) > 0) {
      return InvalidField(item, name, "is named twice");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckActionIds(const v1::OfferConfig& config) {
  if (config.actions().empty()) return InvalidField("config.actions", 0, "elements is below 1");
  absl::flat_hash_set<absl::string_view> seen;
  for (int i = 0; i < config.actions_size(); ++i) {
    const std::string& id = config.actions(i).action_id();
    const std::string path = absl::StrCat("config.actions[", i, "].action_id");
    if (id.empty()) return InvalidField(path, "''", "must not be empty");
    if (!seen.insert(id).second) return InvalidField(path, id, "is named twice");
  }
  return absl::OkStatus();
}

bool IsZoneCharacter(char c) { return absl::ascii_isalnum(c) || c == '/' || c == '_' || c == '-' || c == '+'; }

bool HasAction(const v1::OfferConfig& config, absl::string_view action_id) {
  return std::any_of(config.actions().begin(), config.actions().end(),
                     [&](const v1::Action& action) { return action.action_id() == action_id; });
}

absl::Status CheckCurrency(const v1::OfferConfig& config) {
  const std::string& code = config.currency_code();
  const bool is_code = code.size() == 3 && std::all_of(code.begin(), code.end(), absl::ascii_isupper);
  if (is_code) return absl::OkStatus();
  const bool any_price = std::any_of(config.actions().begin(), config.actions().end(),
                                     [](const v1::Action& action) { return action.price_minor() > 0; });
  if (code.empty() && !any_price) return absl::OkStatus();
  return InvalidField("config.currency_code", code.empty() ? "''" : code,
                      "must be an ISO 4217 code of three capitals where actions have prices");
}

absl::Status CheckFallback(const v1::OfferConfig& config) {
  const std::string& id = config.fallback_action_id();
  if (id.empty() || HasAction(config, id)) return absl::OkStatus();
  return InvalidField("config.fallback_action_id", id, "is no action of this configuration");
}

absl::Status CheckFactors(const google::protobuf::RepeatedField<int>& factors) {
  for (int i = 0; i < factors.size(); ++i) {
    const std::string name = v1::PriorityFactor_Name(static_cast<v1::PriorityFactor>(factors[i]));
    const std::string path = absl::StrCat("config.arbitration.factors[", i, "]");
    if (factors[i] == v1::PRIORITY_FACTOR_UNSPECIFIED) return InvalidField(path, name, "is not a factor");
    if (std::count(factors.begin(), factors.begin() + i, factors[i]) > 0) {
      return InvalidField(path, name, "is named twice");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckCategories(const v1::Action& action, const std::string& path) {
  for (int i = 0; i < action.categories_size(); ++i) {
    const auto begin = action.categories().begin();
    const std::string item = absl::StrCat(path, ".categories[", i, "]");
    if (action.categories(i).empty()) return InvalidField(item, "''", "must not be empty");
    if (std::count(begin, begin + i, action.categories(i)) > 0) {
      return InvalidField(item, action.categories(i), "is named twice");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckKind(const v1::Action& action, const std::string& path) {
  const std::string& kind = v1::ActionKind_Name(action.kind());
  if (action.kind() == v1::ACTION_KIND_UNSPECIFIED || action.kind() == v1::ACTION_KIND_NONE) {
    return InvalidField(path + ".kind", kind, "is not something to do");
  }
  const bool discountable = action.kind() != v1::ACTION_KIND_EDUCATION && action.kind() != v1::ACTION_KIND_APOLOGY;
  if (discountable || action.discount_bps() == 0) return absl::OkStatus();
  return InvalidField(path + ".discount_bps", action.discount_bps(), absl::StrCat("must be 0 for ", kind));
}

absl::Status CheckAmount(int64_t minor_units, const std::string& path) {
  if (minor_units <= kMaxAmountMinor) return absl::OkStatus();
  return InvalidField(path, minor_units, absl::StrCat("is above ", kMaxAmountMinor));
}

}  // namespace

absl::Status CheckOffers(const v1::OfferConfig& config) {
  RETURN_IF_ERROR(CheckActionIds(config));
  if (config.channel_priority().empty()) return InvalidField("config.channel_priority", 0, "elements is below 1");
  RETURN_IF_ERROR(CheckChannels(config.channel_priority(), "config.channel_priority"));
  RETURN_IF_ERROR(CheckCurrency(config));
  RETURN_IF_ERROR(CheckFallback(config));
  RETURN_IF_ERROR(CheckFactors(config.arbitration().factors()));
  return CheckExperiments(config);
}

absl::Status CheckAction(const v1::Action& action, const std::string& path) {
  RETURN_IF_ERROR(CheckKind(action, path));
  RETURN_IF_ERROR(CheckAmount(action.price_minor(), path + ".price_minor"));
  RETURN_IF_ERROR(CheckAmount(action.value_minor(), path + ".value_minor"));
  RETURN_IF_ERROR(CheckAmount(action.cost_minor(), path + ".cost_minor"));
  RETURN_IF_ERROR(CheckCategories(action, path));
  // Without a price neither the margin floor nor a budget could hold the discount.
  if (action.discount_bps() > 0 && action.price_minor() == 0) {
    return InvalidField(path + ".discount_bps", action.discount_bps(), "needs a price_minor that it is taken off");
  }
  return CheckChannels(action.channels(), path + ".channels");
}

absl::StatusOr<absl::TimeZone> TimeZoneOf(const v1::OfferConfig& config) {
  absl::TimeZone zone = absl::UTCTimeZone();
  const std::string& name = config.time_zone();
  // The loader would also take a path, and "localtime" means another zone on another machine.
  const bool is_name = std::all_of(name.begin(), name.end(), IsZoneCharacter) && name[0] != '/' && name != "localtime";
  if (name.empty() || (is_name && absl::LoadTimeZone(name, &zone))) return zone;
  return InvalidField("config.time_zone", config.time_zone(), "is no time zone of the IANA database");
}

absl::StatusOr<absl::Duration> CooldownOf(const v1::Action& action, const std::string& path) {
  const absl::Duration cooldown =
      absl::Seconds(action.cooldown().seconds()) + absl::Nanoseconds(action.cooldown().nanos());
  if (cooldown >= absl::ZeroDuration() && cooldown <= kMaxCooldown) return cooldown;
  return InvalidField(path + ".cooldown", absl::FormatDuration(cooldown),
                      absl::StrCat("must be from 0 to ", absl::FormatDuration(kMaxCooldown)));
}

absl::Status CheckVariableCount(int own_count, const std::vector<const v1::Experiment*>& experiments,
                                const std::string& path) {
  int count = own_count;
  for (const v1::Experiment* experiment : experiments) {
    int most = 0;
    for (const v1::Variant& variant : experiment->variants()) most = std::max(most, variant.variables_size());
    count += most;
  }
  if (count <= kMaxVariables) return absl::OkStatus();
  return InvalidField(path + ".variables", count,
                      absl::StrCat("with those of prices and of its experiments' variants is above ", kMaxVariables));
}

bool IsAbout(const v1::Experiment& experiment, const v1::Action& action) {
  return experiment.action_ids().empty() ||
         std::count(experiment.action_ids().begin(), experiment.action_ids().end(), action.action_id()) > 0;
}

}  // namespace campaign::offer
