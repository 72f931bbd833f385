#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "campaign/v1/generator.pb.h"
#include "common/clock.h"
#include "services/delivery/channel_sender.h"
#include "services/delivery/circuit_breaker.h"
#include "services/delivery/token_bucket.h"
#include "services/delivery/worker_threads.h"

namespace campaign::delivery {

// Reasons why a message waits although nobody refused it. None of them is an attempt.
inline constexpr char kRateLimitedLocally[] = "RATE_LIMITED_LOCALLY";  // It has a turn, and waits for it.
inline constexpr char kRateQueueFull[] = "RATE_QUEUE_FULL";            // Too many wait for a turn already.
inline constexpr char kProvidersDown[] = "PROVIDERS_DOWN";             // Every provider of the channel is.

// How a provider is used.
struct ProviderSettings {
  // In the ledger; at most 64 bytes. Stands for one account at one provider for ever: what was sent there is known by
  // its name alone.
  std::string name;
  std::vector<v1::Channel> channels;
  // Its share of a channel's messages, against the others' weights. At least 1.
  int weight = 1;
  RateLimit rate = {};
  // Of e-mail: to each recipient's domain.
  RateLimit domain_rate = {};
  CircuitBreakerOptions breaker = {};
  // Batches that it is handed at once.
  int parallel_batches = 4;
};

// A provider of some channels, with what is known of how it fares. Thread-safe.
class Provider {
 public:
  Provider(ProviderSettings settings, std::shared_ptr<ChannelSender> sender, int index);

  const std::string& name() const { return settings_.name; }
  bool deduplicates() const { return sender_->deduplicates(); }
  // Among all providers; for TriedProviders.
  int index() const { return index_; }

  // Runs a task on one of the provider's own threads: one that is slow holds up no other.
  void Run(std::function<void()> task) { threads_.Run(std::move(task)); }

  // As ChannelSender::Send; learns from the outcomes whether the provider is down. An outcome that the sender left out
  // is unknown.
  std::vector<SendOutcome> Send(absl::Span<const OutgoingMessage> messages, const Clock& clock);

 private:
  friend class ProviderRouter;

  // Of an e-mail's recipient, in lower case; empty where nobody counts it.
  std::string DomainOf(const v1::Message& message) const;
  void Learn(const SendOutcome& outcome, absl::Time now);

  const ProviderSettings settings_;
  const std::shared_ptr<ChannelSender> sender_;
  const int index_;
  CircuitBreaker breaker_;
  RateLimiter limiter_;
  WorkerThreads threads_;  // Last: its tasks use all of the above.
};

// Where a message goes.
struct Route {
  enum class Kind {
    // To `provider`, now.
    kGo,
    // Nowhere yet: `outcome` is a kRetry that says why and for how long. With a `provider`: a turn there is kept for it
    // (RATE_LIMITED_LOCALLY), and Redeem takes it.
    kWait,
    // Nowhere: `outcome` is a kRejected.
    kNone,
  };

  Kind kind = Kind::kNone;
  Provider* provider = nullptr;
  SendOutcome outcome = {};
};

// The providers that a message was refused by in an attempt.
class TriedProviders {
 public:
  void Add(int index) { bits_ |= uint32_t{1} << index; }
  bool Contains(int index) const { return (bits_ >> index & 1) != 0; }

 private:
  uint32_t bits_ = 0;
};

// Chooses among the providers of a channel: by weight, passing over those that are down, and holding each to its rate.
// Used on one thread at a time, but for the providers themselves.
class ProviderRouter {
 public:
  static constexpr size_t kMaxProviders = 32;

  struct Member {
    ProviderSettings settings;
    std::shared_ptr<ChannelSender> sender;
  };

  // At most kMaxProviders; their names differ.
  explicit ProviderRouter(std::vector<Member> members);

  // The name of the provider that the key's messages go to if all is well; empty: the channel has none.
  absl::string_view PreferredName(v1::Channel channel, absl::string_view key) const;

  // Where to send a message that nobody has: to a provider that is not among `tried`. The same key goes to the same one
  // as long as that one is up; so does the choice that is left when it is down (weighted rendezvous hashing:
  // Schindelhauer & Schomaker, "Weighted Distributed Hash Tables", 2005). Takes a token of the provider's rate: one
  // that is over its rate is not passed over, the message waits for its turn there.
  Route Choose(const v1::Message& message, absl::string_view key, TriedProviders tried, absl::Time now);

  // As Choose, for a message whose turn at the provider of this name has come.
  Route Redeem(const v1::Message& message, absl::string_view key, absl::string_view name, absl::Time now);

  // Where to send a message that the provider of this name may have: there or, for now, nowhere. It waits for no turn.
  // The provider must deduplicate.
  Route SendAgain(const v1::Message& message, absl::string_view name, absl::Time now);

  // Whether the channel has a provider of this name that deduplicates: nobody else may be sent what it may have.
  bool Deduplicates(v1::Channel channel, absl::string_view name) const;

 private:
  static Route Admit(Provider& provider, const v1::Message& message, absl::Time now);
  Provider* Find(v1::Channel channel, absl::string_view name) const;
  const std::vector<Provider*>& Of(v1::Channel channel) const;

  std::vector<std::unique_ptr<Provider>> providers_;
  std::array<std::vector<Provider*>, v1::Channel_ARRAYSIZE> by_channel_;
};

}  // namespace campaign::delivery
