#include "services/delivery/provider_router.h"

#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/testing/fake_clock.h"
#include "common/testing/testing.h"
#include "services/delivery/scripted_sender.h"

namespace campaign::delivery {
namespace {

using ::campaign::testing::FakeClock;
using ::campaign::testing::Utc;
using ::testing::HasSubstr;
using testing::ScriptedSender;

constexpr absl::Duration kOpenFor = absl::Seconds(30);

ProviderRouter::Member Member(const std::string& name, int weight = 1, bool deduplicates = false) {
  ProviderSettings settings;
  settings.name = name;
  settings.channels = {v1::CHANNEL_EMAIL};
  settings.weight = weight;
  settings.breaker = {.failures = 2, .open_for = kOpenFor};
  return {settings, std::make_shared<ScriptedSender>(deduplicates, name)};
}

v1::Message Email(const std::string& address = "ann@example.com") {
  v1::Message message;
  message.set_channel(v1::CHANNEL_EMAIL);
  message.set_address(address);
  message.set_text("Hello");
  return message;
}

class ProviderRouterTest : public ::testing::Test {
 protected:
  Route Choose(ProviderRouter& router, const std::string& key, TriedProviders tried = {}) {
    return router.Choose(Email(), key, tried, clock_.Now());
  }

  // One message goes through the provider, and this comes of it.
  void Send(Provider& provider, SendOutcome outcome) {
    OutgoingMessage message{&message_, "k", clock_.Now()};
    Sender(provider.name()).Answer(std::move(outcome));
    provider.Send({&message, 1}, clock_);
  }
  void Break(Provider& provider) {
    for (int i = 0; i < 2; ++i) Send(provider, SendOutcome::Down("UNREACHABLE", "no connection"));
  }

  ProviderRouter Router(std::vector<ProviderRouter::Member> members) {
    for (const ProviderRouter::Member& member : members) {
      senders_[member.settings.name] = std::static_pointer_cast<ScriptedSender>(member.sender);
    }
    return ProviderRouter(std::move(members));
  }
  ScriptedSender& Sender(const std::string& name) { return *senders_.at(name); }

