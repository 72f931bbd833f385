#include "services/segmentation/personas.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "common/rules/phrases.h"
#include "common/status.h"
#include "services/segmentation/names.h"

namespace campaign::segmentation {
namespace {

constexpr size_t kMaxFeatures = 16;
constexpr size_t kMaxReasons = 3;
constexpr size_t kMaxLabelParts = 2;
constexpr size_t kMaxLabelBytes = 128;
// Standard deviations; a persona that is nearer to the average is not set apart by the feature.
constexpr double kApart = 0.25;

absl::Status CheckFinite(double value, const std::string& path) {
  return std::isfinite(value) ? absl::OkStatus() : InvalidField(path, value, "is not finite");
}

double SquaredDistance(const double* a, const std::vector<double>& b) {
  double sum = 0;
  for (size_t i = 0; i < b.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

// The dimensions in which the centroid is off the average, most first.
std::vector<size_t> ApartIn(const std::vector<double>& centroid) {
  std::vector<size_t> apart;
  for (size_t i = 0; i < centroid.size(); ++i) {
    if (std::abs(centroid[i]) >= kApart) apart.push_back(i);
  }
  std::stable_sort(apart.begin(), apart.end(),
                   [&](size_t a, size_t b) { return std::abs(centroid[a]) > std::abs(centroid[b]); });
  return apart;
}

}  // namespace

absl::StatusOr<Personas> Personas::Compile(const v1::PersonaModel& model, absl::string_view field_path) {
  Personas compiled;
  if (model.features().empty() && model.personas().empty()) return compiled;
  if (model.features().empty()) return InvalidField(absl::StrCat(field_path, ".features"), 0, "is below 1");
  if (static_cast<size_t>(model.features_size()) > kMaxFeatures) {
    return InvalidField(absl::StrCat(field_path, ".features"), model.features_size(), "is above 16");
  }
  if (model.personas_size() < 2) {
    return InvalidField(absl::StrCat(field_path, ".personas"), model.personas_size(),
                        "is below 2; campaignctl train personas finds them");
  }
  for (int i = 0; i < model.features_size(); ++i) {
    RETURN_IF_ERROR(compiled.AddDimension(model.features(i), absl::StrCat(field_path, ".features[", i, "]")));
  }
  for (int i = 0; i < model.personas_size(); ++i) {
    RETURN_IF_ERROR(compiled.AddPersona(model.personas(i), absl::StrCat(field_path, ".personas[", i, "]")));
  }
  return compiled;
}

absl::Status Personas::AddDimension(const v1::PersonaFeature& feature, const std::string& path) {
  ASSIGN_OR_RETURN(rules::PersonaDimension value, rules::PersonaDimension::Resolve(feature, path));
  for (const Dimension& dimension : dimensions_) {
    if (dimension.value.feature().name() != feature.feature()) continue;
    return InvalidField(path + ".feature", feature.feature(), "appears twice");
  }
  RETURN_IF_ERROR(CheckFinite(feature.mean(), path + ".mean"));
  RETURN_IF_ERROR(CheckFinite(feature.scale(), path + ".scale"));
  if (feature.scale() <= 0) return InvalidField(path + ".scale", feature.scale(), "is not above 0");
  dimensions_.push_back({std::move(value), feature.mean(), feature.scale()});
  return absl::OkStatus();
}

absl::Status Personas::AddPersona(const v1::Persona& persona, const std::string& path) {
  for (const Persona& other : personas_) {
    if (other.segment == persona.segment()) return InvalidField(path + ".segment", persona.segment(), "appears twice");
  }
  if (static_cast<size_t>(persona.centroid_size()) != dimensions_.size()) {
    return InvalidField(path + ".centroid", persona.centroid_size(),
                        absl::StrCat("elements is not ", dimensions_.size(), ", one for each feature"));
  }
  for (int i = 0; i < persona.centroid_size(); ++i) {
    RETURN_IF_ERROR(CheckFinite(persona.centroid(i), absl::StrCat(path, ".centroid[", i, "]")));
  }
  Persona added{persona.segment(), persona.label(), {persona.centroid().begin(), persona.centroid().end()}, {}};
  added.apart = ApartIn(added.centroid);
  if (added.label.empty()) added.label = LabelOf(added);
  personas_.push_back(std::move(added));
  return absl::OkStatus();
}

// "High spend 365d, low messages ignored 30d"; "Average" where nothing sets it apart.
std::string Personas::LabelOf(const Persona& persona) const {
  std::string label;
  for (size_t i = 0; i < std::min(persona.apart.size(), kMaxLabelParts); ++i) {
    const size_t dimension = persona.apart[i];
    absl::StrAppend(&label, i == 0 ? "" : ", ", persona.centroid[dimension] > 0 ? "high " : "low ",
                    absl::StrReplaceAll(dimensions_[dimension].value.feature().name(), {{"_", " "}, {".", " "}}));
  }
  if (label.empty()) return "Average";
  label[0] = absl::ascii_toupper(label[0]);
  return rules::Clip(std::move(label), kMaxLabelBytes);
}

void Personas::Answer(const v1::Profile& profile, v1::SegmentResult& result) const {
  std::array<double, kMaxFeatures> scaled;
  for (size_t i = 0; i < dimensions_.size(); ++i) {
    scaled[i] = (dimensions_[i].value.Value(profile) - dimensions_[i].mean) / dimensions_[i].scale;
  }
  const Persona* nearest = nullptr;
  double distance = std::numeric_limits<double>::infinity();
  double next = std::numeric_limits<double>::infinity();
  for (const Persona& persona : personas_) {
    const double candidate = SquaredDistance(scaled.data(), persona.centroid);
    if (nearest == nullptr || candidate < distance) {
      next = distance;
      distance = candidate;
      nearest = &persona;
    } else {
      next = std::min(next, candidate);
    }
  }
  AddReasons(*nearest, profile, result);
  const double score = next > 0 && std::isfinite(next) ? 1 - std::sqrt(distance / next) : 0;
  SetAnswer(v1::STRATEGY_PROFILE, nearest->segment, nearest->label, score, result);
}

void Personas::AddReasons(const Persona& persona, const v1::Profile& profile, v1::SegmentResult& result) const {
  const rules::Subject subject{profile};
  for (size_t i = 0; i < std::min(persona.apart.size(), kMaxReasons); ++i) {
    const size_t dimension = persona.apart[i];
    const double apart = persona.centroid[dimension];
    v1::Reason& reason = *result.add_reasons();
    dimensions_[dimension].value.feature().Describe(subject, reason);
    const std::string deviations = absl::StrFormat("%.1f", std::abs(apart));
    absl::StrAppend(reason.mutable_text(), " (this persona: ", deviations, " standard deviations ",
                    apart > 0 ? "above" : "below", " all customers)");
    AddFact("deviations", absl::StrCat(apart < 0 ? "-" : "", deviations), reason);
  }
}

}  // namespace campaign::segmentation
