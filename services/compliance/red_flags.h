#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "campaign/v1/compliance.pb.h"
#include "common/rules/rule.h"
#include "services/compliance/folded_message.h"
#include "services/compliance/verdict.h"
#include "services/compliance/word_search.h"

namespace campaign::compliance {

// The red flags of a configuration, compiled. Immutable, so thread-safe.
class CompiledRedFlags {
 public:
  // INVALID_ARGUMENT under `field_path` ("config.red_flags"): a code that is not UPPER_SNAKE, a rule that does not
  // compile, a word without a letter, a flag with neither rule nor words.
  static absl::StatusOr<CompiledRedFlags> Compile(const google::protobuf::RepeatedPtrField<v1::RedFlag>& red_flags,
                                                  absl::string_view field_path);

  // Adds a REVIEW with the flag's code for each flag that the customer, the message or the customer's recent texts
  // raise and that is not in `item.accepted_red_flags`. The text says which word, where, or which comparison held.
  // `folded` is the item's message.
  void Check(const v1::CheckItem& item, FoldedMessage& folded, Findings& findings) const;

 private:
  struct Flag {
    std::string code;
    std::string text;
    absl::optional<rules::CompiledRule> when;
  };
  class Search;

  void Raise(const Flag& flag, absl::string_view because, Findings& findings) const;

  std::vector<Flag> flags_;
  WordSearch words_;
};

// The sentence of `text` around [position, position + bytes), at most about 200 bytes.
absl::string_view SentenceAround(absl::string_view text, size_t position, size_t bytes);

}  // namespace campaign::compliance
