#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "campaign/v1/compliance.pb.h"
#include "common/rules/rule.h"
#include "services/compliance/phrase_finder.h"
#include "services/compliance/verdict.h"
#include "services/compliance/vip_override.h"

namespace campaign::compliance {

// A language model wrote the message; REVIEW, until a reviewer has accepted it.
inline constexpr absl::string_view kModelText = "MODEL_TEXT";
// An override has a person see every message to this customer; REVIEW, until a reviewer has accepted it.
inline constexpr absl::string_view kReviewAlways = "REVIEW_ALWAYS";

// The red flags of a configuration, its own and those that ship, compiled. Immutable, so thread-safe.
class CompiledRedFlags {
 public:
  // Adds the flags' words to `phrases`, each flag's under its number, from 0 on.
  // INVALID_ARGUMENT under `field_path` ("config"): a code that is not UPPER_SNAKE, a rule that does not compile, a
  // word without a letter, a flag with neither rule nor words; a standard flag that does not ship, or comes twice.
  static absl::StatusOr<CompiledRedFlags> Compile(const v1::ComplianceConfig& config, absl::string_view field_path,
                                                  PhraseFinder& phrases);

  // Whether a flag of this code may be raised.
  bool IsCode(absl::string_view code) const;
  int size() const { return static_cast<int>(flags_.size()); }

  // Adds a REVIEW with the flag's code for each flag that the customer, the message or the customer's recent texts
  // raise, that no reviewer has accepted for the item and that `overrides` does not waive. The text says which word,
  // where, or which comparison held; facts give the sentence. `quotes` is what PhraseFinder found.
  void Check(const v1::CheckItem& item, absl::Span<const Quote> quotes, const Overrides& overrides,
             Findings& findings) const;

 private:
  struct Flag {
    std::string code;
    std::string text;
    absl::optional<rules::CompiledRule> when;
  };
  class Raiser;

  absl::Status Add(const v1::RedFlag& config, const std::string& path, PhraseFinder& phrases);

  std::vector<Flag> flags_;
  bool trust_text_model_ = false;
};

// Whether it is a code such as "VIP_CUSTOMER".
bool IsUpperSnake(absl::string_view code);

}  // namespace campaign::compliance
