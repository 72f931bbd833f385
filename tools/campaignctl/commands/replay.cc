#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "tools/campaignctl/commands/commands.h"
#include "tools/campaignctl/format.h"
#include "tools/campaignctl/words.h"

namespace campaign::ctl {
namespace {

std::string Headline(const v1::ReplayCustomerRunResponse& replay) {
  const std::string steps = absl::StrCat(replay.compared_count(), replay.compared_count() == 1 ? " step" : " steps");
  switch (replay.outcome()) {
    case v1::REPLAY_OUTCOME_IDENTICAL:
      return absl::StrCat("identical: ", steps, " decided again\n");
    case v1::REPLAY_OUTCOME_STATE_MOVED:
      return absl::StrCat("state moved on: ", steps, " decided again, differences only where services keep state\n");
    default:
      return absl::StrCat("different: ", steps, " decided again\n");
  }
}

std::string DifferenceText(const v1::ReplayDifference& difference) {
  const auto value = [](const std::string& text) { return text.empty() ? std::string("(nothing)") : text; };
  std::string text = Indent(absl::StrCat(absl::AsciiStrToLower(EnumText(difference.step())), ", step ",
                                         difference.step_index(), ": ", difference.field()),
                            "  ");
  absl::StrAppend(&text, Indent(absl::StrCat("recorded: ", value(difference.recorded())), "    "),
                  Indent(absl::StrCat("now:      ", value(difference.replayed())), "    "));
  if (!difference.moved_state().empty()) {
    absl::StrAppend(&text, Indent(absl::StrCat("because of ", difference.moved_state()), "    "));
  }
  return text;
}

absl::Status Replay(Context& context) {
  v1::ReplayCustomerRunRequest request;
  request.set_customer_run_id(context.arguments.positional[0]);
  ASSIGN_OR_RETURN(const auto replay,
                   Call(context.clients.orchestrator, &v1::Orchestrator::Stub::ReplayCustomerRun, request));
  std::ostream& out = context.console.out;
  if (context.json()) {
    out << ToJson(replay);
  } else {
    out << Headline(replay);
    for (const v1::ReplayDifference& difference : replay.differences()) out << DifferenceText(difference);
    for (const v1::Reason& reason : replay.left_out()) out << Indent("not decided again: " + reason.text(), "  ");
  }
  return replay.outcome() == v1::REPLAY_OUTCOME_DIFFERENT ? AlreadyReported() : absl::OkStatus();
}

}  // namespace

std::vector<Command> ReplayCommands() {
  return {
      {"replay",
       "CUSTOMER_RUN",
       1,
       1,
       "decides a recorded customer run again, and says where it differs",
       "Every step is decided again from the recorded profile, configuration and time; nothing is sent, reserved or\n"
       "written. Exit code 1 where a step is decided in another way and no state that moved on explains it.",
       {},
       &Replay}};
}

}  // namespace campaign::ctl
