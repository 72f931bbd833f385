#include "services/delivery/dispatcher.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "common/testing/fake_clock.h"
#include "common/testing/testing.h"
#include "services/delivery/feedback_store.h"
#include "services/delivery/scripted_sender.h"
#include "services/delivery/spool_sender.h"

namespace campaign::delivery {
namespace {

using ::campaign::testing::FakeClock;
using ::campaign::testing::StatusIs;
using ::campaign::testing::TempDir;
using ::campaign::testing::Utc;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::ScriptedSender;

v1::DeliverRequest Request(const std::vector<std::string>& runs) {
  v1::DeliverRequest request;
  request.set_campaign("win-back");
  for (const std::string& run : runs) {
    v1::DeliverItem& item = *request.add_items();
    item.set_customer_run_id(run);
    item.set_customer_id(absl::StrCat("customer-of-", run));
    item.mutable_message()->set_channel(v1::CHANNEL_EMAIL);
    item.mutable_message()->set_address("ann@example.com");
    item.mutable_message()->set_text("Hello");
  }
  return request;
}

// A delivery process, but for gRPC: its ledger's file and its sender may outlive it.
class Process {
 public:
  Process(const std::string& path, ChannelSender& sender, const Clock& clock, RetryPolicy retry = {})
      : Process(path, testing::RouterOf(sender), clock, retry) {}

  Process(const std::string& path, ProviderRouter router, const Clock& clock, RetryPolicy retry = {})
      : router_(std::move(router)) {
    auto database = OpenLedger(path);
    EXPECT_OK(database);
    database_ = *std::move(database);
    auto dispatcher = Dispatcher::Create(*database_, router_, clock, {[] { return 0.5; }, retry});
    EXPECT_OK(dispatcher);
    dispatcher_ = *std::move(dispatcher);
  }

  absl::StatusOr<v1::DeliverResponse> Deliver(const v1::DeliverRequest& request) {
    v1::DeliverResponse response;
    absl::Status result;
    absl::Notification finished;
    dispatcher_->Deliver(request, response, [&](absl::Status status) {
      result = std::move(status);
      finished.Notify();
    });
    finished.WaitForNotification();
    if (!result.ok()) return result;
    return response;
  }

  v1::Receipt DeliverOne(const std::string& run = "r1") {
    const auto response = Deliver(Request({run}));
    EXPECT_OK(response);
    return response.ok() && response->results_size() == 1 ? response->results(0).receipt() : v1::Receipt();
  }

  LedgerRow Row(const std::string& run) {
    absl::optional<LedgerRow> row;
    EXPECT_OK(database_->Read([&](Connection& connection) {
      row = FindRow(connection, run, v1::CHANNEL_EMAIL);
      return absl::OkStatus();
    }));
    EXPECT_TRUE(row.has_value());
    return row.value_or(LedgerRow());
  }

  v1::ListFeedbackResponse Feedback() {
    v1::ListFeedbackResponse response;
    EXPECT_OK(database_->Read([&](Connection& connection) {
      ListFeedback(connection, /*after=*/0, /*limit=*/100, response);
      return absl::OkStatus();
    }));
    return response;
  }

  Database& database() { return *database_; }
  Dispatcher& dispatcher() { return *dispatcher_; }

 private:
  ProviderRouter router_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<Dispatcher> dispatcher_;
};

class DispatcherTest : public ::testing::Test {
 protected:
  // What an earlier process left in the ledger.
  void LeaveRow(v1::DeliveryState state, const std::string& provider = "fake", int attempt_count = 1) {
    ASSERT_OK_AND_ASSIGN(const auto database, OpenLedger(path_));
    LedgerRow row;
    row.customer_run_id = "r1";
    row.channel = v1::CHANNEL_EMAIL;
    row.customer_id = "c1";
    row.campaign = "win-back";
    row.state = state;
    row.provider = provider;
    row.attempt_count = attempt_count;
    row.create_time = row.update_time = row.retry_time = clock_.Now();
    ASSERT_OK(database->Write([&](Connection& connection) {
      EXPECT_TRUE(InsertRow(connection, row).has_value());
      return absl::OkStatus();
    }));
  }

