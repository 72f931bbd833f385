#include "common/rules/rule.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "common/rules/vocabulary.h"
#include "common/status.h"

namespace campaign::rules {
namespace {

constexpr int kMaxDepth = 16;

const char* TypeName(Feature::Type type) {
  switch (type) {
    case Feature::Type::kNumber:
      return "number";
    case Feature::Type::kText:
      return "text";
    case Feature::Type::kTruth:
      return "truth";
    case Feature::Type::kTextSet:
      return "set of texts";
  }
  return "";
}

bool Fits(v1::Operator op, Feature::Type type) {
  switch (op) {
    case v1::OPERATOR_EQUAL:
    case v1::OPERATOR_EXISTS:
      return true;
    case v1::OPERATOR_NOT_EQUAL:
      return type != Feature::Type::kTextSet;
    case v1::OPERATOR_LESS:
    case v1::OPERATOR_LESS_OR_EQUAL:
    case v1::OPERATOR_GREATER:
    case v1::OPERATOR_GREATER_OR_EQUAL:
      return type == Feature::Type::kNumber;
    case v1::OPERATOR_IN:
      return type == Feature::Type::kText || type == Feature::Type::kTextSet;
    default:
      return false;
  }
}

v1::Comparison::ValueCase ValueFor(Feature::Type type) {
  if (type == Feature::Type::kNumber) return v1::Comparison::kNumber;
  return type == Feature::Type::kTruth ? v1::Comparison::kTruth : v1::Comparison::kText;
}

const char* ValueName(v1::Comparison::ValueCase value) {
  if (value == v1::Comparison::kNumber) return "number";
  if (value == v1::Comparison::kText) return "text";
  return value == v1::Comparison::kTruth ? "truth" : "none";
}

bool CompareNumbers(v1::Operator op, double value, double bound) {
  switch (op) {
    case v1::OPERATOR_EQUAL:
      return value == bound;
    case v1::OPERATOR_NOT_EQUAL:
      return value != bound;
    case v1::OPERATOR_LESS:
      return value < bound;
    case v1::OPERATOR_LESS_OR_EQUAL:
      return value <= bound;
    case v1::OPERATOR_GREATER:
      return value > bound;
    case v1::OPERATOR_GREATER_OR_EQUAL:
      return value >= bound;
    default:
      return op == v1::OPERATOR_EXISTS;
  }
}

bool Holds(const std::vector<std::string>& sorted, absl::string_view text) {
  return std::binary_search(sorted.begin(), sorted.end(), text,
                            [](absl::string_view a, absl::string_view b) { return a < b; });
}

}  // namespace

absl::StatusOr<CompiledRule> CompiledRule::Compile(const v1::Rule& rule, absl::string_view field_path) {
  CompiledRule compiled;
  // `root_` as it is: all of nothing.
  if (rule.kind_case() == v1::Rule::KIND_NOT_SET) return compiled;
  ASSIGN_OR_RETURN(compiled.root_, CompileNode(rule, std::string(field_path), 1));
  return compiled;
}

absl::StatusOr<CompiledRule::Node> CompiledRule::CompileNode(const v1::Rule& rule, const std::string& field_path,
                                                             int depth) {
  if (depth > kMaxDepth) return InvalidField(field_path, depth, absl::StrCat("levels deep is above ", kMaxDepth));
  switch (rule.kind_case()) {
    case v1::Rule::kAll:
      return CompileList(Node::Kind::kAll, rule.all(), field_path + ".all", depth);
    case v1::Rule::kAny:
      return CompileList(Node::Kind::kAny, rule.any(), field_path + ".any", depth);
    case v1::Rule::kNot: {
      Node node;
      node.kind = Node::Kind::kNot;
      ASSIGN_OR_RETURN(Node child, CompileNode(rule.not_(), field_path + ".not", depth + 1));
      node.children.push_back(std::move(child));
      return node;
    }
    case v1::Rule::kCompare:
      return CompileComparison(rule.compare(), field_path + ".compare");
    case v1::Rule::KIND_NOT_SET:
      break;
  }
  return InvalidField(field_path, "empty", "needs one of all, any, not, compare");
}

absl::StatusOr<CompiledRule::Node> CompiledRule::CompileList(Node::Kind kind, const v1::RuleList& list,
                                                             const std::string& field_path, int depth) {
  if (list.rules().empty()) return InvalidField(field_path + ".rules", 0, "elements is below 1");
  Node node;
  node.kind = kind;
  for (int i = 0; i < list.rules_size(); ++i) {
    ASSIGN_OR_RETURN(Node child, CompileNode(list.rules(i), absl::StrCat(field_path, ".rules[", i, "]"), depth + 1));
    node.children.push_back(std::move(child));
  }
  return node;
}

absl::StatusOr<CompiledRule::Node> CompiledRule::CompileComparison(const v1::Comparison& comparison,
                                                                   const std::string& field_path) {
  Node node;
  node.kind = Node::Kind::kCompare;
  ASSIGN_OR_RETURN(node.feature, Feature::Resolve(comparison.feature(), field_path + ".feature"));
  node.op = comparison.operator_();
  if (!Fits(node.op, node.feature.type())) {
    return InvalidField(field_path + ".operator", v1::Operator_Name(node.op),
                        absl::StrCat("is not for ", node.feature.name(), ", a ", TypeName(node.feature.type())));
  }
  RETURN_IF_ERROR(CompileValue(comparison, field_path, node));
  WriteGoals(node);
  return node;
}

absl::Status CompiledRule::CompileValue(const v1::Comparison& comparison, const std::string& field_path, Node& node) {
  // A value beside an operator that does not read it is a mistake about what the rule says.
  const bool takes_texts = node.op == v1::OPERATOR_IN;
  if (takes_texts != !comparison.texts().empty()) {
    return InvalidField(field_path + ".texts", comparison.texts_size(),
                        takes_texts ? "elements is below 1" : "elements; only OPERATOR_IN takes them");
  }
  const v1::Comparison::ValueCase wanted =
      takes_texts || node.op == v1::OPERATOR_EXISTS ? v1::Comparison::VALUE_NOT_SET : ValueFor(node.feature.type());
  if (comparison.value_case() != wanted) {
    return InvalidField(
        field_path + ".value", ValueName(comparison.value_case()),
        absl::StrCat("must be ", ValueName(wanted), " for ", v1::Operator_Name(node.op), " of ", node.feature.name()));
  }
  if (!std::isfinite(comparison.number())) {
    return InvalidField(field_path + ".number", comparison.number(), "is not finite");
  }
  node.number = wanted == v1::Comparison::kTruth ? comparison.truth() : comparison.number();
  node.texts.assign(comparison.texts().begin(), comparison.texts().end());
  if (wanted == v1::Comparison::kText) node.texts.push_back(comparison.text());
  std::sort(node.texts.begin(), node.texts.end());
  return absl::OkStatus();
}

bool CompiledRule::Matches(const Subject& subject) const { return Matches(root_, subject); }

bool CompiledRule::Matches(const Node& node, const Subject& subject) {
  auto matches = [&](const Node& child) { return Matches(child, subject); };
  switch (node.kind) {
    case Node::Kind::kAll:
      return std::all_of(node.children.begin(), node.children.end(), matches);
    case Node::Kind::kAny:
      return std::any_of(node.children.begin(), node.children.end(), matches);
    case Node::Kind::kNot:
      return !Matches(node.children[0], subject);
    case Node::Kind::kCompare:
      return Compare(node, subject);
  }
  return false;
}

bool CompiledRule::Compare(const Node& node, const Subject& subject) {
  const VocabularyEntry& entry = *node.feature.entry_;
  if (const auto* read = std::get_if<VocabularyEntry::TextReader>(&entry.read)) {
    const absl::optional<absl::string_view> text = (*read)(subject, node.feature.key_);
    if (!text || node.op == v1::OPERATOR_EXISTS) return text.has_value();
    return Holds(node.texts, *text) == (node.op != v1::OPERATOR_NOT_EQUAL);
  }
  if (const auto* read = std::get_if<VocabularyEntry::TextSetReader>(&entry.read)) {
    return (*read)(subject,
                   [&](absl::string_view text) { return node.op == v1::OPERATOR_EXISTS || Holds(node.texts, text); });
  }
  const absl::optional<double> number = node.feature.Number(subject);
  return number && CompareNumbers(node.op, *number, node.number);
}

std::vector<v1::Reason> CompiledRule::Explain(const Subject& subject) const {
  std::vector<v1::Reason> reasons;
  Explain(root_, subject, Matches(subject), reasons);
  return reasons;
}

// `wanted` is what `node` comes to: the comparisons behind that are what explains it.
void CompiledRule::Explain(const Node& node, const Subject& subject, bool wanted, std::vector<v1::Reason>& reasons) {
  if (node.kind == Node::Kind::kCompare) {
    reasons.push_back(node.feature.Describe(subject));
    return;
  }
  if (node.kind == Node::Kind::kNot) return Explain(node.children[0], subject, !wanted, reasons);
  for (const Node& child : node.children) {
    if (Matches(child, subject) != wanted) continue;
    Explain(child, subject, wanted, reasons);
    // One rule that fails is enough to fail them all.
    if (node.kind == Node::Kind::kAll && !wanted) return;
  }
}

}  // namespace campaign::rules
