#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace campaign::rules {

// An amount of minor units in major ones, by the currency's decimals (ISO 4217): two, but for a few. 1999 USD is 19.99.
double MajorUnits(int64_t minor_units, absl::string_view currency_code);

// "5,000.00 USD"; "5,000 JPY"; without a currency "5,000.00".
std::string MoneyPhrase(double major_units, absl::string_view currency_code);

// "no orders", "1 order", "1,250 orders". `noun` is singular and takes an s.
std::string CountPhrase(double count, absl::string_view noun);

// Days that have passed, whole ones: "less than a day", "1 day", "120 days".
std::string DaysPhrase(double days);

// "80 %" of 0.8.
std::string PercentPhrase(double share);

// For machines and people: "3", "-0.8", "0.3333".
std::string NumberText(double number);

// `text`, cut to at most `max_bytes` between two characters.
std::string Clip(std::string text, size_t max_bytes);

}  // namespace campaign::rules
