#pragma once

#include <cstddef>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"

namespace campaign::delivery {

// How many messages may go.
struct RateLimit {
  // 0: as many as come.
  double per_second = 0;
  // So many may go at once after a pause. At least 1.
  double burst = 1;
};

// A token bucket that lends: whoever finds it empty still takes a token, and is told when it will have been filled in.
// So those who wait have their turns one after the other, and nobody overtakes them. Not thread-safe. Source of the
// arithmetic: the "virtual scheduling" form of the leaky bucket, ITU-T I.371 annex A.
class TokenBucket {
 public:
  // Full at `now`. `limit.per_second` is above 0.
  TokenBucket(RateLimit limit, absl::Time now);

  // Takes a token. Returns how long it is until the token's turn; zero: it was there.
  absl::Duration Take(absl::Time now);
  // What Take would return; takes nothing.
  absl::Duration WaitOf(absl::Time now);
  // Nothing is lent or used: it is as good as new.
  bool IsFull(absl::Time now);

 private:
  // A clock that was put back fills nothing in; it counts from there.
  void Refill(absl::Time now);
  absl::Duration WaitAt(double tokens) const;

  RateLimit limit_;
  double tokens_;  // Below 0: lent.
  absl::Time refilled_;
};

// The rate of one provider, and of each domain that it sends e-mail to. Thread-safe.
class RateLimiter {
 public:
  // Nobody waits for longer than this; whoever would is not given a turn.
  static constexpr absl::Duration kLongestWait = absl::Minutes(15);

  RateLimiter(RateLimit all, RateLimit per_domain) : all_limit_(all), domain_limit_(per_domain) {}

  bool IsLimited() const { return all_limit_.per_second > 0 || domain_limit_.per_second > 0; }
  bool IsLimitedByDomain() const { return domain_limit_.per_second > 0; }

  // Takes the tokens of one message to `domain` (empty: none) and returns how long it is until its turn; zero: at once.
  // Nothing: kLongestWait is spoken for; no token was taken.
  absl::optional<absl::Duration> Take(absl::string_view domain, absl::Time now);

  // As Take, for a message that goes now, whoever waits.
  void TakeAtOnce(absl::string_view domain, absl::Time now);

  // Domains that something is remembered about.
  size_t domain_count() const;

 private:
  TokenBucket& BucketOf(absl::string_view domain, absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Those that are as good as new.
  void ForgetFullBuckets(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const RateLimit all_limit_;
  const RateLimit domain_limit_;

  mutable absl::Mutex mutex_;
  absl::optional<TokenBucket> all_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, TokenBucket> domains_ ABSL_GUARDED_BY(mutex_);
  size_t forget_at_ ABSL_GUARDED_BY(mutex_) = 4096;
};

}  // namespace campaign::delivery
