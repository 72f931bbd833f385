#pragma once

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace campaign::delivery {

struct CircuitBreakerOptions {
  // So many failures one after the other open it. 0: it never opens.
  int failures = 5;
  // How long it stays open before one message tries again.
  absl::Duration open_for = absl::Seconds(30);
};

// Keeps messages from a provider that is down. Closed: all may go. Open: none, for a while. Then half open: one may go
// as a probe; if it gets through the breaker closes, else it opens again. A probe that nothing is heard of is followed
// by another after the same while. Source: M. Nygard, "Release It!", 2007. Thread-safe.
class CircuitBreaker {
 public:
  explicit CircuitBreaker(CircuitBreakerOptions options) : options_(options) {}

  // How long it is until a message may go; zero: now.
  absl::Duration Wait(absl::Time now);

  // A message goes: call it after Wait returned zero. With it comes Succeeded or Failed, if all is well.
  void Begin(absl::Time now);

  // The provider answered, whatever it said of the message.
  void Succeeded();

  // The provider could not be reached, or nobody can say what came of the message.
  void Failed(absl::Time now);

 private:
  void Open(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const CircuitBreakerOptions options_;

  absl::Mutex mutex_;
  int failures_ ABSL_GUARDED_BY(mutex_) = 0;
  bool open_ ABSL_GUARDED_BY(mutex_) = false;     // Or half open.
  bool probing_ ABSL_GUARDED_BY(mutex_) = false;  // Half open, with the probe on its way.
  absl::Time next_probe_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace campaign::delivery
