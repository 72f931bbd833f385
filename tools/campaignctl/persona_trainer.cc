#include "tools/campaignctl/persona_trainer.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/models/kmeans.h"
#include "common/status.h"

namespace campaign::ctl {
namespace {

constexpr size_t kFeaturesNamed = 3;

struct UsualFeature {
  const char* feature;
  bool logarithm;
  double missing;
};

// Counts, amounts and days as logarithms: a few customers with very much would otherwise be personas of their own.
// Somebody who has never bought is like one whose last order is a year ago.
constexpr UsualFeature kUsualFeatures[] = {
    {"spend_365d", true, 0},       {"orders_365d", true, 0},          {"days_since_last_purchase", true, 5.9},
    {"activity_decayed", true, 0}, {"messages_ignored_30d", true, 0},
};

// What is printed is what is used: a model copied from the YAML equals the one that was learnt.
double Rounded(double value) { return std::round(value * 1e4) / 1e4; }

// "orders_365d +1.8, spend_365d +1.5".
std::string Apart(const v1::PersonaModel& model, const v1::Persona& persona) {
  std::vector<int> order(static_cast<size_t>(persona.centroid_size()));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int a, int b) { return std::abs(persona.centroid(a)) > std::abs(persona.centroid(b)); });
  order.resize(std::min(order.size(), kFeaturesNamed));
  return absl::StrJoin(order, ", ", [&](std::string* out, int i) {
    absl::StrAppendFormat(out, "%s %+.1f", model.features(i).feature(), persona.centroid(i));
  });
}

}  // namespace

absl::StatusOr<PersonaTrainer> PersonaTrainer::Create(const v1::PersonaModel& wanted) {
  constexpr char kPath[] = "segmentation.persona_model.features";
  if (wanted.features().empty()) return InvalidField(kPath, 0, "is below 1");
  PersonaTrainer trainer;
  *trainer.model_.mutable_features() = wanted.features();
  for (int i = 0; i < wanted.features_size(); ++i) {
    ASSIGN_OR_RETURN(rules::PersonaDimension dimension,
                     rules::PersonaDimension::Resolve(wanted.features(i), absl::StrCat(kPath, "[", i, "]")));
    trainer.dimensions_.push_back(std::move(dimension));
  }
  return trainer;
}

void PersonaTrainer::Add(const v1::Profile& profile) {
  std::vector<double>& row = rows_.emplace_back();
  for (const rules::PersonaDimension& dimension : dimensions_) row.push_back(dimension.Value(profile));
}

// Learns mean and scale of each feature and puts the rows into these units.
absl::Status PersonaTrainer::Scale() {
  const double count = static_cast<double>(rows_.size());
  for (size_t column = 0; column < dimensions_.size(); ++column) {
    double sum = 0, squares = 0;
    for (const auto& row : rows_) sum += row[column];
    const double mean = Rounded(sum / count);
    for (const auto& row : rows_) squares += (row[column] - mean) * (row[column] - mean);
    const double scale = Rounded(std::sqrt(squares / count));
    v1::PersonaFeature& feature = *model_.mutable_features(static_cast<int>(column));
    if (!(scale > 0)) {
      return absl::FailedPreconditionError(
          absl::StrCat(feature.feature(), " is the same for all ", rows_.size(), " customers"));
    }
    feature.set_mean(mean);
    feature.set_scale(scale);
    for (auto& row : rows_) row[column] = (row[column] - mean) / scale;
  }
  return absl::OkStatus();
}

absl::StatusOr<PersonaTrainer::Trained> PersonaTrainer::Train(int personas, uint64_t seed) {
  if (rows_.empty()) return absl::FailedPreconditionError("no customers to learn from");
  RETURN_IF_ERROR(Scale());
  ASSIGN_OR_RETURN(const models::Clustering found, models::KMeans(rows_, {.clusters = personas, .seed = seed}));
  Trained trained{model_, models::Silhouette(rows_, found)};
  for (size_t i = 0; i < found.centroids.size(); ++i) {
    v1::Persona& persona = *trained.model.add_personas();
    persona.set_segment(absl::StrCat("persona_", i + 1));
    persona.set_share(Rounded(found.sizes[i] / static_cast<double>(rows_.size())));
    for (const double value : found.centroids[i]) persona.add_centroid(Rounded(value));
  }
  rows_.clear();
  return trained;
}

v1::PersonaModel UsualPersonaFeatures() {
  v1::PersonaModel model;
  for (const UsualFeature& usual : kUsualFeatures) {
    v1::PersonaFeature& feature = *model.add_features();
    feature.set_feature(usual.feature);
    feature.set_logarithm(usual.logarithm);
    feature.set_missing(usual.missing);
  }
  return model;
}

std::string PersonaModelYaml(const v1::PersonaModel& model) {
  std::string yaml = "segmentation:\n  persona_model:\n    features:\n";
  for (const v1::PersonaFeature& feature : model.features()) {
    absl::StrAppend(&yaml, "      - {feature: ", feature.feature(), feature.logarithm() ? ", logarithm: true" : "");
    if (feature.missing() != 0) absl::StrAppend(&yaml, ", missing: ", feature.missing());
    absl::StrAppend(&yaml, ", mean: ", feature.mean(), ", scale: ", feature.scale(), "}\n");
  }
  absl::StrAppend(&yaml, "    personas:\n");
  for (const v1::Persona& persona : model.personas()) {
    absl::StrAppend(&yaml, "      # Sets them apart, in standard deviations: ", Apart(model, persona), "\n");
    absl::StrAppend(&yaml, "      - {segment: ", persona.segment(), ", share: ", persona.share(), ", centroid: [",
                    absl::StrJoin(persona.centroid(), ", "), "]}\n");
  }
  return yaml;
}

}  // namespace campaign::ctl
