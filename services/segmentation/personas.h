#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "campaign/v1/segmentation.pb.h"
#include "common/rules/persona_feature.h"

namespace campaign::segmentation {

// Personas learnt from features (k-means++ over scaled values): a customer is of the persona whose centroid is nearest.
// What sets a persona apart are the features in which its centroid is furthest from the mean of all customers, in
// standard deviations; the scaled centroid says just that. Immutable, so thread-safe.
class Personas {
 public:
  // INVALID_ARGUMENT: a model without features or with fewer than two personas, a feature as PersonaDimension or named
  // twice, mean or scale not finite, scale not above 0, a centroid of another length or not finite, two personas of one
  // name. An unset model is none.
  static absl::StatusOr<Personas> Compile(const v1::PersonaModel& model, absl::string_view field_path);

  bool empty() const { return personas_.empty(); }

  // The nearest persona, with the customer's values of the features that set it apart as reasons. The score is 1 minus
  // the distance to it over the distance to the next (simplified silhouette). Not for an empty model.
  void Answer(const v1::Profile& profile, v1::SegmentResult& result) const;

 private:
  struct Dimension {
    rules::PersonaDimension value;
    double mean;
    double scale;
  };
  struct Persona {
    std::string segment;
    std::string label;
    std::vector<double> centroid;
    std::vector<size_t> apart;  // Dimensions that set it apart, the largest difference first.
  };

  absl::Status AddDimension(const v1::PersonaFeature& feature, const std::string& path);
  absl::Status AddPersona(const v1::Persona& persona, const std::string& path);
  std::string LabelOf(const Persona& persona) const;
  void AddReasons(const Persona& persona, const v1::Profile& profile, v1::SegmentResult& result) const;

  std::vector<Dimension> dimensions_;
  std::vector<Persona> personas_;
};

}  // namespace campaign::segmentation
