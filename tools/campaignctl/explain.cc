#include "tools/campaignctl/explain.h"

#include <algorithm>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/clock.h"
#include "tools/campaignctl/format.h"
#include "tools/campaignctl/step_text.h"
#include "tools/campaignctl/words.h"

namespace campaign::ctl {
namespace {

std::string Title(v1::Step step) {
  return absl::StrFormat("%3d  %-12s", static_cast<int>(step), absl::AsciiStrToLower(EnumText(step)));
}

// "  1.2 ms, 3 attempts"; nothing of a step that took no time of its own.
std::string Effort(const v1::StepRecord& step) {
  std::string text;
  if (step.has_start_time() && step.has_end_time()) {
    text = FormatMilliseconds(FromTimestamp(step.end_time()) - FromTimestamp(step.start_time()));
  }
  if (step.attempt_count() > 1) absl::StrAppend(&text, text.empty() ? "" : ", ", step.attempt_count(), " attempts");
  return text;
}

// Steps without a result of their own say what they stand for.
std::string PlainResult(const v1::CustomerRun& run, v1::Step step) {
  if (step == v1::STEP_GOAL) {
    return Indent(absl::StrCat("pinned ", run.campaign(), " ", run.campaign_version().substr(0, 12)), "      ");
  }
  return step == v1::STEP_ANALYTICS ? "      recorded\n" : "      done\n";
}

// Why a step that is not journalled was not walked.
std::string WhyMissing(const v1::CustomerRun& run) {
  switch (run.state()) {
    case v1::CUSTOMER_RUN_STATE_PENDING:
    case v1::CUSTOMER_RUN_STATE_RUNNING:
      return "not yet walked";
    case v1::CUSTOMER_RUN_STATE_WAITING_REVIEW:
      return absl::StrCat("not yet walked: waits for review until ", FormatTime(run.wake_time()));
    case v1::CUSTOMER_RUN_STATE_DEFERRED:
      return absl::StrCat("not yet walked: waits until ", FormatTime(run.wake_time()));
    default:
      return absl::StrCat("not walked: the run ended ", EnumText(run.state()));
  }
}

std::string MissingStep(const v1::CustomerRun& run, v1::Step step) {
  // The campaign's version is pinned when the run starts, before anything is journalled.
  if (step == v1::STEP_GOAL)
    return absl::StrCat(absl::StripTrailingAsciiWhitespace(Title(step)), "\n", PlainResult(run, step));
  return absl::StrCat(absl::StripTrailingAsciiWhitespace(Title(step)), "\n      ", WhyMissing(run), "\n");
}

bool HasStep(const v1::CustomerRun& run, v1::Step step) {
  return std::any_of(run.steps().begin(), run.steps().end(),
                     [step](const v1::StepRecord& record) { return record.step() == step; });
}

// What is to be printed: a journalled step, or one that is missing.
struct Entry {
  v1::Step step;
  const v1::StepRecord* record;
};

// Journalled steps as walked; each missing one after the last that usually comes before it.
std::vector<Entry> InOrder(const v1::CustomerRun& run) {
  std::vector<Entry> entries;
  for (const v1::StepRecord& record : run.steps()) entries.push_back({record.step(), &record});
  for (int number = v1::STEP_GOAL; number <= v1::STEP_ANALYTICS; ++number) {
    const auto step = static_cast<v1::Step>(number);
    if (HasStep(run, step)) continue;
    const auto last_before =
        std::find_if(entries.rbegin(), entries.rend(), [step](const Entry& entry) { return entry.step < step; });
    entries.insert(last_before.base(), {step, nullptr});
  }
  return entries;
}

// Whether generation, where it comes next, is for another channel: the record refused the one before for good.
bool RefusedChannel(const v1::StepRecord& record) {
  if (record.has_check()) return record.check().verdict() == v1::VERDICT_BLOCK;
  if (record.has_receipt()) return record.receipt().state() == v1::DELIVERY_STATE_REJECTED;
  // What passes is tried again on the same channel.
  const auto code = static_cast<absl::StatusCode>(record.error().code());
  return record.step() == v1::STEP_GENERATION && record.has_error() && code != absl::StatusCode::kUnavailable &&
         code != absl::StatusCode::kAborted && code != absl::StatusCode::kDeadlineExceeded &&
         code != absl::StatusCode::kResourceExhausted && code != absl::StatusCode::kCancelled;
}

// Where the run went on by another channel: the record of generation, and "EMAIL was refused, on by SMS".
absl::flat_hash_map<const v1::StepRecord*, std::string> HopsOf(const v1::CustomerRun& run) {
  absl::flat_hash_map<const v1::StepRecord*, std::string> hops;
  const v1::StepRecord* before = nullptr;
  std::vector<v1::Channel> left;
  for (const v1::StepRecord& record : run.steps()) {
    if (record.has_decision()) {
      left = {record.decision().channel()};
      for (const int other : record.decision().fallback_channels()) left.push_back(static_cast<v1::Channel>(other));
    }
    if (record.step() == v1::STEP_GENERATION && before != nullptr && RefusedChannel(*before) && left.size() > 1) {
      hops[&record] = absl::StrCat(EnumText(left[0]), " was refused, on by ", EnumText(left[1]));
      left.erase(left.begin());
    }
    before = &record;
  }
  return hops;
}

std::string Head(const v1::CustomerRun& run) {
  std::string text = absl::StrCat(run.customer_id(), " in ", run.campaign(), " ", run.campaign_version().substr(0, 12),
                                  run.dry_run() ? " (dry run)" : "", "\n", "customer run ", run.customer_run_id(),
                                  " of run ", run.campaign_run_id(), "\n\n", EnumText(run.state()));
  if (run.has_wake_time()) absl::StrAppend(&text, " until ", FormatTime(run.wake_time()));
  if (!run.review_task_id().empty()) absl::StrAppend(&text, ", review task ", run.review_task_id());
  text = Indent(text, "");
  for (const v1::Reason& reason : run.reasons()) {
    absl::StrAppend(&text, Indent(FormatReason(reason, /*with_facts=*/true), "  "));
  }
  return text + "\n";
}

}  // namespace

std::string ExplainStep(const v1::CustomerRun& run, const v1::StepRecord& step, bool with_html) {
  const std::string title = absl::StrCat(Title(step.step()), "  ", Effort(step));
  const std::string result = StepResultText(step, with_html);
  return absl::StrCat(absl::StripTrailingAsciiWhitespace(title), "\n",
                      result.empty() ? PlainResult(run, step.step()) : result);
}

std::string ExplainCustomerRun(const v1::CustomerRun& run, bool with_html) {
  std::string text = Head(run);
  const auto hops = HopsOf(run);
  for (const Entry& entry : InOrder(run)) {
    if (const auto hop = hops.find(entry.record); hop != hops.end()) absl::StrAppend(&text, "     ", hop->second, "\n");
    absl::StrAppend(
        &text, entry.record == nullptr ? MissingStep(run, entry.step) : ExplainStep(run, *entry.record, with_html));
  }
  return text;
}

}  // namespace campaign::ctl
