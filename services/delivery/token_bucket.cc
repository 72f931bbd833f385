#include "services/delivery/token_bucket.h"

#include <algorithm>

namespace campaign::delivery {

TokenBucket::TokenBucket(RateLimit limit, absl::Time now) : limit_(limit), tokens_(limit.burst), refilled_(now) {}

void TokenBucket::Refill(absl::Time now) {
  const double seconds = absl::ToDoubleSeconds(now - refilled_);
  if (seconds > 0) tokens_ = std::min(limit_.burst, tokens_ + seconds * limit_.per_second);
  refilled_ = now;
}

absl::Duration TokenBucket::WaitAt(double tokens) const {
  return tokens >= 0 ? absl::ZeroDuration() : absl::Seconds(-tokens / limit_.per_second);
}

absl::Duration TokenBucket::Take(absl::Time now) {
  Refill(now);
  tokens_ -= 1;
  return WaitAt(tokens_);
}

absl::Duration TokenBucket::WaitOf(absl::Time now) {
  Refill(now);
  return WaitAt(tokens_ - 1);
}

bool TokenBucket::IsFull(absl::Time now) {
  Refill(now);
  return tokens_ >= limit_.burst;
}

absl::optional<absl::Duration> RateLimiter::Take(absl::string_view domain, absl::Time now) {
  absl::MutexLock lock(&mutex_);
  if (all_limit_.per_second > 0 && !all_.has_value()) all_.emplace(all_limit_, now);
  TokenBucket* const of_domain = IsLimitedByDomain() && !domain.empty() ? &BucketOf(domain, now) : nullptr;
  absl::Duration wait = absl::ZeroDuration();
  if (all_.has_value()) wait = all_->WaitOf(now);
  if (of_domain != nullptr) wait = std::max(wait, of_domain->WaitOf(now));
  if (wait > kLongestWait) return absl::nullopt;
  if (all_.has_value()) all_->Take(now);
  if (of_domain != nullptr) of_domain->Take(now);
  return wait;
}

void RateLimiter::TakeAtOnce(absl::string_view domain, absl::Time now) {
  absl::MutexLock lock(&mutex_);
  if (all_limit_.per_second > 0 && !all_.has_value()) all_.emplace(all_limit_, now);
  if (all_.has_value()) all_->Take(now);
  if (IsLimitedByDomain() && !domain.empty()) BucketOf(domain, now).Take(now);
}

size_t RateLimiter::domain_count() const {
  absl::MutexLock lock(&mutex_);
  return domains_.size();
}

TokenBucket& RateLimiter::BucketOf(absl::string_view domain, absl::Time now) {
  const auto known = domains_.find(domain);
  if (known != domains_.end()) return known->second;
  if (domains_.size() >= forget_at_) ForgetFullBuckets(now);
  return domains_.try_emplace(std::string(domain), domain_limit_, now).first->second;
}

void RateLimiter::ForgetFullBuckets(absl::Time now) {
  for (auto bucket = domains_.begin(); bucket != domains_.end();) {
    const auto here = bucket++;
    if (here->second.IsFull(now)) domains_.erase(here);
  }
  // Looked through again only when it has doubled: on average a step or two a domain.
  forget_at_ = std::max<size_t>(forget_at_, 2 * domains_.size());
}

}  // namespace campaign::delivery
