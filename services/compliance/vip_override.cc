#include "services/compliance/vip_override.h"

#include <algorithm>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace campaign::compliance {

bool Overrides::review_always() const {
  return absl::c_any_of(holding_, [](const CompiledOverride* one) { return one->review_always; });
}

bool Overrides::Waive(absl::string_view red_flag) const {
  return !holding_.empty() && absl::c_all_of(holding_, [&](const CompiledOverride* one) {
    return absl::c_linear_search(one->waived_red_flags, red_flag);
  });
}

int Overrides::MostMessages(int cap) const {
  absl::optional<int> most;
  for (const CompiledOverride* one : holding_) {
    if (!one->max_messages.has_value()) continue;
    const int allowed = *one->max_messages < 0 ? cap : *one->max_messages;
    most = std::min(allowed, most.value_or(allowed));
  }
  return most.value_or(cap);
}

absl::StatusOr<CompiledOverrides> CompiledOverrides::Compile(
    const google::protobuf::RepeatedPtrField<v1::VipOverride>& config, absl::string_view field_path,
    absl::FunctionRef<bool(absl::string_view)> is_red_flag) {
  CompiledOverrides compiled;
  for (int i = 0; i < config.size(); ++i) {
    const std::string path = absl::StrCat(field_path, "[", i, "]");
    CompiledOverride one;
    ASSIGN_OR_RETURN(one.when, rules::CompiledRule::Compile(config[i].when(), path + ".when"));
    one.review_always = config[i].review_always();
    for (int w = 0; w < config[i].waived_red_flags_size(); ++w) {
      const std::string& code = config[i].waived_red_flags(w);
      if (!is_red_flag(code)) {
        return InvalidField(absl::StrCat(path, ".waived_red_flags[", w, "]"), absl::StrCat("\"", code, "\""),
                            "is no red flag's code");
      }
      one.waived_red_flags.push_back(code);
    }
    if (config[i].has_max_messages()) one.max_messages = config[i].max_messages();
    compiled.list_.push_back(std::move(one));
  }
  return compiled;
}

Overrides CompiledOverrides::For(const v1::CheckItem& item) const {
  Overrides holding;
  if (list_.empty()) return holding;
  const rules::Subject subject{item.profile(), item.has_segment() ? &item.segment() : nullptr};
  for (const CompiledOverride& one : list_) {
    if (one.when.Matches(subject)) holding.Add(one);
  }
  return holding;
}

}  // namespace campaign::compliance
