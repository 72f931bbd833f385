#include "services/generator/variables.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace campaign::generator {
namespace {

using Facts = google::protobuf::RepeatedPtrField<v1::Fact>;
using Attribute = absl::string_view (*)(const v1::GenerateItem& item);

struct NamedAttribute {
  absl::string_view name;
  Attribute attribute;
};

absl::string_view EmailOf(const v1::GenerateItem& item) {
  for (const v1::ContactPoint& point : item.profile().customer().contact_points()) {
    if (point.channel() == v1::CHANNEL_EMAIL) return point.address();
  }
  return "";
}

absl::string_view ChannelOf(const v1::GenerateItem& item) {
  switch (item.decision().channel()) {
    case v1::CHANNEL_EMAIL:
      return "email";
    case v1::CHANNEL_SMS:
      return "sms";
    case v1::CHANNEL_PUSH:
      return "push";
    case v1::CHANNEL_CHAT:
      return "chat";
    default:
      return "";
  }
}

constexpr NamedAttribute kProfileAttributes[] = {
    {"customer_id",
     [](const v1::GenerateItem& i) -> absl::string_view { return i.profile().customer().customer_id(); }},
    {"first_name", [](const v1::GenerateItem& i) -> absl::string_view { return i.profile().customer().first_name(); }},
    {"last_name", [](const v1::GenerateItem& i) -> absl::string_view { return i.profile().customer().last_name(); }},
    {"locale", [](const v1::GenerateItem& i) -> absl::string_view { return i.profile().customer().locale(); }},
    {"country", [](const v1::GenerateItem& i) -> absl::string_view { return i.profile().customer().country(); }},
    {"email", EmailOf},
    {"channel", ChannelOf},
    {"action_id", [](const v1::GenerateItem& i) -> absl::string_view { return i.decision().action_id(); }},
};

constexpr NamedAttribute kSegmentAttributes[] = {
    {"segment", [](const v1::GenerateItem& i) -> absl::string_view { return i.segment().segment(); }},
    {"segment_label", [](const v1::GenerateItem& i) -> absl::string_view { return i.segment().label(); }},
};

template <size_t size>
Attribute FindAttribute(const NamedAttribute (&attributes)[size], absl::string_view name) {
  for (const NamedAttribute& attribute : attributes) {
    if (attribute.name == name) return attribute.attribute;
  }
  return nullptr;
}

// Of several facts of one name the last one with a value counts. Empty: none.
absl::string_view FindFact(const Facts& facts, absl::string_view name) {
  for (int i = facts.size() - 1; i >= 0; --i) {
    if (facts.Get(i).name() == name && !facts.Get(i).value().empty()) return facts.Get(i).value();
  }
  return "";
}

absl::string_view FindInsight(const v1::Insights& insights, absl::string_view name) {
  for (int i = insights.insights_size() - 1; i >= 0; --i) {
    const absl::string_view value = FindFact(insights.insights(i).facts(), name);
    if (!value.empty()) return value;
  }
  return "";
}

absl::StatusOr<absl::flat_hash_map<std::string, std::string>> ByName(const Facts& facts, absl::string_view field_path) {
  absl::flat_hash_map<std::string, std::string> by_name;
  for (int i = 0; i < facts.size(); ++i) {
    if (!by_name.emplace(facts.Get(i).name(), facts.Get(i).value()).second) {
      return InvalidField(absl::StrCat(field_path, "[", i, "].name"), facts.Get(i).name(), "is named twice");
    }
  }
  return by_name;
}

std::string ValueOrEmpty(const absl::flat_hash_map<std::string, std::string>& by_name, absl::string_view name) {
  const auto found = by_name.find(name);
  return found == by_name.end() ? "" : found->second;
}

}  // namespace

Value Variable::ValueFor(const v1::GenerateItem& item) const {
  absl::string_view value = FindFact(item.decision().variables(), name);
  if (value.empty()) value = FindInsight(item.insights(), name);
  if (value.empty() && segment_attribute != nullptr) value = segment_attribute(item);
  if (value.empty() && attribute != nullptr) value = attribute(item);
  if (!value.empty()) return {.text = value};
  if (!constant.empty()) return {.text = constant, .is_constant = true};
  return {.text = fallback, .is_fallback = true};
}

absl::StatusOr<VariableDefaults> VariableDefaults::Compile(const v1::GenerationConfig& config,
                                                           absl::string_view campaign) {
  VariableDefaults defaults;
  ASSIGN_OR_RETURN(defaults.constants_, ByName(config.variables(), "config.variables"));
  ASSIGN_OR_RETURN(auto brand, ByName(config.brand().variables(), "config.brand.variables"));
  defaults.constants_.merge(brand);
  if (!campaign.empty()) defaults.constants_.try_emplace("campaign", campaign);
  ASSIGN_OR_RETURN(defaults.fallbacks_, ByName(config.fallbacks(), "config.fallbacks"));
  return defaults;
}

std::string VariableDefaults::ConstantOf(absl::string_view name) const { return ValueOrEmpty(constants_, name); }

Variable VariableDefaults::Resolve(std::string name) const {
  Variable variable;
  variable.constant = ValueOrEmpty(constants_, name);
  variable.fallback = ValueOrEmpty(fallbacks_, name);
  variable.attribute = FindAttribute(kProfileAttributes, name);
  variable.segment_attribute = FindAttribute(kSegmentAttributes, name);
  variable.name = std::move(name);
  return variable;
}

}  // namespace campaign::generator
