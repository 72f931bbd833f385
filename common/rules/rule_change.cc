#include <algorithm>
#include <cmath>
#include <iterator>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/rules/phrases.h"
#include "common/rules/rule.h"

namespace campaign::rules {
namespace {

// The operator that holds where `op` does not.
v1::Operator Opposite(v1::Operator op) {
  switch (op) {
    case v1::OPERATOR_EQUAL:
    case v1::OPERATOR_IN:
      return v1::OPERATOR_NOT_EQUAL;
    case v1::OPERATOR_NOT_EQUAL:
      return v1::OPERATOR_EQUAL;
    case v1::OPERATOR_LESS:
      return v1::OPERATOR_GREATER_OR_EQUAL;
    case v1::OPERATOR_LESS_OR_EQUAL:
      return v1::OPERATOR_GREATER;
    case v1::OPERATOR_GREATER:
      return v1::OPERATOR_LESS_OR_EQUAL;
    case v1::OPERATOR_GREATER_OR_EQUAL:
      return v1::OPERATOR_LESS;
    default:
      return op;
  }
}

// "no orders in 365 days": of a feature that counts.
bool SaysNone(absl::string_view phrase) {
  return absl::StartsWith(phrase, "no ") || absl::StartsWith(phrase, "never ") || absl::StrContains(phrase, " no ");
}

std::string NumberGoal(const Feature& feature, v1::Operator op, double number) {
  const std::string phrase = feature.Phrase(number, "");
  // Of what is below zero, "more" would be taken for its amount.
  const bool below_zero = number < 0;
  switch (op) {
    case v1::OPERATOR_GREATER_OR_EQUAL:
      return absl::StrCat(phrase, below_zero ? ", or higher" : " or more");
    case v1::OPERATOR_LESS_OR_EQUAL:
      return absl::StrCat(phrase, number == 0 && SaysNone(phrase) ? "" : below_zero ? ", or lower" : " or less");
    case v1::OPERATOR_GREATER:
      if (number == 0 && SaysNone(phrase)) return absl::StrCat(feature.Phrase(1, ""), " or more");
      return absl::StrCat(below_zero ? "higher than: " : "more than: ", phrase);
    case v1::OPERATOR_LESS:
      return absl::StrCat(below_zero ? "lower than: " : "less than: ", phrase);
    case v1::OPERATOR_NOT_EQUAL:
      return absl::StrCat("other than: ", phrase);
    default:
      return phrase;
  }
}

bool IsWhole(double number) { return number == std::trunc(number); }

}  // namespace

void CompiledRule::WriteGoals(Node& node) {
  const auto goal = [&](v1::Operator op, bool exists) {
    const Feature& feature = node.feature;
    if (node.op == v1::OPERATOR_EXISTS) {
      return exists ? absl::StrCat("a value of ", feature.name()) : feature.AbsentPhrase();
    }
    if (feature.type() == Feature::Type::kNumber) return NumberGoal(feature, op, node.number);
    const bool negated = op == v1::OPERATOR_NOT_EQUAL;
    if (feature.type() == Feature::Type::kTruth) {
      return feature.Phrase(negated ? 1 - node.number : node.number, "");
    }
    return absl::StrCat(negated ? "not: " : "", feature.Phrase(0, node.target));
  };
  node.target = node.op == v1::OPERATOR_EXISTS ? "" : absl::StrJoin(node.texts, " or ");
  if (node.feature.type() == Feature::Type::kNumber && node.op != v1::OPERATOR_EXISTS) {
    node.target = NumberText(node.number);
  }
  if (node.feature.type() == Feature::Type::kTruth) node.target = node.number != 0 ? "true" : "false";
  node.goal = goal(node.op, true);
  node.opposite = goal(Opposite(node.op), false);
}

absl::optional<double> CompiledRule::Distance(const Node& node, const Subject& subject, bool wanted) {
  if (node.feature.type() != Feature::Type::kNumber || node.op == v1::OPERATOR_EXISTS) return absl::nullopt;
  const v1::Operator op = wanted ? node.op : Opposite(node.op);
  const absl::optional<double> number = node.feature.Number(subject);
  if (!number || op == v1::OPERATOR_NOT_EQUAL) return absl::nullopt;
  const double distance = node.number - *number;
  // Past the bound: by one for counts, else by as little as there is.
  constexpr double kLittle = 1e-9;
  const double step = IsWhole(distance) ? 1 : kLittle;
  if (op == v1::OPERATOR_GREATER) return distance + step;
  return op == v1::OPERATOR_LESS ? distance - step : distance;
}

CompiledRule::Effort CompiledRule::EffortOf(const Node& node, const Subject& subject, bool wanted) {
  if (node.kind == Node::Kind::kNot) return EffortOf(node.children[0], subject, !wanted);
  if (node.kind == Node::Kind::kCompare) {
    if (Compare(node, subject) == wanted) return {0, 0};
    const double distance = std::abs(Distance(node, subject, wanted).value_or(0));
    return {1, distance / (1 + distance + std::abs(node.number))};
  }
  // All of them have to be as wanted, or one.
  if ((node.kind == Node::Kind::kAll) == wanted) {
    Effort sum{0, 0};
    for (const Node& child : node.children) {
      const Effort effort = EffortOf(child, subject, wanted);
      sum = {sum.first + effort.first, sum.second + effort.second};
    }
    return sum;
  }
  Effort least = EffortOf(node.children[0], subject, wanted);
  for (const Node& child : node.children) least = std::min(least, EffortOf(child, subject, wanted));
  return least;
}

void CompiledRule::ForEachChange(const Subject& subject, absl::FunctionRef<void(const Change&)> visit) const {
  VisitChanges(root_, subject, /*wanted=*/true, visit);
}

void CompiledRule::VisitChanges(const Node& node, const Subject& subject, bool wanted,
                                absl::FunctionRef<void(const Change&)> visit) {
  if (node.kind == Node::Kind::kNot) return VisitChanges(node.children[0], subject, !wanted, visit);
  if (node.kind == Node::Kind::kCompare) {
    if (Compare(node, subject) == wanted) return;
    const bool number = node.feature.type() == Feature::Type::kNumber;
    return visit({node.feature, wanted ? node.goal : node.opposite,
                  wanted || number ? absl::string_view(node.target) : "", Distance(node, subject, wanted)});
  }
  if ((node.kind == Node::Kind::kAll) == wanted) {
    for (const Node& child : node.children) VisitChanges(child, subject, wanted, visit);
    return;
  }
  const Node* least = &node.children[0];
  Effort least_effort = EffortOf(*least, subject, wanted);
  for (auto child = std::next(node.children.begin()); child != node.children.end(); ++child) {
    const Effort effort = EffortOf(*child, subject, wanted);
    if (effort >= least_effort) continue;
    least = &*child;
    least_effort = effort;
  }
  VisitChanges(*least, subject, wanted, visit);
}

}  // namespace campaign::rules
