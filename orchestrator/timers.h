#pragma once

#include <functional>
#include <map>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/clock.h"

namespace campaign::orchestrator {

// Calls functions at times of a clock, on a thread of its own. Thread-safe.
class Timers {
 public:
  explicit Timers(const Clock& clock);
  // What is not due yet is dropped.
  ~Timers();

  // Calls `function` once the clock shows `time` or later. It must not block.
  void At(absl::Time time, std::function<void()> function);

  // Looks at the clock again; for a clock that was moved by hand.
  void Poke();

 private:
  void Loop();

  const Clock& clock_;
  absl::Mutex mutex_;
  absl::CondVar changed_;
  std::multimap<absl::Time, std::function<void()>> queue_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // Last: it uses all of the above.
};

}  // namespace campaign::orchestrator
