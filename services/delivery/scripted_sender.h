#pragma once

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "services/delivery/channel_sender.h"
#include "services/delivery/provider_router.h"

namespace campaign::delivery::testing {

// Answers as a test says, accepts what it says nothing about, and remembers what it was asked to send. Thread-safe.
class ScriptedSender final : public ChannelSender {
 public:
  explicit ScriptedSender(bool deduplicates, std::string provider = "fake")
      : deduplicates_(deduplicates), provider_(std::move(provider)) {}

  void Answer(SendOutcome outcome) {
    absl::MutexLock lock(&mutex_);
    answers_.push_back(std::move(outcome));
  }
  // Keeps Send from answering until Release; Wait returns once it was called.
  void Hold() { holds_ = true; }
  void WaitUntilHeld() { held_.WaitForNotification(); }
  void Release() { released_.Notify(); }

  std::vector<SendOutcome> Send(absl::Span<const OutgoingMessage> messages) override {
    if (holds_) {
      held_.Notify();
      released_.WaitForNotification();
    }
    absl::MutexLock lock(&mutex_);
    std::vector<SendOutcome> outcomes;
    for (const OutgoingMessage& message : messages) {
      sent_.push_back(message.idempotency_key);
      outcomes.push_back(answers_.empty() ? SendOutcome::Accepted() : answers_.front());
      if (!answers_.empty()) answers_.pop_front();
    }
    return outcomes;
  }
  bool deduplicates() const override { return deduplicates_; }
  absl::string_view provider() const override { return provider_; }

  // Keys, in order.
  std::vector<std::string> sent() const {
    absl::MutexLock lock(&mutex_);
    return sent_;
  }

 private:
  const bool deduplicates_;
  const std::string provider_;
  std::atomic<bool> holds_ = false;
  absl::Notification held_;
  absl::Notification released_;
  mutable absl::Mutex mutex_;
  std::deque<SendOutcome> answers_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> sent_ ABSL_GUARDED_BY(mutex_);
};

// A sender that somebody else owns.
inline std::shared_ptr<ChannelSender> Borrowed(ChannelSender& sender) { return {std::shared_ptr<void>(), &sender}; }

// The sender for all channels, under its own name and without limits. It must outlive the router.
inline ProviderRouter RouterOf(ChannelSender& sender) {
  ProviderSettings settings;
  settings.name = std::string(sender.provider());
  settings.channels = {v1::CHANNEL_EMAIL, v1::CHANNEL_SMS, v1::CHANNEL_PUSH, v1::CHANNEL_CHAT};
  settings.breaker.failures = 0;
  return ProviderRouter({{std::move(settings), Borrowed(sender)}});
}

}  // namespace campaign::delivery::testing
