#include "services/compliance/id_numbers.h"

#include <array>
#include <cstdint>
#include <string>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/types/span.h"
#include "services/compliance/folded_text.h"

namespace campaign::compliance {
namespace {

// The fewest digits, with single signs between them, that any number has in a row.
constexpr size_t kFewestDigits = 6;
constexpr size_t kStride = kFewestDigits - 1;
// What is longer is no number.
constexpr size_t kMostDigits = 40;

constexpr size_t kFewestCardDigits = 13;
constexpr size_t kMostCardDigits = 19;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return c >= 'a' && c <= 'z'; }
bool IsSeparator(char c) { return c == ' ' || c == '-' || c == '.'; }

// Signs that join a number to what stands before it: a URL, a longer word, a telephone number.
bool JoinsBefore(char c) { return IsWordByte(c) || absl::StrContains("_=/#&%?+@$", c); }
bool JoinsAfter(char c) { return IsWordByte(c) || absl::StrContains("_=%@", c); }

int64_t ValueOf(absl::string_view digits) {
  int64_t value = 0;
  for (const char c : digits) value = value * 10 + (c - '0');
  return value;
}

// --- Checksums. Of digits alone.

bool PassesLuhn(absl::string_view digits) {
  int sum = 0;
  for (size_t i = 0; i < digits.size(); ++i) {
    const int digit = digits[digits.size() - 1 - i] - '0';
    sum += i % 2 == 0 ? digit : digit < 5 ? 2 * digit : 2 * digit - 9;
  }
  return sum % 10 == 0;
}

// Issuers' first digits, and how long their numbers are.
struct Issuer {
  int first;
  int last;  // Of as many digits as `first`.
  size_t fewest;
  size_t most;
};
constexpr Issuer kIssuers[] = {
    {4, 4, 13, 19},        // Visa
    {51, 55, 16, 16},      // Mastercard
    {2221, 2720, 16, 16},  // Mastercard
    {34, 34, 15, 15},      // American Express
    {37, 37, 15, 15},      // American Express
    {6011, 6011, 16, 19},  // Discover
    {644, 659, 16, 19},    // Discover
    {300, 305, 14, 19},    // Diners Club
    {3095, 3095, 14, 19},  // Diners Club
    {36, 36, 14, 19},      // Diners Club
    {38, 39, 14, 19},      // Diners Club
    {3528, 3589, 16, 19},  // JCB
    {62, 62, 16, 19},      // UnionPay
    {50, 50, 13, 19},      // Maestro
    {56, 58, 13, 19},      // Maestro
    {6304, 6304, 13, 19},  // Maestro
    {6759, 6759, 13, 19},  // Maestro
    {6761, 6763, 13, 19},  // Maestro
    {2200, 2204, 16, 19},  // Mir
    {9792, 9792, 16, 16},  // Troy
};

bool IsCard(absl::string_view digits) {
  const auto issues = [&](const Issuer& issuer) {
    const size_t prefix = issuer.first < 10 ? 1 : issuer.first < 100 ? 2 : issuer.first < 1000 ? 3 : 4;
    const int64_t first = ValueOf(digits.substr(0, prefix));
    return digits.size() >= issuer.fewest && digits.size() <= issuer.most && first >= issuer.first &&
           first <= issuer.last;
  };
  return absl::c_any_of(kIssuers, issues) && PassesLuhn(digits);
}

// Steueridentifikationsnummer: ISO/IEC 7064 MOD 11,10; of the first ten digits exactly one comes twice or three times.
bool IsGermanTaxId(absl::string_view digits) {
  if (digits.size() != 11 || digits[0] == '0') return false;
  std::array<int, 10> counts{};
  for (const char c : digits.substr(0, 10)) ++counts[c - '0'];
  if (absl::c_count_if(counts, [](int n) { return n == 2 || n == 3; }) != 1) return false;
  if (absl::c_any_of(counts, [](int n) { return n > 3; })) return false;
  int product = 10;
  for (const char c : digits.substr(0, 10)) {
    const int sum = (c - '0' + product) % 10;
    product = (sum == 0 ? 10 : sum) * 2 % 11;
  }
  return (11 - product) % 10 == digits[10] - '0';
}

// Numéro d'inscription au répertoire: sex, year, month, department, and 97 less the rest of the division by 97.
// `corsican`: what 2A (-1,000,000) or 2B (-2,000,000) takes off.
bool IsFrenchNir(absl::string_view digits, int64_t corsican) {
  if (digits.size() != 15 || !absl::StrContains("123478", digits[0])) return false;
  const int64_t month = ValueOf(digits.substr(3, 2));
  const bool month_is_one = (month >= 1 && month <= 12) || (month >= 20 && month <= 42) || month >= 50;
  return month_is_one && 97 - (ValueOf(digits.substr(0, 13)) - corsican) % 97 == ValueOf(digits.substr(13));
}

// Areas, groups and serial numbers that have never been given out are none.
bool IsUsSocialSecurity(absl::string_view digits) {
  const absl::string_view area = digits.substr(0, 3);
  return area != "000" && area != "666" && area[0] != '9' && digits.substr(3, 2) != "00" && digits.substr(5) != "0000";
}

bool IsSpanishLetter(int64_t number, char letter) { return "trwagmyfpdxbnjzsqvhlcke"[number % 23] == letter; }

struct IbanLength {
  absl::string_view country;
  size_t length;
};
constexpr IbanLength kIbanLengths[] = {
    {"ad", 24}, {"ae", 23}, {"al", 28}, {"at", 20}, {"ba", 20}, {"be", 16}, {"bg", 22}, {"br", 29}, {"ch", 21},
    {"cy", 28}, {"cz", 24}, {"de", 22}, {"dk", 18}, {"ee", 20}, {"es", 24}, {"fi", 18}, {"fo", 18}, {"fr", 27},
    {"gb", 22}, {"ge", 22}, {"gi", 23}, {"gl", 18}, {"gr", 27}, {"hr", 21}, {"hu", 28}, {"ie", 22}, {"il", 23},
    {"is", 26}, {"it", 27}, {"li", 21}, {"lt", 20}, {"lu", 20}, {"lv", 21}, {"mc", 27}, {"md", 24}, {"me", 22},
    {"mk", 19}, {"mt", 31}, {"nl", 18}, {"no", 15}, {"pl", 28}, {"pt", 25}, {"ro", 24}, {"rs", 22}, {"sa", 24},
    {"se", 24}, {"si", 19}, {"sk", 24}, {"sm", 27}, {"tr", 26}, {"ua", 29}, {"xk", 20}};

size_t IbanLengthOf(absl::string_view country) {
  for (const IbanLength& known : kIbanLengths) {
    if (known.country == country) return known.length;
  }
  return 0;
}

// ISO/IEC 7064 MOD 97-10 of letters and digits, the first four last.
bool PassesMod97(const std::string& iban) {
  int rest = 0;
  for (size_t i = 0; i < iban.size(); ++i) {
    const char c = iban[(i + 4) % iban.size()];
    rest = IsDigit(c) ? (rest * 10 + (c - '0')) % 97 : (rest * 100 + (c - 'a' + 10)) % 97;
  }
  return rest == 1;
}

// --- Finding.

// A row of digits with single signs between them, and where it stands.
class Row {
 public:
  Row(absl::string_view text, size_t at) : text_(text) {
    begin_ = end_ = at;
    while (begin_ > 0 && Continues(begin_ - 1)) --begin_;
    while (end_ < text.size() && Continues(end_)) ++end_;
    if (IsSeparator(text[begin_])) ++begin_;
    if (end_ > begin_ && IsSeparator(text[end_ - 1])) --end_;
    if (end_ - begin_ < kFewestDigits) return;
    for (size_t i = begin_; i < end_; ++i) {
      if (!IsDigit(text[i])) continue;
      if (i == begin_ || !IsDigit(text[i - 1])) groups_ += 1;
      if (count_ < kMostDigits) digits_[count_] = text[i];
      ++count_;
    }
  }

