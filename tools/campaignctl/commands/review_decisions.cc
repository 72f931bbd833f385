#include <algorithm>
#include <iterator>
#include <random>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/status.h"
#include "tools/campaignctl/commands/commands.h"
#include "tools/campaignctl/format.h"

namespace campaign::ctl {
namespace {

absl::StatusOr<std::string> ReviewerOf(Context& context) {
  const std::string reviewer = context.arguments.Text("reviewer", context.console.user);
  if (reviewer.empty()) return UsageError("it wants --reviewer NAME, as $USER is not set");
  return reviewer;
}

// Claims the task. Where --content names another content than it has now, the reviewer has seen something else.
absl::StatusOr<v1::ReviewTask> Claim(Context& context, const std::string& reviewer) {
  v1::ClaimReviewRequest request;
  request.set_review_task_id(context.arguments.positional[0]);
  request.set_reviewer(reviewer);
  ASSIGN_OR_RETURN(const auto response, Call(context.clients.orchestrator, &v1::Reviews::Stub::ClaimReview, request));
  const v1::ReviewTask& task = response.review_task();
  if (!absl::StartsWith(task.content_hash(), context.arguments.Text("content"))) {
    return absl::AbortedError(absl::StrCat("the content of ", task.review_task_id(), " is now ", task.content_hash(),
                                           "; read it again: campaignctl review ", task.review_task_id()));
  }
  return task;
}

absl::Status Decide(Context& context, const v1::ReviewTask& task, v1::DecideReviewRequest request) {
  std::random_device random;
  request.set_review_task_id(task.review_task_id());
  request.set_revision(task.revision());
  request.set_content_hash(task.content_hash());
  request.set_comment(context.arguments.Text("comment"));
  request.set_request_id(absl::StrFormat("ctl-%08x%08x", random(), random()));
  ASSIGN_OR_RETURN(const auto response, Call(context.clients.orchestrator, &v1::Reviews::Stub::DecideReview, request));
  if (context.json()) {
    context.console.out << ToJson(response);
  } else {
    context.console.out << Printable(response.review_task().review_task_id()) << "  "
                        << EnumText(response.review_task().state()) << " by " << Printable(request.reviewer()) << "\n";
  }
  return absl::OkStatus();
}

absl::Status ClaimAndDecide(Context& context, v1::ReviewDecision decision) {
  v1::DecideReviewRequest request;
  ASSIGN_OR_RETURN(*request.mutable_reviewer(), ReviewerOf(context));
  request.set_decision(decision);
  ASSIGN_OR_RETURN(const v1::ReviewTask task, Claim(context, request.reviewer()));
  return Decide(context, task, std::move(request));
}

absl::Status Approve(Context& context) { return ClaimAndDecide(context, v1::REVIEW_DECISION_APPROVE); }

absl::Status Reject(Context& context) {
  if (context.arguments.Text("comment").empty()) return UsageError("reject wants --comment TEXT: say why");
  return ClaimAndDecide(context, v1::REVIEW_DECISION_REJECT);
}

// What the reviewer gave in place of the message's own parts.
struct Changes {
  absl::StatusOr<std::string> Part(const std::string& flag, const std::string& current, bool from_file) const {
    if (!context.arguments.Has(flag)) return current;
    if (!from_file) return context.arguments.Text(flag);
    return ReadText(context.arguments.Text(flag), context.console);
  }
  Context& context;
};

// The parts of a message that a reviewer may change, others empty. Text and HTML say the same thing in an e-mail, so
// one is not changed without the other being thought of.
absl::StatusOr<v1::Message> ModifiedMessage(Context& context, const v1::Message& current) {
  const Arguments& arguments = context.arguments;
  if (!current.html().empty() && arguments.Has("text") != arguments.Has("html") && !arguments.Has("keep_other")) {
    return UsageError("this e-mail has a text and an HTML part: give both --text and --html, or --keep_other");
  }
  const Changes changes{context};
  v1::Message message;
  ASSIGN_OR_RETURN(*message.mutable_text(), changes.Part("text", current.text(), true));
  ASSIGN_OR_RETURN(*message.mutable_html(), changes.Part("html", current.html(), true));
  // It says what the text says: of a new text there is none, unless it is given too.
  const std::string plain_text = arguments.Has("text") ? "" : current.plain_text();
  ASSIGN_OR_RETURN(*message.mutable_plain_text(), changes.Part("plain_text", plain_text, true));
  ASSIGN_OR_RETURN(*message.mutable_subject(), changes.Part("subject", current.subject(), false));
  ASSIGN_OR_RETURN(*message.mutable_preheader(), changes.Part("preheader", current.preheader(), false));
  ASSIGN_OR_RETURN(*message.mutable_title(), changes.Part("title", current.title(), false));
  ASSIGN_OR_RETURN(*message.mutable_deep_link(), changes.Part("deep_link", current.deep_link(), false));
  // A part that the message has not got is left out, not sent as an empty one.
  if (message.html().empty()) message.clear_html();
  if (message.plain_text().empty()) message.clear_plain_text();
  if (message.preheader().empty()) message.clear_preheader();
  if (message.subject().empty()) message.clear_subject();
  if (message.title().empty()) message.clear_title();
  if (message.deep_link().empty()) message.clear_deep_link();
  return message;
}

constexpr const char* kParts[] = {"text", "html", "plain_text", "subject", "preheader", "title", "deep_link"};

absl::Status Modify(Context& context) {
  const Arguments& arguments = context.arguments;
  if (std::none_of(std::begin(kParts), std::end(kParts), [&](const char* part) { return arguments.Has(part); })) {
    return UsageError(
        "modify wants at least one of --text, --html, --plain_text, --subject, --preheader, --title and --deep_link");
  }
  if (arguments.Text("text") == "-" && arguments.Text("html") == "-") {
    return UsageError("--text and --html cannot both come from standard input");
  }
  v1::DecideReviewRequest request;
  ASSIGN_OR_RETURN(*request.mutable_reviewer(), ReviewerOf(context));
  request.set_decision(v1::REVIEW_DECISION_MODIFY);
  ASSIGN_OR_RETURN(const v1::ReviewTask task, Claim(context, request.reviewer()));
  ASSIGN_OR_RETURN(*request.mutable_message(), ModifiedMessage(context, task.message()));
  return Decide(context, task, std::move(request));
}

std::vector<FlagSpec> DecisionFlags(std::vector<FlagSpec> own = {}) {
  own.push_back({"comment", FlagSpec::kValue, "TEXT", "kept in the task's history"});
  own.push_back({"content", FlagSpec::kValue, "HASH", "only if the content is still this, as 'review' showed it"});
  own.push_back({"reviewer", FlagSpec::kValue, "NAME", "who decides; default $USER"});
  return own;
}

}  // namespace

std::vector<Command> ReviewDecisionCommands() {
  const char* details = "Claims the task and decides on it as it is then. ABORTED: someone else was first.";
  return {
      {"approve", "TASK", 1, 1, "lets a message go out as it is", details, DecisionFlags(), &Approve},
      {"modify", "TASK", 1, 1, "changes a message, which then is checked again", details,
       DecisionFlags({{"text", FlagSpec::kValue, "FILE", "new text; - for standard input"},
                      {"html", FlagSpec::kValue, "FILE", "new HTML part of an e-mail"},
                      {"keep_other", FlagSpec::kSwitch, "", "change only one of text and HTML"},
                      {"plain_text", FlagSpec::kValue, "FILE", "new text of a chat message without markup"},
                      {"subject", FlagSpec::kValue, "TEXT", "new subject"},
                      {"preheader", FlagSpec::kValue, "TEXT", "new line after the subject in an inbox"},
                      {"title", FlagSpec::kValue, "TEXT", "new title of a push message"},
                      {"deep_link", FlagSpec::kValue, "URL", "new link of a push message"}}),
       &Modify},
      {"reject", "TASK", 1, 1, "keeps a message from going out", details, DecisionFlags(), &Reject},
  };
}

}  // namespace campaign::ctl
