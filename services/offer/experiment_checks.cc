#include "services/offer/experiment_checks.h"

#include <algorithm>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "services/offer/experiment.h"
#include "services/offer/thompson.h"

namespace campaign::offer {
namespace {

absl::Status CheckVariantIds(const v1::Experiment& experiment, const std::string& path) {
  absl::flat_hash_set<absl::string_view> seen;
  for (int i = 0; i < experiment.variants_size(); ++i) {
    const std::string& id = experiment.variants(i).variant_id();
    if (seen.insert(id).second) continue;
    return InvalidField(absl::StrCat(path, ".variants[", i, "].variant_id"), id, "is named twice");
  }
  return absl::OkStatus();
}

absl::Status CheckWeights(const v1::Experiment& experiment, const std::string& path) {
  int sum = 0;
  for (const v1::Variant& variant : experiment.variants()) sum += variant.weight_bps();
  if (sum == kBucketCount) return absl::OkStatus();
  return InvalidField(path + ".variants", sum, absl::StrCat("is the sum of weight_bps and must be ", kBucketCount));
}

absl::Status CheckNoWeights(const v1::Experiment& experiment, const std::string& path) {
  for (int i = 0; i < experiment.variants_size(); ++i) {
    const int weight = experiment.variants(i).weight_bps();
    if (weight == 0) continue;
    return InvalidField(absl::StrCat(path, ".variants[", i, "].weight_bps"), weight,
                        "must be 0 where thompson_sampling chooses");
  }
  return absl::OkStatus();
}

absl::Status CheckReward(const v1::ThompsonSampling& sampling, const std::string& path) {
  switch (sampling.reward()) {
    case v1::RESPONSE_KIND_UNSPECIFIED:
    case v1::RESPONSE_KIND_OPENED:
    case v1::RESPONSE_KIND_CLICKED:
    case v1::RESPONSE_KIND_CONVERTED:
      return absl::OkStatus();
    default:
      return InvalidField(path + ".reward", v1::ResponseKind_Name(sampling.reward()), "is no success");
  }
}

absl::Status CheckThompson(const v1::Experiment& experiment, const std::string& path) {
  RETURN_IF_ERROR(CheckNoWeights(experiment, path));
  const v1::ThompsonSampling& sampling = experiment.thompson_sampling();
  const std::string own = path + ".thompson_sampling";
  RETURN_IF_ERROR(CheckReward(sampling, own));
  const int floors = ExplorationFloorBps(sampling) * experiment.variants_size();
  if (floors <= kBucketCount) return absl::OkStatus();
  return InvalidField(own + ".exploration_floor_bps", ExplorationFloorBps(sampling),
                      absl::StrCat("is above ", kBucketCount, " over the number of variants"));
}

absl::Status CheckNamespace(const v1::Experiment& experiment, const std::string& path) {
  if (!experiment.has_namespace_range()) return absl::OkStatus();
  const v1::NamespaceRange& range = experiment.namespace_range();
  if (range.start_bps() < range.end_bps()) return absl::OkStatus();
  return InvalidField(path + ".namespace_range.end_bps", range.end_bps(), "must be above start_bps");
}

absl::Status CheckSubjects(const v1::Experiment& experiment, const v1::OfferConfig& config, const std::string& path) {
  for (int i = 0; i < experiment.action_ids_size(); ++i) {
    const std::string& id = experiment.action_ids(i);
    const bool known = std::any_of(config.actions().begin(), config.actions().end(),
                                   [&](const v1::Action& action) { return action.action_id() == id; });
    if (!known)
      return InvalidField(absl::StrCat(path, ".action_ids[", i, "]"), id, "is no action of this configuration");
  }
  return absl::OkStatus();
}

absl::Status CheckExperiment(const v1::Experiment& experiment, const v1::OfferConfig& config, const std::string& path) {
  RETURN_IF_ERROR(CheckVariantIds(experiment, path));
  RETURN_IF_ERROR(experiment.has_thompson_sampling() ? CheckThompson(experiment, path)
                                                     : CheckWeights(experiment, path));
  RETURN_IF_ERROR(CheckNamespace(experiment, path));
  return CheckSubjects(experiment, config, path);
}

}  // namespace

absl::Status CheckExperiments(const v1::OfferConfig& config) {
  if (config.arbitration().has_thompson_sampling()) {
    RETURN_IF_ERROR(CheckReward(config.arbitration().thompson_sampling(), "config.arbitration.thompson_sampling"));
  }
  absl::flat_hash_set<absl::string_view> seen;
  for (int i = 0; i < config.experiments_size(); ++i) {
    const v1::Experiment& experiment = config.experiments(i);
    const std::string path = absl::StrCat("config.experiments[", i, "]");
    if (!seen.insert(experiment.experiment_id()).second) {
      return InvalidField(path + ".experiment_id", experiment.experiment_id(), "is named twice");
    }
    RETURN_IF_ERROR(CheckExperiment(experiment, config, path));
  }
  return absl::OkStatus();
}

}  // namespace campaign::offer
