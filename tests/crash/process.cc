#include "tests/crash/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "gtest/gtest.h"

namespace campaign::crash {
namespace {

// In the child: only calls that are safe between fork and exec.
[[noreturn]] void Exec(char* const* argv, int output) {
  // A test that is itself killed leaves nothing running.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  execv(argv[0], argv);
  _exit(127);
}

}  // namespace

std::unique_ptr<Process> Process::Start(const std::string& binary, const std::vector<std::string>& arguments) {
  std::vector<char*> argv = {const_cast<char*>(binary.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  int pipe_ends[2];
  EXPECT_EQ(pipe2(pipe_ends, O_CLOEXEC), 0);
  const pid_t pid = fork();
  if (pid == 0) Exec(argv.data(), pipe_ends[1]);
  EXPECT_GT(pid, 0) << "fork failed";
  close(pipe_ends[1]);
  return std::unique_ptr<Process>(new Process(pid, pipe_ends[0]));
}

Process::Process(pid_t pid, int output) : pid_(pid), output_file_(output), reader_([this] { Read(); }) {}

Process::~Process() {
  Kill();
  reader_.join();
  close(output_file_);
}

void Process::Read() {
  char buffer[4096];
  while (true) {
    const ssize_t count = read(output_file_, buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR) continue;
    absl::MutexLock lock(&mutex_);
    if (count <= 0) {
      ended_ = true;
      return;
    }
    output_.append(buffer, count);
  }
}

void Process::Reap() {
  int status = 0;
  if (waitpid(pid_, &status, 0) != pid_) return;
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void Process::Kill() {
  if (exit_code_.has_value()) return;
  kill(pid_, SIGKILL);
  Reap();
}

void Process::Suspend() {
  ASSERT_FALSE(exit_code_.has_value());
  kill(pid_, SIGSTOP);
  int status = 0;
  ASSERT_EQ(waitpid(pid_, &status, WUNTRACED), pid_);
  ASSERT_TRUE(WIFSTOPPED(status)) << "it ended instead:\n" << output();
}

void Process::Continue() { kill(pid_, SIGCONT); }

void Process::Terminate() {
  ASSERT_FALSE(exit_code_.has_value());
  kill(pid_, SIGTERM);
}

absl::optional<int> Process::WaitForExit(absl::Duration timeout) {
  if (exit_code_.has_value()) return exit_code_;
  {
    // Its end of the pipe closes when it ends: it has no children.
    absl::MutexLock lock(&mutex_);
    if (!mutex_.AwaitWithTimeout(absl::Condition(&ended_), timeout)) return absl::nullopt;
  }
  Reap();
  return exit_code_;
}

bool Process::WaitForOutput(absl::string_view text, size_t from) const {
  const auto found_or_ended = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return ended_ || absl::string_view(output_).find(text, from) != absl::string_view::npos;
  };
  absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(&found_or_ended), kPatience);
  return absl::string_view(output_).find(text, from) != absl::string_view::npos;
}

std::string Process::output() const {
  absl::MutexLock lock(&mutex_);
  return output_;
}

}  // namespace campaign::crash
