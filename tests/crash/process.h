#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"

namespace campaign::crash {

// How long anything may take that is waited for. Far more than it takes: only a test that fails waits this long.
inline constexpr absl::Duration kPatience = absl::Seconds(30);

// A child process whose output is read as it comes. It dies with this object, and with the test. Use it on the thread
// that started it, which must be the test's main thread.
class Process {
 public:
  // Runs `binary` with `arguments` (without argv[0]).
  static std::unique_ptr<Process> Start(const std::string& binary, const std::vector<std::string>& arguments);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // SIGKILL; returns when it is gone. Nothing if it was.
  void Kill();
  // SIGSTOP; returns when every thread has stopped.
  void Suspend();
  // SIGCONT.
  void Continue();
  // SIGTERM; does not wait.
  void Terminate();

  // Its exit code, 128 + the signal that ended it, or nullopt if it still runs after `timeout`.
  absl::optional<int> WaitForExit(absl::Duration timeout);

  // Whether `text` comes in its output, at `from` or later, before it ends or kPatience is over.
  bool WaitForOutput(absl::string_view text, size_t from = 0) const;
  std::string output() const;

 private:
  Process(pid_t pid, int output);
  void Read();
  void Reap();

  const pid_t pid_;
  const int output_file_;
  absl::optional<int> exit_code_;

  mutable absl::Mutex mutex_;
  std::string output_ ABSL_GUARDED_BY(mutex_);
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;

  std::thread reader_;  // Last: it uses all of the above.
};

}  // namespace campaign::crash
