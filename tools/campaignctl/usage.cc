#include "tools/campaignctl/usage.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/nearest_name.h"
#include "common/status.h"
#include "tools/campaignctl/words.h"

namespace campaign::ctl {
namespace {

std::string FlagText(const FlagSpec& flag) {
  switch (flag.kind) {
    case FlagSpec::kSwitch:
      return absl::StrCat("--", flag.name);
    case FlagSpec::kValue:
      return absl::StrCat("--", flag.name, " ", flag.placeholder);
    case FlagSpec::kOptionalValue:
      return absl::StrCat("--", flag.name, " [", flag.placeholder, "]");
  }
  return flag.name;
}

std::string FlagLines(const std::vector<FlagSpec>& flags) {
  std::string text;
  for (const FlagSpec& flag : flags) absl::StrAppendFormat(&text, "  %-26s %s\n", FlagText(flag), flag.help);
  return text;
}

std::string Synopsis(const Command& command) {
  return absl::StrCat(command.name, command.arguments.empty() ? "" : " ", command.arguments);
}

// The second words of commands of two words that start with `word`.
std::vector<std::string> SubcommandsOf(absl::string_view word) {
  std::vector<std::string> names;
  for (const Command& command : AllCommands()) {
    if (absl::StartsWith(command.name, absl::StrCat(word, " "))) names.push_back(command.name.substr(word.size() + 1));
  }
  return names;
}

absl::Status NoSuchCommand(absl::string_view word) {
  if (const auto subcommands = SubcommandsOf(word); !subcommands.empty()) {
    return UsageError(absl::StrCat("'", word, "' wants one of: ", absl::StrJoin(subcommands, ", ")));
  }
  std::vector<std::string> names;
  for (const Command& command : AllCommands()) names.push_back(command.name);
  const std::string nearest = NearestName(word, names);
  return UsageError(absl::StrCat("unknown command '", word, "'",
                                 nearest.empty() ? "" : absl::StrCat("; nearest is '", nearest, "'")));
}

}  // namespace

absl::StatusOr<FoundCommand> FindCommand(absl::Span<const std::string> words) {
  if (words.empty()) return UsageError("a command is missing");
  const std::string both = words.size() > 1 ? absl::StrCat(words[0], " ", words[1]) : "";
  for (const Command& command : AllCommands()) {
    if (command.name == words[0]) return FoundCommand{&command, 1};
    if (command.name == both) return FoundCommand{&command, 2};
  }
  return NoSuchCommand(words[0]);
}

std::string Usage() {
  std::string text =
      "campaignctl applies campaigns, imports customers, starts runs and explains what they decided.\n\n"
      "Usage: campaignctl COMMAND [flags] [arguments]\n\nCommands:\n";
  for (const Command& command : AllCommands()) {
    absl::StrAppendFormat(&text, "  %-28s %s\n", Synopsis(command), command.summary);
  }
  absl::StrAppendFormat(&text, "  %-28s %s\n", "help [COMMAND]", "shows how a command is called");
  return absl::StrCat(text, "\nFlags of every command:\n", FlagLines(GlobalFlags()));
}

std::string CommandUsage(const Command& command) {
  std::string text = absl::StrCat("campaignctl ", command.name, " ", command.summary, "\n\nUsage: campaignctl ",
                                  Synopsis(command), command.flags.empty() ? "" : " [flags]", "\n");
  if (!command.details.empty()) absl::StrAppend(&text, "\n", command.details, "\n");
  if (!command.flags.empty()) absl::StrAppend(&text, "\nFlags:\n", FlagLines(command.flags));
  return absl::StrCat(text, "\nFlags of every command:\n", FlagLines(GlobalFlags()));
}

absl::StatusOr<std::string> Help(absl::Span<const std::string> topic) {
  if (topic.empty()) return Usage();
  // "help suppress" is about all of its commands.
  if (topic.size() == 1 && !SubcommandsOf(topic[0]).empty()) {
    std::string text;
    for (const Command& command : AllCommands()) {
      if (absl::StartsWith(command.name, topic[0] + " ")) {
        absl::StrAppendFormat(&text, "  %-28s %s\n", Synopsis(command), command.summary);
      }
    }
    return text;
  }
  ASSIGN_OR_RETURN(const FoundCommand found, FindCommand(topic));
  return CommandUsage(*found.command);
}

}  // namespace campaign::ctl
