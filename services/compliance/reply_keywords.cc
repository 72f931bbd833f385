#include "services/compliance/reply_keywords.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/status.h"
#include "services/compliance/folded_text.h"

namespace campaign::compliance {
namespace {

// What carriers and the CTIA's handbook ask everybody to honour.
constexpr char kAlwaysStop[] = "STOP,UNSUBSCRIBE,CANCEL,END,QUIT";

// Folded, without what stands around the words.
std::string Bare(absl::string_view text) {
  const std::string folded = FoldedText(text);
  size_t begin = 0;
  size_t end = folded.size();
  while (begin < end && !IsWordByte(folded[begin])) ++begin;
  while (begin < end && !IsWordByte(folded[end - 1])) --end;
  return folded.substr(begin, end - begin);
}

absl::Status Add(absl::string_view flag, absl::string_view list, ReplyKeyword keyword,
                 absl::flat_hash_map<std::string, ReplyKeyword>& words) {
  for (absl::string_view word : absl::StrSplit(list, ',', absl::SkipWhitespace())) {
    word = absl::StripAsciiWhitespace(word);
    const std::string bare = Bare(word);
    if (bare.empty()) return InvalidField(flag, absl::StrCat("\"", word, "\""), "has no letter");
    if (bare == "help" || bare == "info")
      return InvalidField(flag, word, "asks for help, and neither stops nor starts");
    if (words.emplace(bare, keyword).first->second != keyword) return InvalidField(flag, word, "is a word that stops");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ReplyKeywords> ReplyKeywords::Parse(absl::string_view more_stop_words, absl::string_view start_words) {
  ReplyKeywords keywords;
  RETURN_IF_ERROR(Add("--stop_words", kAlwaysStop, ReplyKeyword::kStop, keywords.words_));
  RETURN_IF_ERROR(Add("--stop_words", more_stop_words, ReplyKeyword::kStop, keywords.words_));
  RETURN_IF_ERROR(Add("--start_words", start_words, ReplyKeyword::kStart, keywords.words_));
  return keywords;
}

ReplyKeyword ReplyKeywords::Of(absl::string_view text) const {
  const auto found = words_.find(Bare(text));
  return found == words_.end() ? ReplyKeyword::kNone : found->second;
}

}  // namespace campaign::compliance
