#include "services/compliance/folded_text.h"

#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"

namespace campaign::compliance {
namespace {

constexpr char32_t kDropped = 0xFFFFFFFF;

// What becomes of an ASCII byte; 0 for bytes beyond ASCII and, in markup, for '<' and '&'.
constexpr std::array<char, 256> MakeAsciiTable(bool markup) {
  std::array<char, 256> table{};
  for (int i = 0; i < 128; ++i) table[i] = i <= ' ' || i == 127 ? ' ' : static_cast<char>(i);
  for (int i = 'A'; i <= 'Z'; ++i) table[i] = static_cast<char>(i - 'A' + 'a');
  if (markup) table['<'] = table['&'] = 0;
  return table;
}
constexpr std::array<char, 256> kAscii = MakeAsciiTable(false);
constexpr std::array<char, 256> kAsciiInMarkup = MakeAsciiTable(true);

bool IsSpace(char32_t c) {
  return c <= ' ' || (c >= 0x7F && c <= 0xA0) || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
         c == 0x2029 || c == 0x202F || c == 0x205F || (c >= 0x3000 && c <= 0x3002);
}

bool IsInvisible(char32_t c) {
  return c == 0xAD || (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x2064) ||
         (c >= 0xFE00 && c <= 0xFE0F) || c == 0xFEFF;
}

char32_t LowerCase(char32_t c) {
  if (c < 0x80) return static_cast<unsigned char>(kAscii[c]);
  if ((c >= 0xC0 && c <= 0xDE && c != 0xD7) || (c >= 0x391 && c <= 0x3A9) || (c >= 0x410 && c <= 0x42F)) return c + 32;
  if (c == 0x130) return 'i';
  if (c == 0x178) return 0xFF;
  if (c == 0x1E9E) return 0xDF;
  if (c >= 0x400 && c <= 0x40F) return c + 80;
  // Pairs of an upper and a lower case letter: even first, or odd first.
  if ((c >= 0x100 && c <= 0x137) || (c >= 0x14A && c <= 0x177) || (c >= 0x1E00 && c <= 0x1EFF)) return c | 1;
  if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E)) return c + (c & 1);
  return c;
}

// Typographic punctuation as ASCII.
char32_t PlainPunctuation(char32_t c) {
  if (c == 0x2018 || c == 0x2019 || c == 0x201B || c == 0x2BC || c == 0xB4) return '\'';
  if ((c >= 0x201C && c <= 0x201F) || c == 0x201A || c == 0xAB || c == 0xBB || c == 0x2039 || c == 0x203A) return '"';
  if ((c >= 0x300A && c <= 0x300F)) return '"';
  if ((c >= 0x2010 && c <= 0x2015) || c == 0x2212) return '-';
  if (c == 0xA1 || c == 0xBF || c == 0xB7 || c == 0x2022 || c == 0x2026) return '.';
  return c;
}

// The character that stands for `c` in folded text, or kDropped.
char32_t FoldCharacter(char32_t c) {
  if (c >= 0xFF01 && c <= 0xFF5E) c -= 0xFEE0;
  if (IsSpace(c)) return ' ';
  if (IsInvisible(c)) return kDropped;
  return LowerCase(PlainPunctuation(c));
}

struct Character {
  char32_t value;
  size_t bytes;
};

// The character at `text[0]`, beyond ASCII. A byte that is no UTF-8 stands for itself.
Character DecodeUtf8(absl::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const size_t bytes = byte(0) >= 0xF0 ? 4 : byte(0) >= 0xE0 ? 3 : 2;
  if (byte(0) < 0xC2 || bytes > text.size()) return {byte(0), 1};
  char32_t value = byte(0) & (0xFF >> (bytes + 1));
  for (size_t i = 1; i < bytes; ++i) value = value << 6 | (byte(i) & 0x3F);
  return {value, bytes};
}

