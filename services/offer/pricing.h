#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "campaign/v1/offers.pb.h"

namespace campaign::offer {

// Largest amount that a configuration may name, minor units: products with basis points stay exact.
constexpr int64_t kMaxAmountMinor = 1'000'000'000'000;

// What the discount takes off the price, minor units, rounded half up.
int64_t DiscountMinor(const v1::Action& action);

// Margin left after discount, basis points of the discounted price (below zero: sold under cost); 0 for what is given
// away. Only for actions with a price.
double DiscountedMarginBps(const v1::Action& action);

// What one response is worth before cost, minor units: margin after discount where something is sold, else value_minor.
double WorthMinor(const v1::Action& action);

// "12.34" for 1234; major units, two decimals.
std::string FormatMajor(int64_t minor_units);

// "12.34 USD"; `minor_units` may have a fraction, which is rounded. Without a currency "12.34".
std::string FormatMoney(double minor_units, absl::string_view currency_code);

// "15" for 1500, "12.5" for 1250.
std::string FormatPercent(double bps);

}  // namespace campaign::offer
