#include "tools/campaignctl/campaign_yaml.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/yaml_node.h"
#include "tools/campaignctl/yaml_reader.h"

namespace campaign::ctl {
namespace {

// Parses the one document of `yaml`; a mistake goes to `errors` and gives an undefined node.
YAML::Node Parse(absl::string_view yaml, std::vector<LoadError>& errors) {
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(std::string(yaml));
    if (documents.size() == 1) return documents[0];
    const int line = documents.empty() ? 1 : LineOf(documents[1]);
    errors.push_back({line, "", documents.empty() ? "holds nothing" : "holds a second document; one campaign a file"});
  } catch (const YAML::Exception& exception) {
    errors.push_back({std::max(exception.mark.line, 0) + 1, "", exception.msg});
  }
  return YAML::Node(YAML::NodeType::Undefined);
}

bool IsExtension(const YAML::Node& key) { return key.IsScalar() && absl::StartsWith(key.Scalar(), "x-"); }

// The map without its "x-" keys; anything else as it is. Entries keep their lines.
YAML::Node WithoutExtensions(const YAML::Node& document) {
  if (!document.IsMap()) return document;
  std::vector<YAML::Node> extensions;
  for (const auto& entry : document) {
    if (IsExtension(entry.first)) extensions.push_back(entry.first);
  }
  YAML::Node rest = document;
  for (const YAML::Node& key : extensions) rest.remove(key);
  return rest;
}

}  // namespace

std::string FormatLoadError(absl::string_view file, const LoadError& error) {
  return absl::StrCat(file, ":", error.line, ": ", error.path, error.path.empty() ? "" : ": ", error.text);
}

LoadedCampaign LoadCampaign(absl::string_view yaml) {
  LoadedCampaign loaded;
  const YAML::Node document = Parse(yaml, loaded.errors);
  if (!document.IsDefined()) return loaded;
  loaded.lines.Record("campaign", LineOf(document));
  YamlReader(loaded.lines, loaded.errors).ReadMessage(WithoutExtensions(document), "campaign", loaded.campaign);
  std::stable_sort(loaded.errors.begin(), loaded.errors.end(),
                   [](const LoadError& a, const LoadError& b) { return a.line < b.line; });
  return loaded;
}

absl::StatusOr<v1::Rule> LoadRule(absl::string_view yaml) {
  std::vector<LoadError> errors;
  SourceLines lines;
  v1::Rule rule;
  const YAML::Node document = Parse(yaml, errors);
  if (document.IsDefined()) YamlReader(lines, errors).ReadMessage(document, "rule", rule);
  if (errors.empty()) return rule;
  return absl::InvalidArgumentError(absl::StrCat(errors[0].path, errors[0].path.empty() ? "" : ": ", errors[0].text));
}

}  // namespace campaign::ctl
