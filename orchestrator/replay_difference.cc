#include "orchestrator/replay_difference.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/message_differencer.h"

namespace campaign::orchestrator {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::util::MessageDifferencer;

// Of a value that is shown.
constexpr size_t kMaxValueBytes = 1024;

using Path = std::vector<MessageDifferencer::SpecificField>;

// "decision.losing_candidates[1].reason.code", by the indices of one side.
std::string PathText(const Path& path, bool replayed) {
  std::string text;
  for (const MessageDifferencer::SpecificField& step : path) {
    absl::StrAppend(&text, text.empty() ? "" : ".", step.field->name());
    if (step.field->is_repeated()) absl::StrAppend(&text, "[", replayed ? step.new_index : step.index, "]");
  }
  return text;
}

// The value of the path's last field in `message`, which holds it.
std::string ValueText(const Message& message, const FieldDescriptor& field, int index) {
  std::string value;
  google::protobuf::TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  printer.PrintFieldValueToString(message, &field, field.is_repeated() ? index : -1, &value);
  absl::StripTrailingAsciiWhitespace(&value);  // The printer ends messages in a space.
  if (value.size() > kMaxValueBytes) value.resize(kMaxValueBytes);
  return value;
}

// Keeps the first difference that it is told of.
class FirstReporter final : public MessageDifferencer::Reporter {
 public:
  // The messages are those that hold the path's last field.
  void ReportAdded(const Message& a, const Message& b, const Path& path) override { Note(a, b, path, true, false); }
  void ReportDeleted(const Message& a, const Message& b, const Path& path) override { Note(a, b, path, false, true); }
  void ReportModified(const Message& a, const Message& b, const Path& path) override { Note(a, b, path, false, false); }

  const v1::ReplayDifference& difference() const { return difference_; }

 private:
  void Note(const Message& recorded, const Message& replayed, const Path& path, bool added, bool deleted) {
    if (!difference_.field().empty()) return;
    const MessageDifferencer::SpecificField& last = path.back();
    difference_.set_field(PathText(path, /*replayed=*/added));
    if (!added) difference_.set_recorded(ValueText(recorded, *last.field, last.index));
    if (!deleted) difference_.set_replayed(ValueText(replayed, *last.field, last.new_index));
  }

  v1::ReplayDifference difference_;
};

// The result alone, without what is not decided.
v1::StepRecord ResultOf(const v1::StepRecord& record) {
  v1::StepRecord result = record;
  result.clear_start_time();
  result.clear_end_time();
  result.clear_attempt_count();
  result.clear_rfm_cutoffs();
  result.clear_action_responses();
  return result;
}

// What the offer service's state had to say: the stops that come from it, and who was assigned to what.
std::multiset<std::string> StateSaid(const v1::ActionDecision& decision) {
  static const std::set<std::string>& codes = *new std::set<std::string>{
      "OUT_OF_STOCK", "DAILY_CAP_REACHED", "CUSTOMER_CAP_REACHED", "IN_COOLDOWN", "BUDGET_EXHAUSTED"};
  std::multiset<std::string> said;
  for (const v1::LosingCandidate& loser : decision.losing_candidates()) {
    if (codes.count(loser.reason().code()) > 0) said.insert(loser.action_id() + loser.reason().SerializeAsString());
  }
  for (const v1::Assignment& assignment : decision.assignments()) said.insert(assignment.SerializeAsString());
  return said;
}

// The same of compliance.
std::multiset<std::string> StateSaid(const v1::CheckResult& check) {
  static const std::set<std::string>& codes =
      *new std::set<std::string>{"SUPPRESSED", "NO_CONSENT", "FREQUENCY_CAP_REACHED"};
  std::multiset<std::string> said;
  for (const v1::Reason& reason : check.reasons()) {
    if (codes.count(reason.code()) > 0) said.insert(reason.SerializeAsString());
  }
  return said;
}

// Empty where no state that a service keeps explains that the two differ.
absl::string_view MovedState(const v1::StepRecord& recorded, const v1::StepRecord& replayed) {
  switch (recorded.step()) {
    case v1::STEP_RETRIEVAL:
      return "events that were recorded since, of an earlier time";
    case v1::STEP_OFFER:
      return StateSaid(recorded.decision()) == StateSaid(replayed.decision())
                 ? ""
                 : "inventory, budgets, cooldowns and assignments as they are now";
    case v1::STEP_COMPLIANCE:
      return StateSaid(recorded.check()) == StateSaid(replayed.check())
                 ? ""
                 : "suppressions, consents and contacts as they are now";
    default:
      return "";
  }
}

}  // namespace

absl::optional<v1::ReplayDifference> FirstDifference(const v1::StepRecord& recorded, const v1::StepRecord& replayed) {
  FirstReporter reporter;
  MessageDifferencer differencer;
  differencer.ReportDifferencesTo(&reporter);
  if (differencer.Compare(ResultOf(recorded), ResultOf(replayed))) return absl::nullopt;
  v1::ReplayDifference difference = reporter.difference();
  difference.set_step(recorded.step());
  const absl::string_view moved = MovedState(recorded, replayed);
  difference.set_moved_state(moved.data(), moved.size());
  return difference;
}

v1::ReplayOutcome OutcomeOf(const v1::ReplayCustomerRunResponse& response) {
  if (response.differences().empty()) return v1::REPLAY_OUTCOME_IDENTICAL;
  const bool explained =
      std::none_of(response.differences().begin(), response.differences().end(),
                   [](const v1::ReplayDifference& difference) { return difference.moved_state().empty(); });
  return explained ? v1::REPLAY_OUTCOME_STATE_MOVED : v1::REPLAY_OUTCOME_DIFFERENT;
}

}  // namespace campaign::orchestrator
