#include "tools/campaignctl/yaml_reader.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>

#include "absl/cleanup/cleanup.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "campaign/v1/reason.pb.h"
#include "common/yaml_node.h"
#include "tools/campaignctl/words.h"

namespace campaign::ctl {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr size_t kMaxErrors = 20;
// Rules may nest 16 deep, at two messages a level; an anchor that holds its own alias nests without end.
constexpr int kMaxDepth = 64;
// Aliases of aliases can make a small file huge.
constexpr int kMaxValues = 50'000;

std::vector<std::string> FieldNames(const Message& message) {
  std::vector<std::string> names;
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    names.push_back(message.GetDescriptor()->field(i)->name());
  }
  return names;
}

// A quoted scalar is a text, whatever it looks like.
bool IsPlain(const YAML::Node& node) { return node.Tag() != "!"; }

// Sets a singular field or adds to a repeated one.
template <class Value>
void Put(Message& message, const FieldDescriptor& field,
         void (Reflection::*set)(Message*, const FieldDescriptor*, Value) const,
         void (Reflection::*add)(Message*, const FieldDescriptor*, Value) const, Value value) {
  (message.GetReflection()->*(field.is_repeated() ? add : set))(&message, &field, std::move(value));
}

template <class Integer>
bool PutInteger(const YAML::Node& node, Message& message, const FieldDescriptor& field,
                void (Reflection::*set)(Message*, const FieldDescriptor*, Integer) const,
                void (Reflection::*add)(Message*, const FieldDescriptor*, Integer) const) {
  Integer value = 0;
  if (!IsPlain(node) || !absl::SimpleAtoi(node.Scalar(), &value)) return false;
  Put(message, field, set, add, value);
  return true;
}

bool PutDouble(const YAML::Node& node, Message& message, const FieldDescriptor& field) {
  double value = 0;
  if (!IsPlain(node) || !absl::SimpleAtod(node.Scalar(), &value) || !std::isfinite(value)) return false;
  Put(message, field, &Reflection::SetDouble, &Reflection::AddDouble, value);
  return true;
}

bool PutBool(const YAML::Node& node, Message& message, const FieldDescriptor& field) {
  if (!IsPlain(node) || (node.Scalar() != "true" && node.Scalar() != "false")) return false;
  Put(message, field, &Reflection::SetBool, &Reflection::AddBool, node.Scalar() == "true");
  return true;
}

}  // namespace

void YamlReader::AddError(const YAML::Node& node, const std::string& path, absl::string_view text) {
  if (errors_.size() >= kMaxErrors) return;
  // The mark of what is not there is wherever the parser noticed; its key stands in a better place.
  const int line = node.IsNull() ? lines_.Find(path) : LineOf(node);
  errors_.push_back({line, path, std::string(text)});
}

bool YamlReader::IsWithinBounds(const YAML::Node& node, const std::string& path) {
  if (depth_ > kMaxDepth) AddError(node, path, absl::StrCat("is nested more than ", kMaxDepth, " deep"));
  if (++values_ == kMaxValues) AddError(node, path, absl::StrCat("is value ", kMaxValues, ", too many for a campaign"));
  return depth_ <= kMaxDepth && values_ < kMaxValues;
}

void YamlReader::ReadMessage(const YAML::Node& node, const std::string& path, Message& message) {
  ++depth_;
  const absl::Cleanup leave = [this] { --depth_; };
  if (!IsWithinBounds(node, path) || ReadShortForm(node, path, message)) return;
  ReadFields(node, path, message);
}

void YamlReader::ReadFields(const YAML::Node& node, const std::string& path, Message& message) {
  if (!node.IsMap()) {
    AddError(node, path, absl::StrCat("wants a map, has ", DescribeNode(node)));
    return;
  }
  for (const auto& [key, value] : EntriesOf(node, path)) {
    const std::string& name = key.Scalar();
    const std::string field_path = absl::StrCat(path, ".", name);
    const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
    if (field == nullptr) {
      AddError(key, field_path, absl::StrCat("unknown key '", name, "'", NearestOrKnown(name, FieldNames(message))));
      continue;
    }
    lines_.Record(field_path, LineOf(key));
    const auto* oneof = field->real_containing_oneof();
    if (oneof != nullptr && message.GetReflection()->HasOneof(message, oneof)) {
      const FieldDescriptor* other = message.GetReflection()->GetOneofFieldDescriptor(message, oneof);
      AddError(key, field_path, absl::StrCat("excludes ", other->name(), " beside it"));
      continue;
    }
    ReadField(value, field_path, message, *field);
  }
}

