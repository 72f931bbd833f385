#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "campaign/v1/generator.pb.h"
#include "services/generator/template_parser.h"

namespace campaign::generator {

// Partials that stand in one place.
struct PartialScope {
  const google::protobuf::RepeatedPtrField<v1::Partial>* partials;
  std::string field_path;
};

// A template with what it inherits, text by text. Points into the configuration.
struct InheritedTemplate {
  std::string template_id;
  // "experiment_id/variant_id"; empty: for those who were assigned to no variant that has one.
  std::string variant;
  v1::Channel channel = v1::CHANNEL_UNSPECIFIED;
  std::string locale;
  std::string field_path;
  TemplateText subject, preheader, text, html, title, deep_link, collapse_key, plain_text;
  // The nearest first.
  std::vector<PartialScope> partials;

  // The partial of the nearest scope that has one for the channel and the locale; in it the nearest locale counts, then
  // one for this channel alone. In HTML its HTML, else its text, to be escaped.
  absl::optional<TemplateText> FindPartial(absl::string_view name, bool html) const;
};

// All templates that messages can be written from: the campaign's, and those of the brand that have an id and are not
// the campaign's too. Each inherits from the campaign's template of its id without a variant, the brand's of its id and
// the brand's without an id; of each of these the one of the nearest locale.
// INVALID_ARGUMENT "config.brand.templates[1].html: ...": a text that the channel does not have; one that it needs and
// that is not inherited either; two templates, or partials in one place, for the same.
absl::StatusOr<std::vector<InheritedTemplate>> InheritTemplates(const v1::GenerationConfig& config);

}  // namespace campaign::generator
