// Customers whose first channel is refused, and dispatches in doubt, through the runner.

#include <atomic>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/synchronization/notification.h"
#include "orchestrator/resolutions.h"
#include "orchestrator/review_tasks.h"
#include "orchestrator/testing_world.h"

namespace campaign::orchestrator {
namespace {

using testing::ParseProto;

v1::CheckResult Blocked(absl::string_view code = "NO_CONSENT") {
  v1::CheckResult check;
  check.set_verdict(v1::VERDICT_BLOCK);
  check.add_reasons()->set_code(std::string(code));
  return check;
}

v1::CheckResult Allowed() {
  v1::CheckResult check;
  check.set_verdict(v1::VERDICT_ALLOW);
  return check;
}

v1::Receipt ReceiptOf(v1::DeliveryState state, absl::string_view code = "") {
  v1::Receipt receipt;
  receipt.set_state(state);
  if (!code.empty()) receipt.add_reasons()->set_code(std::string(code));
  return receipt;
}

class FallbackTest : public RunnerTest {
 protected:
  FallbackTest() {
    v1::Campaign campaign = SmallCampaign();
    for (const v1::Channel channel : {v1::CHANNEL_SMS, v1::CHANNEL_PUSH}) {
      campaign.mutable_offers()->add_channel_priority(channel);
      v1::Template& text = *campaign.mutable_generation()->add_templates();
      text = campaign.generation().templates(0);
      text.set_channel(channel);
    }
    world_->Apply(campaign);
  }
  // Compliance blocks these channels, with this code.
  void Block(std::vector<v1::Channel> channels, const std::string& code = "NO_CONSENT") {
    fakes_.set_message_check([=](const v1::CheckItem& item) {
      const v1::Channel channel = item.message().channel();
      return std::count(channels.begin(), channels.end(), channel) > 0 ? Blocked(code) : Allowed();
    });
  }
  static Strings Codes(const v1::CustomerRun& run) {
    Strings codes;
    for (const v1::Reason& reason : run.reasons()) codes.push_back(reason.code());
    return codes;
  }
};

TEST_F(FallbackTest, ABlockedChannelGivesWayToTheNext) {
  Block({v1::CHANNEL_EMAIL});
  const std::string run = world_->Run("customer_id: 'ann'");
  EXPECT_EQ(world_->Settled(run), "DELIVERED 1");
  EXPECT_EQ(fakes_.sent(), Strings{run + "-0 SMS"});
  EXPECT_EQ(History(world_->Customer(run + "-0")),
            "GOAL x1 -\nROUTER x1 router\nSEGMENTATION x1 segment\nRETRIEVAL x1 insights\nOFFER x1 decision\n"
            "GENERATION x1 message\nCOMPLIANCE x1 check\nGENERATION x1 message\nCOMPLIANCE x1 check\n"
            "REVIEW x1 skipped\nDELIVERY x1 receipt\nANALYTICS x1 -");
  ASSERT_EQ(fakes_.records().size(), 1u);
  EXPECT_EQ(fakes_.records()[0].channel(), v1::CHANNEL_SMS);
  Strings settlements = fakes_.settlements();
  std::sort(settlements.begin(), settlements.end());
  EXPECT_EQ(settlements, (Strings{"compliance " + run + "-0 COMMIT", "offer " + run + "-0 COMMIT"}));
}

// A caller that waits must not be answered between two channels.
TEST_F(FallbackTest, ACallThatWaitsIsAnsweredWithTheEnd) {
  Block({v1::CHANNEL_EMAIL, v1::CHANNEL_SMS});
  v1::RunCampaignResponse response;
  ASSERT_OK(world_->Call("customer_id: 'ann' wait { seconds: 60 }", response));
  ASSERT_EQ(response.customer_runs_size(), 1);
  EXPECT_EQ(response.customer_runs(0).state(), v1::CUSTOMER_RUN_STATE_DELIVERED);
}

TEST_F(FallbackTest, OnlyThoseWhoAreRefusedLeaveTheBatch) {
  fakes_.set_message_check([](const v1::CheckItem& item) {
    const bool refused = item.message().channel() == v1::CHANNEL_EMAIL && item.customer_run_id().back() % 2 == 1;
    return refused ? Blocked() : Allowed();
  });
  const std::string run = world_->Run("customers { customer_ids: ['a', 'b', 'c', 'd'] }");
  EXPECT_EQ(world_->Settled(run), "DELIVERED 4");
  Strings sent = fakes_.sent();
  std::sort(sent.begin(), sent.end());
  EXPECT_EQ(sent, (Strings{run + "-0 EMAIL", run + "-1 SMS", run + "-2 EMAIL", run + "-3 SMS"}));
  EXPECT_EQ(fakes_.calls("Generate"), (Strings{absl::StrCat(run, "-0 ", run, "-1 ", run, "-2 ", run, "-3"),
                                               absl::StrCat(run, "-1 ", run, "-3")}));
  EXPECT_EQ(fakes_.records().size(), 4u);
}

TEST_F(FallbackTest, AChannelWithoutATemplateOrAnAddressGivesWay) {
  fakes_.set_generate_error([](const v1::GenerateItem& item) -> absl::optional<v1::ItemError> {
    if (item.decision().channel() == v1::CHANNEL_PUSH) return absl::nullopt;
    return ParseProto<v1::ItemError>(item.decision().channel() == v1::CHANNEL_EMAIL
                                         ? "code: 5 reason: 'TEMPLATE_MISSING'"
                                         : "code: 9 reason: 'ADDRESS_MISSING'");
  });
  const std::string run = world_->Run("customer_id: 'ann'");
  EXPECT_EQ(world_->Settled(run), "DELIVERED 1");
  EXPECT_EQ(fakes_.sent(), Strings{run + "-0 PUSH"});
}

TEST_F(FallbackTest, ABouncedAddressGivesWayAndTheMessageIsCheckedAnew) {
  fakes_.set_dispatch([](const v1::DeliverItem& item) {
    return item.message().channel() == v1::CHANNEL_EMAIL ? ReceiptOf(v1::DELIVERY_STATE_REJECTED, "ADDRESS_UNKNOWN")
                                                         : ReceiptOf(v1::DELIVERY_STATE_ACCEPTED);
  });
  const std::string run = world_->Run("customer_id: 'ann'");
  EXPECT_EQ(world_->Settled(run), "DELIVERED 1");
  EXPECT_EQ(fakes_.sent(), Strings{run + "-0 SMS"});
  EXPECT_EQ(fakes_.calls("Check").size(), 2u);
  EXPECT_EQ(fakes_.calls("RecordEvents"), Strings{run + "-0"});
}

TEST_F(FallbackTest, WhatIsAboutTheCustomerOrTheContentEndsTheRun) {
  Block({v1::CHANNEL_EMAIL}, "LINK_NOT_ALLOWED");
  const std::string run = world_->Run("customer_id: 'ann'");
  EXPECT_EQ(world_->Settled(run), "SUPPRESSED 1");
  EXPECT_EQ(fakes_.calls("Generate").size(), 1u);
}

TEST_F(FallbackTest, WhenEveryChannelRefusesTheRunEndsWithTheReasonsOfAll) {
  fakes_.set_message_check(
      [](const v1::CheckItem& item) { return item.message().channel() == v1::CHANNEL_SMS ? Blocked() : Allowed(); });
  fakes_.set_dispatch(
      [](const v1::DeliverItem&) { return ReceiptOf(v1::DELIVERY_STATE_REJECTED, "DEVICE_UNREGISTERED"); });
  const std::string run = world_->Run("customer_id: 'ann'");
  EXPECT_EQ(world_->Settled(run), "UNDELIVERABLE 1");
  EXPECT_EQ(Codes(world_->Customer(run + "-0")), (Strings{"DEVICE_UNREGISTERED", "NO_CONSENT", "DEVICE_UNREGISTERED"}));
  EXPECT_TRUE(fakes_.sent().empty());
  for (const std::string& settlement : fakes_.settlements()) {
    EXPECT_NE(settlement.find("RELEASE"), std::string::npos) << settlement;
  }
}

TEST_F(FallbackTest, APersonReviewsTheMessageOfEachChannel) {
  fakes_.set_message_check([](const v1::CheckItem& item) {
    if (item.message().channel() == v1::CHANNEL_EMAIL && !item.accepted_red_flags().empty()) return Blocked();
    if (!item.accepted_red_flags().empty()) return Allowed();
    return ParseProto<v1::CheckResult>("verdict: VERDICT_REVIEW reasons { code: 'VIP' } red_flags: 'VIP'");
  });
  const std::string run = world_->Run("customer_id: 'ann'");
  EXPECT_EQ(world_->Settled(run), "WAITING_REVIEW 1");
  const auto approve = [&] {
    std::vector<std::shared_ptr<Batch>> batches;
    EXPECT_OK(world_->database().Write([&](Connection& connection) {
      RunStore store(connection);
      const v1::CampaignRun view = ViewRun(*store.FindRun(run));
      Wake wake{.row = *store.FindCustomerRun(CustomerRunKey(store.FindRun(run)->number, 0)),
                .record = CloseReviewTask(connection, CustomerRunKey(store.FindRun(run)->number, 0),
                                          v1::REVIEW_STATE_APPROVED, "", "", clock_.Now())};
      wake.record->mutable_review()->set_decision(v1::REVIEW_DECISION_APPROVE);
      wake.record->mutable_review()->add_accepted_red_flags("VIP");
      std::vector<Wake> wakes;
      wakes.push_back(std::move(wake));
      batches = world_->runner().Resume(connection, std::move(wakes));
      return absl::OkStatus();
    }));
    world_->database().Post([this, batches] { world_->runner().Launch(batches); });
  };
  approve();
  World::WaitFor([&] { return fakes_.calls("Generate").size() == 2u; });
  World::WaitFor([&] { return !world_->Customer(run + "-0").review_task_id().empty(); });
  EXPECT_EQ(world_->Customer(run + "-0").review_task_id(), run + "-0-r2");
  EXPECT_TRUE(fakes_.sent().empty());
  approve();
  World::WaitFor([&] { return world_->Get(run).state() == v1::CAMPAIGN_RUN_STATE_FINISHED; });
  EXPECT_EQ(fakes_.sent(), Strings{run + "-0 SMS"});
}

TEST_F(FallbackTest, ACancelledRunDoesNotGoOnByAnotherChannel) {
  absl::Notification delivering, cancelled;
  fakes_.set_hook([&](const std::string& rpc, const Strings&) {
    if (rpc == "Deliver") {
      delivering.Notify();
      cancelled.WaitForNotification();
    }
    return grpc::Status::OK;
  });
  fakes_.set_dispatch([](const v1::DeliverItem&) { return ReceiptOf(v1::DELIVERY_STATE_REJECTED, "ADDRESS_UNKNOWN"); });
  const std::string run = world_->Run("customer_id: 'ann'");
  delivering.WaitForNotification();
  world_->Cancel(run);
  cancelled.Notify();
  EXPECT_EQ(world_->Settled(run), "CANCELLED 1");
  EXPECT_EQ(fakes_.calls("Generate").size(), 1u);
}

TEST_F(FallbackTest, ADryRunShowsTheChannelThatItWouldGoBy) {
  Block({v1::CHANNEL_EMAIL});
  const std::string run = world_->Run("customer_id: 'ann' dry_run: true");
  EXPECT_EQ(world_->Settled(run), "PREVIEWED 1");
  const v1::CustomerRun customer = world_->Customer(run + "-0");
  EXPECT_EQ(customer.steps(7).message().channel(), v1::CHANNEL_SMS);
  EXPECT_TRUE(fakes_.sent().empty());
}

// What the journal says when the process dies in the middle of the second channel is enough to go on with it.
TEST_F(FallbackTest, GoesOnWithTheSameChannelAfterACrash) {
  absl::Notification generating, copied;
  std::atomic<int> generated = 0;
  fakes_.set_hook([&](const std::string& rpc, const Strings&) {
    if (rpc == "Generate" && ++generated == 2) {
      generating.Notify();
      copied.WaitForNotification();
    }
    return grpc::Status::OK;
  });
  fakes_.set_dispatch([](const v1::DeliverItem& item) {
    return item.message().channel() == v1::CHANNEL_EMAIL ? ReceiptOf(v1::DELIVERY_STATE_REJECTED, "ADDRESS_UNKNOWN")
                                                         : ReceiptOf(v1::DELIVERY_STATE_ACCEPTED);
  });
  const std::string run = world_->Run("customers { customer_ids: ['ann', 'ben'] }");
  generating.WaitForNotification();
  for (const char* suffix : {"", "-wal"}) {
    std::filesystem::copy_file(dir_.File("a.db") + suffix, dir_.File("b.db") + suffix);
  }
  copied.Notify();
  EXPECT_EQ(world_->Settled(run), "DELIVERED 2");
  const std::string first = History(world_->Customer(run + "-1"));
  world_ = std::make_unique<World>(dir_.File("b.db"), fakes_, clock_);
  EXPECT_EQ(world_->Settled(run), "DELIVERED 2");
  EXPECT_EQ(History(world_->Customer(run + "-1")), first);
  Strings sent = fakes_.sent();
  std::sort(sent.begin(), sent.end());
  EXPECT_EQ(sent, (Strings{run + "-0 SMS", run + "-1 SMS"}));
}

// ---- Dispatches in doubt ----

class InDoubt : public FallbackTest {
 protected:
  InDoubt() {
    fakes_.set_dispatch([this](const v1::DeliverItem&) {
      return ReceiptOf(unknown_ ? v1::DELIVERY_STATE_UNKNOWN : v1::DELIVERY_STATE_ACCEPTED, "SEND_INTERRUPTED");
    });
  }
  // The customer run that waits.
  std::string RunIntoDoubt() {
    const std::string run = world_->Run("customer_id: 'ann'");
    EXPECT_EQ(world_->Settled(run), "DEFERRED 1");
    return run;
  }
  void Look() {
    EXPECT_THAT(Resolutions(world_->database(), world_->runner(), fakes_.targets().delivery).Look(), testing::IsOk());
  }
  void WaitForEnd(const std::string& run) {
    World::WaitFor([&] { return world_->Get(run).state() == v1::CAMPAIGN_RUN_STATE_FINISHED; });
  }