// The entity at `text[0]` == '&'; zero bytes where it is none.
Character DecodeEntity(absl::string_view text) {
  const size_t end = text.substr(0, 12).find(';');
  if (end == absl::string_view::npos || end < 3) return {0, 0};
  const absl::string_view name = text.substr(1, end - 1);
  static constexpr std::pair<absl::string_view, char32_t> kNames[] = {
      {"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}, {"nbsp", 0xA0}, {"shy", 0xAD}};
  for (const auto& [known, value] : kNames) {
    if (name == known) return {value, end + 1};
  }
  uint32_t value = 0;
  const bool hex = absl::StartsWithIgnoreCase(name, "#x");
  const bool valid =
      hex ? absl::SimpleHexAtoi(name.substr(2), &value) : name[0] == '#' && absl::SimpleAtoi(name.substr(1), &value);
  if (!valid || value == 0 || value > 0x10FFFF) return {0, 0};
  return {static_cast<char32_t>(value), end + 1};
}

class Folder {
 public:
  Folder(absl::string_view text, Markup markup, std::string& folded, std::vector<uint32_t>* sources)
      : text_(text), markup_(markup), folded_(folded), sources_(sources) {
    folded_.resize(text.size());
    if (sources_ != nullptr) sources_->assign(text.size(), 0);
  }

  void Run() {
    const std::array<char, 256>& ascii = markup_ == Markup::kPlain ? kAscii : kAsciiInMarkup;
    while (true) {
      if (sources_ == nullptr) {
        CopyAscii(ascii);
      } else {
        CopyAsciiWithSources(ascii);
      }
      if (at_ == text_.size()) break;
      FoldSpecial();
    }
    folded_.resize(size_);
    if (sources_ != nullptr) sources_->resize(size_);
  }

 private:
  // Nearly all of nearly every text goes through here, so it works on locals.
  void CopyAscii(const std::array<char, 256>& ascii) {
    const char* in = text_.data() + at_;
    const char* const end = text_.data() + text_.size();
    char* const begin = folded_.data();
    char* out = begin + size_;
    char last = size_ == 0 ? ' ' : out[-1];
    for (; in != end; ++in) {
      const char c = ascii[static_cast<unsigned char>(*in)];
      if (c == 0) break;
      *out = c;
      // Of a run of spaces the next one writes over this one.
      out += !(c == ' ' && last == ' ');
      last = c;
    }
    at_ = in - text_.data();
    size_ = out - begin;
  }

  void CopyAsciiWithSources(const std::array<char, 256>& ascii) {
    for (; at_ < text_.size(); ++at_) {
      const char c = ascii[static_cast<unsigned char>(text_[at_])];
      if (c == 0) return;
      Put(c);
    }
  }

  // A tag, an entity, or a character beyond ASCII.
  void FoldSpecial() {
    const char c = text_[at_];
    if (c == '<' && SkipMarkup()) return;
    if (c == '&' && FoldEntity()) return;
    if (kAscii[static_cast<unsigned char>(c)] != 0) {
      Put(c);
      ++at_;
      return;
    }
    const Character character = DecodeUtf8(text_.substr(at_));
    if (character.bytes == 1) {
      Put(c);
    } else {
      PutCharacter(character.value);
    }
    at_ += character.bytes;
  }

  // Moves past the comment or, unless they are wanted, the tag that starts here, if one does.
  bool SkipMarkup() {
    const absl::string_view rest = text_.substr(at_);
    if (absl::StartsWith(rest, "<!--") && SkipTo("-->", 4, comment_can_close_)) return true;
    if (markup_ == Markup::kWithTags) return false;
    // "5 < 6" is text.
    if (rest.size() < 2 || !(absl::ascii_isalpha(rest[1]) || rest[1] == '/' || rest[1] == '!' || rest[1] == '?')) {
      return false;
    }
    return SkipTo(">", 1, tag_can_close_);
  }

  // `can_close` remembers that there is no `close` further on: else a text of "<a<a<a" would take quadratic time.
  bool SkipTo(absl::string_view close, size_t from, bool& can_close) {
    if (!can_close) return false;
    const size_t end = text_.find(close, at_ + from);
    can_close = end != absl::string_view::npos;
    if (!can_close) return false;
    Put(' ');
    at_ = end + close.size();
    return true;
  }

  bool FoldEntity() {
    const Character character = DecodeEntity(text_.substr(at_));
    if (character.bytes == 0) return false;
    PutCharacter(character.value);
    at_ += character.bytes;
    return true;
  }

  void Put(char c) {
    if (c == ' ' && (size_ == 0 || folded_[size_ - 1] == ' ')) return;
    if (sources_ != nullptr) (*sources_)[size_] = static_cast<uint32_t>(at_);
    folded_[size_++] = c;
  }

  void PutCharacter(char32_t character) {
    const char32_t c = FoldCharacter(character);
    if (c == kDropped) return;
    if (c < 0x80) return Put(static_cast<char>(c));
    if (c < 0x800) {
      Put(static_cast<char>(0xC0 | c >> 6));
    } else {
      if (c >= 0x10000) {
        Put(static_cast<char>(0xF0 | c >> 18));
        Put(static_cast<char>(0x80 | (c >> 12 & 0x3F)));
      } else {
        Put(static_cast<char>(0xE0 | c >> 12));
      }
      Put(static_cast<char>(0x80 | (c >> 6 & 0x3F)));
    }
    Put(static_cast<char>(0x80 | (c & 0x3F)));
  }

  const absl::string_view text_;
  const Markup markup_;
  std::string& folded_;
  std::vector<uint32_t>* const sources_;
  size_t at_ = 0;
  size_t size_ = 0;
  bool tag_can_close_ = true;
  bool comment_can_close_ = true;
};

}  // namespace

void FoldText(absl::string_view text, Markup markup, std::string& folded, std::vector<uint32_t>* sources) {
  Folder(text, markup, folded, sources).Run();
}

std::string FoldedText(absl::string_view text, Markup markup) {
  std::string folded;
  FoldText(text, markup, folded);
  return folded;
}

}  // namespace campaign::compliance