  size_t end() const { return end_; }
  bool IsCandidate() const { return count_ >= kFewestDigits && count_ <= kMostDigits; }

  void Find(absl::FunctionRef<void(const IdNumber&)> found) const {
    // None has fewer digits in its longest row.
    if (count_ >= 10 && FindIban(found)) return;
    if (FindSpanish(found) || FindBritish(found) || FindCorsican(found)) return;
    if (!Free(begin_, end_)) return;
    const absl::string_view digits(digits_.data(), count_);
    if (IsGermanTaxId(digits)) return found({kNationalIdNumber, "German tax ID", ""});
    if (IsFrenchNir(digits, 0)) return found({kNationalIdNumber, "French social security number", ""});
    if (IsSocialSecurityHere(digits)) return found({kNationalIdNumber, "US Social Security number", ""});
    FindCard(digits, found);
  }

 private:
  // Whether the byte is of a row: a digit, or a sign with a digit on each side.
  bool Continues(size_t at) const {
    if (IsDigit(text_[at])) return true;
    return IsSeparator(text_[at]) && at > 0 && at + 1 < text_.size() && IsDigit(text_[at - 1]) &&
           IsDigit(text_[at + 1]);
  }

  // Whether [begin, end) is not a part of something longer.
  bool Free(size_t begin, size_t end) const {
    return (begin == 0 || !JoinsBefore(text_[begin - 1])) && (end == text_.size() || !JoinsAfter(text_[end]));
  }