YamlReader::Entries YamlReader::EntriesOf(const YAML::Node& node, const std::string& path) {
  Entries entries;
  absl::flat_hash_set<std::string> names;
  std::vector<YAML::Node> merges;
  for (const auto& entry : node) {
    if (!entry.first.IsScalar()) {
      AddError(entry.first, path, absl::StrCat("a key is a name, not ", DescribeNode(entry.first)));
    } else if (entry.first.Scalar() == "<<") {
      merges.push_back(entry.second);
    } else if (!names.insert(entry.first.Scalar()).second) {
      AddError(entry.first, absl::StrCat(path, ".", entry.first.Scalar()), "comes twice");
    } else {
      entries.emplace_back(entry.first, entry.second);
    }
  }
  for (const YAML::Node& merged : merges) MergeInto(merged, path, entries);
  return entries;
}

void YamlReader::MergeInto(const YAML::Node& merged, const std::string& path, Entries& entries) {
  ++depth_;
  const absl::Cleanup leave = [this] { --depth_; };
  if (!IsWithinBounds(merged, path)) return;
  if (merged.IsSequence()) {
    for (const YAML::Node& one : merged) MergeInto(one, path, entries);
    return;
  }
  if (!merged.IsMap()) {
    AddError(merged, path, absl::StrCat("<< merges maps, not ", DescribeNode(merged)));
    return;
  }
  // What stands in the map itself, or was merged before, counts.
  for (auto& [key, value] : EntriesOf(merged, path)) {
    const bool known = std::any_of(entries.begin(), entries.end(),
                                   [&key = key](const auto& entry) { return entry.first.Scalar() == key.Scalar(); });
    if (!known) entries.emplace_back(key, value);
  }
}

void YamlReader::ReadField(const YAML::Node& node, const std::string& path, Message& message, const Field& field) {
  if (node.IsNull()) {
    AddError(node, path, "has no value");
  } else if (field.is_repeated()) {
    ReadRepeated(node, path, message, field);
  } else {
    ReadValue(node, path, message, field);
  }
}

void YamlReader::ReadRepeated(const YAML::Node& node, const std::string& path, Message& message, const Field& field) {
  if (field.message_type() == v1::Fact::descriptor() && node.IsMap()) {
    ReadFacts(node, path, message, field);
    return;
  }
  if (!node.IsSequence()) {
    const bool one_of_a_kind = node.IsScalar() && field.cpp_type() != Field::CPPTYPE_MESSAGE;
    if (one_of_a_kind) return ReadValue(node, path, message, field);
    AddError(node, path, absl::StrCat("wants a list, has ", DescribeNode(node)));
    return;
  }
  size_t index = 0;
  for (const YAML::Node& element : node) {
    const std::string element_path = absl::StrCat(path, "[", index++, "]");
    lines_.Record(element_path, LineOf(element));
    ReadValue(element, element_path, message, field);
  }
}

void YamlReader::ReadValue(const YAML::Node& node, const std::string& path, Message& message, const Field& field) {
  if (field.cpp_type() == Field::CPPTYPE_MESSAGE) {
    const Reflection& reflection = *message.GetReflection();
    ReadMessage(
        node, path,
        *(field.is_repeated() ? reflection.AddMessage(&message, &field) : reflection.MutableMessage(&message, &field)));
  } else if (IsWithinBounds(node, path)) {
    ReadScalar(node, path, message, field);
  }
}

void YamlReader::ReadScalar(const YAML::Node& node, const std::string& path, Message& message, const Field& field) {
  const auto wants = [&](absl::string_view what) {
    AddError(node, path, absl::StrCat("wants ", what, ", has ", DescribeNode(node)));
  };
  const bool scalar = node.IsScalar();
  switch (field.cpp_type()) {
    case Field::CPPTYPE_STRING:
      if (!scalar) return wants("a text");
      return Put(message, field, &Reflection::SetString, &Reflection::AddString, node.Scalar());
    case Field::CPPTYPE_INT32:
      if (!scalar || !PutInteger<int32_t>(node, message, field, &Reflection::SetInt32, &Reflection::AddInt32)) {
        wants("a whole number");
      }
      return;
    case Field::CPPTYPE_INT64:
      if (!scalar || !PutInteger<int64_t>(node, message, field, &Reflection::SetInt64, &Reflection::AddInt64)) {
        wants("a whole number");
      }
      return;
    case Field::CPPTYPE_DOUBLE:
      if (!scalar || !PutDouble(node, message, field)) wants("a number");
      return;
    case Field::CPPTYPE_BOOL:
      if (!scalar || !PutBool(node, message, field)) wants("true or false");
      return;
    case Field::CPPTYPE_ENUM: {
      if (!scalar) return wants("a name");
      const absl::StatusOr<int> value = ParseEnum(*field.enum_type(), node.Scalar());
      if (!value.ok()) return AddError(node, path, value.status().message());
      return Put(message, field, &Reflection::SetEnumValue, &Reflection::AddEnumValue, *value);
    }
    default:
      return wants("what YAML files cannot carry");
  }
}

}  // namespace campaign::ctl
