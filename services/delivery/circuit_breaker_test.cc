#include "services/delivery/circuit_breaker.h"

#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace campaign::delivery {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'781'524'800);
constexpr absl::Duration kOpenFor = absl::Seconds(30);

class CircuitBreakerTest : public ::testing::Test {
 protected:
  bool IsOpen(absl::Time now) { return breaker_.Wait(now) > absl::ZeroDuration(); }
  void Fail(int times, absl::Time now = kNow) {
    for (int i = 0; i < times; ++i) breaker_.Failed(now);
  }

  CircuitBreaker breaker_{{.failures = 3, .open_for = kOpenFor}};
};

TEST_F(CircuitBreakerTest, OpensAfterSoManyFailuresOneAfterTheOther) {
  Fail(2);
  EXPECT_FALSE(IsOpen(kNow));
  Fail(1);
  EXPECT_EQ(breaker_.Wait(kNow), kOpenFor);
  EXPECT_EQ(breaker_.Wait(kNow + absl::Seconds(10)), absl::Seconds(20));
}

TEST_F(CircuitBreakerTest, AnAnswerBetweenThemStartsTheCountAnew) {
  Fail(2);
  breaker_.Succeeded();
  Fail(2);
  EXPECT_FALSE(IsOpen(kNow));
}

TEST_F(CircuitBreakerTest, HalfOpenItLetsOneMessageTry) {
  Fail(3);
  const absl::Time due = kNow + kOpenFor;
  EXPECT_FALSE(IsOpen(due));
  EXPECT_FALSE(IsOpen(due)) << "asking is not going";
  breaker_.Begin(due);
  EXPECT_TRUE(IsOpen(due));
  EXPECT_TRUE(IsOpen(due + absl::Seconds(29)));
}

TEST_F(CircuitBreakerTest, AProbeThatGetsThroughClosesIt) {
  Fail(3);
  const absl::Time due = kNow + kOpenFor;
  breaker_.Begin(due);
  breaker_.Succeeded();
  EXPECT_FALSE(IsOpen(due));
  Fail(2, due);
  EXPECT_FALSE(IsOpen(due)) << "it counts from nothing";
}

TEST_F(CircuitBreakerTest, AProbeThatFailsOpensItForAsLongAgain) {
  Fail(3);
  const absl::Time due = kNow + kOpenFor;
  breaker_.Begin(due);
  Fail(1, due + absl::Seconds(2));
  EXPECT_EQ(breaker_.Wait(due + absl::Seconds(2)), kOpenFor);
}

TEST_F(CircuitBreakerTest, AProbeThatIsNeverHeardOfIsFollowedByAnother) {
  Fail(3);
  const absl::Time due = kNow + kOpenFor;
  breaker_.Begin(due);
  EXPECT_TRUE(IsOpen(due + kOpenFor - absl::Seconds(1)));
  EXPECT_FALSE(IsOpen(due + kOpenFor));
}

TEST_F(CircuitBreakerTest, LateNewsOfWhatWentBeforeNeitherClosesItNorKeepsItOpenForLonger) {
  Fail(3);
  breaker_.Succeeded();
  EXPECT_TRUE(IsOpen(kNow));
  Fail(5, kNow + absl::Seconds(20));
  EXPECT_FALSE(IsOpen(kNow + kOpenFor));
}

TEST_F(CircuitBreakerTest, AClockThatIsPutBackDoesNotKeepItOpenForLonger) {
  Fail(3);
  const absl::Time back = kNow - absl::Hours(5);
  EXPECT_EQ(breaker_.Wait(back), kOpenFor);
  EXPECT_FALSE(IsOpen(back + kOpenFor));
}

TEST(CircuitBreaker, WithoutAThresholdItNeverOpens) {
  CircuitBreaker breaker({.failures = 0});
  for (int i = 0; i < 100; ++i) breaker.Failed(kNow);
  EXPECT_EQ(breaker.Wait(kNow), absl::ZeroDuration());
}

TEST_F(CircuitBreakerTest, ManyThreadsMayUseItAtOnce) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this] {
      for (int j = 0; j < 100; ++j) {
        breaker_.Failed(kNow);
        breaker_.Wait(kNow);
        breaker_.Succeeded();
        breaker_.Begin(kNow);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  breaker_.Wait(kNow);
  Fail(3);
  EXPECT_TRUE(IsOpen(kNow));
}

}  // namespace
}  // namespace campaign::delivery