  TempDir folder_;
  const std::string path_ = folder_.File("ledger.db");
  FakeClock clock_{Utc("2026-06-15 12:00:00")};
  ScriptedSender plain_{/*deduplicates=*/false};
  ScriptedSender deduplicating_{/*deduplicates=*/true};
};

TEST_F(DispatcherTest, SendsABatchAndAnswersInOrder) {
  Process process(path_, plain_, clock_);
  plain_.Answer(SendOutcome::Accepted());
  plain_.Answer(SendOutcome::Rejected("MAILBOX_UNKNOWN", "no such mailbox"));
  plain_.Answer(SendOutcome::Unknown("TIMEOUT", "no answer"));
  ASSERT_OK_AND_ASSIGN(const v1::DeliverResponse response, process.Deliver(Request({"r1", "r2", "r3"})));
  ASSERT_EQ(response.results_size(), 3);
  const v1::Receipt& accepted = response.results(0).receipt();
  EXPECT_EQ(accepted.state(), v1::DELIVERY_STATE_ACCEPTED);
  EXPECT_EQ(accepted.channel(), v1::CHANNEL_EMAIL);
  EXPECT_EQ(accepted.provider(), "fake");
  EXPECT_EQ(accepted.idempotency_key(), "r1.email");
  EXPECT_EQ(accepted.attempt_count(), 1);
  EXPECT_THAT(accepted.reasons(), IsEmpty());
  EXPECT_EQ(response.results(1).receipt().state(), v1::DELIVERY_STATE_REJECTED);
  EXPECT_EQ(response.results(1).receipt().reasons(0).code(), "MAILBOX_UNKNOWN");
  EXPECT_EQ(response.results(2).receipt().state(), v1::DELIVERY_STATE_UNKNOWN);
  EXPECT_THAT(plain_.sent(), ElementsAre("r1.email", "r2.email", "r3.email"));
}

// A mail server that says "no such user" at RCPT sends no bounce later: its answer is the bounce.
TEST_F(DispatcherTest, WhatARefusalSaysOfTheAddressIsFeedbackOnce) {
  Process process(path_, plain_, clock_);
  plain_.Answer(SendOutcome::Rejected("ADDRESS_UNKNOWN", "nobody has this address", v1::FEEDBACK_KIND_HARD_BOUNCE));
  plain_.Answer(SendOutcome::Rejected("CONTENT_REFUSED", "they do not want this message"));
  plain_.Answer(SendOutcome::Rejected("RECIPIENT_UNSUBSCRIBED", "answered STOP", v1::FEEDBACK_KIND_UNSUBSCRIBED));
  ASSERT_OK(process.Deliver(Request({"r1", "r2", "r3"})));
  ASSERT_OK(process.Deliver(Request({"r1", "r2", "r3"})));
  const v1::ListFeedbackResponse feedback = process.Feedback();
  ASSERT_EQ(feedback.feedback_size(), 2);
  const v1::Feedback& bounce = feedback.feedback(0);
  EXPECT_EQ(bounce.kind(), v1::FEEDBACK_KIND_HARD_BOUNCE);
  EXPECT_EQ(bounce.event_id(), "fake:r1.email");
  EXPECT_EQ(bounce.provider(), "fake");
  EXPECT_EQ(bounce.channel(), v1::CHANNEL_EMAIL);
  EXPECT_EQ(bounce.customer_run_id(), "r1");
  EXPECT_EQ(bounce.customer_id(), "customer-of-r1");
  EXPECT_EQ(bounce.address(), "ann@example.com");
  EXPECT_EQ(bounce.text(), "nobody has this address");
  EXPECT_EQ(FromTimestamp(bounce.event_time()), clock_.Now());
  EXPECT_EQ(feedback.feedback(1).kind(), v1::FEEDBACK_KIND_UNSUBSCRIBED);
  EXPECT_EQ(feedback.feedback(1).customer_run_id(), "r3");
}

// Where no callbacks come, nothing else removes it.
TEST_F(DispatcherTest, RefusalsOfLongAgoAreForgottenWhenNewOnesCome) {
  Process process(path_, plain_, clock_);
  for (const char* run : {"r1", "r2"}) {
    plain_.Answer(SendOutcome::Rejected("ADDRESS_UNKNOWN", "nobody has it", v1::FEEDBACK_KIND_HARD_BOUNCE));
    ASSERT_OK(process.Deliver(Request({run})));
    clock_.Advance(absl::Hours(24 * 31));
  }
  ASSERT_EQ(process.Feedback().feedback_size(), 1);
  EXPECT_EQ(process.Feedback().feedback(0).customer_run_id(), "r2");
}

TEST_F(DispatcherTest, AnswersFromTheLedgerWithoutSendingAgain) {
  Process process(path_, deduplicating_, clock_);
  deduplicating_.Answer(SendOutcome::Accepted());
  deduplicating_.Answer(SendOutcome::Rejected("MAILBOX_UNKNOWN", "no such mailbox"));
  ASSERT_OK_AND_ASSIGN(const v1::DeliverResponse first, process.Deliver(Request({"r1", "r2"})));
  clock_.Advance(absl::Hours(100));
  ASSERT_OK_AND_ASSIGN(const v1::DeliverResponse second, process.Deliver(Request({"r1", "r2"})));
  EXPECT_EQ(second.SerializeAsString(), first.SerializeAsString());
  EXPECT_EQ(deduplicating_.sent().size(), 2);
}

TEST_F(DispatcherTest, AnotherChannelIsAnotherDispatch) {
  Process process(path_, plain_, clock_);
  v1::DeliverRequest request = Request({"r1", "r1"});
  request.mutable_items(1)->mutable_message()->set_channel(v1::CHANNEL_SMS);
  ASSERT_OK(process.Deliver(request));
  EXPECT_THAT(plain_.sent(), ElementsAre("r1.email", "r1.sms"));
}

TEST_F(DispatcherTest, RejectsWhatCannotBeSentWithoutAskingTheSender) {
  Process process(path_, plain_, clock_);
  v1::DeliverRequest request = Request({"r1", "r2", "r3", "r4"});
  request.mutable_items(0)->mutable_message()->clear_address();
  request.mutable_items(1)->mutable_message()->clear_channel();
  request.mutable_items(2)->clear_message();
  ASSERT_OK_AND_ASSIGN(const v1::DeliverResponse response, process.Deliver(request));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(response.results(i).receipt().state(), v1::DELIVERY_STATE_REJECTED);
  EXPECT_EQ(response.results(0).receipt().reasons(0).code(), "ADDRESS_MISSING");
  EXPECT_EQ(response.results(1).receipt().reasons(0).code(), "CHANNEL_UNSUPPORTED");
  EXPECT_EQ(response.results(3).receipt().state(), v1::DELIVERY_STATE_ACCEPTED);
  EXPECT_THAT(plain_.sent(), ElementsAre("r4.email"));
}

TEST_F(DispatcherTest, ARefusalForNowIsTriedAgainAtItsTimeAndNotBefore) {
  Process process(path_, plain_, clock_);
  plain_.Answer(SendOutcome::Retry("BUSY", "greylisted"));
  const v1::Receipt first = process.DeliverOne();
  EXPECT_EQ(first.state(), v1::DELIVERY_STATE_RETRY_WAIT);
  EXPECT_EQ(first.reasons(0).code(), "BUSY");
  EXPECT_EQ(FromTimestamp(first.retry_time()), clock_.Now() + absl::Seconds(15));
  clock_.Advance(absl::Seconds(14));
  EXPECT_EQ(process.DeliverOne().SerializeAsString(), first.SerializeAsString());
  EXPECT_EQ(plain_.sent().size(), 1);
  clock_.Advance(absl::Seconds(1));
  const v1::Receipt second = process.DeliverOne();
  EXPECT_EQ(second.state(), v1::DELIVERY_STATE_ACCEPTED);
  EXPECT_EQ(second.attempt_count(), 2);
  EXPECT_FALSE(second.has_retry_time());
  EXPECT_THAT(second.reasons(), IsEmpty());
  EXPECT_THAT(plain_.sent(), ElementsAre("r1.email", "r1.email")) << "the same key at every attempt";
}

TEST_F(DispatcherTest, WaitsAsLongAsTheProviderAsks) {
  Process process(path_, plain_, clock_);
  plain_.Answer(SendOutcome::Retry("BUSY", "come back later", absl::Hours(3)));
  EXPECT_EQ(FromTimestamp(process.DeliverOne().retry_time()), clock_.Now() + absl::Hours(3) + absl::Seconds(15));
}

TEST_F(DispatcherTest, GivesUpAfterTheLastAttempt) {
  Process process(path_, plain_, clock_, {.max_attempts = 3});
  for (int i = 0; i < 3; ++i) plain_.Answer(SendOutcome::Retry("BUSY", "greylisted"));
  EXPECT_EQ(process.DeliverOne().state(), v1::DELIVERY_STATE_RETRY_WAIT);
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(process.DeliverOne().state(), v1::DELIVERY_STATE_RETRY_WAIT);
  clock_.Advance(absl::Hours(1));
  const v1::Receipt last = process.DeliverOne();
  EXPECT_EQ(last.state(), v1::DELIVERY_STATE_REJECTED);
  EXPECT_EQ(last.attempt_count(), 3);
  EXPECT_EQ(last.reasons(0).code(), "ATTEMPTS_EXHAUSTED");
  EXPECT_EQ(last.reasons(0).text(), "gave up after 3 attempts; last: greylisted");
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(process.DeliverOne().state(), v1::DELIVERY_STATE_REJECTED);
  EXPECT_EQ(plain_.sent().size(), 3);
}

TEST_F(DispatcherTest, AnUnknownOutcomeIsResentOnlyWhereTheProviderDeduplicates) {
  {
    Process process(path_, plain_, clock_);
    plain_.Answer(SendOutcome::Unknown("TIMEOUT", "no answer"));
    EXPECT_EQ(process.DeliverOne().state(), v1::DELIVERY_STATE_UNKNOWN);
    const v1::Receipt again = process.DeliverOne();
    EXPECT_EQ(again.state(), v1::DELIVERY_STATE_UNKNOWN);
    EXPECT_EQ(again.reasons(0).code(), "TIMEOUT");
    EXPECT_EQ(plain_.sent().size(), 1);
  }
  Process process(folder_.File("other.db"), deduplicating_, clock_);
  deduplicating_.Answer(SendOutcome::Unknown("TIMEOUT", "no answer"));
  const v1::Receipt first = process.DeliverOne();
  EXPECT_EQ(first.state(), v1::DELIVERY_STATE_UNKNOWN);
  EXPECT_EQ(FromTimestamp(first.retry_time()), clock_.Now() + absl::Seconds(15))
      << "who asks is told when to ask again";
  EXPECT_EQ(process.DeliverOne().SerializeAsString(), first.SerializeAsString());
  clock_.Set(FromTimestamp(first.retry_time()));
  EXPECT_EQ(process.DeliverOne().state(), v1::DELIVERY_STATE_ACCEPTED);
  EXPECT_THAT(deduplicating_.sent(), ElementsAre("r1.email", "r1.email"));
}

TEST_F(DispatcherTest, ADuplicateCallDoesNotSendTwice) {
  Process process(path_, deduplicating_, clock_);
  deduplicating_.Hold();
  const v1::DeliverRequest request = Request({"r1"});
  v1::DeliverResponse first;
  absl::Notification first_done;
  process.dispatcher().Deliver(request, first, [&](const absl::Status& status) {
    EXPECT_OK(status);
    first_done.Notify();
  });
  deduplicating_.WaitUntilHeld();
  const auto second = process.Deliver(request);
  deduplicating_.Release();
  first_done.WaitForNotification();
  ASSERT_OK(second);
  EXPECT_EQ(second->results(0).error().code(), 10);
  EXPECT_EQ(second->results(0).error().reason(), "ALREADY_BEING_SENT");
  EXPECT_EQ(first.results(0).receipt().state(), v1::DELIVERY_STATE_ACCEPTED);
  EXPECT_EQ(deduplicating_.sent().size(), 1);
}

TEST_F(DispatcherTest, ADuplicateWithinABatchIsSentOnce) {
  Process process(path_, plain_, clock_);
  ASSERT_OK_AND_ASSIGN(const v1::DeliverResponse response, process.Deliver(Request({"r1", "r1"})));
  EXPECT_EQ(response.results(0).receipt().state(), v1::DELIVERY_STATE_ACCEPTED);
  EXPECT_EQ(response.results(1).error().reason(), "ALREADY_BEING_SENT");
  EXPECT_EQ(plain_.sent().size(), 1);
}

// The files as a crash at this moment would leave them.
void CopyLedger(const std::string& from, const std::string& to) {
  for (const char* suffix : {"", "-wal"}) std::filesystem::copy_file(from + suffix, to + suffix);
}

TEST_F(DispatcherTest, ACrashWhileSendingIsUnknownAndNeverResentWithoutDeduplication) {
  const std::string crashed = folder_.File("crashed.db");
  {
    const v1::DeliverRequest request = Request({"r1"});
    v1::DeliverResponse response;
    Process process(path_, plain_, clock_);
    plain_.Hold();
    process.dispatcher().Deliver(request, response, [](const absl::Status& status) { EXPECT_OK(status); });
    plain_.WaitUntilHeld();
    CopyLedger(path_, crashed);
    plain_.Release();
  }
  ScriptedSender after_crash(/*deduplicates=*/false);
  Process process(crashed, after_crash, clock_);
  EXPECT_EQ(process.Row("r1").state, v1::DELIVERY_STATE_UNKNOWN) << "SENDING was committed before the sender was asked";
  const v1::Receipt receipt = process.DeliverOne();
  EXPECT_EQ(receipt.state(), v1::DELIVERY_STATE_UNKNOWN);
  EXPECT_EQ(receipt.reasons(0).code(), "SEND_INTERRUPTED");
  EXPECT_THAT(after_crash.sent(), IsEmpty());
}

TEST_F(DispatcherTest, ACrashWhileSendingIsResentUnderTheSameKeyWhereTheProviderDeduplicates) {
  LeaveRow(v1::DELIVERY_STATE_SENDING);
  Process process(path_, deduplicating_, clock_);
  EXPECT_THAT(deduplicating_.sent(), IsEmpty()) << "nothing is sent at start";
  const v1::Receipt receipt = process.DeliverOne();
  EXPECT_EQ(receipt.state(), v1::DELIVERY_STATE_ACCEPTED);
  EXPECT_EQ(receipt.attempt_count(), 2);
  EXPECT_THAT(deduplicating_.sent(), ElementsAre("r1.email"));
}

TEST_F(DispatcherTest, AnotherProviderCannotKnowWhatTheFirstOneGot) {
  LeaveRow(v1::DELIVERY_STATE_SENDING, "other");
  Process process(path_, deduplicating_, clock_);
  EXPECT_EQ(process.DeliverOne().state(), v1::DELIVERY_STATE_UNKNOWN);
  EXPECT_THAT(deduplicating_.sent(), IsEmpty());
}

TEST_F(DispatcherTest, AnUnknownOutcomeIsNotResentWithoutEnd) {
  LeaveRow(v1::DELIVERY_STATE_UNKNOWN, "fake", /*attempt_count=*/8);
  Process process(path_, deduplicating_, clock_);
  EXPECT_EQ(process.DeliverOne().state(), v1::DELIVERY_STATE_UNKNOWN);
  EXPECT_THAT(deduplicating_.sent(), IsEmpty());
}

TEST_F(DispatcherTest, WhatWasOnlyReservedIsSent) {
  LeaveRow(v1::DELIVERY_STATE_RESERVED, "fake", /*attempt_count=*/0);
  Process process(path_, plain_, clock_);
  EXPECT_EQ(process.DeliverOne().state(), v1::DELIVERY_STATE_ACCEPTED);
  EXPECT_EQ(plain_.sent().size(), 1);
}

TEST_F(DispatcherTest, WhatWasAcceptedBeforeACrashIsNotSentAgain) {
  LeaveRow(v1::DELIVERY_STATE_ACCEPTED);
  Process process(path_, deduplicating_, clock_);
  EXPECT_EQ(process.DeliverOne().state(), v1::DELIVERY_STATE_ACCEPTED);
  EXPECT_THAT(deduplicating_.sent(), IsEmpty());
}

// The outcome could not be written: the row stays SENDING, and nobody is sending it any more.
TEST_F(DispatcherTest, AnOutcomeThatCouldNotBeWrittenIsUnknown) {
  Process process(path_, plain_, clock_);
  const auto execute = [&](const char* sql) {
    ASSERT_OK(process.database().Write([sql](Connection& connection) {
      connection.database().exec(sql);
      return absl::OkStatus();
    }));
  };
  execute("CREATE TRIGGER full BEFORE UPDATE ON dispatch BEGIN SELECT RAISE(ABORT, 'disk full'); END");
  EXPECT_THAT(process.Deliver(Request({"r1"})), StatusIs(absl::StatusCode::kUnavailable, "disk full"));
  EXPECT_EQ(process.Row("r1").state, v1::DELIVERY_STATE_SENDING);
  execute("DROP TRIGGER full");
  const v1::Receipt receipt = process.DeliverOne();
  EXPECT_EQ(receipt.state(), v1::DELIVERY_STATE_UNKNOWN);
  EXPECT_EQ(receipt.reasons(0).code(), "SEND_INTERRUPTED");
  EXPECT_EQ(process.Row("r1").state, v1::DELIVERY_STATE_UNKNOWN);
  EXPECT_EQ(plain_.sent().size(), 1);
}

TEST_F(DispatcherTest, NothingIsSentThatTheLedgerDoesNotKnow) {
  Process process(path_, plain_, clock_);
  ASSERT_OK(process.database().Write([](Connection& connection) {
    connection.database().exec(
        "CREATE TRIGGER full BEFORE INSERT ON dispatch WHEN NEW.customer_run_id = 'r2' "
        "BEGIN SELECT RAISE(ABORT, 'disk full'); END");
    return absl::OkStatus();
  }));
  EXPECT_THAT(process.Deliver(Request({"r1", "r2"})), StatusIs(absl::StatusCode::kUnavailable, "disk full"));
  EXPECT_THAT(plain_.sent(), IsEmpty());
  EXPECT_EQ(process.DeliverOne("r1").state(), v1::DELIVERY_STATE_ACCEPTED) << "its key was released";
}

TEST_F(DispatcherTest, ASenderThatLeavesOutAnAnswerLeavesItUnknown) {
  class Forgetful final : public ChannelSender {
   public:
    std::vector<SendOutcome> Send(absl::Span<const OutgoingMessage>) override { return {SendOutcome::Accepted()}; }
    bool deduplicates() const override { return false; }
    absl::string_view provider() const override { return "forgetful"; }
  } forgetful;
  Process process(path_, forgetful, clock_);
  ASSERT_OK_AND_ASSIGN(const v1::DeliverResponse response, process.Deliver(Request({"r1", "r2"})));
  EXPECT_EQ(response.results(0).receipt().state(), v1::DELIVERY_STATE_ACCEPTED);
  EXPECT_EQ(response.results(1).receipt().state(), v1::DELIVERY_STATE_UNKNOWN);
}

TEST_F(DispatcherTest, ATalkativeProviderIsCutShort) {
  Process process(path_, plain_, clock_);
  std::string text;
  for (int i = 0; i < 2000; ++i) text += "é";
  plain_.Answer(SendOutcome::Rejected("NO", text));
  const std::string kept = process.DeliverOne().reasons(0).text();
  EXPECT_EQ(kept, text.substr(0, 240));
}

TEST_F(DispatcherTest, TheLedgerHoldsNeitherAddressNorContent) {
  {
    Process process(path_, plain_, clock_);
    v1::DeliverRequest request = Request({"r1"});
    request.mutable_items(0)->mutable_message()->set_text("SECRET-CONTENT");
    ASSERT_OK(process.Deliver(request));
  }
  std::string content(std::filesystem::file_size(path_), '\0');
  FILE* file = fopen(path_.c_str(), "rb");
  ASSERT_EQ(fread(content.data(), 1, content.size(), file), content.size());
  fclose(file);
  EXPECT_THAT(content, HasSubstr("customer-of-r1"));
  EXPECT_EQ(content.find("ann@example.com"), std::string::npos);
  EXPECT_EQ(content.find("SECRET-CONTENT"), std::string::npos);
}

TEST_F(DispatcherTest, AnUnwritableSpoolDelaysAndLosesNothing) {
  ASSERT_OK_AND_ASSIGN(const auto spool, SpoolSender::Open({folder_.File("spool"), "shop@example.com"}, clock_));
  const std::string email_folder = folder_.File("spool/email");
  fclose(fopen(email_folder.c_str(), "w"));  // A file where a folder should be.
  Process process(path_, *spool, clock_);
  const v1::Receipt waiting = process.DeliverOne();
  EXPECT_EQ(waiting.state(), v1::DELIVERY_STATE_RETRY_WAIT);
  EXPECT_EQ(waiting.reasons(0).code(), "SPOOL_UNWRITABLE");
  std::filesystem::remove(email_folder);
  clock_.Set(FromTimestamp(waiting.retry_time()));
  EXPECT_EQ(process.DeliverOne().state(), v1::DELIVERY_STATE_ACCEPTED);
  EXPECT_TRUE(std::filesystem::exists(folder_.File("spool/email/2026-06-15/r1.email.eml")));
}

TEST_F(DispatcherTest, ManyCallersAtOnceSendEachMessageOnce) {
  Process process(path_, plain_, clock_);
  const v1::DeliverRequest request = Request({"r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8"});
  std::vector<std::thread> callers;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&] {
      for (int j = 0; j < 20; ++j) EXPECT_OK(process.Deliver(request));
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(plain_.sent().size(), 8);
}

}  // namespace
}  // namespace campaign::delivery
