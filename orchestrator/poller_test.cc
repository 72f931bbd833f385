#include "orchestrator/poller.h"

#include <functional>
#include <thread>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "common/testing/fake_clock.h"
#include "common/testing/testing.h"

namespace campaign::orchestrator {
namespace {

const absl::Time kStart = testing::Utc("2026-06-15 12:00:00");
constexpr absl::Duration kInterval = absl::Seconds(2);

// Counts calls and answers as told.
class Counted {
 public:
  absl::StatusOr<bool> operator()() {
    absl::MutexLock lock(&mutex_);
    ++calls_;
    if (left_ == 0) return status_.ok() ? absl::StatusOr<bool>(false) : status_;
    --left_;
    return true;
  }
  void set_more(int left) {
    absl::MutexLock lock(&mutex_);
    left_ = left;
  }
  void set_status(absl::Status status) {
    absl::MutexLock lock(&mutex_);
    status_ = std::move(status);
  }
  void WaitForCalls(int count) {
    const auto reached = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return calls_ >= count; };
    mutex_.LockWhen(absl::Condition(&reached));
    mutex_.Unlock();
  }
  int calls() {
    absl::MutexLock lock(&mutex_);
    return calls_;
  }

 private:
  absl::Mutex mutex_;
  int calls_ ABSL_GUARDED_BY(mutex_) = 0;
  int left_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
};

class PollerTest : public ::testing::Test {
 protected:
  Poller Make() {
    return Poller("work", timers_, clock_, kInterval, std::ref(work_), [] {});
  }
  // Moves the clock on until so many calls were made.
  void AdvanceUntil(int calls) {
    while (work_.calls() < calls) {
      clock_.Advance(kInterval / 4);
      timers_.Poke();
      std::this_thread::yield();
    }
    EXPECT_LE(work_.calls(), 1 + (clock_.Now() - kStart) / kInterval);
  }

  testing::FakeClock clock_{kStart};
  Timers timers_{clock_};
  Counted work_;
};

TEST_F(PollerTest, WorksAtOnceAndThenEachInterval) {
  const Poller poller = Make();
  work_.WaitForCalls(1);
  AdvanceUntil(2);
  AdvanceUntil(3);
}

TEST_F(PollerTest, GoesOnAtOnceWhileThereIsMore) {
  work_.set_more(4);
  const Poller poller = Make();
  work_.WaitForCalls(5);
}

TEST_F(PollerTest, TriesAgainAnIntervalAfterAnError) {
  work_.set_status(absl::UnavailableError("down"));
  const Poller poller = Make();
  work_.WaitForCalls(1);
  AdvanceUntil(2);
  work_.set_status(absl::OkStatus());
  AdvanceUntil(3);
}

TEST_F(PollerTest, BreaksOffTheWorkUnderWayWhenItGoes) {
  absl::Notification working, stopped;
  {
    const Poller poller(
        "work", timers_, clock_, kInterval,
        [&]() -> absl::StatusOr<bool> {
          working.Notify();
          stopped.WaitForNotification();
          return absl::CancelledError("stopped");
        },
        [&] { stopped.Notify(); });
    working.WaitForNotification();
  }
  EXPECT_TRUE(stopped.HasBeenNotified());
  // A timer that comes due later finds nobody, and harms nobody.
  clock_.Advance(2 * kInterval);
  timers_.Poke();
}

}  // namespace
}  // namespace campaign::orchestrator
