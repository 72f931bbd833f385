#include "services/delivery/token_bucket.h"

#include <atomic>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace campaign::delivery {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'781'524'800);

// Four a second, two at once.
TokenBucket FourASecond() { return TokenBucket({.per_second = 4, .burst = 2}, kNow); }

TEST(TokenBucket, LetsABurstThroughAndThenGivesTurnsOneAfterTheOther) {
  TokenBucket bucket = FourASecond();
  EXPECT_EQ(bucket.Take(kNow), absl::ZeroDuration());
  EXPECT_EQ(bucket.Take(kNow), absl::ZeroDuration());
  EXPECT_EQ(bucket.Take(kNow), absl::Milliseconds(250));
  EXPECT_EQ(bucket.Take(kNow), absl::Milliseconds(500));
  EXPECT_EQ(bucket.Take(kNow + absl::Milliseconds(250)), absl::Milliseconds(500)) << "the third one since then";
}

TEST(TokenBucket, FillsUpWithTimeButNotBeyondTheBurst) {
  TokenBucket bucket = FourASecond();
  bucket.Take(kNow);
  bucket.Take(kNow);
  EXPECT_EQ(bucket.Take(kNow + absl::Milliseconds(125)), absl::Milliseconds(125)) << "half a token had come";
  const absl::Time later = kNow + absl::Hours(1);
  EXPECT_TRUE(bucket.IsFull(later));
  EXPECT_EQ(bucket.Take(later), absl::ZeroDuration());
  EXPECT_EQ(bucket.Take(later), absl::ZeroDuration());
  EXPECT_EQ(bucket.Take(later), absl::Milliseconds(250));
}

TEST(TokenBucket, AskingTakesNothing) {
  TokenBucket bucket = FourASecond();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(bucket.WaitOf(kNow), absl::ZeroDuration());
  EXPECT_TRUE(bucket.IsFull(kNow));
  bucket.Take(kNow);
  EXPECT_FALSE(bucket.IsFull(kNow));
}

TEST(TokenBucket, AClockThatIsPutBackFillsNothingInAndDoesNotStopIt) {
  TokenBucket bucket = FourASecond();
  bucket.Take(kNow);
  bucket.Take(kNow);
  const absl::Time back = kNow - absl::Hours(1);
  EXPECT_EQ(bucket.Take(back), absl::Milliseconds(250));
  EXPECT_EQ(bucket.Take(back + absl::Milliseconds(500)), absl::ZeroDuration()) << "it fills from there";
}

TEST(TokenBucket, ARateBelowOneASecondWorksAsWell) {
  TokenBucket bucket({.per_second = 0.25, .burst = 1}, kNow);
  EXPECT_EQ(bucket.Take(kNow), absl::ZeroDuration());
  EXPECT_EQ(bucket.Take(kNow), absl::Seconds(4));
  EXPECT_EQ(bucket.Take(kNow + absl::Seconds(4)), absl::Seconds(4));
}

TEST(RateLimiter, WithoutLimitsNobodyWaits) {
  RateLimiter limiter({}, {});
  EXPECT_FALSE(limiter.IsLimited());
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(limiter.Take("example.com", kNow), absl::ZeroDuration());
  EXPECT_EQ(limiter.domain_count(), 0);
}

TEST(RateLimiter, TheLongerWaitOfProviderAndDomainCounts) {
  RateLimiter limiter({.per_second = 4, .burst = 3}, {.per_second = 1, .burst = 1});
  EXPECT_EQ(limiter.Take("a.example", kNow), absl::ZeroDuration());
  EXPECT_EQ(limiter.Take("a.example", kNow), absl::Seconds(1));
  EXPECT_EQ(limiter.Take("b.example", kNow), absl::ZeroDuration()) << "a domain does not pay for another";
  EXPECT_EQ(limiter.Take("c.example", kNow), absl::Milliseconds(250)) << "but all share the provider's rate";
  EXPECT_EQ(limiter.Take("", kNow), absl::Milliseconds(500)) << "no domain";
}

TEST(RateLimiter, NobodyIsGivenATurnTooFarAhead) {
  RateLimiter limiter({.per_second = 1, .burst = 1}, {});
  for (int i = 0; i <= 900; ++i) EXPECT_EQ(limiter.Take("", kNow), absl::Seconds(i));
  EXPECT_EQ(limiter.Take("", kNow), absl::nullopt);
  EXPECT_EQ(limiter.Take("", kNow + absl::Seconds(1)), RateLimiter::kLongestWait) << "nothing was taken meanwhile";
}

TEST(RateLimiter, WhatGoesAtOnceIsPaidForByThoseWhoComeAfter) {
  RateLimiter limiter({.per_second = 4, .burst = 1}, {.per_second = 1, .burst = 1});
  limiter.TakeAtOnce("a.example", kNow);
  limiter.TakeAtOnce("a.example", kNow);
  EXPECT_EQ(limiter.Take("b.example", kNow), absl::Milliseconds(500));
  EXPECT_EQ(limiter.Take("a.example", kNow), absl::Seconds(2));
}

TEST(RateLimiter, ForgetsDomainsThatItHasNothingToRememberOf) {
  RateLimiter limiter({}, {.per_second = 1, .burst = 1});
  for (int i = 0; i < 20'000; ++i) {
    EXPECT_EQ(limiter.Take(absl::StrCat("d", i, ".example"), kNow + absl::Seconds(i)), absl::ZeroDuration());
  }
  EXPECT_LE(limiter.domain_count(), 4096);
}

TEST(RateLimiter, RemembersEveryDomainThatIsInUse) {
  RateLimiter limiter({}, {.per_second = 0.001, .burst = 1});
  for (int i = 0; i < 10'000; ++i) limiter.TakeAtOnce(absl::StrCat("d", i, ".example"), kNow);
  EXPECT_EQ(limiter.domain_count(), 10'000);
  EXPECT_EQ(limiter.Take("d0.example", kNow + absl::Seconds(500)), absl::Seconds(500));
}

TEST(RateLimiter, ManyThreadsShareOneRate) {
  RateLimiter limiter({.per_second = 4, .burst = 100}, {.per_second = 4, .burst = 400});
  std::atomic<int> at_once = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 100; ++j) at_once += limiter.Take("a.example", kNow) == absl::ZeroDuration();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(at_once, 100);
  EXPECT_EQ(limiter.Take("a.example", kNow), absl::Milliseconds(250) * 301);
}

}  // namespace
}  // namespace campaign::delivery
