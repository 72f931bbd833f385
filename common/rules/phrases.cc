#include "common/rules/phrases.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace campaign::rules {
namespace {

// ISO 4217's exceptions from two decimals.
constexpr absl::string_view kNoDecimals[] = {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW",
                                             "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"};
constexpr absl::string_view kThreeDecimals[] = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"};

int Decimals(absl::string_view currency_code) {
  auto is_currency = [&](absl::string_view code) { return code == currency_code; };
  if (std::any_of(std::begin(kNoDecimals), std::end(kNoDecimals), is_currency)) return 0;
  if (std::any_of(std::begin(kThreeDecimals), std::end(kThreeDecimals), is_currency)) return 3;
  return 2;
}

// "1234567.50" as "1,234,567.50".
std::string GroupThousands(std::string number) {
  size_t end = std::min(number.find('.'), number.size());
  const size_t first = number[0] == '-' ? 1 : 0;
  while (end > first + 3) {
    end -= 3;
    number.insert(end, 1, ',');
  }
  return number;
}

}  // namespace

double MajorUnits(int64_t minor_units, absl::string_view currency_code) {
  constexpr double kScale[] = {1, 10, 100, 1000};
  return static_cast<double>(minor_units) / kScale[Decimals(currency_code)];
}

std::string MoneyPhrase(double major_units, absl::string_view currency_code) {
  std::string amount = GroupThousands(absl::StrFormat("%.*f", Decimals(currency_code), major_units));
  return currency_code.empty() ? amount : absl::StrCat(amount, " ", currency_code);
}

std::string CountPhrase(double count, absl::string_view noun) {
  if (count == 0) return absl::StrCat("no ", noun, "s");
  return absl::StrCat(GroupThousands(NumberText(count)), " ", noun, count == 1 ? "" : "s");
}

std::string DaysPhrase(double days) { return days < 1 ? "less than a day" : CountPhrase(std::floor(days), "day"); }

std::string PercentPhrase(double share) { return absl::StrCat(NumberText(std::nearbyint(share * 100)), " %"); }

std::string NumberText(double number) {
  // Most numbers are whole, and printing those is ten times faster.
  constexpr double kExact = 1e15;
  if (std::abs(number) < kExact && number == std::trunc(number)) return absl::StrCat(static_cast<int64_t>(number));
  std::string text = absl::StrFormat("%.4f", number);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

std::string Clip(std::string text, size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  // 10xxxxxx continues a UTF-8 character.
  while (max_bytes > 0 && (static_cast<unsigned char>(text[max_bytes]) & 0xC0) == 0x80) --max_bytes;
  text.resize(max_bytes);
  return text;
}

}  // namespace campaign::rules
