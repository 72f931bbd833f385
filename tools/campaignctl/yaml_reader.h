#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "tools/campaignctl/campaign_yaml.h"
#include "tools/campaignctl/source_lines.h"
#include "yaml-cpp/yaml.h"

namespace campaign::ctl {

// Fills protobuf messages from YAML nodes by reflection, and records every field's line. Goes on after a mistake, so
// that one reading finds them all. Not thread-safe. Keeps references to what it was given.
class YamlReader {
 public:
  YamlReader(SourceLines& lines, std::vector<LoadError>& errors) : lines_(lines), errors_(errors) {}

  // Reads `node` into `message`, which stands at `path`.
  void ReadMessage(const YAML::Node& node, const std::string& path, google::protobuf::Message& message);

 private:
  using Field = google::protobuf::FieldDescriptor;
  using Entries = std::vector<std::pair<YAML::Node, YAML::Node>>;

  // yaml_reader.cc: the plain form.
  void ReadFields(const YAML::Node& node, const std::string& path, google::protobuf::Message& message);
  void ReadField(const YAML::Node& node, const std::string& path, google::protobuf::Message& message,
                 const Field& field);
  void ReadRepeated(const YAML::Node& node, const std::string& path, google::protobuf::Message& message,
                    const Field& field);
  void ReadValue(const YAML::Node& node, const std::string& path, google::protobuf::Message& message,
                 const Field& field);
  void ReadScalar(const YAML::Node& node, const std::string& path, google::protobuf::Message& message,
                  const Field& field);
  // A map's entries with merge keys (<<) resolved; keys that come twice are mistakes.
  Entries EntriesOf(const YAML::Node& node, const std::string& path);
  void MergeInto(const YAML::Node& merged, const std::string& path, Entries& entries);
  bool IsWithinBounds(const YAML::Node& node, const std::string& path);

  // yaml_shapes.cc: the short forms. True: `node` had one, and it was read.
  bool ReadShortForm(const YAML::Node& node, const std::string& path, google::protobuf::Message& message);
  bool ReadDuration(const YAML::Node& node, const std::string& path, google::protobuf::Message& message);
  bool ReadRule(const YAML::Node& node, const std::string& path, google::protobuf::Message& message);
  bool ReadRuleList(const YAML::Node& node, const std::string& path, google::protobuf::Message& message);
  bool ReadRouteStep(const YAML::Node& node, const std::string& path, google::protobuf::Message& message);
  void ReadFacts(const YAML::Node& node, const std::string& path, google::protobuf::Message& message,
                 const Field& field);

  void AddError(const YAML::Node& node, const std::string& path, absl::string_view text);

  SourceLines& lines_;
  std::vector<LoadError>& errors_;
  int depth_ = 0;
  int values_ = 0;
};

}  // namespace campaign::ctl
