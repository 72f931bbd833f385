#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/status.h"
#include "tools/campaignctl/commands/commands.h"
#include "tools/campaignctl/explain.h"
#include "tools/campaignctl/format.h"
#include "tools/campaignctl/message_text.h"
#include "tools/campaignctl/step_text.h"

namespace campaign::ctl {
namespace {

absl::Status ListReviews(Context& context) {
  ASSIGN_OR_RETURN(const int64_t limit, context.limit());
  ASSIGN_OR_RETURN(const auto state, EnumFlag<v1::ReviewState>(context.arguments, "state"));
  v1::ListReviewsRequest request;
  request.set_state(state);
  request.set_campaign(context.arguments.Text("campaign"));
  ASSIGN_OR_RETURN(const auto pages,
                   CallPages(context.clients.orchestrator, &v1::Reviews::Stub::ListReviews, request, limit, 200,
                             [](const auto& response) { return response.review_tasks_size(); }));
  if (context.json()) {
    context.console.out << ToJson(pages.merged);
    return absl::OkStatus();
  }
  Table table(
      {{"TASK"}, {"STATE"}, {"CAMPAIGN"}, {"CUSTOMER"}, {"CHANNEL"}, {"RED FLAGS"}, {"EXPIRES"}, {"CLAIMED BY"}});
  for (const v1::ReviewTask& task : pages.merged.review_tasks()) {
    table.AddRow({task.review_task_id(), EnumText(task.state()), task.campaign(), task.customer_id(),
                  EnumText(task.message().channel()), absl::StrJoin(task.red_flags(), ", "),
                  FormatTime(task.expire_time()), task.claimed_by()});
  }
  context.console.out << table.ToString();
  NoteMore(context.console, pages.has_more());
  return absl::OkStatus();
}

std::string TaskHead(const v1::ReviewTask& task) {
  std::string text = absl::StrCat("review task ", task.review_task_id(), ", ", EnumText(task.state()), "\n",
                                  task.customer_id(), " in ", task.campaign(), ", customer run ",
                                  task.customer_run_id(), "\nmade ", FormatTime(task.create_time()), ", expires ",
                                  FormatTime(task.expire_time()), "\ncontent ", task.content_hash());
  if (!task.claimed_by().empty()) {
    absl::StrAppend(&text, "\nclaimed by ", task.claimed_by(), " until ", FormatTime(task.claim_expire_time()));
  }
  if (!task.red_flags().empty()) absl::StrAppend(&text, "\nred flags: ", absl::StrJoin(task.red_flags(), ", "));
  return Indent(text, "");
}

// The steps that made the message; the message itself and what comes after stand elsewhere.
std::string HowItCame(const v1::CustomerRun& run) {
  std::string text;
  for (const v1::StepRecord& step : run.steps()) {
    if (step.step() >= v1::STEP_SEGMENTATION && step.step() <= v1::STEP_OFFER) {
      absl::StrAppend(&text, ExplainStep(run, step, /*with_html=*/false));
    }
  }
  return text.empty() ? "" : "\nHow it came about\n" + text;
}

std::string HistoryText(const v1::GetReviewResponse& review) {
  if (review.history().empty()) return "";
  std::string text = "\nHistory\n";
  for (const v1::ReviewEvent& event : review.history()) {
    absl::StrAppend(&text, Indent(absl::StrCat(FormatTime(event.event_time()), "  ", EnumText(event.state()), "  ",
                                               event.actor(), event.comment().empty() ? "" : ": ", event.comment()),
                                  "      "));
  }
  return text;
}

absl::Status ShowReview(Context& context) {
  v1::GetReviewRequest request;
  request.set_review_task_id(context.arguments.positional[0]);
  ASSIGN_OR_RETURN(const auto review, Call(context.clients.orchestrator, &v1::Reviews::Stub::GetReview, request));
  if (context.json()) {
    context.console.out << ToJson(review);
    return absl::OkStatus();
  }
  const v1::ReviewTask& task = review.review_task();
  context.console.out << TaskHead(task) << "\n"
                      << MessageText(task.message(), context.arguments.Has("html"))
                      << ReasonLines("why it waits:", task.reasons()) << HowItCame(review.customer_run())
                      << HistoryText(review);
  return absl::OkStatus();
}

}  // namespace

std::vector<Command> ReviewCommands() {
  return {
      {"reviews",
       "",
       0,
       0,
       "lists messages that wait for a person, oldest first",
       "",
       {{"state", FlagSpec::kValue, "STATE", "those in this state instead, such as approved"},
        {"campaign", FlagSpec::kValue, "NAME", "only of this campaign"},
        LimitFlag()},
       &ListReviews},
      {"review",
       "TASK",
       1,
       1,
       "shows a message that waits, why, and what happened to it",
       "",
       {{"html", FlagSpec::kSwitch, "", "show the source of the HTML part"}},
       &ShowReview},
  };
}

}  // namespace campaign::ctl
