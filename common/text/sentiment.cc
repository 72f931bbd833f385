#include "common/text/sentiment.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "common/text/sentence.h"
#include "common/text/sentiment_words.h"

namespace campaign::text {
namespace {

constexpr size_t kMaxTerms = 96;

constexpr size_t kNegationReach = 4;
constexpr size_t kNounNegationReach = 2;
constexpr size_t kNegationReachBack = 5;
constexpr double kStronger = 1.3;
constexpr double kWeaker = 0.6;
// Hutto & Gilbert: before "but" half, after it one and a half times.
constexpr double kBeforeTurn = 0.5;
constexpr double kAfterTurn = 1.5;
constexpr double kSupposed = 0.3;
constexpr double kAsked = 0.6;
// Hutto & Gilbert: alpha of the normalization.
constexpr double kNormalization = 15;

// A word that is not in the lexicon, or an entry of it.
struct Term {
  const SentimentWord* word = nullptr;
  // The mood's words are negated.
  bool negated = false;
  // A comma or its like stands before it: negations do not reach across.
  bool begins_clause = false;

  bool Is(SentimentWord::Kind kind) const { return word != nullptr && word->kind == kind; }
  bool IsMood() const { return Is(SentimentWord::kMood); }
  // A mood that a negation can turn: "happy", but not "unfortunately".
  bool CanBeNegated() const { return IsMood() && word->plain != word->negated; }
  bool IsNegation() const {
    return Is(SentimentWord::kNegation) || Is(SentimentWord::kNegationOfNoun) || Is(SentimentWord::kNegationBothWays);
  }
};

bool EndsWithWord(std::string_view text, size_t at) { return at == text.size() || text[at] == ' '; }

// "isn't", "couldn't", ...
bool IsContractedNot(std::string_view word) { return word.size() > 3 && word.substr(word.size() - 3) == "n't"; }

const SentimentWord kContractedNot = {.text = "n't", .kind = SentimentWord::kNegation};

// The longest entry that `text` begins with; null where there is none.
const SentimentWord* FindWord(std::string_view text) {
  const std::string_view first = text.substr(0, text.find(' '));
  const absl::Span<const SentimentWord> words = SentimentWords();
  auto word = std::lower_bound(words.begin(), words.end(), first,
                               [](const SentimentWord& entry, std::string_view wanted) { return entry.text < wanted; });
  const SentimentWord* longest = nullptr;
  for (; word != words.end() && word->text.substr(0, first.size()) == first; ++word) {
    const std::string_view entry = word->text;
    const bool here = EndsWithWord(entry, first.size()) && text.substr(0, entry.size()) == entry;
    if (here && EndsWithWord(text, entry.size())) longest = &*word;
  }
  if (longest == nullptr && IsContractedNot(first)) return &kContractedNot;
  return longest;
}

// One sentence's terms and what they come to.
class Clauses {
 public:
  explicit Clauses(std::string_view words) {
    bool begins_clause = true;
    while (!words.empty() && size_ < kMaxTerms) {
      if (words[0] == ',') {
        begins_clause = true;
        words.remove_prefix(1);
        continue;
      }
      Term& term = terms_[size_++];
      term = {.word = FindWord(words), .begins_clause = begins_clause};
      begins_clause = false;
      const bool known = term.word != nullptr && term.word != &kContractedNot;
      words.remove_prefix(std::min(known ? term.word->text.size() + 1 : words.find(' ') + 1, words.size()));
    }
  }

  double Mood(bool question) {
    // "Isn't this great?" negates nothing.
    const size_t first = question && size_ > 0 && terms_[0].word == &kContractedNot ? 1 : 0;
    for (size_t i = first; i < size_; ++i) {
      if (terms_[i].IsNegation()) Negate(i);
    }
    const double mood = Sum();
    return question && !AsksWhy() ? mood * kAsked : mood;
  }

 private:
  // Whether `to`, behind `from`, is in the same clause.
  bool SameClause(size_t from, size_t to) const {
    for (size_t i = from + 1; i <= to; ++i) {
      if (terms_[i].begins_clause || terms_[i].Is(SentimentWord::kTurns)) return false;
    }
    return true;
  }

  void Negate(size_t at) {
    const size_t reach = terms_[at].Is(SentimentWord::kNegationOfNoun) ? kNounNegationReach : kNegationReach;
    if (at + 1 < size_ && terms_[at + 1].Is(SentimentWord::kNegationStops)) return;
    for (size_t i = at + 1; i < size_ && i <= at + reach && SameClause(at, i); ++i) {
      if (!terms_[i].CanBeNegated()) continue;
      terms_[i].negated = true;
      // "not good or helpful"
      if (i + 2 < size_ && terms_[i + 1].Is(SentimentWord::kNegationGoesOn)) terms_[i + 2].negated = true;
      return;
    }
    if (terms_[at].Is(SentimentWord::kNegationBothWays)) NegateBefore(at);
  }

  void NegateBefore(size_t at) {
    for (size_t i = at; i-- > 0 && at - i <= kNegationReachBack && SameClause(i, at);) {
      if (!terms_[i].CanBeNegated()) continue;
      terms_[i].negated = true;
      return;
    }
  }

  bool AsksWhy() const {
    return std::any_of(terms_.begin(), terms_.begin() + size_,
                       [](const Term& term) { return term.Is(SentimentWord::kAsksWhy); });
  }

  // What stands right before a mood makes it more or less; of a negated one ("not very good") it does not.
  double Weight(size_t at) const {
    if (terms_[at].negated || at == 0 || terms_[at].begins_clause) return 1;
    if (terms_[at - 1].Is(SentimentWord::kStrengthens)) return kStronger;
    return terms_[at - 1].Is(SentimentWord::kWeakens) ? kWeaker : 1;
  }

  double Sum() const {
    double sum = 0;
    double turn = 1;
    double sure = 1;
    for (size_t i = 0; i < size_; ++i) {
      const Term& term = terms_[i];
      if (term.begins_clause) sure = 1;
      if (term.Is(SentimentWord::kSupposes)) sure = kSupposed;
      if (term.Is(SentimentWord::kTurns) && i > 0) {
        sum *= kBeforeTurn;
        turn = kAfterTurn;
      }
      if (term.IsMood()) sum += (term.negated ? term.word->negated : term.word->plain) * Weight(i) * turn * sure;
    }
    return sum;
  }

  std::array<Term, kMaxTerms> terms_;
  size_t size_ = 0;
};

}  // namespace

Sentiment SentimentOf(absl::string_view text) {
  double sum = 0;
  ForEachSentence(text, [&](std::string_view words, bool question) { sum += Clauses(words).Mood(question); });
  const double score = sum / std::sqrt(sum * sum + kNormalization);
  return {.score = score, .complaint = score <= kComplaintScore};
}

}  // namespace campaign::text
