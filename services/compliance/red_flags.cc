#include "services/compliance/red_flags.h"

#include <algorithm>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "services/compliance/folded_text.h"

namespace campaign::compliance {
namespace {

constexpr size_t kSentenceSideBytes = 100;

bool IsUpperSnake(absl::string_view code) {
  return !code.empty() && absl::ascii_isupper(code[0]) && absl::c_all_of(code, [](unsigned char c) {
    return absl::ascii_isupper(c) || absl::ascii_isdigit(c) || c == '_';
  });
}

absl::string_view SourceName(v1::TextSource source) {
  switch (source) {
    case v1::TEXT_SOURCE_TICKET:
      return "a recent ticket";
    case v1::TEXT_SOURCE_CHAT:
      return "a recent chat";
    case v1::TEXT_SOURCE_SEARCH:
      return "a recent search";
    default:
      return "a recent text of the customer's";
  }
}

bool EndsSentence(char c) { return c == '.' || c == '!' || c == '?' || c == '\n'; }

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace

absl::string_view SentenceAround(absl::string_view text, size_t position, size_t bytes) {
  size_t begin = position;
  while (begin > 0 && position - begin < kSentenceSideBytes && !EndsSentence(text[begin - 1])) --begin;
  while (begin < position && IsContinuation(text[begin])) ++begin;
  size_t end = std::min(position + bytes, text.size());
  const size_t furthest = std::min(end + kSentenceSideBytes, text.size());
  while (end < furthest && !EndsSentence(text[end])) ++end;
  while (end < text.size() && IsContinuation(text[end])) ++end;
  return absl::StripAsciiWhitespace(text.substr(begin, end - begin));
}

// One message's search: the texts one after the other, each flag raised by its first word.
class CompiledRedFlags::Search {
 public:
  Search(const CompiledRedFlags& red_flags, const v1::CheckItem& item, FoldedMessage& folded)
      : red_flags_(red_flags), item_(item), folded_(folded) {}

  // For each flag why a word raises it; empty where none does. Empty as a whole where no word was found.
  std::vector<std::string> Run() {
    const v1::Message& message = item_.message();
    In(message.text(), folded_.Text(), Markup::kPlain, "the text");
    In(message.subject(), folded_.Subject(), Markup::kPlain, "the subject");
    In(message.title(), folded_.Title(), Markup::kPlain, "the title");
    In(message.html(), folded_.Html(), Markup::kVisible, "the HTML");
    static thread_local std::string reused;
    for (const v1::CustomerText& text : item_.profile().recent_texts()) {
      FoldText(text.text(), Markup::kPlain, reused);
      In(text.text(), reused, Markup::kPlain, SourceName(text.source()));
    }
    return std::move(because_);
  }

 private:
  void In(const std::string& text, const std::string& folded, Markup markup, absl::string_view where) {
    red_flags_.words_.Find(folded, [&](int flag, size_t position, size_t bytes) {
      because_.resize(red_flags_.flags_.size());
      if (because_[flag].empty()) because_[flag] = Because(text, markup, where, position, bytes);
    });
  }

  // Rare, so it folds the text again, to find in it what was found in its folded form.
  static std::string Because(const std::string& text, Markup markup, absl::string_view where, size_t position,
                             size_t bytes) {
    std::string folded;
    std::vector<uint32_t> sources;
    FoldText(text, markup, folded, &sources);
    const absl::string_view word = absl::string_view(folded).substr(position, bytes);
    // Tags would make the original hard to read.
    const absl::string_view sentence =
        markup == Markup::kPlain
            ? SentenceAround(text, sources[position], sources[position + bytes - 1] + 1 - sources[position])
            : SentenceAround(folded, position, bytes);
    return absl::StrCat("\"", word, "\" in ", where, ": \"", sentence, "\"");
  }

  const CompiledRedFlags& red_flags_;
  const v1::CheckItem& item_;
  FoldedMessage& folded_;
  std::vector<std::string> because_;
};

absl::StatusOr<CompiledRedFlags> CompiledRedFlags::Compile(
    const google::protobuf::RepeatedPtrField<v1::RedFlag>& red_flags, absl::string_view field_path) {
  CompiledRedFlags compiled;
  for (int i = 0; i < red_flags.size(); ++i) {
    const v1::RedFlag& config = red_flags[i];
    const std::string path = absl::StrCat(field_path, "[", i, "]");
    if (!IsUpperSnake(config.code())) {
      return InvalidField(path + ".code", absl::StrCat("\"", config.code(), "\""), "is not UPPER_SNAKE");
    }
    if (!config.has_when() && config.words().empty()) {
      return InvalidField(path, config.code(), "has neither when nor words");
    }
    Flag flag{.code = config.code(), .text = config.text(), .when = absl::nullopt};
    if (config.has_when()) {
      ASSIGN_OR_RETURN(flag.when, rules::CompiledRule::Compile(config.when(), path + ".when"));
    }
    for (int w = 0; w < config.words_size(); ++w) {
      if (!compiled.words_.Add(config.words(w), i)) {
        return InvalidField(absl::StrCat(path, ".words[", w, "]"), absl::StrCat("\"", config.words(w), "\""),
                            "is blank");
      }
    }
    compiled.flags_.push_back(std::move(flag));
  }
  return compiled;
}

void CompiledRedFlags::Raise(const Flag& flag, absl::string_view because, Findings& findings) const {
  findings.Add(v1::VERDICT_REVIEW, flag.code,
               flag.text.empty() ? std::string(because) : absl::StrCat(flag.text, ": ", because));
  if (!absl::c_linear_search(findings.red_flags, flag.code)) findings.red_flags.push_back(flag.code);
}

void CompiledRedFlags::Check(const v1::CheckItem& item, FoldedMessage& folded, Findings& findings) const {
  if (flags_.empty()) return;
  std::vector<std::string> words;
  if (!words_.empty()) words = Search(*this, item, folded).Run();
  const rules::Subject subject{item.profile(), item.has_segment() ? &item.segment() : nullptr};
  for (size_t i = 0; i < flags_.size(); ++i) {
    const Flag& flag = flags_[i];
    const bool rule_holds = flag.when.has_value() && flag.when->Matches(subject);
    const bool word_found = !words.empty() && !words[i].empty();
    if (!rule_holds && !word_found) continue;
    if (absl::c_linear_search(item.accepted_red_flags(), flag.code)) continue;
    std::string because = word_found ? words[i] : "";
    if (rule_holds) {
      for (const v1::Reason& reason : flag.when->Explain(subject)) {
        absl::StrAppend(&because, because.empty() ? "" : "; ", reason.text());
      }
    }
    Raise(flag, because.empty() ? "holds for every customer" : because, findings);
  }
}

}  // namespace campaign::compliance
