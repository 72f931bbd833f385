#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "common/models/bg_nbd.h"
#include "common/models/gamma_gamma.h"
#include "services/segmentation/churn_model.h"

namespace campaign::segmentation {

// Codes of reasons.
inline constexpr char kPAlive[] = "P_ALIVE";
// One order so far: the model has nobody leave before the second.
inline constexpr char kPAliveUnknownable[] = "ONE_ORDER_TELLS_LITTLE";
inline constexpr char kExpectedPurchases[] = "EXPECTED_PURCHASES";
inline constexpr char kExpectedLifetimeValue[] = "EXPECTED_LIFETIME_VALUE";
// The customer has never bought, which is all that BG/NBD looks at.
inline constexpr char kNoPurchases[] = "NO_PURCHASES";

// BG/NBD over what the profile knows of purchases (common/models/bg_nbd.h): x = orders_total - 1, t_x and T from the
// days since first and last purchase. Fills p_alive, churn_probability = 1 - p_alive and expected_purchases, and with
// Gamma-Gamma over all orders (common/models/gamma_gamma.h) expected_order and expected_lifetime_value.
class BgNbdChurn : public ChurnModel {
 public:
  // INVALID_ARGUMENT: a parameter that is missing, not finite or not above 0; a q that is not above 1.
  static absl::StatusOr<BgNbdChurn> Compile(const v1::BgNbdConfig& config, const std::string& field_path);

  void Score(const v1::Profile& profile, v1::SegmentResult& result) const override;
  void AddReasons(const v1::Profile& profile, v1::SegmentResult& result) const override;
  void AddHop(v1::SegmentResult& result) const override;

 private:
  models::PurchaseHistory HistoryOf(const v1::Profile& profile) const;
  bool PaysInTheModelsCurrency(const v1::Profile& profile) const;
  void ScoreValue(const v1::Profile& profile, const models::PurchaseHistory& history, v1::SegmentResult& result) const;
  double DiscountedPurchases(const models::PurchaseHistory& history) const;

  models::BgNbdParameters parameters_;
  double unit_days_ = 7;
  double horizon_days_ = 365;
  absl::optional<models::GammaGammaParameters> spend_;  // v in major units.
  std::string currency_code_;
  double margin_share_ = 1;
  double annual_discount_rate_ = 0;
};

}  // namespace campaign::segmentation
