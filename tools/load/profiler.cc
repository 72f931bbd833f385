#include "tools/load/profiler.h"

#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

extern char** environ;

namespace campaign::load {

absl::StatusOr<Profiler> Profiler::Start(const Pids& pids, const std::string& file) {
  const std::string list =
      absl::StrJoin(pids, ",", [](std::string* out, const auto& entry) { absl::StrAppend(out, entry.second); });
  // Distribution libraries keep no frame pointers, so stacks are copied and unwound later.
  std::vector<std::string> words = {"perf",       "record", "--quiet", "-F", "299", "--call-graph",
                                    "dwarf,8192", "-o",     file,      "-p", list};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t perf = 0;
  const int error = posix_spawnp(&perf, "perf", nullptr, nullptr, arguments.data(), environ);
  if (error != 0) return absl::UnavailableError(absl::StrCat("cannot start perf: ", strerror(error)));
  return Profiler(perf);
}

Profiler::~Profiler() {
  if (perf_ == 0) return;
  kill(perf_, SIGINT);
  waitpid(perf_, nullptr, 0);
}

}  // namespace campaign::load