  bool SameSeparators() const {
    char first = 0;
    for (size_t i = begin_; i < end_; ++i) {
      if (IsDigit(text_[i])) continue;
      if (first != 0 && text_[i] != first) return false;
      first = text_[i];
    }
    return true;
  }

  // The whole row, or groups of it that are as long as cards are written: "order 12 4111 1111 1111 1111".
  void FindCard(absl::string_view digits, absl::FunctionRef<void(const IdNumber&)> found) const {
    if (count_ < kFewestCardDigits) return;
    const auto report = [&](absl::string_view card) {
      if (!IsCard(card)) return false;
      found({kCardNumber, "payment card", card.substr(card.size() - 4)});
      return true;
    };
    if (count_ <= kMostCardDigits && SameSeparators() && report(digits)) return;
    if (groups_ == 1) return;
    std::array<size_t, kMostDigits + 1> starts{};  // In `digits`, of each group.
    size_t groups = 0;
    size_t digit = 0;
    for (size_t i = begin_; i < end_; ++i) {
      if (!IsDigit(text_[i])) continue;
      if (i == begin_ || !IsDigit(text_[i - 1])) starts[groups++] = digit;
      ++digit;
    }
    starts[groups] = digit;
    const auto size_of = [&](size_t group) { return starts[group + 1] - starts[group]; };
    for (size_t first = 0; first < groups; ++first) {
      for (size_t last = first; last < groups; ++last) {
        const size_t bytes = starts[last + 1] - starts[first];
        if (bytes > kMostCardDigits) break;
        if (bytes >= kFewestCardDigits && report(digits.substr(starts[first], bytes))) return;
        if (size_of(last) < 4 || size_of(last) > 6) {
          if (last > first || size_of(last) < kFewestCardDigits) break;
        }
      }
    }
  }

  // It has no checksum: it must be grouped as they are and be called one shortly before.
  bool IsSocialSecurityHere(absl::string_view digits) const {
    if (digits.size() != 9 || !IsUsSocialSecurity(digits)) return false;
    const bool grouped = end_ - begin_ == 11 && !IsDigit(text_[begin_ + 3]) && !IsDigit(text_[begin_ + 6]);
    if (!grouped && groups_ != 1) return false;
    constexpr size_t kContextBytes = 48;
    const size_t from = begin_ > kContextBytes ? begin_ - kContextBytes : 0;
    const absl::string_view before = text_.substr(from, begin_ - from);
    return absl::StrContains(before, "ssn") || absl::StrContains(before, "social security");
  }

  // DNI: eight digits and a letter; NIE: x, y or z, seven digits and a letter. A dash may stand between.
  bool FindSpanish(absl::FunctionRef<void(const IdNumber&)> found) const {
    if ((groups_ != 1 && groups_ != 3) || (count_ != 7 && count_ != 8)) return false;
    size_t letter = end_;
    if (letter < text_.size() && text_[letter] == '-') ++letter;
    if (letter >= text_.size() || !IsLetter(text_[letter])) return false;
    int64_t number = ValueOf(absl::string_view(digits_.data(), count_));
    size_t first = begin_;
    if (count_ == 7) {
      if (first > 0 && text_[first - 1] == '-') --first;
      if (first == 0 || text_[first - 1] < 'x' || text_[first - 1] > 'z') return false;
      --first;
      number += (text_[first] - 'x') * int64_t{10'000'000};
    }
    if (!Free(first, letter + 1) || !IsSpanishLetter(number, text_[letter])) return false;
    found({kNationalIdNumber, count_ == 8 ? "Spanish DNI" : "Spanish NIE", ""});
    return true;
  }

