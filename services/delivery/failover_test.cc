// The dispatcher over several providers: what may go to another one, and what never does.

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "common/testing/fake_clock.h"
#include "common/testing/testing.h"
#include "services/delivery/dispatcher.h"
#include "services/delivery/scripted_sender.h"

namespace campaign::delivery {
namespace {

using ::campaign::testing::FakeClock;
using ::campaign::testing::TempDir;
using ::campaign::testing::Utc;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::ScriptedSender;
using ::testing::SizeIs;

constexpr absl::Duration kOpenFor = absl::Seconds(30);

// A channel's providers, "first" before "second" for every message as nearly all of the weight is its, and a ledger
// that several processes may use one after the other.
class FailoverTest : public ::testing::Test {
 protected:
  FailoverTest() {
    settings_["first"].weight = 1000;
    for (auto& [name, settings] : settings_) {
      settings.name = name;
      settings.channels = {v1::CHANNEL_EMAIL};
      settings.breaker = {.failures = 3, .open_for = kOpenFor};
    }
  }
  ~FailoverTest() override { Stop(); }

  void Start() {
    ASSERT_OK_AND_ASSIGN(database_, OpenLedger(path_));
    std::vector<ProviderRouter::Member> members;
    for (const auto& [name, settings] : settings_) members.push_back({settings, testing::Borrowed(*senders_.at(name))});
    router_ = std::make_unique<ProviderRouter>(std::move(members));
    ASSERT_OK_AND_ASSIGN(dispatcher_, Dispatcher::Create(*database_, *router_, clock_, {[] { return 0.5; }, retry_}));
  }
  void Stop() {
    dispatcher_ = nullptr;
    router_ = nullptr;
    database_ = nullptr;
  }
  void Restart() {
    Stop();
    Start();
  }

  // Runs whose messages prefer "first": the weights are no promise.
  std::vector<std::string> Runs(int count) const {
    std::vector<std::string> runs;
    for (int i = 0; static_cast<int>(runs.size()) < count; ++i) {
      const std::string run = absl::StrCat("r", i);
      if (router_->PreferredName(v1::CHANNEL_EMAIL, run + ".email") == "first") runs.push_back(run);
    }
    return runs;
  }

  v1::DeliverRequest Request(const std::vector<std::string>& runs) const {
    v1::DeliverRequest request;
    request.set_campaign("win-back");
    for (const std::string& run : runs) {
      v1::DeliverItem& item = *request.add_items();
      item.set_customer_run_id(run);
      item.set_customer_id("c-" + run);
      item.mutable_message()->set_channel(v1::CHANNEL_EMAIL);
      item.mutable_message()->set_address("ann@example.com");
      item.mutable_message()->set_text("Hello");
      if (expire_time_ < absl::InfiniteFuture()) *item.mutable_expire_time() = ToTimestamp(expire_time_);
    }
    return request;
  }

  std::vector<v1::Receipt> Deliver(const std::vector<std::string>& runs) {
    const v1::DeliverRequest request = Request(runs);
    v1::DeliverResponse response;
    absl::Notification finished;
    dispatcher_->Deliver(request, response, [&](const absl::Status& status) {
      EXPECT_OK(status);
      finished.Notify();
    });
    finished.WaitForNotification();
    std::vector<v1::Receipt> receipts;
    for (const v1::DeliverItemResult& result : response.results()) receipts.push_back(result.receipt());
    return receipts;
  }
  v1::Receipt DeliverOne() { return Deliver(Runs(1)).at(0); }

  LedgerRow Row() {
    absl::optional<LedgerRow> row;
    EXPECT_OK(database_->Read([&](Connection& connection) {
      row = FindRow(connection, Runs(1)[0], v1::CHANNEL_EMAIL);
      return absl::OkStatus();
    }));
    return row.value_or(LedgerRow());
  }

