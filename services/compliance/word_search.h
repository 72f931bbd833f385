#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"

namespace campaign::compliance {

// Finds many words and phrases in one pass over a folded text, as whole words: "sue" is not in "issue". Thread-safe
// once built.
class WordSearch {
 public:
  // Adds a word or phrase (folded here) that stands for `owner`. False: nothing is left of it once folded.
  bool Add(absl::string_view phrase, int owner);

  bool empty() const { return phrases_.empty(); }

  // Calls `found(owner, position)` for each occurrence in `folded`, by position. Does not allocate.
  void Find(absl::string_view folded, absl::FunctionRef<void(int owner, size_t position, size_t bytes)> found) const;

 private:
  struct Phrase {
    std::string folded;
    int owner;
  };
  // For a position that a word may begin at.
  static bool MatchesAt(absl::string_view folded, size_t position, const std::string& phrase);

  // Phrases by their first two bytes; the second is 0 for those of one byte.
  absl::flat_hash_map<uint16_t, std::vector<Phrase>> phrases_;
  // A bit for each first two bytes that a phrase may start with: most positions are passed over by it alone.
  std::vector<bool> starts_ = std::vector<bool>(1 << 16);
};

}  // namespace campaign::compliance
