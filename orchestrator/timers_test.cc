#include "orchestrator/timers.h"

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "common/testing/fake_clock.h"
#include "common/testing/testing.h"

namespace campaign::orchestrator {
namespace {

using testing::FakeClock;
using testing::Utc;

const absl::Time kStart = Utc("2026-06-15 12:00:00");

TEST(Timers, CallWhatIsDueInOrderOfTime) {
  FakeClock clock(kStart);
  Timers timers(clock);
  std::string order;
  absl::Notification last;
  timers.At(kStart + absl::Seconds(3), [&] { last.Notify(); });
  timers.At(kStart + absl::Seconds(2), [&] { order += "b"; });
  timers.At(kStart + absl::Seconds(1), [&] { order += "a"; });
  timers.At(kStart + absl::Seconds(2), [&] { order += "c"; });
  clock.Advance(absl::Seconds(3));
  timers.Poke();
  last.WaitForNotification();
  EXPECT_EQ(order, "abc");
}

TEST(Timers, CallAtOnceWhatIsOverdue) {
  FakeClock clock(kStart);
  Timers timers(clock);
  absl::Notification called;
  timers.At(absl::InfinitePast(), [&] { called.Notify(); });
  called.WaitForNotification();
}

TEST(Timers, DoNotCallWhatIsNotDue) {
  FakeClock clock(kStart);
  Timers timers(clock);
  std::atomic<bool> early = false;
  timers.At(kStart + absl::Seconds(2), [&] { early = true; });
  clock.Advance(absl::Seconds(1));
  absl::Notification due;
  timers.At(kStart + absl::Seconds(1), [&] { due.Notify(); });
  due.WaitForNotification();
  // A second look at the clock, after which what was due has been called.
  absl::Notification again;
  timers.At(kStart, [&] { again.Notify(); });
  again.WaitForNotification();
  EXPECT_FALSE(early);
}

TEST(Timers, AFunctionMaySetAnother) {
  FakeClock clock(kStart);
  Timers timers(clock);
  absl::Notification second;
  timers.At(kStart, [&] { timers.At(kStart, [&] { second.Notify(); }); });
  second.WaitForNotification();
}

TEST(Timers, FollowTheRealClockWithoutBeingPoked) {
  SystemClock clock;
  Timers timers(clock);
  absl::Notification called;
  const absl::Time due = clock.Now() + absl::Milliseconds(20);
  absl::Time at;
  timers.At(due, [&] {
    at = clock.Now();
    called.Notify();
  });
  called.WaitForNotification();
  EXPECT_GE(at, due);
}

TEST(Timers, DropWhatIsNotDueWhenTheyGo) {
  FakeClock clock(kStart);
  auto held = std::make_shared<int>(1);
  std::atomic<bool> called = false;
  {
    Timers timers(clock);
    timers.At(kStart + absl::Hours(1), [held, &called] { called = true; });
    EXPECT_EQ(held.use_count(), 2);
  }
  EXPECT_FALSE(called);
  EXPECT_EQ(held.use_count(), 1);
}

TEST(Timers, FinishTheFunctionThatIsRunningBeforeTheyGo) {
  FakeClock clock(kStart);
  std::atomic<bool> finished = false;
  absl::Notification running, go_on;
  auto timers = std::make_unique<Timers>(clock);
  timers->At(kStart, [&] {
    running.Notify();
    go_on.WaitForNotification();
    finished = true;
  });
  running.WaitForNotification();
  std::thread closing([&] { timers = nullptr; });
  go_on.Notify();
  closing.join();
  EXPECT_TRUE(finished);
}

TEST(Timers, TakeTimesFromManyThreads) {
  FakeClock clock(kStart);
  Timers timers(clock);
  absl::BlockingCounter called(8 * 100);
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i)
        timers.At(kStart + absl::Milliseconds((i * 7 + t) % 50), [&] { called.DecrementCount(); });
    });
  }
  for (std::thread& thread : threads) thread.join();
  clock.Advance(absl::Seconds(1));
  timers.Poke();
  called.Wait();
}

}  // namespace
}  // namespace campaign::orchestrator
