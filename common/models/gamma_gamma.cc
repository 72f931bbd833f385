#include "common/models/gamma_gamma.h"

namespace campaign::models {

double ExpectedAmount(const GammaGammaParameters& m, const SpendHistory& h) {
  return m.p * (m.v + h.orders * h.mean_amount) / (m.p * h.orders + m.q - 1);
}

}  // namespace campaign::models
