#pragma once

#include <sys/types.h>

#include <string>

#include "absl/status/statusor.h"
#include "tools/load/machine.h"

namespace campaign::load {

// Samples the processes with perf(1) while it lives, into a file for `perf report`. Movable, not thread-safe.
class Profiler {
 public:
  // UNAVAILABLE: perf is missing or cannot be started.
  static absl::StatusOr<Profiler> Start(const Pids& pids, const std::string& file);

  Profiler(Profiler&& other) noexcept : perf_(other.perf_) { other.perf_ = 0; }
  Profiler& operator=(Profiler&&) = delete;
  ~Profiler();

 private:
  explicit Profiler(pid_t perf) : perf_(perf) {}

  pid_t perf_;
};

}  // namespace campaign::load
