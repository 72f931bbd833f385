#include "services/delivery/yaml_fields.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "common/nearest_name.h"
#include "common/status.h"

namespace campaign::delivery {
namespace {

std::string Quoted(absl::string_view value) { return value.empty() ? "''" : std::string(value); }

std::string DidYouMean(absl::string_view name, const std::vector<std::string>& known) {
  const std::string nearest = NearestName(name, known);
  return nearest.empty() ? absl::StrCat("; known: ", absl::StrJoin(known, ", "))
                         : absl::StrCat("; did you mean '", nearest, "'?");
}

}  // namespace

YamlFields::YamlFields(const std::string& file, std::string path, const YAML::Node& map)
    : file_(file), path_(std::move(path)), line_(LineOf(map)) {
  if (map.IsMap()) {
    for (const auto& entry : map) Add(entry.first, entry.second);
  } else if (map.IsDefined() && !map.IsNull()) {
    Refuse("", &map, DescribeNode(map), "is not a map of fields");
  }
}

void YamlFields::Add(const YAML::Node& key, const YAML::Node& value) {
  if (!key.IsScalar()) return Refuse("", &key, DescribeNode(key), "is not a field's name");
  if (!nodes_.emplace(key.Scalar(), Entry{key, value}).second) Refuse("", &key, key.Scalar(), "comes twice");
}

const YAML::Node* YamlFields::Find(const std::string& name) {
  known_.push_back(name);
  const auto entry = nodes_.find(name);
  return entry == nodes_.end() ? nullptr : &entry->second.value;
}

const YAML::Node* YamlFields::Scalar(const std::string& name) {
  const YAML::Node* const node = Find(name);
  if (node == nullptr || node->IsScalar()) return node;
  Refuse(name, node, DescribeNode(*node), "is not one value");
  return nullptr;
}

void YamlFields::Text(const std::string& name, std::string& value) {
  if (const YAML::Node* const node = Scalar(name); node != nullptr) value = node->Scalar();
}

void YamlFields::Whole(const std::string& name, int min, int max, int& value) {
  const YAML::Node* const node = Scalar(name);
  if (node == nullptr) return;
  int read = 0;
  if (!absl::SimpleAtoi(node->Scalar(), &read) || read < min || read > max) {
    return Refuse(name, node, node->Scalar(), absl::StrCat("is not a whole number from ", min, " to ", max));
  }
  value = read;
}

void YamlFields::Number(const std::string& name, double min, double max, double& value) {
  const YAML::Node* const node = Scalar(name);
  if (node == nullptr) return;
  double read = 0;
  if (!absl::SimpleAtod(node->Scalar(), &read) || !(read >= min && read <= max)) {
    return Refuse(name, node, node->Scalar(), absl::StrCat("is not a number from ", min, " to ", max));
  }
  value = read;
}

void YamlFields::Duration(const std::string& name, absl::Duration min, absl::Duration max, absl::Duration& value) {
  const YAML::Node* const node = Scalar(name);
  if (node == nullptr) return;
  absl::Duration read;
  if (!absl::ParseDuration(node->Scalar(), &read) || read < min || read > max) {
    return Refuse(name, node, node->Scalar(),
                  absl::StrCat("is not a duration such as 1m30s, from ", absl::FormatDuration(min), " to ",
                               absl::FormatDuration(max)));
  }
  value = read;
}

YamlFields YamlFields::Map(const std::string& name) {
  const YAML::Node* const node = Find(name);
  return YamlFields(file_, absl::StrCat(path_, name, "."), node == nullptr ? YAML::Node() : *node);
}

std::vector<YAML::Node> YamlFields::List(const std::string& name) {
  const YAML::Node* const node = Find(name);
  if (node == nullptr) return {};
  if (node->IsSequence()) return {node->begin(), node->end()};
  Refuse(name, node, DescribeNode(*node), "is not a list");
  return {};
}

void YamlFields::Require(const std::string& name) {
  const auto entry = nodes_.find(name);
  const bool missing = entry == nodes_.end() || entry->second.value.IsNull() ||
                       (entry->second.value.IsScalar() && entry->second.value.Scalar().empty()) ||
                       (entry->second.value.IsSequence() && entry->second.value.size() == 0);
  if (missing) Refuse(name, "''", "is required");
}

void YamlFields::Refuse(const std::string& name, absl::string_view value, absl::string_view bound) {
  const auto entry = nodes_.find(name);
  Refuse(name, entry == nodes_.end() ? nullptr : &entry->second.key, value, bound);
}

void YamlFields::Refuse(const std::string& name, const YAML::Node* node, absl::string_view value,
                        absl::string_view bound) {
  const std::string field = name.empty() ? path_.substr(0, path_.rfind('.')) : path_ + name;
  const std::string place = absl::StrCat(file_, ":", node == nullptr ? line_ : LineOf(*node));
  Add(InvalidField(field.empty() ? place : absl::StrCat(place, ": ", field), Quoted(value), bound));
}

void YamlFields::Refuse(const absl::Status& status) {
  if (status.ok()) return;
  const std::string message(status.message());
  const std::string name = message.substr(0, message.find(':'));
  const auto entry = nodes_.find(name);
  Add(absl::Status(status.code(), absl::StrCat(file_, ":", entry == nodes_.end() ? line_ : LineOf(entry->second.key),
                                               ": ", path_, message)));
}

void YamlFields::Add(const absl::Status& status) { status_.Update(status); }

void YamlFields::RefuseChoice(const std::string& name, const YAML::Node& node, const std::vector<std::string>& names) {
  if (!node.IsScalar()) return Refuse(name, &node, DescribeNode(node), "is not one value");
  Refuse(name, &node, node.Scalar(),
         absl::StrCat("is none of ", absl::StrJoin(names, ", "),
                      NearestName(node.Scalar(), names).empty() ? "" : DidYouMean(node.Scalar(), names)));
}

absl::Status YamlFields::Finish() {
  for (const auto& [name, entry] : nodes_) {
    if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
    Refuse("", &entry.key, name, absl::StrCat("is an unknown key", DidYouMean(name, known_)));
  }
  return status_;
}

}  // namespace campaign::delivery
