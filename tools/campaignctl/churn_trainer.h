#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "campaign/v1/profile.pb.h"
#include "campaign/v1/segmentation.pb.h"
#include "common/models/logistic.h"
#include "common/rules/rule.h"
#include "tools/campaignctl/purchases.h"

namespace campaign::ctl {

// A BG/NBD model of a shop, and how good it is.
struct BgNbdTraining {
  v1::ChurnConfig config;
  int64_t customers = 0;
  int64_t repeaters = 0;
  double log_likelihood = 0;
  // Why there is no Gamma-Gamma model; empty where there is.
  std::string no_spend;
  // Customers whose orders it was fitted to, all of one currency.
  int64_t spend_customers = 0;
  double spend_log_likelihood = 0;
  // What a model that knows nothing of the last `held_out` expects in them, against what was ordered.
  struct Check {
    double expected = 0;
    int64_t actual = 0;
  };
  absl::optional<Check> check;
};

// Fits BG/NBD, and Gamma-Gamma where it can, to what customers bought until `as_of`, counting orders as profiles do.
// With a `held_out` above zero also checks a model without that time. FAILED_PRECONDITION: too little bought again.
absl::StatusOr<BgNbdTraining> TrainBgNbd(const ShopPurchases& shop, absl::Time as_of, double unit_days,
                                         absl::Duration held_out);

// Learns a logistic model of who does not buy again. Not thread-safe.
class LogisticTrainer {
 public:
  LogisticTrainer();

  // What was known of a customer before, and whether they then stayed away.
  void Add(const v1::Profile& profile, bool left);

  struct Trained {
    v1::ChurnConfig config;
    int64_t customers = 0;
    int64_t left = 0;
    // On a fifth that neither the weights nor the calibration were fitted to.
    double area_under_curve = 0;
    double brier_score = 0;
    // Of always saying the share that left.
    double base_brier_score = 0;
  };

  // Weights from three fifths of the customers, calibration from another. FAILED_PRECONDITION: fewer than 200
  // customers, or all of them left or stayed, or the features tell nothing.
  absl::StatusOr<Trained> Train() const;

 private:
  struct Term {
    rules::Feature feature;
    double cap;
    double missing;
  };

  std::vector<Term> terms_;
  std::vector<models::LabelledRow> rows_;
};

// The model as it may stand in a campaign's file.
std::string ChurnYaml(const v1::ChurnConfig& config);

}  // namespace campaign::ctl
