#include "services/compliance/word_search.h"

#include "absl/strings/match.h"
#include "services/compliance/folded_text.h"

namespace campaign::compliance {
namespace {

uint16_t Key(char first, char second) {
  return static_cast<uint16_t>(static_cast<unsigned char>(first) << 8 | static_cast<unsigned char>(second));
}

}  // namespace

bool WordSearch::Add(absl::string_view phrase, int owner) {
  std::string folded = FoldedText(phrase);
  if (!folded.empty() && folded.back() == ' ') folded.pop_back();
  if (folded.empty()) return false;
  if (folded.size() == 1) {
    for (int second = 0; second < 256; ++second) starts_[Key(folded[0], static_cast<char>(second))] = true;
    phrases_[Key(folded[0], 0)].push_back({folded, owner});
  } else {
    starts_[Key(folded[0], folded[1])] = true;
    phrases_[Key(folded[0], folded[1])].push_back({folded, owner});
  }
  return true;
}

bool WordSearch::MatchesAt(absl::string_view folded, size_t position, const std::string& phrase) {
  if (!absl::StartsWith(folded.substr(position), phrase)) return false;
  const size_t end = position + phrase.size();
  return end == folded.size() || !IsWordByte(phrase.back()) || !IsWordByte(folded[end]);
}

void WordSearch::Find(absl::string_view folded,
                      absl::FunctionRef<void(int owner, size_t position, size_t bytes)> found) const {
  const auto try_key = [&](uint16_t key, size_t position) {
    const auto it = phrases_.find(key);
    if (it == phrases_.end()) return;
    for (const Phrase& phrase : it->second) {
      if (MatchesAt(folded, position, phrase.folded)) found(phrase.owner, position, phrase.folded.size());
    }
  };
  for (size_t i = 0; i < folded.size(); ++i) {
    const char second = i + 1 < folded.size() ? folded[i + 1] : '\0';
    if (!starts_[Key(folded[i], second)]) continue;
    if (i > 0 && IsWordByte(folded[i]) && IsWordByte(folded[i - 1])) continue;  // Inside a word.
    if (second != '\0') try_key(Key(folded[i], second), i);
    try_key(Key(folded[i], 0), i);
  }
}

}  // namespace campaign::compliance