  void SetDeduplicates(const std::string& name) {
    senders_[name] = std::make_unique<ScriptedSender>(/*deduplicates=*/true, name);
  }
  ScriptedSender& first() { return *senders_.at("first"); }
  ScriptedSender& second() { return *senders_.at("second"); }

  TempDir folder_;
  const std::string path_ = folder_.File("ledger.db");
  FakeClock clock_{Utc("2026-06-15 12:00:00")};
  RetryPolicy retry_ = {};
  absl::Time expire_time_ = absl::InfiniteFuture();
  std::map<std::string, ProviderSettings> settings_{{"first", {}}, {"second", {}}};
  std::map<std::string, std::unique_ptr<ScriptedSender>> senders_ = [] {
    std::map<std::string, std::unique_ptr<ScriptedSender>> senders;
    for (const char* name : {"first", "second"}) senders[name] = std::make_unique<ScriptedSender>(false, name);
    return senders;
  }();
  std::unique_ptr<Database> database_;
  std::unique_ptr<ProviderRouter> router_;
  std::unique_ptr<Dispatcher> dispatcher_;
};

struct Case {
  const char* name;
  SendOutcome outcome;
  // Of the first provider.
  bool deduplicates;
  bool fails_over;
  v1::DeliveryState state;
};

class Matrix : public FailoverTest, public ::testing::WithParamInterface<Case> {};

TEST_P(Matrix, OnlyWhatThatOneDoesNotHaveGoesToAnother) {
  if (GetParam().deduplicates) SetDeduplicates("first");
  Start();
  first().Answer(GetParam().outcome);
  const v1::Receipt receipt = DeliverOne();
  EXPECT_THAT(second().sent(), SizeIs(GetParam().fails_over ? 1 : 0));
  EXPECT_EQ(receipt.state(), GetParam().state);
  EXPECT_EQ(receipt.provider(), GetParam().fails_over ? "second" : "first");
  EXPECT_EQ(receipt.attempt_count(), 1) << "both are one attempt";
}

INSTANTIATE_TEST_SUITE_P(
    Outcomes, Matrix,
    ::testing::Values(
        Case{"Accepted", SendOutcome::Accepted(), false, false, v1::DELIVERY_STATE_ACCEPTED},
        Case{"Rejected", SendOutcome::Rejected("NO", "no"), false, false, v1::DELIVERY_STATE_REJECTED},
        Case{"Greylisted", SendOutcome::Retry("BUSY", "busy"), false, false, v1::DELIVERY_STATE_RETRY_WAIT},
        Case{"RateLimited", SendOutcome::Retry("RATE", "429", absl::Seconds(9)), false, false,
             v1::DELIVERY_STATE_RETRY_WAIT},
        Case{"Down", SendOutcome::Down("UNREACHABLE", "no"), false, true, v1::DELIVERY_STATE_ACCEPTED},
        Case{"DownAndKeyed", SendOutcome::Down("UNREACHABLE", "no"), true, true, v1::DELIVERY_STATE_ACCEPTED},
        Case{"Unknown", SendOutcome::Unknown("TIMEOUT", "?"), false, false, v1::DELIVERY_STATE_UNKNOWN},
        Case{"UnknownAndKeyed", SendOutcome::Unknown("TIMEOUT", "?"), true, false, v1::DELIVERY_STATE_UNKNOWN},
        Case{"MayHaveArrived", SendOutcome::RetryHere("SILENT", "?"), true, false, v1::DELIVERY_STATE_UNKNOWN}),
    [](const auto& info) { return info.param.name; });

TEST_F(FailoverTest, DownAndPerhapsArrivedGoesNowhereElse) {
  SetDeduplicates("first");
  Start();
  SendOutcome outcome = SendOutcome::Down("RESET", "reset in the middle");
  outcome.may_have_arrived = true;
  first().Answer(outcome);
  EXPECT_EQ(DeliverOne().state(), v1::DELIVERY_STATE_UNKNOWN);
  EXPECT_THAT(second().sent(), IsEmpty());
}

TEST_F(FailoverTest, WhenAllAreDownTheMessageIsTriedAgainLater) {
  Start();
  first().Answer(SendOutcome::Down("UNREACHABLE", "first is away"));
  second().Answer(SendOutcome::Down("UNREACHABLE", "second is away"));
  const v1::Receipt receipt = DeliverOne();
  EXPECT_EQ(receipt.state(), v1::DELIVERY_STATE_RETRY_WAIT);
  EXPECT_EQ(receipt.attempt_count(), 1);
  EXPECT_EQ(receipt.reasons(0).text(), "second is away");
  EXPECT_EQ(FromTimestamp(receipt.retry_time()), clock_.Now() + absl::Seconds(15));
  clock_.Advance(absl::Seconds(15));
  EXPECT_EQ(DeliverOne().state(), v1::DELIVERY_STATE_ACCEPTED);
  EXPECT_THAT(first().sent(), SizeIs(2));
}

TEST_F(FailoverTest, BehindOpenBreakersWaitingIsNoAttemptHoweverLongItTakes) {
  retry_.max_attempts = 3;
  Start();
  for (int i = 0; i < 3; ++i) {
    first().Answer(SendOutcome::Down("UNREACHABLE", "away"));
    second().Answer(SendOutcome::Down("UNREACHABLE", "away"));
  }
  Deliver(Runs(3));
  const std::vector<std::string> run = {Runs(4)[3]};
  for (int i = 0; i < 5; ++i) {
    const v1::Receipt receipt = Deliver(run)[0];
    EXPECT_EQ(receipt.state(), v1::DELIVERY_STATE_RETRY_WAIT);
    EXPECT_EQ(receipt.reasons(0).code(), "PROVIDERS_DOWN");
    EXPECT_EQ(receipt.attempt_count(), 0);
    EXPECT_GE(FromTimestamp(receipt.retry_time()), clock_.Now() + kOpenFor);
    clock_.Set(FromTimestamp(receipt.retry_time()));
    // Another message probes, in vain.
    first().Answer(SendOutcome::Down("UNREACHABLE", "away"));
    second().Answer(SendOutcome::Down("UNREACHABLE", "away"));
    Deliver({absl::StrCat("probe", i)});
  }
  clock_.Advance(kOpenFor);
  EXPECT_EQ(Deliver(run)[0].state(), v1::DELIVERY_STATE_ACCEPTED);
}

TEST_F(FailoverTest, AfterARefusalForNowAnotherProviderMayHaveIt) {
  SetDeduplicates("first");
  Start();
  first().Answer(SendOutcome::Retry("BUSY", "busy"));
  const v1::Receipt waiting = DeliverOne();
  // Meanwhile the first one goes down.
  for (int i = 0; i < 3; ++i) first().Answer(SendOutcome::Down("UNREACHABLE", "away"));
  Deliver({"x0", "x1", "x2", "x3"});
  clock_.Set(FromTimestamp(waiting.retry_time()));
  const v1::Receipt receipt = DeliverOne();
  EXPECT_EQ(receipt.state(), v1::DELIVERY_STATE_ACCEPTED);
  EXPECT_EQ(receipt.provider(), "second");
  EXPECT_EQ(receipt.attempt_count(), 2);
}

TEST_F(FailoverTest, TheNextProvidersNameIsCommittedBeforeItIsAsked) {
  SetDeduplicates("first");
  SetDeduplicates("second");
  Start();
  first().Answer(SendOutcome::Down("UNREACHABLE", "away"));
  second().Hold();
  const v1::DeliverRequest request = Request(Runs(1));
  v1::DeliverResponse response;
  absl::Notification finished;
  dispatcher_->Deliver(request, response, [&](const absl::Status&) { finished.Notify(); });
  second().WaitUntilHeld();
  const LedgerRow row = Row();
  second().Release();
  finished.WaitForNotification();
  EXPECT_EQ(row.state, v1::DELIVERY_STATE_SENDING);
  EXPECT_EQ(row.provider, "second") << "after a crash here it is the one that may have it";
  EXPECT_EQ(row.attempt_count, 1);
}

TEST_F(FailoverTest, WhatTheFirstMayHaveNeverGoesToAnotherWhateverHappensNext) {
  SetDeduplicates("first");
  retry_.max_attempts = 5;
  Start();
  first().Answer(SendOutcome::Unknown("TIMEOUT", "no answer"));
  first().Answer(SendOutcome::Down("UNREACHABLE", "away"));
  first().Answer(SendOutcome::Retry("BUSY", "busy"));
  first().Answer(SendOutcome::Down("UNREACHABLE", "away"));
  v1::Receipt receipt = DeliverOne();
  for (int attempt = 1; attempt < 5; ++attempt) {
    ASSERT_EQ(receipt.state(), v1::DELIVERY_STATE_UNKNOWN);
    EXPECT_EQ(receipt.provider(), "first");
    EXPECT_EQ(receipt.attempt_count(), attempt);
    ASSERT_TRUE(receipt.has_retry_time());
    clock_.Set(FromTimestamp(receipt.retry_time()));
    receipt = DeliverOne();
  }
  EXPECT_EQ(receipt.state(), v1::DELIVERY_STATE_ACCEPTED);
  EXPECT_THAT(first().sent(), SizeIs(5));
  EXPECT_THAT(second().sent(), IsEmpty());
}

TEST_F(FailoverTest, WhatNobodyKnowsAfterTheLastAttemptStaysUnknown) {
  SetDeduplicates("first");
  retry_.max_attempts = 2;
  Start();
  for (int i = 0; i < 2; ++i) first().Answer(SendOutcome::Unknown("TIMEOUT", "no answer"));
  clock_.Set(FromTimestamp(DeliverOne().retry_time()));
  const v1::Receipt last = DeliverOne();
  EXPECT_EQ(last.state(), v1::DELIVERY_STATE_UNKNOWN);
  EXPECT_FALSE(last.has_retry_time());
  clock_.Advance(absl::Hours(100));
  EXPECT_EQ(DeliverOne().SerializeAsString(), last.SerializeAsString());
}

TEST_F(FailoverTest, AResendWaitsBehindAnOpenBreakerAndKeepsItsReason) {
  SetDeduplicates("first");
  Start();
  first().Answer(SendOutcome::Unknown("TIMEOUT", "no answer"));
  const v1::Receipt unknown = DeliverOne();
  for (int i = 0; i < 3; ++i) first().Answer(SendOutcome::Down("UNREACHABLE", "away"));
  clock_.Set(FromTimestamp(unknown.retry_time()));
  const std::vector<std::string> runs = Runs(4);
  Deliver({runs[1], runs[2], runs[3]});
  const v1::Receipt waiting = DeliverOne();
  EXPECT_EQ(waiting.state(), v1::DELIVERY_STATE_UNKNOWN);
  EXPECT_EQ(waiting.reasons(0).code(), "TIMEOUT");
  EXPECT_EQ(waiting.attempt_count(), 1);
  EXPECT_GE(FromTimestamp(waiting.retry_time()), clock_.Now() + kOpenFor);
  clock_.Set(FromTimestamp(waiting.retry_time()));
  EXPECT_EQ(DeliverOne().state(), v1::DELIVERY_STATE_ACCEPTED);
  EXPECT_EQ(second().sent().size(), 3) << "the others alone";
}

// What a crash leaves behind.
class Crashed : public FailoverTest, public ::testing::WithParamInterface<bool> {
 protected:
  void LeaveSendingAt(const std::string& provider) {
    Start();
    LedgerRow row;
    row.customer_run_id = Runs(1)[0];
    row.channel = v1::CHANNEL_EMAIL;
    row.customer_id = "c";
    row.campaign = "win-back";
    row.state = v1::DELIVERY_STATE_SENDING;
    row.provider = provider;
    row.attempt_count = 1;
    row.create_time = row.update_time = clock_.Now();
    ASSERT_OK(database_->Write([&](Connection& connection) {
      EXPECT_TRUE(InsertRow(connection, row).has_value());
      return absl::OkStatus();
    }));
    Restart();
  }
};

TEST_P(Crashed, ADispatchIsSentAgainOnlyByTheSameProviderAndOnlyIfItDeduplicates) {
  if (GetParam()) SetDeduplicates("second");
  SetDeduplicates("first");
  LeaveSendingAt("second");
  EXPECT_EQ(Row().state, v1::DELIVERY_STATE_UNKNOWN);
  const v1::Receipt receipt = DeliverOne();
  EXPECT_EQ(receipt.state(), GetParam() ? v1::DELIVERY_STATE_ACCEPTED : v1::DELIVERY_STATE_UNKNOWN);
  EXPECT_THAT(second().sent(), SizeIs(GetParam() ? 1 : 0));
  EXPECT_THAT(first().sent(), IsEmpty()) << "though it is the one for new messages";
}

INSTANTIATE_TEST_SUITE_P(Deduplicates, Crashed, ::testing::Bool());

TEST_F(Crashed, AProviderThatIsNoLongerSetUpIsAskedNothing) {
  SetDeduplicates("first");
  SetDeduplicates("second");
  LeaveSendingAt("third");
  EXPECT_EQ(DeliverOne().state(), v1::DELIVERY_STATE_UNKNOWN);
  EXPECT_THAT(first().sent(), IsEmpty());
  EXPECT_THAT(second().sent(), IsEmpty());
}

TEST_F(FailoverTest, AMessageOverTheRateWaitsForItsTurnWhichIsNoAttempt) {
  settings_["first"].rate = {.per_second = 4, .burst = 2};
  retry_.max_attempts = 1;
  Start();
  const std::vector<std::string> runs = Runs(5);
  const std::vector<v1::Receipt> receipts = Deliver(runs);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(receipts[i].state(), v1::DELIVERY_STATE_ACCEPTED);
  for (int i = 2; i < 5; ++i) {
    EXPECT_EQ(receipts[i].state(), v1::DELIVERY_STATE_RETRY_WAIT);
    EXPECT_EQ(receipts[i].reasons(0).code(), "RATE_LIMITED_LOCALLY");
    EXPECT_EQ(receipts[i].attempt_count(), 0);
    EXPECT_EQ(FromTimestamp(receipts[i].retry_time()), clock_.Now() + absl::Milliseconds(250) * (i - 1));
  }
  EXPECT_THAT(second().sent(), IsEmpty()) << "a rate is no reason to go elsewhere";
  // Somebody comes in between, and has to wait behind all of them.
  EXPECT_EQ(FromTimestamp(Deliver({Runs(6)[5]})[0].retry_time()), clock_.Now() + absl::Seconds(1));
  for (int i = 2; i < 5; ++i) {
    clock_.Advance(absl::Milliseconds(250));
    const v1::Receipt receipt = Deliver({runs[i]})[0];
    EXPECT_EQ(receipt.state(), v1::DELIVERY_STATE_ACCEPTED);
    EXPECT_EQ(receipt.attempt_count(), 1);
    EXPECT_THAT(receipt.reasons(), IsEmpty());
  }
}

TEST_F(FailoverTest, AtItsTimeNoAttemptStartsAnyMore) {
  expire_time_ = clock_.Now();
  Start();
  const v1::Receipt receipt = DeliverOne();
  EXPECT_EQ(receipt.state(), v1::DELIVERY_STATE_REJECTED);
  EXPECT_EQ(receipt.reasons(0).code(), "DELIVERY_EXPIRED");
  EXPECT_EQ(receipt.attempt_count(), 0);
  EXPECT_THAT(first().sent(), IsEmpty());
}

TEST_F(FailoverTest, AWaitThatWouldLastLongerThanItsTimeIsNotBegun) {
  expire_time_ = clock_.Now() + absl::Seconds(15);
  Start();
  first().Answer(SendOutcome::Retry("BUSY", "busy"));
  const v1::Receipt receipt = DeliverOne();
  EXPECT_EQ(receipt.state(), v1::DELIVERY_STATE_REJECTED);
  EXPECT_EQ(receipt.reasons(0).code(), "DELIVERY_EXPIRED");
  EXPECT_EQ(receipt.reasons(0).text(), "its time is over before the next attempt; last: busy");
}

TEST_F(FailoverTest, AWaitWithinItsTimeIs) {
  expire_time_ = clock_.Now() + absl::Seconds(16);
  Start();
  first().Answer(SendOutcome::Retry("BUSY", "busy"));
  EXPECT_EQ(DeliverOne().state(), v1::DELIVERY_STATE_RETRY_WAIT);
  clock_.Advance(absl::Seconds(15));
  EXPECT_EQ(DeliverOne().state(), v1::DELIVERY_STATE_ACCEPTED);
}

TEST_F(FailoverTest, AWaitIsCutShortByATimeThatIsOver) {
  Start();
  first().Answer(SendOutcome::Retry("BUSY", "busy"));
  EXPECT_EQ(DeliverOne().state(), v1::DELIVERY_STATE_RETRY_WAIT);
  clock_.Advance(absl::Seconds(1));
  expire_time_ = clock_.Now();
  EXPECT_EQ(DeliverOne().reasons(0).code(), "DELIVERY_EXPIRED");
}

TEST_F(FailoverTest, WhatMayHaveGoneOutIsNeverCalledExpired) {
  SetDeduplicates("first");
  expire_time_ = clock_.Now() + absl::Seconds(1);
  Start();
  first().Answer(SendOutcome::Unknown("TIMEOUT", "no answer"));
  const v1::Receipt receipt = DeliverOne();
  EXPECT_EQ(receipt.state(), v1::DELIVERY_STATE_UNKNOWN);
  EXPECT_FALSE(receipt.has_retry_time()) << "the next attempt would come too late";
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(DeliverOne().SerializeAsString(), receipt.SerializeAsString());
  EXPECT_THAT(first().sent(), SizeIs(1));
}

// Answers Down, after its time has passed.
class SlowlyDown final : public ChannelSender {
 public:
  SlowlyDown(FakeClock& clock, absl::Duration takes) : clock_(clock), takes_(takes) {}
  std::vector<SendOutcome> Send(absl::Span<const OutgoingMessage> messages) override {
    clock_.Advance(takes_);
    return std::vector<SendOutcome>(messages.size(), SendOutcome::Down("TIMEOUT", "kept silent"));
  }
  bool deduplicates() const override { return false; }
  absl::string_view provider() const override { return "first"; }

