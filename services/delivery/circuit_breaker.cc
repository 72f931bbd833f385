#include "services/delivery/circuit_breaker.h"

#include <algorithm>

namespace campaign::delivery {

absl::Duration CircuitBreaker::Wait(absl::Time now) {
  if (options_.failures == 0) return absl::ZeroDuration();
  absl::MutexLock lock(&mutex_);
  if (!open_) return absl::ZeroDuration();
  // A clock that was put back must not keep it open for longer.
  next_probe_ = std::min(next_probe_, now + options_.open_for);
  return std::max(next_probe_ - now, absl::ZeroDuration());
}

void CircuitBreaker::Begin(absl::Time now) {
  if (options_.failures == 0) return;
  absl::MutexLock lock(&mutex_);
  if (!open_) return;
  probing_ = true;
  next_probe_ = now + options_.open_for;
}

void CircuitBreaker::Succeeded() {
  if (options_.failures == 0) return;
  absl::MutexLock lock(&mutex_);
  // While it is open, only late answers to what went before come.
  if (open_ && !probing_) return;
  failures_ = 0;
  open_ = probing_ = false;
}

void CircuitBreaker::Failed(absl::Time now) {
  if (options_.failures == 0) return;
  absl::MutexLock lock(&mutex_);
  if (open_ ? probing_ : ++failures_ >= options_.failures) Open(now);
}

void CircuitBreaker::Open(absl::Time now) {
  open_ = true;
  probing_ = false;
  next_probe_ = now + options_.open_for;
}

}  // namespace campaign::delivery
