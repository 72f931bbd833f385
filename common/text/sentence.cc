#include "common/text/sentence.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"

namespace campaign::text {
namespace {

// What is longer is cut into several.
constexpr size_t kMaxSentenceBytes = 512;

// The folded words of one sentence, separated by single spaces.
class Sentence {
 public:
  bool empty() const { return size_ == 0; }
  bool full() const { return size_ + 4 > kMaxSentenceBytes; }

  void Append(char c) { bytes_[size_++] = c; }
  void Append(char a, char b) {
    Append(a);
    Append(b);
  }
  // Ends the word, if one has begun.
  void EndWord() {
    if (size_ > 0 && bytes_[size_ - 1] != ' ' && bytes_[size_ - 1] != ',') Append(' ');
  }
  // Clauses are separated by a comma that follows the space.
  void EndClause() {
    EndWord();
    if (size_ > 0 && bytes_[size_ - 1] == ' ') Append(',');
  }
  void Clear() { size_ = 0; }

  std::string_view words() const { return {bytes_.data(), size_}; }

 private:
  std::array<char, kMaxSentenceBytes> bytes_;
  size_t size_ = 0;
};

// Reads a text character by character.
class Reader {
 public:
  explicit Reader(absl::FunctionRef<void(std::string_view, bool)> visit) : visit_(visit) {}

  void Read(absl::string_view text) {
    for (size_t i = 0; i < text.size();) i += ReadCharacter(text.substr(i));
    EndSentence(false);
  }

 private:
  // Bytes read.
  size_t ReadCharacter(absl::string_view rest) {
    if (sentence_.full()) EndSentence(false);
    const auto byte = static_cast<unsigned char>(rest[0]);
    if (byte >= 0x80) return ReadBeyondAscii(rest);
    const char c = absl::ascii_tolower(byte);
    if (absl::ascii_isalnum(byte)) {
      sentence_.Append(c);
    } else if (c == '\'') {
      ReadApostrophe(rest.size() > 1 ? rest[1] : ' ');
    } else if (c == '.' || c == '!' || c == '?' || c == '\n') {
      EndSentence(c == '?');
    } else if (c == ',' || c == ';' || c == ':' || c == '(' || c == ')') {
      sentence_.EndClause();
    } else {
      sentence_.EndWord();
    }
    return 1;
  }

  // Within a word it belongs to it, else it is a quote.
  void ReadApostrophe(char next) {
    const std::string_view words = sentence_.words();
    const bool within = !words.empty() && absl::ascii_isalnum(words.back()) && absl::ascii_isalpha(next);
    within ? sentence_.Append('\'') : sentence_.EndWord();
  }

  size_t ReadBeyondAscii(absl::string_view rest) {
    const auto at = [&](size_t i) { return i < rest.size() ? static_cast<unsigned char>(rest[i]) : 0; };
    if (at(0) == 0xC3) {
      ReadLatin(at(1), rest[0]);
      return std::min<size_t>(2, rest.size());
    }
    if (at(0) != 0xE2 || at(1) != 0x80) {
      sentence_.Append(rest[0]);
      return 1;
    }
    // General punctuation: an apostrophe, else quotes, dashes, dots.
    if (at(2) == 0x99) {
      ReadApostrophe(rest.size() > 3 ? rest[3] : ' ');
    } else {
      sentence_.EndClause();
    }
    return std::min<size_t>(3, rest.size());
  }

  // U+00C0 to U+00FF by the second of its bytes.
  void ReadLatin(unsigned char second, char first) {
    switch (second | 0x20) {
      case 0xA4:
        return sentence_.Append('a', 'e');
      case 0xB6:
        return sentence_.Append('o', 'e');
      case 0xBC:
        return sentence_.Append('u', 'e');
      case 0xBF:
        return sentence_.Append('s', 's');
      default:
        return sentence_.Append(first, static_cast<char>(second));
    }
  }

  void EndSentence(bool question) {
    sentence_.EndWord();
    if (!sentence_.empty()) visit_(sentence_.words(), question);
    sentence_.Clear();
  }

  const absl::FunctionRef<void(std::string_view, bool)> visit_;
  Sentence sentence_;
};

}  // namespace

void ForEachSentence(absl::string_view text, absl::FunctionRef<void(std::string_view words, bool question)> visit) {
  Reader(visit).Read(text);
}

}  // namespace campaign::text