  std::atomic<bool> unknown_ = true;
};

TEST_F(InDoubt, WaitsAndIsNotSentAgain) {
  const std::string run = RunIntoDoubt();
  const v1::CustomerRun customer = world_->Customer(run + "-0");
  EXPECT_EQ(Codes(customer), (Strings{"SEND_INTERRUPTED", "DELIVERY_UNKNOWN"}));
  EXPECT_EQ(FromTimestamp(customer.wake_time()), kStart + absl::Hours(7 * 24));
  Look();
  Look();
  EXPECT_EQ(world_->Settled(run), "DEFERRED 1");
  EXPECT_EQ(fakes_.calls("Deliver").size(), 1u);
  EXPECT_TRUE(fakes_.settlements().empty());
}

TEST_F(InDoubt, WhatWasSentEndsDelivered) {
  const std::string run = RunIntoDoubt();
  fakes_.SetReceipt(run + "-0", v1::CHANNEL_EMAIL, ReceiptOf(v1::DELIVERY_STATE_ACCEPTED));
  Look();
  WaitForEnd(run);
  EXPECT_EQ(world_->Settled(run), "DELIVERED 1");
  EXPECT_EQ(fakes_.calls("Deliver").size(), 1u);
  EXPECT_EQ(fakes_.calls("RecordEvents"), Strings{run + "-0"});
  for (const std::string& settlement : fakes_.settlements()) {
    EXPECT_NE(settlement.find("COMMIT"), std::string::npos) << settlement;
  }
  // A second look finds nobody who waits.
  Look();
  EXPECT_EQ(fakes_.calls("ListDeliveries").size(), 2u);
}

TEST_F(InDoubt, WhatWasNotSentIsCheckedAgainAndSentOnce) {
  const std::string run = RunIntoDoubt();
  fakes_.SetReceipt(run + "-0", v1::CHANNEL_EMAIL, ReceiptOf(v1::DELIVERY_STATE_RETRY_WAIT));
  unknown_ = false;
  Look();
  WaitForEnd(run);
  EXPECT_EQ(world_->Settled(run), "DELIVERED 1");
  EXPECT_EQ(fakes_.sent(), Strings{run + "-0 EMAIL"});
  EXPECT_EQ(fakes_.calls("Check").size(), 2u);
}

// Consent may be gone by the time that somebody finds out.
TEST_F(InDoubt, WhatWasNotSentMayBeBlockedByThen) {
  const std::string run = RunIntoDoubt();
  fakes_.SetReceipt(run + "-0", v1::CHANNEL_EMAIL, ReceiptOf(v1::DELIVERY_STATE_RETRY_WAIT));
  Block({v1::CHANNEL_EMAIL}, "LINK_NOT_ALLOWED");
  Look();
  WaitForEnd(run);
  EXPECT_EQ(world_->Settled(run), "SUPPRESSED 1");
  EXPECT_TRUE(fakes_.sent().empty());
}

TEST_F(InDoubt, CountsAsSentWhenNobodyFindsOut) {
  const std::string run = RunIntoDoubt();
  world_->Advance(kResolutionPatience);
  WaitForEnd(run);
  EXPECT_EQ(world_->Settled(run), "FAILED 1");
  EXPECT_EQ(Codes(world_->Customer(run + "-0")), Strings{"DELIVERY_UNKNOWN"});
  for (const std::string& settlement : fakes_.settlements()) {
    EXPECT_NE(settlement.find("COMMIT"), std::string::npos) << settlement;
  }
  // Too late: nothing changes any more.
  fakes_.SetReceipt(run + "-0", v1::CHANNEL_EMAIL, ReceiptOf(v1::DELIVERY_STATE_RETRY_WAIT));
  Look();
  EXPECT_EQ(world_->Settled(run), "FAILED 1");
}

TEST_F(InDoubt, ACancelledRunDoesNotSayThatItWasNotSent) {
  const std::string run = RunIntoDoubt();
  world_->Cancel(run);
  EXPECT_EQ(world_->Settled(run), "DEFERRED 1");
  fakes_.SetReceipt(run + "-0", v1::CHANNEL_EMAIL, ReceiptOf(v1::DELIVERY_STATE_ACCEPTED));
  Look();
  World::WaitFor([&] { return world_->Get(run).state() == v1::CAMPAIGN_RUN_STATE_CANCELLED; });
  EXPECT_EQ(world_->Settled(run), "DELIVERED 1");
}

TEST_F(InDoubt, ACancelledRunIsNotSentAfterAll) {
  const std::string run = RunIntoDoubt();
  world_->Cancel(run);
  fakes_.SetReceipt(run + "-0", v1::CHANNEL_EMAIL, ReceiptOf(v1::DELIVERY_STATE_RETRY_WAIT));
  unknown_ = false;
  Look();
  World::WaitFor([&] { return world_->Get(run).state() == v1::CAMPAIGN_RUN_STATE_CANCELLED; });
  EXPECT_EQ(world_->Settled(run), "CANCELLED 1");
  EXPECT_TRUE(fakes_.sent().empty());
}

TEST_F(InDoubt, IsTakenUpByTheNextProcess) {
  const std::string run = RunIntoDoubt();
  world_ = nullptr;
  fakes_.SetReceipt(run + "-0", v1::CHANNEL_EMAIL, ReceiptOf(v1::DELIVERY_STATE_ACCEPTED));
  world_ = std::make_unique<World>(dir_.File("a.db"), fakes_, clock_);
  EXPECT_EQ(world_->Settled(run), "DEFERRED 1");
  Look();
  WaitForEnd(run);
  EXPECT_EQ(world_->Settled(run), "DELIVERED 1");
}

TEST_F(InDoubt, IsNotLookedForWhereNobodyWaits) {
  unknown_ = false;
  const std::string run = world_->Run("customer_id: 'ann'");
  EXPECT_EQ(world_->Settled(run), "DELIVERED 1");
  Look();
  EXPECT_TRUE(fakes_.calls("ListDeliveries").empty());
}

}  // namespace
}  // namespace campaign::orchestrator
