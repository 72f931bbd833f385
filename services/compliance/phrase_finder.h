#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "campaign/v1/compliance.pb.h"
#include "services/compliance/folded_message.h"
#include "services/compliance/verdict.h"
#include "services/compliance/word_search.h"

namespace campaign::compliance {

// Where a phrase was found.
struct Quote {
  std::string word;      // As it is looked for: in lower case.
  std::string where;     // "the subject", "a recent ticket".
  std::string sentence;  // Around it.

  bool found() const { return !where.empty(); }
  // "lawyer" in a recent ticket: "I will call my Lawyer".
  std::string Text() const;
  void AddFacts(v1::Reason& reason) const;
};

// The phrases of all rules, found in one pass over each text. Each stands for its rule by number. Immutable once built,
// so thread-safe.
class PhraseFinder {
 public:
  enum class Texts { kMessage, kMessageAndCustomers };

  // False: nothing is left of the phrase once folded.
  bool Add(absl::string_view phrase, int rule, Texts texts);

  // For each rule where its phrase was found first, in the message, then in what the customer wrote; for some it was
  // not found. Empty as a whole where none was.
  std::vector<Quote> Find(const v1::CheckItem& item, FoldedMessage& folded) const;

 private:
  class Search;

  WordSearch words_;
  std::vector<Texts> texts_;  // By rule.
  bool reads_customers_ = false;
};

// What a text of the customer's is called: "a recent ticket".
absl::string_view SourceName(v1::TextSource source);

// The sentence of `text` around [position, position + bytes), at most about 200 bytes.
absl::string_view SentenceAround(absl::string_view text, size_t position, size_t bytes);

}  // namespace campaign::compliance
