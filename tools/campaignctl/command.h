#pragma once

#include <cstdint>
#include <istream>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/clock.h"
#include "tools/campaignctl/args.h"
#include "tools/campaignctl/clients.h"

namespace campaign::ctl {

// What the tool talks to people through.
struct Console {
  std::istream& in;
  std::ostream& out;
  // Progress and errors.
  std::ostream& err;
  // `err` is a terminal: progress may rewrite its line.
  bool terminal;
  const Clock& clock;
  // Who decides on reviews where --reviewer does not say.
  std::string user;
};

// What a command works with.
struct Context {
  const Arguments& arguments;
  Clients& clients;
  Console& console;

  bool json() const { return arguments.Has("json"); }
  // --limit: elements to list, 0 for all.
  absl::StatusOr<int64_t> limit() const { return arguments.Number("limit", kDefaultLimit); }

  static constexpr int64_t kDefaultLimit = 100;
};

// A command of the tool.
struct Command {
  std::string name;       // One word, or two: "suppress add".
  std::string arguments;  // "CAMPAIGN", as in the usage line.
  int least_arguments;
  int most_arguments;
  std::string summary;  // A line.
  std::string details;  // Paragraphs for `help NAME`.
  std::vector<FlagSpec> flags;
  // OK, or a status whose message is what to print. Usage errors by UsageError.
  absl::Status (*run)(Context& context);
};

inline constexpr int kManyArguments = 1'000'000;

// Every command, in the order that help shows.
const std::vector<Command>& AllCommands();

// The flags of every command.
const std::vector<FlagSpec>& GlobalFlags();

// --limit, of the commands that list.
FlagSpec LimitFlag();

// For a command that has said on `err` what went wrong: exit code 1, nothing more printed.
absl::Status AlreadyReported();

// The text of a file, or of standard input for "-". NOT_FOUND names the file.
absl::StatusOr<std::string> ReadText(const std::string& file, Console& console);

// Says on `err` that a list was cut.
void NoteMore(Console& console, bool has_more);

// Runs the tool. `words` without the program's name. Returns the exit code: 0, 1 for what failed, 2 for a mistake in
// the command line.
int RunTool(const std::vector<std::string>& words, Console& console);

}  // namespace campaign::ctl