 private:
  FakeClock& clock_;
  const absl::Duration takes_;
};

TEST_F(FailoverTest, WhoseTimeIsOverMeanwhileIsNotTakenElsewhere) {
  expire_time_ = clock_.Now() + absl::Seconds(5);
  ASSERT_OK_AND_ASSIGN(database_, OpenLedger(path_));
  SlowlyDown slow(clock_, absl::Seconds(5));
  router_ = std::make_unique<ProviderRouter>(std::vector<ProviderRouter::Member>{
      {settings_["first"], testing::Borrowed(slow)}, {settings_["second"], testing::Borrowed(second())}});
  ASSERT_OK_AND_ASSIGN(dispatcher_, Dispatcher::Create(*database_, *router_, clock_, {[] { return 0.5; }}));
  const v1::Receipt receipt = DeliverOne();
  EXPECT_EQ(receipt.state(), v1::DELIVERY_STATE_REJECTED);
  EXPECT_EQ(receipt.reasons(0).code(), "DELIVERY_EXPIRED");
  EXPECT_THAT(second().sent(), IsEmpty());
}

TEST_F(FailoverTest, ABatchGoesToSeveralProvidersAndIsAnsweredInOrder) {
  settings_["first"].weight = settings_["second"].weight = 1;
  Start();
  std::vector<std::string> runs;
  for (int i = 0; i < 100; ++i) runs.push_back(absl::StrCat("r", i));
  const std::vector<v1::Receipt> receipts = Deliver(runs);
  ASSERT_THAT(receipts, SizeIs(100));
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(receipts[i].idempotency_key(), runs[i] + ".email");
    EXPECT_EQ(receipts[i].state(), v1::DELIVERY_STATE_ACCEPTED);
    EXPECT_EQ(receipts[i].provider(), router_->PreferredName(v1::CHANNEL_EMAIL, runs[i] + ".email"));
  }
  EXPECT_GT(first().sent().size(), 25);
  EXPECT_EQ(first().sent().size() + second().sent().size(), 100);
}

TEST_F(FailoverTest, AProviderThatHangsHoldsUpNoOther) {
  settings_["second"].channels = {v1::CHANNEL_SMS};
  settings_["first"].parallel_batches = 1;
  Start();
  first().Hold();
  const v1::DeliverRequest held = Request({"held"});
  v1::DeliverResponse held_response;
  absl::Notification held_done;
  dispatcher_->Deliver(held, held_response, [&](const absl::Status&) { held_done.Notify(); });
  first().WaitUntilHeld();
  v1::DeliverRequest request = Request({"r1", "r2"});
  for (v1::DeliverItem& item : *request.mutable_items()) item.mutable_message()->set_channel(v1::CHANNEL_SMS);
  v1::DeliverResponse response;
  absl::Notification done;
  dispatcher_->Deliver(request, response, [&](const absl::Status&) { done.Notify(); });
  done.WaitForNotification();
  EXPECT_EQ(response.results(0).receipt().state(), v1::DELIVERY_STATE_ACCEPTED);
  first().Release();
  held_done.WaitForNotification();
}

TEST_F(FailoverTest, AStopWaitsForWhatIsOnItsWayToTheNextProviderToo) {
  Start();
  const v1::DeliverRequest request = Request(Runs(1));
  first().Answer(SendOutcome::Down("UNREACHABLE", "away"));
  first().Hold();
  v1::DeliverResponse response;
  dispatcher_->Deliver(request, response, [](const absl::Status& status) { EXPECT_OK(status); });
  first().WaitUntilHeld();
  first().Release();
  dispatcher_ = nullptr;
  EXPECT_EQ(response.results(0).receipt().state(), v1::DELIVERY_STATE_ACCEPTED);
  EXPECT_EQ(Row().state, v1::DELIVERY_STATE_ACCEPTED);
  EXPECT_EQ(Row().provider, "second");
}

TEST_F(FailoverTest, AChannelWithoutAProviderIsRejectedAtOnce) {
  Start();
  v1::DeliverRequest request = Request({"r1"});
  request.mutable_items(0)->mutable_message()->set_channel(v1::CHANNEL_PUSH);
  v1::DeliverResponse response;
  absl::Notification done;
  dispatcher_->Deliver(request, response, [&](const absl::Status&) { done.Notify(); });
  done.WaitForNotification();
  EXPECT_EQ(response.results(0).receipt().state(), v1::DELIVERY_STATE_REJECTED);
  EXPECT_EQ(response.results(0).receipt().reasons(0).code(), "CHANNEL_UNSUPPORTED");
  EXPECT_EQ(response.results(0).receipt().attempt_count(), 0);
}

}  // namespace
}  // namespace campaign::delivery