  FakeClock clock_{Utc("2026-06-15 12:00:00")};
  const v1::Message message_ = Email();
  std::map<std::string, std::shared_ptr<ScriptedSender>> senders_;
};

// Within four standard deviations of what the weights say.
void ExpectShare(int count, int total, double share) {
  EXPECT_NEAR(count, total * share, 4 * std::sqrt(total * share * (1 - share)));
}

TEST_F(ProviderRouterTest, SharesMessagesByWeight) {
  ProviderRouter router = Router({Member("a", 6), Member("b", 3), Member("c", 1)});
  constexpr int kTotal = 20'000;
  std::map<std::string, int> counts;
  for (int i = 0; i < kTotal; ++i) {
    const std::string key = absl::StrCat("run-", i, ".email");
    const Route route = Choose(router, key);
    ASSERT_EQ(route.kind, Route::Kind::kGo);
    EXPECT_EQ(router.PreferredName(v1::CHANNEL_EMAIL, key), route.provider->name());
    ++counts[route.provider->name()];
  }
  ExpectShare(counts["a"], kTotal, 0.6);
  ExpectShare(counts["b"], kTotal, 0.3);
  ExpectShare(counts["c"], kTotal, 0.1);
}

TEST_F(ProviderRouterTest, SharesByWeightWhatIsLeftWhenOneIsDownAndMovesNothingElse) {
  ProviderRouter whole = Router({Member("a", 6), Member("b", 3), Member("c", 1)});
  ProviderRouter broken = Router({Member("a", 6), Member("b", 3), Member("c", 1)});
  TriedProviders tried;
  tried.Add(0);
  constexpr int kTotal = 20'000;
  int of_a = 0, to_b = 0;
  for (int i = 0; i < kTotal; ++i) {
    const std::string key = absl::StrCat("run-", i, ".email");
    const std::string before = Choose(whole, key).provider->name();
    const std::string after = Choose(broken, key, tried).provider->name();
    if (before != "a") {
      EXPECT_EQ(after, before);
    } else {
      ++of_a;
      to_b += after == "b";
    }
  }
  ExpectShare(to_b, of_a, 0.75);
}

TEST_F(ProviderRouterTest, AChoiceIsTheSameInEveryProcess) {
  ProviderRouter router = Router({Member("a"), Member("b"), Member("c")});
  std::string chosen;
  for (int i = 0; i < 12; ++i) chosen += Choose(router, absl::StrCat("run-", i, ".email")).provider->name();
  EXPECT_EQ(chosen, "ccaaabcbbbaa") << "must never change: it is how a message comes to the same provider again";
}

TEST_F(ProviderRouterTest, AChannelWithoutAProviderIsRefusedForGood) {
  ProviderRouter router = Router({Member("a")});
  v1::Message message = Email();
  message.set_channel(v1::CHANNEL_SMS);
  const Route route = router.Choose(message, "k", {}, clock_.Now());
  EXPECT_EQ(route.kind, Route::Kind::kNone);
  EXPECT_EQ(route.outcome.kind, SendOutcome::Kind::kRejected);
  EXPECT_EQ(route.outcome.code, "CHANNEL_UNSUPPORTED");
  EXPECT_THAT(route.outcome.text, HasSubstr("sms"));
  EXPECT_EQ(router.PreferredName(v1::CHANNEL_SMS, "k"), "");
}

TEST_F(ProviderRouterTest, PassesOverAProviderWhoseBreakerIsOpen) {
  ProviderRouter router = Router({Member("a"), Member("b")});
  Provider& a = *Choose(router, "run-0.email").provider;
  Break(a);
  const Route route = Choose(router, "run-0.email");
  ASSERT_EQ(route.kind, Route::Kind::kGo);
  EXPECT_NE(route.provider, &a);
}

TEST_F(ProviderRouterTest, WhenAllAreDownTheMessageWaitsForTheFirstProbe) {
  ProviderRouter router = Router({Member("a"), Member("b")});
  Break(*Choose(router, "k").provider);
  clock_.Advance(absl::Seconds(10));
  Break(*Choose(router, "k").provider);
  const Route route = Choose(router, "k");
  EXPECT_EQ(route.kind, Route::Kind::kWait);
  EXPECT_EQ(route.provider, nullptr);
  EXPECT_EQ(route.outcome.kind, SendOutcome::Kind::kRetry);
  EXPECT_EQ(route.outcome.code, "PROVIDERS_DOWN");
  EXPECT_EQ(route.outcome.retry_after, absl::Seconds(20));
}

TEST_F(ProviderRouterTest, OneMessageProbesAndTheOthersGoElsewhere) {
  ProviderRouter router = Router({Member("a"), Member("b")});
  Provider& first = *Choose(router, "k").provider;
  Break(first);
  clock_.Advance(kOpenFor);
  EXPECT_EQ(Choose(router, "k").provider, &first);
  EXPECT_NE(Choose(router, "k").provider, &first) << "the probe is on its way";
  Send(first, SendOutcome::Accepted());
  EXPECT_EQ(Choose(router, "k").provider, &first);
}

struct BreakerCase {
  const char* what;
  SendOutcome outcome;
  bool opens;
};

class BreakerCases : public ProviderRouterTest, public ::testing::WithParamInterface<BreakerCase> {};

TEST_P(BreakerCases, OpensForWhatSaysThatTheProviderIsDown) {
  ProviderRouter router = Router({Member("a")});
  Provider& provider = *Choose(router, "k").provider;
  for (int i = 0; i < 2; ++i) Send(provider, GetParam().outcome);
  EXPECT_EQ(Choose(router, "k").kind, GetParam().opens ? Route::Kind::kWait : Route::Kind::kGo) << GetParam().what;
}

INSTANTIATE_TEST_SUITE_P(
    All, BreakerCases,
    ::testing::Values(BreakerCase{"accepted", SendOutcome::Accepted(), false},
                      BreakerCase{"rejected", SendOutcome::Rejected("NO", "no such mailbox"), false},
                      BreakerCase{"greylisted", SendOutcome::Retry("BUSY", "greylisted"), false},
                      BreakerCase{"rate", SendOutcome::Retry("RATE", "429", absl::Seconds(5)), false},
                      BreakerCase{"down", SendOutcome::Down("UNREACHABLE", "no connection"), true},
                      BreakerCase{"silent", SendOutcome::RetryHere("SILENT", "no answer"), true},
                      BreakerCase{"unknown", SendOutcome::Unknown("TIMEOUT", "no answer"), true}));

TEST_F(ProviderRouterTest, AMessageOverTheRateWaitsForItsTurnAndGoesNowhereElse) {
  ProviderRouter::Member limited = Member("a", 1000);
  limited.settings.rate = {.per_second = 4, .burst = 1};
  ProviderRouter router = Router({limited, Member("b")});
  ASSERT_EQ(router.PreferredName(v1::CHANNEL_EMAIL, "k"), "a");
  EXPECT_EQ(Choose(router, "k").kind, Route::Kind::kGo);
  for (int i = 1; i <= 3; ++i) {
    const Route route = Choose(router, "k");
    EXPECT_EQ(route.kind, Route::Kind::kWait);
    EXPECT_EQ(route.provider->name(), "a");
    EXPECT_EQ(route.outcome.code, "RATE_LIMITED_LOCALLY");
    EXPECT_EQ(route.outcome.retry_after, absl::Milliseconds(250) * i);
  }
  clock_.Advance(absl::Milliseconds(750));
  for (int i = 1; i <= 3; ++i) {
    EXPECT_EQ(router.Redeem(Email(), "k", "a", clock_.Now()).kind, Route::Kind::kGo) << "the turn is paid for";
  }
  EXPECT_EQ(Choose(router, "k").outcome.retry_after, absl::Milliseconds(250));
}

TEST_F(ProviderRouterTest, ATurnAtAProviderThatIsDownIsWorthNothing) {
  ProviderRouter::Member limited = Member("a", 1000);
  limited.settings.rate = {.per_second = 4, .burst = 1};
  ProviderRouter router = Router({limited, Member("b")});
  Provider& a = *Choose(router, "k").provider;
  ASSERT_EQ(Choose(router, "k").kind, Route::Kind::kWait);
  Break(a);
  EXPECT_EQ(router.Redeem(Email(), "k", "a", clock_.Now()).provider->name(), "b");
  EXPECT_EQ(router.Redeem(Email(), "k", "gone", clock_.Now()).provider->name(), "b") << "nor at one that is gone";
}

TEST_F(ProviderRouterTest, WhenTooManyWaitNobodyIsGivenATurn) {
  ProviderRouter::Member limited = Member("a");
  limited.settings.rate = {.per_second = 0.001, .burst = 1};
  ProviderRouter router = Router({limited});
  EXPECT_EQ(Choose(router, "k").kind, Route::Kind::kGo);
  const Route route = Choose(router, "k");
  EXPECT_EQ(route.kind, Route::Kind::kWait);
  EXPECT_EQ(route.provider, nullptr);
  EXPECT_EQ(route.outcome.code, "RATE_QUEUE_FULL");
  EXPECT_EQ(route.outcome.retry_after, absl::Minutes(15));
}

TEST_F(ProviderRouterTest, ADomainsRateIsItsOwnHoweverItIsWritten) {
  ProviderRouter::Member limited = Member("a");
  limited.settings.domain_rate = {.per_second = 1, .burst = 1};
  ProviderRouter router = Router({limited});
  const auto choose = [&](const char* address) { return router.Choose(Email(address), "k", {}, clock_.Now()); };
  EXPECT_EQ(choose("ann@example.com").kind, Route::Kind::kGo);
  EXPECT_EQ(choose("bob@Example.COM").kind, Route::Kind::kWait);
  EXPECT_EQ(choose("\"a@b\"@example.net").kind, Route::Kind::kGo);
  EXPECT_EQ(choose("no address").kind, Route::Kind::kGo);
}

TEST_F(ProviderRouterTest, WhatAProviderMayHaveGoesToItAloneAndWaitsForNoTurn) {
  ProviderRouter::Member limited = Member("a", 1, /*deduplicates=*/true);
  limited.settings.rate = {.per_second = 4, .burst = 1};
  ProviderRouter router = Router({limited, Member("b", 1000)});
  for (int i = 0; i < 3; ++i) {
    const Route route = router.SendAgain(Email(), "a", clock_.Now());
    ASSERT_EQ(route.kind, Route::Kind::kGo);
    EXPECT_EQ(route.provider->name(), "a");
  }
  Break(*router.SendAgain(Email(), "a", clock_.Now()).provider);
  const Route route = router.SendAgain(Email(), "a", clock_.Now());
  EXPECT_EQ(route.kind, Route::Kind::kWait);
  EXPECT_EQ(route.outcome.retry_after, kOpenFor);
}

TEST_F(ProviderRouterTest, KnowsWhoDeduplicatesOnWhichChannel) {
  ProviderRouter router = Router({Member("plain"), Member("keyed", 1, /*deduplicates=*/true)});
  EXPECT_TRUE(router.Deduplicates(v1::CHANNEL_EMAIL, "keyed"));
  EXPECT_FALSE(router.Deduplicates(v1::CHANNEL_EMAIL, "plain"));
  EXPECT_FALSE(router.Deduplicates(v1::CHANNEL_SMS, "keyed"));
  EXPECT_FALSE(router.Deduplicates(v1::CHANNEL_EMAIL, "gone"));
  EXPECT_FALSE(router.Deduplicates(static_cast<v1::Channel>(99), "keyed"));
}

TEST_F(ProviderRouterTest, AnAnswerThatIsLeftOutIsUnknown) {
  class Forgetful final : public ChannelSender {
   public:
    std::vector<SendOutcome> Send(absl::Span<const OutgoingMessage>) override { return {SendOutcome::Accepted()}; }
    bool deduplicates() const override { return false; }
    absl::string_view provider() const override { return "forgetful"; }
  } forgetful;
  Provider provider({.name = "forgetful"}, testing::Borrowed(forgetful), 0);
  const std::vector<OutgoingMessage> messages(2, {&message_, "k", clock_.Now()});
  const std::vector<SendOutcome> outcomes = provider.Send(messages, clock_);
  ASSERT_EQ(outcomes.size(), 2);
  EXPECT_EQ(outcomes[0].kind, SendOutcome::Kind::kAccepted);
  EXPECT_EQ(outcomes[1].kind, SendOutcome::Kind::kUnknown);
  EXPECT_EQ(outcomes[1].code, "SEND_INTERRUPTED");
}

}  // namespace
}  // namespace campaign::delivery
