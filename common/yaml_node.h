#pragma once

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "yaml-cpp/yaml.h"

namespace campaign {

// The node's line, from 1.
inline int LineOf(const YAML::Node& node) { return std::max(node.Mark().line, 0) + 1; }

// "a list", "a map", "no value", or the scalar in quotes; for messages.
inline std::string DescribeNode(const YAML::Node& node) {
  if (node.IsSequence()) return "a list";
  if (node.IsMap()) return "a map";
  if (!node.IsDefined() || node.IsNull()) return "no value";
  return absl::StrCat("'", node.Scalar(), "'");
}

}  // namespace campaign
