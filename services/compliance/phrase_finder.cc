#include "services/compliance/phrase_finder.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "services/compliance/folded_text.h"

namespace campaign::compliance {
namespace {

constexpr size_t kSentenceSideBytes = 100;

bool EndsSentence(char c) { return c == '.' || c == '!' || c == '?' || c == '\n'; }

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Rare, so it folds the text again, to find in it what was found in its folded form.
Quote MakeQuote(const std::string& text, Markup markup, absl::string_view where, size_t position, size_t bytes) {
  std::string folded;
  std::vector<uint32_t> sources;
  FoldText(text, markup, folded, &sources);
  // Tags would make the original hard to read.
  const absl::string_view sentence =
      markup == Markup::kPlain
          ? SentenceAround(text, sources[position], sources[position + bytes - 1] + 1 - sources[position])
          : SentenceAround(folded, position, bytes);
  return {.word = folded.substr(position, bytes), .where = std::string(where), .sentence = std::string(sentence)};
}

}  // namespace

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

std::string Quote::Text() const { return absl::StrCat("\"", word, "\" in ", where, ": \"", sentence, "\""); }

void Quote::AddFacts(v1::Reason& reason) const {
  if (!word.empty()) AddFact(reason, "word", word);
  AddFact(reason, "where", where);
  AddFact(reason, "sentence", sentence);
}

// One message's search: the texts one after the other.
class PhraseFinder::Search {
 public:
  explicit Search(const PhraseFinder& finder) : finder_(finder) {}

  void InMessage(const v1::Message& message, FoldedMessage& folded) {
    In(message.text(), folded.Text(), Markup::kPlain, "the text");
    In(message.subject(), folded.Subject(), Markup::kPlain, "the subject");
    In(message.title(), folded.Title(), Markup::kPlain, "the title");
    In(message.preheader(), folded.Preheader(), Markup::kPlain, "the preheader");
    In(message.plain_text(), folded.PlainText(), Markup::kPlain, "the plain text");
    In(message.html(), folded.Html(), Markup::kVisible, "the HTML");
  }

  void InCustomersTexts(const v1::Profile& profile) {
    customers_ = true;
    static thread_local std::string reused;
    for (const v1::CustomerText& text : profile.recent_texts()) {
      FoldText(text.text(), Markup::kPlain, reused);
      In(text.text(), reused, Markup::kPlain, SourceName(text.source()));
    }
  }

  std::vector<Quote> Take() { return std::move(quotes_); }

 private:
  void In(const std::string& text, const std::string& folded, Markup markup, absl::string_view where) {
    finder_.words_.Find(folded, [&](int rule, size_t position, size_t bytes) {
      if (customers_ && finder_.texts_[rule] == Texts::kMessage) return;
      quotes_.resize(finder_.texts_.size());
      if (!quotes_[rule].found()) quotes_[rule] = MakeQuote(text, markup, where, position, bytes);
    });
  }

  const PhraseFinder& finder_;
  bool customers_ = false;
  std::vector<Quote> quotes_;
};

bool PhraseFinder::Add(absl::string_view phrase, int rule, Texts texts) {
  if (texts_.size() <= static_cast<size_t>(rule)) texts_.resize(rule + 1, texts);
  texts_[rule] = texts;
  reads_customers_ = reads_customers_ || texts == Texts::kMessageAndCustomers;
  return words_.Add(phrase, rule);
}

std::vector<Quote> PhraseFinder::Find(const v1::CheckItem& item, FoldedMessage& folded) const {
  if (words_.empty()) return {};
  Search search(*this);
  search.InMessage(item.message(), folded);
  if (reads_customers_) search.InCustomersTexts(item.profile());
  return search.Take();
}

}  // namespace campaign::compliance
