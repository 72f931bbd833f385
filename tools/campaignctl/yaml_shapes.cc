#include <string>

#include "absl/strings/str_cat.h"
#include "campaign/v1/campaigns.pb.h"
#include "campaign/v1/reason.pb.h"
#include "campaign/v1/rule.pb.h"
#include "common/yaml_node.h"
#include "google/protobuf/duration.pb.h"
#include "tools/campaignctl/rule_text.h"
#include "tools/campaignctl/words.h"
#include "tools/campaignctl/yaml_reader.h"

namespace campaign::ctl {

using google::protobuf::Message;

bool YamlReader::ReadShortForm(const YAML::Node& node, const std::string& path, Message& message) {
  struct Form {
    const google::protobuf::Descriptor* type;
    bool (YamlReader::*read)(const YAML::Node&, const std::string&, Message&);
  };
  static const Form kForms[] = {{google::protobuf::Duration::descriptor(), &YamlReader::ReadDuration},
                                {v1::Rule::descriptor(), &YamlReader::ReadRule},
                                {v1::RuleList::descriptor(), &YamlReader::ReadRuleList},
                                {v1::RouteStep::descriptor(), &YamlReader::ReadRouteStep}};
  for (const Form& form : kForms) {
    if (form.type == message.GetDescriptor()) return (this->*form.read)(node, path, message);
  }
  return false;
}

bool YamlReader::ReadDuration(const YAML::Node& node, const std::string& path, Message& message) {
  if (!node.IsScalar()) {
    AddError(node, path, absl::StrCat("wants a duration such as 30d, has ", DescribeNode(node)));
    return true;
  }
  const absl::StatusOr<absl::Duration> duration = ParseDurationText(node.Scalar());
  if (!duration.ok()) {
    AddError(node, path, duration.status().message());
    return true;
  }
  google::protobuf::Duration value;
  value.set_seconds(absl::ToInt64Seconds(*duration));
  value.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(*duration - absl::Seconds(value.seconds()))));
  message.CopyFrom(value);
  return true;
}

bool YamlReader::ReadRule(const YAML::Node& node, const std::string& path, Message& message) {
  if (node.IsSequence()) {
    v1::Rule rule;
    ReadMessage(node, path + ".all", *rule.mutable_all());
    message.CopyFrom(rule);
    return true;
  }
  if (!node.IsScalar()) return false;
  const absl::StatusOr<v1::Rule> rule = ParseRuleText(node.Scalar());
  if (rule.ok()) {
    message.CopyFrom(*rule);
  } else {
    AddError(node, path, rule.status().message());
  }
  return true;
}

bool YamlReader::ReadRuleList(const YAML::Node& node, const std::string& path, Message& message) {
  if (!node.IsSequence()) return false;
  ReadRepeated(node, path + ".rules", message, *v1::RuleList::descriptor()->FindFieldByName("rules"));
  return true;
}

bool YamlReader::ReadRouteStep(const YAML::Node& node, const std::string& path, Message& message) {
  if (!node.IsScalar()) return false;
  ReadScalar(node, path + ".step", message, *v1::RouteStep::descriptor()->FindFieldByName("step"));
  return true;
}

void YamlReader::ReadFacts(const YAML::Node& node, const std::string& path, Message& message, const Field& field) {
  size_t index = 0;
  for (const auto& [key, value] : EntriesOf(node, path)) {
    const std::string fact_path = absl::StrCat(path, "[", index++, "]");
    lines_.Record(fact_path, LineOf(key));
    if (!value.IsScalar()) {
      AddError(value, absl::StrCat(path, ".", key.Scalar()), absl::StrCat("wants a text, has ", DescribeNode(value)));
      continue;
    }
    v1::Fact fact;
    fact.set_name(key.Scalar());
    fact.set_value(value.Scalar());
    message.GetReflection()->AddMessage(&message, &field)->CopyFrom(fact);
  }
}

}  // namespace campaign::ctl
