#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "campaign/v1/profile.pb.h"
#include "campaign/v1/reason.pb.h"
#include "campaign/v1/rule.pb.h"
#include "campaign/v1/segmentation.pb.h"

namespace campaign::rules {

// Whom a rule is about. `segment` may be null: then its features have no value.
struct Subject {
  const v1::Profile& profile;
  const v1::SegmentResult* segment = nullptr;
};

struct VocabularyEntry;

// A feature resolved in the vocabulary (vocabulary.cc): its type is known, reading it does not allocate. A value type.
class Feature {
 public:
  enum class Type { kNumber, kText, kTruth, kTextSet };

  // "days_since_last_purchase", or "category_orders_120d.accessories" for a family, which needs a key.
  // INVALID_ARGUMENT "<field_path>: <name> <bound>": no such feature (with the nearest one), key missing or too many.
  static absl::StatusOr<Feature> Resolve(absl::string_view name, absl::string_view field_path);

  Type type() const;
  const std::string& name() const { return name_; }

  // The number, or 0 or 1 for a truth; nullopt where the customer has no value. Not for texts.
  absl::optional<double> Number(const Subject& subject) const;

  // In a marketer's words, with its value for the subject: "activity down 80 % against the previous 30 days",
  // "ignored the announcement of ai_search". Code is the feature's name in capitals, fact its name and value.
  v1::Reason Describe(const Subject& subject) const;

  // The same into a reason that is empty; one on an arena is not copied then.
  void Describe(const Subject& subject, v1::Reason& reason) const;

  // The same words for a value that is given: `number` of numbers and truths, `text` of texts. Amounts have no
  // currency.
  std::string Phrase(double number, const std::string& text) const;
  // And for none: "has never bought".
  std::string AbsentPhrase() const;

 private:
  friend class CompiledRule;

  const VocabularyEntry* entry_ = nullptr;
  std::string name_;
  std::string key_;
};

// What one comparison of a rule would have to come to.
struct Change {
  const Feature& feature;
  // "2 orders of audio in 120 days or more"; lives as long as the rule.
  absl::string_view goal;
  // The value compared with: "2", "true", "champions or loyal"; empty where any value or none is wanted.
  absl::string_view target;
  // How far the number has to rise (above 0) or fall (below 0); absent for what is no number or has no value.
  absl::optional<double> distance;
};

// All features of the vocabulary, families as "category_orders_120d.<category>"; for documentation and messages.
std::vector<std::string> FeatureNames();

// A rule, resolved and type-checked. Immutable, so thread-safe.
class CompiledRule {
 public:
  // INVALID_ARGUMENT with the path of the offending field under `field_path`, such as
  // "offers.actions[2].eligibility.all.rules[1].compare.feature: days_since_purchase is not a feature; nearest is ...".
  static absl::StatusOr<CompiledRule> Compile(const v1::Rule& rule, absl::string_view field_path);

  // An empty rule matches everyone. Does not allocate.
  bool Matches(const Subject& subject) const;

  // Whether it is empty, so that nobody's features need to be known.
  bool empty() const { return root_.kind == Node::Kind::kAll && root_.children.empty(); }

  // For a rule that matches: the comparisons that made it so, each described. For one that does not: the first
  // comparisons that stand against it. In the rule's order.
  std::vector<v1::Reason> Explain(const Subject& subject) const;

  // For a rule that does not match: hands out, in the rule's order, the smallest set of comparisons that would make it
  // match if they came out otherwise: the fewest, and of as many those with the least relative distance. Each is looked
  // at by itself; that two of them exclude each other is not seen. Does not allocate.
  void ForEachChange(const Subject& subject, absl::FunctionRef<void(const Change&)> visit) const;

 private:
  struct Node {
    enum class Kind { kAll, kAny, kNot, kCompare } kind = Kind::kAll;
    std::vector<Node> children;
    Feature feature;
    v1::Operator op = v1::OPERATOR_UNSPECIFIED;
    double number = 0;               // Truths too: 0 or 1.
    std::vector<std::string> texts;  // Sorted.
    // For Change, of comparisons: where it should hold, and where it should not.
    std::string goal;
    std::string opposite;
    std::string target;
  };

  // Number of comparisons, then sum of relative distances.
  using Effort = std::pair<int, double>;

  static absl::StatusOr<Node> CompileNode(const v1::Rule& rule, const std::string& field_path, int depth);
  static absl::StatusOr<Node> CompileList(Node::Kind kind, const v1::RuleList& list, const std::string& field_path,
                                          int depth);
  static absl::StatusOr<Node> CompileComparison(const v1::Comparison& comparison, const std::string& field_path);
  static absl::Status CompileValue(const v1::Comparison& comparison, const std::string& field_path, Node& node);
  static bool Matches(const Node& node, const Subject& subject);
  static bool Compare(const Node& node, const Subject& subject);
  static void Explain(const Node& node, const Subject& subject, bool wanted, std::vector<v1::Reason>& reasons);
  static void WriteGoals(Node& node);
  static absl::optional<double> Distance(const Node& node, const Subject& subject, bool wanted);
  static Effort EffortOf(const Node& node, const Subject& subject, bool wanted);
  static void VisitChanges(const Node& node, const Subject& subject, bool wanted,
                           absl::FunctionRef<void(const Change&)> visit);

  Node root_;
};

}  // namespace campaign::rules