  // National Insurance number: two letters, six digits, a to d.
  bool FindBritish(absl::FunctionRef<void(const IdNumber&)> found) const {
    if (count_ != 6 || (groups_ != 1 && groups_ != 3)) return false;
    // "ab 12 34 56 c" or "ab123456c".
    const bool grouped = groups_ == 3;
    const size_t last = end_ + (grouped && end_ < text_.size() && IsSeparator(text_[end_]));
    if (last >= text_.size() || text_[last] < 'a' || text_[last] > 'd') return false;
    const size_t prefix_end = begin_ - (grouped && begin_ > 0 && IsSeparator(text_[begin_ - 1]));
    if (prefix_end < 2) return false;
    // "SAVE-AB123456C" is a voucher.
    if (prefix_end > 2 && text_[prefix_end - 3] == '-') return false;
    const absl::string_view prefix = text_.substr(prefix_end - 2, 2);
    if (!IsLetter(prefix[0]) || !IsLetter(prefix[1]) || !Free(prefix_end - 2, last + 1)) return false;
    if (absl::StrContains("dfiquv", prefix[0]) || absl::StrContains("dfiquvo", prefix[1])) return false;
    for (const absl::string_view never : {"bg", "gb", "nk", "kn", "tn", "nt", "zz"}) {
      if (prefix == never) return false;
    }
    found({kNationalIdNumber, "UK National Insurance number", ""});
    return true;
  }

  // A French number of somebody born in 2A or 2B: "1 84 12 2a 451 089 46". This row is what follows the letter.
  bool FindCorsican(absl::FunctionRef<void(const IdNumber&)> found) const {
    size_t letter = begin_;
    if (letter > 0 && IsSeparator(text_[letter - 1])) --letter;
    if (count_ != 8 || letter == 0 || (text_[letter - 1] != 'a' && text_[letter - 1] != 'b')) return false;
    std::string digits;
    size_t first = --letter;
    while (first > 0 && digits.size() < 6 && (IsDigit(text_[first - 1]) || IsSeparator(text_[first - 1]))) {
      --first;
      if (IsDigit(text_[first])) digits.insert(digits.begin(), text_[first]);
    }
    if (digits.size() != 6 || digits.back() != '2' || !Free(first, end_)) return false;
    digits += '0';
    digits.append(digits_.data(), count_);
    if (!IsFrenchNir(digits, text_[letter] == 'a' ? 1'000'000 : 2'000'000)) return false;
    found({kNationalIdNumber, "French social security number", ""});
    return true;
  }

  // One that begins up to 14 bytes before the row.
  bool FindIban(absl::FunctionRef<void(const IdNumber&)> found) const {
    constexpr size_t kLongestBefore = 14;
    for (size_t at = begin_ > kLongestBefore ? begin_ - kLongestBefore : 0; at + 2 <= begin_; ++at) {
      if (at + 4 > text_.size() || !IsLetter(text_[at]) || !IsLetter(text_[at + 1]) || !IsDigit(text_[at + 2]) ||
          !IsDigit(text_[at + 3]) || (at > 0 && JoinsBefore(text_[at - 1]))) {
        continue;
      }
      const size_t length = IbanLengthOf(text_.substr(at, 2));
      std::string iban;
      size_t end = at;
      for (; end < text_.size() && iban.size() < length; ++end) {
        if (IsDigit(text_[end]) || IsLetter(text_[end])) {
          iban += text_[end];
        } else if (!IsSeparator(text_[end]) || IsSeparator(text_[end - 1])) {
          break;
        }
      }
      if (length == 0 || iban.size() != length || (end < text_.size() && JoinsAfter(text_[end]))) continue;
      if (!PassesMod97(iban)) continue;
      found({kBankAccountNumber, "IBAN", ""});
      return true;
    }
    return false;
  }

  const absl::string_view text_;
  size_t begin_;
  size_t end_;
  size_t count_ = 0;
  size_t groups_ = 0;
  std::array<char, kMostDigits> digits_;
};

}  // namespace

void FindIdNumbers(absl::string_view folded, absl::FunctionRef<void(const IdNumber&)> found) {
  // Of every kStride bytes two neighbours are looked at: no row of kFewestDigits falls between, and of two neighbours
  // in a row one is a digit.
  for (size_t i = 0; i + 1 < folded.size();) {
    if (!(IsDigit(folded[i]) | IsDigit(folded[i + 1]))) {
      i += kStride;
      continue;
    }
    const Row row(folded, IsDigit(folded[i]) ? i : i + 1);
    if (row.IsCandidate()) row.Find(found);
    i = row.end() + 1;
  }
}

}  // namespace campaign::compliance
