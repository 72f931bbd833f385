#include "orchestrator/timers.h"

#include <utility>

namespace campaign::orchestrator {

Timers::Timers(const Clock& clock) : clock_(clock), thread_([this] { Loop(); }) {}

Timers::~Timers() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    changed_.Signal();
  }
  thread_.join();
}

void Timers::At(absl::Time time, std::function<void()> function) {
  absl::MutexLock lock(&mutex_);
  queue_.emplace(time, std::move(function));
  changed_.Signal();
}

void Timers::Poke() {
  absl::MutexLock lock(&mutex_);
  changed_.Signal();
}

void Timers::Loop() {
  absl::MutexLock lock(&mutex_);
  while (!stopping_) {
    if (queue_.empty()) {
      changed_.Wait(&mutex_);
      continue;
    }
    const absl::Duration left = queue_.begin()->first - clock_.Now();
    if (left > absl::ZeroDuration()) {
      // Woken early by At, Poke or stopping; the loop looks again.
      changed_.WaitWithTimeout(&mutex_, left);
      continue;
    }
    std::function<void()> due = std::move(queue_.begin()->second);
    queue_.erase(queue_.begin());
    mutex_.Unlock();
    due();
    due = nullptr;
    mutex_.Lock();
  }
}

}  // namespace campaign::orchestrator
