#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "campaign/v1/profile.pb.h"
#include "campaign/v1/segmentation.pb.h"
#include "common/rules/persona_feature.h"

namespace campaign::ctl {

// Learns personas from customers: takes profiles one by one, then clusters their scaled features by k-means++.
class PersonaTrainer {
 public:
  // What customers are compared by; the features' mean and scale are learnt, so they need not be given.
  // INVALID_ARGUMENT: no features, or one that cannot be used; path "segmentation.persona_model.features[...]".
  static absl::StatusOr<PersonaTrainer> Create(const v1::PersonaModel& wanted);

  void Add(const v1::Profile& profile);

  size_t customers() const { return rows_.size(); }

  struct Trained {
    // Personas are persona_1, persona_2, ..., the largest first, for a person to name.
    v1::PersonaModel model;
    double silhouette = 0;
  };

  // The same customers, in the same order, and seed give the same personas. FAILED_PRECONDITION: a feature is the same
  // for everybody; fewer distinct customers than personas. Leaves the trainer empty.
  absl::StatusOr<Trained> Train(int personas, uint64_t seed);

 private:
  absl::Status Scale();

  v1::PersonaModel model_;
  std::vector<rules::PersonaDimension> dimensions_;
  std::vector<std::vector<double>> rows_;
};

// Spend, orders, recency, activity and messages ignored: for campaigns that do not say what to compare customers by.
v1::PersonaModel UsualPersonaFeatures();

// `segmentation.persona_model` as it stands in a campaign file, with what sets each persona apart as a comment.
std::string PersonaModelYaml(const v1::PersonaModel& model);

}  // namespace campaign::ctl
