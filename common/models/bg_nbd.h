#pragma once

#include <cstdint>

namespace campaign::models {

// BG/NBD: how often customers buy again, and after which purchase they leave. P. Fader, B. Hardie, K. Lee: "Counting
// Your Customers" the Easy Way: An Alternative to the Pareto/NBD Model, Marketing Science 24(2), 2005. While they are
// customers they buy at a rate of their own, gamma-distributed with shape r and scale alpha; after each repeat purchase
// they leave with a probability of their own, beta-distributed with a and b. All above 0.
struct BgNbdParameters {
  double r = 0;
  // In the unit of time of the histories.
  double alpha = 0;
  double a = 0;
  double b = 0;
};

// What the model looks at of a customer. Times in one unit, weeks or days, that alpha is in too.
struct PurchaseHistory {
  // x: purchases after the first.
  int32_t repeats = 0;
  // t_x: from the first purchase to the last, 0 without repeats.
  double recency = 0;
  // T: from the first purchase until now; not below recency.
  double age = 0;
};

// Probability, 0 to 1, that the customer has not left yet (Fader, Hardie 2008: Computing P(alive) Using the BG/NBD
// Model). Exactly 1 without repeats, however long ago: in this model nobody leaves before the second purchase.
double ProbabilityAlive(const BgNbdParameters& parameters, const PurchaseHistory& history);

// Purchases expected in the next `horizon` units of time (equation 10); of an empty history those that a new customer
// makes after the first (equation 9).
double ExpectedPurchases(const BgNbdParameters& parameters, const PurchaseHistory& history, double horizon);

}  // namespace campaign::models
