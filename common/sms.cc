#include "common/sms.h"

#include <unicode/utf8.h>

#include <algorithm>
#include <iterator>

namespace campaign {
namespace {

constexpr int kForcesUcs2 = 0;
constexpr char32_t kReplacement = 0xFFFD;

// The default alphabet beyond ASCII, in order.
constexpr char32_t kDefaultAlphabet[] = {U'¡', U'£', U'¤', U'¥', U'§', U'¿', U'Ä', U'Å', U'Æ', U'Ç', U'É', U'Ñ', U'Ö',
                                         U'Ø', U'Ü', U'ß', U'à', U'ä', U'å', U'æ', U'è', U'é', U'ì', U'ñ', U'ò', U'ö',
                                         U'ø', U'ù', U'ü', U'Γ', U'Δ', U'Θ', U'Λ', U'Ξ', U'Π', U'Σ', U'Φ', U'Ψ', U'Ω'};

// 0 for a character that is in neither table.
int AsciiSeptets(char32_t character) {
  switch (character) {
    case '\f':
    case '^':
    case '{':
    case '}':
    case '\\':
    case '[':
    case '~':
    case ']':
    case '|':
      return 2;
    case '`':
    case 0x7F:
      return kForcesUcs2;
    default:
      return character >= ' ' || character == '\n' || character == '\r' ? 1 : kForcesUcs2;
  }
}

int Septets(char32_t character) {
  if (character < 0x80) return AsciiSeptets(character);
  if (character == U'€') return 2;
  return std::binary_search(std::begin(kDefaultAlphabet), std::end(kDefaultAlphabet), character) ? 1 : kForcesUcs2;
}

int Utf16Units(char32_t character) { return character > 0xFFFF ? 2 : 1; }

// How many segments characters of one or two units fill, if none is torn apart.
class Segments {
 public:
  Segments(int single, int each) : single_(single), each_(each) {}

  void Add(int units) {
    total_ += units;
    filled_ += units;
    if (filled_ > each_) {
      ++count_;
      filled_ = units;
    }
  }

  int total() const { return total_; }
  int count() const { return total_ <= single_ ? std::min(total_, 1) : count_; }

 private:
  const int single_, each_;
  int total_ = 0;
  int filled_ = 0;
  int count_ = 1;
};

}  // namespace

SmsSize MeasureSms(absl::string_view utf8) {
  SmsSize size;
  Segments gsm(160, 153), ucs2(70, 67);
  const char* bytes = utf8.data();
  const int length = static_cast<int>(utf8.size());
  for (int next = 0; next < length;) {
    const int start = next;
    UChar32 character;
    U8_NEXT_OR_FFFD(bytes, next, length, character);
    const int septets = Septets(character);
    if (septets == kForcesUcs2 && !size.ucs2) {
      size.ucs2 = true;
      size.forcing = character == kReplacement ? "\xEF\xBF\xBD" : std::string(utf8.substr(start, next - start));
    }
    gsm.Add(std::max(septets, 1));
    ucs2.Add(Utf16Units(character));
  }
  size.units = size.ucs2 ? ucs2.total() : gsm.total();
  size.segments = size.ucs2 ? ucs2.count() : gsm.count();
  size.segments_without_forcing = gsm.count();
  return size;
}

}  // namespace campaign
