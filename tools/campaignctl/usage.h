#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "tools/campaignctl/command.h"

namespace campaign::ctl {

struct FoundCommand {
  const Command* command;
  size_t word_count;  // Of its name.
};

// The command that `words` start with. Usage error: none does; names the nearest, or what may follow the first word.
absl::StatusOr<FoundCommand> FindCommand(absl::Span<const std::string> words);

// What the tool is, all commands with their summaries, the global flags.
std::string Usage();

// How one command is called: usage line, details, flags.
std::string CommandUsage(const Command& command);

// The text of `help`, with the command's words or nothing after it. Usage error: no such command.
absl::StatusOr<std::string> Help(absl::Span<const std::string> topic);

}  // namespace campaign::ctl
