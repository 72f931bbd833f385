#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/yaml_node.h"

namespace campaign::delivery {

// Reads the fields of one YAML map. What is wrong is remembered, the first thing only, as INVALID_ARGUMENT
// `<file>:<line>: <field path>: <value> <bound>`; fields that are not there keep the value they have.
class YamlFields {
 public:
  // `path` is the map's own field path, with a dot at its end unless it is empty.
  YamlFields(const std::string& file, std::string path, const YAML::Node& map);

  bool Has(const std::string& name) const { return nodes_.contains(name); }

  void Text(const std::string& name, std::string& value);
  void Whole(const std::string& name, int min, int max, int& value);
  void Number(const std::string& name, double min, double max, double& value);
  void Duration(const std::string& name, absl::Duration min, absl::Duration max, absl::Duration& value);

  template <class Value>
  void Choice(const std::string& name, const std::vector<std::pair<std::string, Value>>& choices, Value& value) {
    const YAML::Node* const node = Scalar(name);
    if (node != nullptr) Choose(name, *node, choices, value);
  }

  // A list of choices, each at most once and at least one of them.
  template <class Value>
  void Choices(const std::string& name, const std::vector<std::pair<std::string, Value>>& choices,
               std::vector<Value>& values) {
    for (const YAML::Node& node : List(name)) {
      Value value = {};
      if (!Choose(name, node, choices, value)) return;
      for (const Value& other : values) {
        if (other == value) return Refuse(name, &node, node.Scalar(), "comes twice");
      }
      values.push_back(value);
    }
  }

  // A map within this one; without fields where there is none. Its Finish has to be called too.
  YamlFields Map(const std::string& name);
  // The elements of a list; none where there is none.
  std::vector<YAML::Node> List(const std::string& name);

  // A field must be there and not be empty.
  void Require(const std::string& name);

  // The value of a field (its own if there is no such field) is wrong.
  void Refuse(const std::string& name, absl::string_view value, absl::string_view bound);
  // The same of INVALID_ARGUMENT that another gave as "<field>: ...".
  void Refuse(const absl::Status& status);
  // Takes over what is wrong elsewhere.
  void Add(const absl::Status& status);

  // What is wrong until now.
  const absl::Status& Problem() const { return status_; }
  // What is wrong; a field that nobody asked for is too.
  absl::Status Finish();

 private:
  struct Entry {
    YAML::Node key;
    YAML::Node value;
  };

  void Add(const YAML::Node& key, const YAML::Node& value);
  // Null where there is none, or it is no scalar, which is refused.
  const YAML::Node* Scalar(const std::string& name);
  // The node of a field, which is known from then on.
  const YAML::Node* Find(const std::string& name);
  void Refuse(const std::string& name, const YAML::Node* node, absl::string_view value, absl::string_view bound);
  void RefuseChoice(const std::string& name, const YAML::Node& node, const std::vector<std::string>& names);

  template <class Value>
  bool Choose(const std::string& name, const YAML::Node& node,
              const std::vector<std::pair<std::string, Value>>& choices, Value& value) {
    std::vector<std::string> names;
    for (const auto& [choice, meaning] : choices) {
      names.push_back(choice);
      if (node.IsScalar() && node.Scalar() == choice) return value = meaning, true;
    }
    RefuseChoice(name, node, names);
    return false;
  }

  std::string file_;
  std::string path_;
  int line_;
  std::vector<std::string> known_;
  std::map<std::string, Entry> nodes_;
  absl::Status status_;
};

}  // namespace campaign::delivery
