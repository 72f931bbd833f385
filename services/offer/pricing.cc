#include "services/offer/pricing.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace campaign::offer {
namespace {

constexpr int64_t kWhole = 10'000;  // Basis points.

}  // namespace

int64_t DiscountMinor(const v1::Action& action) {
  return (action.price_minor() * action.discount_bps() + kWhole / 2) / kWhole;
}

double DiscountedMarginBps(const v1::Action& action) {
  // Unit cost is price × (1 - margin), so price × (margin - discount) is left of price × (1 - discount).
  const double left = action.margin_bps() - action.discount_bps();
  const double paid = kWhole - action.discount_bps();
  return paid == 0 ? std::min(left, 0.0) : left * kWhole / paid;
}

double WorthMinor(const v1::Action& action) {
  if (action.price_minor() == 0) return static_cast<double>(action.value_minor());
  return static_cast<double>(action.price_minor() * (action.margin_bps() - action.discount_bps())) / kWhole;
}

std::string FormatMajor(int64_t minor_units) {
  const int64_t cents = std::llabs(minor_units);
  return absl::StrCat(minor_units < 0 ? "-" : "", cents / 100, cents % 100 < 10 ? ".0" : ".", cents % 100);
}

std::string FormatMoney(double minor_units, absl::string_view currency_code) {
  return absl::StrCat(FormatMajor(std::llround(minor_units)), currency_code.empty() ? "" : " ", currency_code);
}

std::string FormatPercent(double bps) { return absl::StrCat(std::round(bps) / 100); }

}  // namespace campaign::offer
