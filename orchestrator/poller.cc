#include "orchestrator/poller.h"

#include <utility>

#include "absl/synchronization/mutex.h"
#include "common/log.h"

namespace campaign::orchestrator {

struct Poller::Signal {
  absl::Mutex mutex;
  bool due ABSL_GUARDED_BY(mutex) = true;
  bool stopping ABSL_GUARDED_BY(mutex) = false;

  void Set(bool Signal::*flag) {
    absl::MutexLock lock(&mutex);
    this->*flag = true;
  }
  // False: to be stopped.
  bool Wait() {
    absl::MutexLock lock(&mutex);
    const auto any = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) { return due || stopping; };
    mutex.Await(absl::Condition(&any));
    due = false;
    return !stopping;
  }
};

Poller::Poller(std::string what, Timers& timers, const Clock& clock, absl::Duration interval, Work work,
               std::function<void()> stop)
    : what_(std::move(what)),
      timers_(timers),
      clock_(clock),
      interval_(interval),
      work_(std::move(work)),
      stop_(std::move(stop)),
      signal_(std::make_shared<Signal>()),
      thread_([this] { Loop(); }) {}

Poller::~Poller() {
  signal_->Set(&Signal::stopping);
  stop_();
  thread_.join();
}

void Poller::Loop() {
  while (signal_->Wait()) {
    if (Do()) {
      signal_->Set(&Signal::due);
    } else {
      timers_.At(clock_.Now() + interval_, [signal = signal_] { signal->Set(&Signal::due); });
    }
  }
}

bool Poller::Do() {
  const absl::StatusOr<bool> more = work_();
  if (!more.ok() && !failing_) LOG(WARNING) << what_ << " waits: " << more.status();
  if (more.ok() && failing_) LOG(INFO) << what_ << " goes on";
  failing_ = !more.ok();
  return more.ok() && *more;
}

}  // namespace campaign::orchestrator
