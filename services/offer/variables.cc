#include "services/offer/variables.h"

#include <algorithm>
#include <string>

#include "services/offer/pricing.h"

namespace campaign::offer {
namespace {

void Add(absl::string_view name, std::string value, Variables& variables) {
  v1::Fact& fact = *variables.Add();
  fact.set_name(std::string(name));
  fact.set_value(std::move(value));
}

}  // namespace

void OverlayVariables(const Variables& over, Variables& variables) {
  for (const v1::Fact& fact : over) {
    const auto same = std::find_if(variables.begin(), variables.end(),
                                   [&](const v1::Fact& other) { return other.name() == fact.name(); });
    if (same == variables.end()) {
      *variables.Add() = fact;
    } else {
      same->set_value(fact.value());
    }
  }
}

Variables PriceVariables(const v1::Action& action, absl::string_view currency_code) {
  Variables variables;
  if (action.price_minor() == 0) return variables;
  Add("price", FormatMajor(action.price_minor()), variables);
  Add("discounted_price", FormatMajor(action.price_minor() - DiscountMinor(action)), variables);
  Add("discount_percent", FormatPercent(action.discount_bps()), variables);
  Add("currency", std::string(currency_code), variables);
  return variables;
}

}  // namespace campaign::offer
