#include "tools/campaignctl/command.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"
#include "common/status.h"
#include "tools/campaignctl/commands/commands.h"
#include "tools/campaignctl/usage.h"

namespace campaign::ctl {
namespace {

constexpr int kFailed = 1;
constexpr int kMisused = 2;

std::vector<Command> CollectCommands() {
  std::vector<Command> all;
  for (auto* commands :
       {&CampaignCommands, &ImportCommands, &RunCommands, &RunListCommands, &ExplainCommands, &ReplayCommands,
        &ReviewCommands, &ReviewDecisionCommands, &ReportCommands, &TrainPersonasCommands, &SuppressionCommands,
        &ResolveCommands, &TrainIntentCommands, &TrainChurnCommands}) {
    std::vector<Command> some = (*commands)();
    std::move(some.begin(), some.end(), std::back_inserter(all));
  }
  return all;
}

// The flags that a command line may hold where its command is not known yet.
std::vector<FlagSpec> FlagsOf(const Command* command) {
  std::vector<FlagSpec> flags = GlobalFlags();
  if (command != nullptr) flags.insert(flags.end(), command->flags.begin(), command->flags.end());
  return flags;
}

// Where the command's name stands: after global flags and their values.
size_t FindCommandWord(const std::vector<std::string>& words) {
  size_t at = 0;
  while (at < words.size() && absl::StartsWith(words[at], "-")) {
    const std::string name = absl::StrReplaceAll(absl::StripPrefix(words[at], "--"), {{"-", "_"}});
    const bool takes_value = std::any_of(GlobalFlags().begin(), GlobalFlags().end(), [&](const FlagSpec& flag) {
      return flag.kind == FlagSpec::kValue && flag.name == name;
    });
    at += takes_value ? 2 : 1;
  }
  return std::min(at, words.size());
}

absl::Status CheckCount(const Command& command, const Arguments& arguments) {
  const int count = static_cast<int>(arguments.positional.size());
  if (count < command.least_arguments) {
    return UsageError(absl::StrCat(command.name, " wants ", command.arguments));
  }
  if (count <= command.most_arguments) return absl::OkStatus();
  const std::string& extra = arguments.positional[command.most_arguments];
  return UsageError(absl::StrCat("'", extra, "' is too much; ", command.name, " wants ",
                                 command.arguments.empty() ? "no arguments" : command.arguments));
}

absl::Status Run(const Command& command, const Arguments& arguments, Console& console) {
  RETURN_IF_ERROR(CheckCount(command, arguments));
  const Targets defaults;
  const Targets targets{arguments.Text("orchestrator", defaults.orchestrator),
                        arguments.Text("retrieval", defaults.retrieval),
                        arguments.Text("compliance", defaults.compliance),
                        arguments.Text("delivery", defaults.delivery), arguments.Text("analytics", defaults.analytics)};
  ASSIGN_OR_RETURN(const absl::Duration timeout, arguments.Duration("timeout", absl::Seconds(30)));
  Clients clients(targets, timeout);
  Context context{arguments, clients, console};
  return command.run(context);
}

// Takes the command's words out of `words` and runs it, or shows its help.
absl::Status Dispatch(std::vector<std::string> words, Console& console) {
  const size_t at = FindCommandWord(words);
  if (at == words.size()) {
    ASSIGN_OR_RETURN(const Arguments unused, ParseArguments(words, FlagsOf(nullptr)));
    console.out << Usage();
    return absl::OkStatus();
  }
  if (words[at] == "help") {
    const std::vector<std::string> topic(words.begin() + at + 1, words.end());
    ASSIGN_OR_RETURN(const std::string text, Help(topic));
    console.out << text;
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const FoundCommand found, FindCommand(absl::MakeConstSpan(words).subspan(at)));
  words.erase(words.begin() + at, words.begin() + at + found.word_count);
  ASSIGN_OR_RETURN(const Arguments arguments, ParseArguments(words, FlagsOf(found.command)));
  if (arguments.Has("help")) {
    console.out << CommandUsage(*found.command);
    return absl::OkStatus();
  }
  return Run(*found.command, arguments, console);
}

// The command that a hint may name.
std::string HintFor(const std::vector<std::string>& words) {
  const auto found = FindCommand(absl::MakeConstSpan(words).subspan(FindCommandWord(words)));
  return found.ok() ? absl::StrCat("campaignctl help ", found->command->name) : "campaignctl help";
}

}  // namespace

const std::vector<Command>& AllCommands() {
  static const auto& commands = *new std::vector<Command>(CollectCommands());
  return commands;
}

const std::vector<FlagSpec>& GlobalFlags() {
  static const auto& flags = *new std::vector<FlagSpec>{
      {"orchestrator", FlagSpec::kValue, "HOST:PORT", "default 127.0.0.1:7100"},
      {"retrieval", FlagSpec::kValue, "HOST:PORT", "default 127.0.0.1:7102"},
      {"compliance", FlagSpec::kValue, "HOST:PORT", "default 127.0.0.1:7105"},
      {"delivery", FlagSpec::kValue, "HOST:PORT", "default 127.0.0.1:7106"},
      {"analytics", FlagSpec::kValue, "HOST:PORT", "default 127.0.0.1:7107"},
      {"timeout", FlagSpec::kValue, "DURATION", "how long to wait for each answer; default 30s"},
      {"json", FlagSpec::kSwitch, "", "print protobuf JSON for machines"},
      {"help", FlagSpec::kSwitch, "", "show help"},
  };
  return flags;
}

FlagSpec LimitFlag() {
  return {"limit", FlagSpec::kValue, "N", absl::StrCat("list at most N; 0: all; default ", Context::kDefaultLimit)};
}

absl::Status AlreadyReported() { return absl::UnknownError(""); }

absl::StatusOr<std::string> ReadText(const std::string& file, Console& console) {
  std::ostringstream text;
  if (file == "-") {
    text << console.in.rdbuf();
    return text.str();
  }
  std::ifstream stream(file, std::ios::binary);
  if (!stream || std::filesystem::is_directory(file)) {
    return absl::NotFoundError(absl::StrCat("cannot read ", file));
  }
  text << stream.rdbuf();
  return text.str();
}

void NoteMore(Console& console, bool has_more) {
  if (has_more) console.err << "There are more: --limit 0 lists them all.\n";
}

int RunTool(const std::vector<std::string>& words, Console& console) {
  const absl::Status status = Dispatch(words, console);
  console.out.flush();
  if (status.ok()) return 0;
  if (status.message().empty()) return kFailed;
  console.err << "campaignctl: " << Printable(status.message()) << "\n";
  if (!IsUsageError(status)) return kFailed;
  console.err << "Try '" << HintFor(words) << "'.\n";
  return kMisused;
}

}  // namespace campaign::ctl
