#pragma once

#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "campaign/v1/compliance.pb.h"
#include "common/rules/rule.h"

namespace campaign::compliance {

// One override, compiled.
struct CompiledOverride {
  rules::CompiledRule when;
  bool review_always = false;
  std::vector<std::string> waived_red_flags;
  absl::optional<int> max_messages;  // -1: as the cap says.
};

// The overrides that hold for one customer; of several the strictest of each counts. They must outlive it.
class Overrides {
 public:
  void Add(const CompiledOverride& one) { holding_.push_back(&one); }

  // One says so.
  bool review_always() const;
  // All that hold waive the flag: one that does not keeps it.
  bool Waive(absl::string_view red_flag) const;
  // The least that they allow under a cap that says `cap`; the cap's own where none says anything.
  int MostMessages(int cap) const;

 private:
  absl::InlinedVector<const CompiledOverride*, 4> holding_;
};

// The overrides of a configuration. Immutable, so thread-safe.
class CompiledOverrides {
 public:
  // INVALID_ARGUMENT under `field_path` ("config.overrides"): a rule that does not compile, a waived flag that
  // `is_red_flag` does not know.
  static absl::StatusOr<CompiledOverrides> Compile(const google::protobuf::RepeatedPtrField<v1::VipOverride>& config,
                                                   absl::string_view field_path,
                                                   absl::FunctionRef<bool(absl::string_view)> is_red_flag);

  // Those that hold for the item's customer.
  Overrides For(const v1::CheckItem& item) const;

 private:
  std::vector<CompiledOverride> list_;
};

}  // namespace campaign::compliance
