#pragma once

#include <cstdint>

namespace campaign::models {

// Gamma-Gamma: what a customer's orders are worth. P. Fader, B. Hardie: The Gamma-Gamma Model of Monetary Value, note
// 025, 2013. An order's amount is gamma-distributed with shape p and a rate of the customer's own, which is itself
// gamma-distributed with shape q and scale v. All above 0. Knows nothing of how often they order.
struct GammaGammaParameters {
  double p = 0;
  double q = 0;
  // In the unit of money of the histories.
  double v = 0;
};

// What a customer has spent.
struct SpendHistory {
  // x: orders counted.
  int32_t orders = 0;
  // Mean amount of these.
  double mean_amount = 0;
};

// Mean amount of the customer's orders to come (equation 5): between what they have spent and what customers spend on
// average, nearer to their own the more orders there are. Needs q > 1, or an order and p * orders + q > 1.
double ExpectedAmount(const GammaGammaParameters& parameters, const SpendHistory& history);

}  // namespace campaign::models
