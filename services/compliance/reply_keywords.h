#pragma once

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace campaign::compliance {

// What a customer's reply asks for.
enum class ReplyKeyword { kNone = 0, kStop = 1, kStart = 2 };

// Words by which customers say that they want no more messages, or want them again. Immutable, so thread-safe.
class ReplyKeywords {
 public:
  // STOP, UNSUBSCRIBE, CANCEL, END and QUIT stop; more words that do, and all that start, separated by commas.
  // INVALID_ARGUMENT, "--stop_words: ..." or "--start_words: ...": a word without a letter, one that does both, HELP or
  // INFO, which ask for help.
  static absl::StatusOr<ReplyKeywords> Parse(absl::string_view more_stop_words, absl::string_view start_words);

  // What the whole message is, whatever its case and the punctuation around it: "Stop." stops, "please don't stop" is
  // none.
  ReplyKeyword Of(absl::string_view text) const;

 private:
  absl::flat_hash_map<std::string, ReplyKeyword> words_;
};

}  // namespace campaign::compliance
