#include "services/delivery/provider_router.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace campaign::delivery {
namespace {

constexpr char kNoAnswer[] = "SEND_INTERRUPTED";
constexpr char kNoAnswerText[] = "the sender gave no answer for this message";

// Never 0 or 1; the same for the same names everywhere: 64-bit FNV-1a of them, mixed by SplitMix64's finalizer (Steele,
// Lea & Flood 2014).
double UniformOf(absl::string_view key, absl::string_view name) {
  uint64_t hash = 0xcbf29ce484222325;
  const auto add = [&hash](absl::string_view bytes) {
    for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  };
  add(key);
  add({"\0", 1});
  add(name);
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111eb;
  hash ^= hash >> 31;
  return (static_cast<double>(hash >> 12) + 0.5) * 0x1p-52;
}

// The provider with the least goes first: an exponential variable whose rate is the weight.
double OrderOf(absl::string_view key, const ProviderSettings& settings) {
  return -std::log(UniformOf(key, settings.name)) / settings.weight;
}

Route Wait(absl::string_view code, const std::string& text, absl::Duration wait, Provider* provider = nullptr) {
  return {Route::Kind::kWait, provider, SendOutcome::Retry(code, text, wait)};
}

Route Go(Provider& provider) { return {Route::Kind::kGo, &provider, {}}; }

}  // namespace

Provider::Provider(ProviderSettings settings, std::shared_ptr<ChannelSender> sender, int index)
    : settings_(std::move(settings)),
      sender_(std::move(sender)),
      index_(index),
      breaker_(settings_.breaker),
      limiter_(settings_.rate, settings_.domain_rate),
      threads_(settings_.parallel_batches) {}

std::vector<SendOutcome> Provider::Send(absl::Span<const OutgoingMessage> messages, const Clock& clock) {
  std::vector<SendOutcome> outcomes = sender_->Send(messages);
  outcomes.resize(messages.size(), SendOutcome::Unknown(kNoAnswer, kNoAnswerText));
  if (settings_.breaker.failures > 0) {
    const absl::Time now = clock.Now();
    for (const SendOutcome& outcome : outcomes) Learn(outcome, now);
  }
  return outcomes;
}

// What it says of a message shows that it is up; also that there are too many.
void Provider::Learn(const SendOutcome& outcome, absl::Time now) {
  const bool failed =
      outcome.kind == SendOutcome::Kind::kUnknown ||
      (outcome.kind == SendOutcome::Kind::kRetry && (outcome.provider_down || outcome.may_have_arrived));
  failed ? breaker_.Failed(now) : breaker_.Succeeded();
}

std::string Provider::DomainOf(const v1::Message& message) const {
  if (!limiter_.IsLimitedByDomain() || message.channel() != v1::CHANNEL_EMAIL) return "";
  const absl::string_view address = message.address();
  const size_t at = address.rfind('@');
  return at == address.npos ? "" : absl::AsciiStrToLower(address.substr(at + 1));
}

ProviderRouter::ProviderRouter(std::vector<Member> members) {
  for (Member& member : members) {
    const std::vector<v1::Channel> channels = member.settings.channels;
    const int index = static_cast<int>(providers_.size());
    providers_.push_back(std::make_unique<Provider>(std::move(member.settings), std::move(member.sender), index));
    for (const v1::Channel channel : channels) by_channel_[channel].push_back(providers_.back().get());
  }
}

const std::vector<Provider*>& ProviderRouter::Of(v1::Channel channel) const {
  static const std::vector<Provider*> none;
  return v1::Channel_IsValid(channel) ? by_channel_[channel] : none;
}

Provider* ProviderRouter::Find(v1::Channel channel, absl::string_view name) const {
  for (Provider* const provider : Of(channel)) {
    if (provider->name() == name) return provider;
  }
  return nullptr;
}

bool ProviderRouter::Deduplicates(v1::Channel channel, absl::string_view name) const {
  const Provider* const provider = Find(channel, name);
  return provider != nullptr && provider->deduplicates();
}

absl::string_view ProviderRouter::PreferredName(v1::Channel channel, absl::string_view key) const {
  const std::vector<Provider*>& providers = Of(channel);
  if (providers.empty()) return "";
  if (providers.size() == 1) return providers.front()->name();
  const auto order = [key](const Provider* provider) { return OrderOf(key, provider->settings_); };
  return (*std::min_element(providers.begin(), providers.end(),
                            [&order](const Provider* a, const Provider* b) { return order(a) < order(b); }))
      ->name();
}

Route ProviderRouter::Choose(const v1::Message& message, absl::string_view key, TriedProviders tried, absl::Time now) {
  const std::vector<Provider*>& providers = Of(message.channel());
  if (providers.empty()) {
    const std::string text = absl::StrCat("no provider is set up for ", ChannelName(message.channel()));
    return {Route::Kind::kNone, nullptr, SendOutcome::Rejected(kChannelUnsupported, text)};
  }
  Provider* best = nullptr;
  double best_order = 0;
  absl::Duration soonest = absl::InfiniteDuration();
  for (Provider* const provider : providers) {
    if (tried.Contains(provider->index_)) continue;
    if (const absl::Duration wait = provider->breaker_.Wait(now); wait > absl::ZeroDuration()) {
      soonest = std::min(soonest, wait);
      continue;
    }
    const double order = providers.size() == 1 ? 0 : OrderOf(key, provider->settings_);
    if (best != nullptr && order >= best_order) continue;
    best = provider;
    best_order = order;
  }
  if (best == nullptr) {
    return Wait(kProvidersDown, absl::StrCat("no provider of ", ChannelName(message.channel()), " can be reached"),
                soonest == absl::InfiniteDuration() ? absl::ZeroDuration() : soonest);
  }
  return Admit(*best, message, now);
}

Route ProviderRouter::Admit(Provider& provider, const v1::Message& message, absl::Time now) {
  if (provider.limiter_.IsLimited()) {
    const absl::optional<absl::Duration> wait = provider.limiter_.Take(provider.DomainOf(message), now);
    if (!wait.has_value()) {
      return Wait(kRateQueueFull,
                  absl::StrCat(absl::FormatDuration(RateLimiter::kLongestWait), " of messages wait for ",
                               provider.name(), " already"),
                  RateLimiter::kLongestWait);
    }
    if (*wait > absl::ZeroDuration()) {
      return Wait(kRateLimitedLocally, absl::StrCat("waits for its turn at ", provider.name()), *wait, &provider);
    }
  }
  provider.breaker_.Begin(now);
  return Go(provider);
}

Route ProviderRouter::Redeem(const v1::Message& message, absl::string_view key, absl::string_view name,
                             absl::Time now) {
  Provider* const provider = Find(message.channel(), name);
  if (provider == nullptr || provider->breaker_.Wait(now) > absl::ZeroDuration()) {
    return Choose(message, key, {}, now);
  }
  provider->breaker_.Begin(now);
  return Go(*provider);
}

Route ProviderRouter::SendAgain(const v1::Message& message, absl::string_view name, absl::Time now) {
  Provider& provider = *Find(message.channel(), name);
  if (const absl::Duration wait = provider.breaker_.Wait(now); wait > absl::ZeroDuration()) {
    return Wait(kProvidersDown, absl::StrCat(name, " cannot be reached"), wait);
  }
  if (provider.limiter_.IsLimited()) provider.limiter_.TakeAtOnce(provider.DomainOf(message), now);
  provider.breaker_.Begin(now);
  return Go(provider);
}

}  // namespace campaign::delivery
