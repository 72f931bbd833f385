#include "services/delivery/delivery_store.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/clock.h"
#include "common/testing/testing.h"
#include "services/delivery/address_hash.h"
#include "services/delivery/feedback_store.h"

namespace campaign::delivery {
namespace {

using ::campaign::testing::TempDir;
using ::campaign::testing::Utc;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const absl::Time kNow = Utc("2026-06-15 12:00:00");

// The ledger as the first release made it.
constexpr char kFirstSchema[] = R"sql(
  CREATE TABLE dispatch (
    dispatch_id INTEGER PRIMARY KEY, customer_run_id TEXT NOT NULL, channel INTEGER NOT NULL, customer_id TEXT NOT NULL,
    campaign TEXT NOT NULL, state INTEGER NOT NULL, provider TEXT NOT NULL, attempt_count INTEGER NOT NULL,
    retry_time INTEGER NOT NULL, reason_code TEXT NOT NULL, reason_text TEXT NOT NULL, create_time INTEGER NOT NULL,
    update_time INTEGER NOT NULL, UNIQUE (customer_run_id, channel));
  CREATE INDEX dispatch_not_accepted ON dispatch (state, dispatch_id) WHERE state <> 3;
  INSERT INTO dispatch VALUES (7, 'r1', 1, 'c1', 'win-back', 6, 'smtp', 2, 0, 'SEND_INTERRUPTED', 'broke off', 1, 2);
)sql";

LedgerRow Row(const std::string& run, v1::Channel channel) {
  LedgerRow row;
  row.customer_run_id = run;
  row.channel = channel;
  row.customer_id = absl::StrCat("c-", run);
  row.campaign = "win-back";
  row.brand = "nordlicht";
  row.state = v1::DELIVERY_STATE_SENDING;
  row.provider = "twilio";
  row.attempt_count = 1;
  row.create_time = row.update_time = kNow;
  return row;
}

class DeliveryStoreTest : public ::testing::Test {
 protected:
  void Open() { ASSERT_OK_AND_ASSIGN(database_, OpenLedger(folder_.File("ledger.db"))); }

  template <class Function>
  void Write(const Function& function) {
    ASSERT_OK(database_->Write([&](Connection& connection) {
      function(connection);
      return absl::OkStatus();
    }));
  }

  TempDir folder_;
  std::unique_ptr<Database> database_;
};

TEST_F(DeliveryStoreTest, OpensALedgerOfTheFirstReleaseAndKeepsItsRows) {
  ASSERT_OK(Database::Open(folder_.File("ledger.db"), kFirstSchema));
  for (int start = 0; start < 2; ++start) {
    Open();
    Write([](Connection& connection) {
      absl::optional<LedgerRow> row = FindRow(connection, "r1", v1::CHANNEL_EMAIL);
      ASSERT_TRUE(row.has_value());
      EXPECT_EQ(row->dispatch_id, 7);
      EXPECT_EQ(row->state, v1::DELIVERY_STATE_UNKNOWN);
      EXPECT_EQ(row->brand, "");
      EXPECT_EQ(row->address_hash, 0);
      row->provider_message_id = "m-7";
      UpdateRow(connection, *row);
      EXPECT_EQ(FindByProviderMessageId(connection, "smtp", "m-7").value().dispatch_id, 7);
    });
    database_.reset();
  }
}

TEST_F(DeliveryStoreTest, FindsADispatchByTheProvidersNameForIt) {
  Open();
  Write([](Connection& connection) {
    LedgerRow row = Row("r1", v1::CHANNEL_SMS);
    row.dispatch_id = InsertRow(connection, row).value();
    EXPECT_FALSE(FindByProviderMessageId(connection, "twilio", "").has_value());
    row.provider_message_id = "SM1";
    row.state = v1::DELIVERY_STATE_ACCEPTED;
    UpdateRow(connection, row);
    const auto found = FindByProviderMessageId(connection, "twilio", "SM1");
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->customer_run_id, "r1");
    EXPECT_EQ(found->brand, "nordlicht");
    // Another provider may use the same names.
    EXPECT_FALSE(FindByProviderMessageId(connection, "other", "SM1").has_value());
    EXPECT_FALSE(FindByProviderMessageId(connection, "twilio", "SM2").has_value());
  });
}

TEST_F(DeliveryStoreTest, FindsTheNewestDispatchToANumber) {
  Open();
  const int64_t hash = AddressHash(v1::CHANNEL_SMS, "+43664123");
  Write([&](Connection& connection) {
    for (const char* run : {"r1", "r2", "r3"}) {
      LedgerRow row = Row(run, v1::CHANNEL_SMS);
      row.address_hash = run[1] == '3' ? 0 : hash;
      ASSERT_TRUE(InsertRow(connection, row).has_value());
    }
    EXPECT_EQ(FindByAddressHash(connection, "twilio", hash, kNow).value().customer_run_id, "r2");
    EXPECT_FALSE(FindByAddressHash(connection, "other", hash, kNow).has_value());
    EXPECT_FALSE(FindByAddressHash(connection, "twilio", hash, kNow + absl::Seconds(1)).has_value());
    EXPECT_FALSE(FindByAddressHash(connection, "twilio", 0, absl::UnixEpoch()).has_value());
  });
}

TEST(AddressHash, IsThatOfTheDigitsAndOnlyWhereRepliesCome) {
  const int64_t hash = AddressHash(v1::CHANNEL_SMS, "+43 664 123");
  EXPECT_NE(hash, 0);
  EXPECT_EQ(AddressHash(v1::CHANNEL_SMS, "whatsapp:+43664123"), hash);
  EXPECT_NE(AddressHash(v1::CHANNEL_SMS, "+43664124"), hash);
  EXPECT_EQ(AddressHash(v1::CHANNEL_SMS, "none"), 0);
  EXPECT_NE(AddressHash(v1::CHANNEL_CHAT, "@ann"), 0);
  EXPECT_EQ(AddressHash(v1::CHANNEL_CHAT, ""), 0);
  EXPECT_EQ(AddressHash(v1::CHANNEL_EMAIL, "ann@example.com"), 0);
}

FeedbackRow Event(const std::string& id, absl::Time create_time, int64_t dispatch_id = 0) {
  return {v1::FEEDBACK_KIND_REPLIED,      id,         "twilio", v1::CHANNEL_SMS, dispatch_id, "+43664123", "yes",
          create_time - absl::Seconds(1), create_time};
}

TEST_F(DeliveryStoreTest, FeedbackIsKeptOncePerEventAndListedInPages) {
  Open();
  Write([](Connection& connection) {
    const int64_t dispatch_id = InsertRow(connection, Row("r1", v1::CHANNEL_SMS)).value();
    EXPECT_TRUE(InsertFeedback(connection, Event("twilio:1", kNow, dispatch_id)));
    EXPECT_FALSE(InsertFeedback(connection, Event("twilio:1", kNow)));
    EXPECT_TRUE(InsertFeedback(connection, Event("twilio:2", kNow)));
    EXPECT_TRUE(InsertFeedback(connection, Event("twilio:3", kNow)));
    v1::ListFeedbackResponse page;
    ListFeedback(connection, 0, 2, page);
    ASSERT_THAT(page.feedback(), SizeIs(2));
    const v1::Feedback& first = page.feedback(0);
    EXPECT_EQ(first.kind(), v1::FEEDBACK_KIND_REPLIED);
    EXPECT_EQ(first.event_id(), "twilio:1");
    EXPECT_EQ(first.provider(), "twilio");
    EXPECT_EQ(first.channel(), v1::CHANNEL_SMS);
    EXPECT_EQ(first.customer_run_id(), "r1");
    EXPECT_EQ(first.customer_id(), "c-r1");
    EXPECT_EQ(first.campaign(), "win-back");
    EXPECT_EQ(first.brand(), "nordlicht");
    EXPECT_EQ(first.address(), "+43664123");
    EXPECT_EQ(first.text(), "yes");
    EXPECT_EQ(FromTimestamp(first.event_time()), kNow - absl::Seconds(1));
    EXPECT_EQ(page.feedback(1).customer_run_id(), "");
    EXPECT_EQ(page.feedback(1).campaign(), "");
    const int64_t last = page.feedback(1).feedback_id();
    page.Clear();
    ListFeedback(connection, last, 2, page);
    ASSERT_THAT(page.feedback(), SizeIs(1));
    EXPECT_EQ(page.feedback(0).event_id(), "twilio:3");
    EXPECT_GT(page.feedback(0).feedback_id(), last);
  });
}

TEST_F(DeliveryStoreTest, PruningRemovesTheOldestAFewAtATime) {
  Open();
  Write([](Connection& connection) {
    for (int day = 0; day < 6; ++day) {
      InsertFeedback(connection, Event(absl::StrCat("e", day), kNow + absl::Hours(24 * day)));
    }
    const auto left = [&connection] {
      v1::ListFeedbackResponse page;
      ListFeedback(connection, 0, 10, page);
      std::vector<std::string> ids;
      for (const v1::Feedback& feedback : page.feedback()) ids.push_back(feedback.event_id());
      return ids;
    };
    PruneFeedback(connection, kNow, 10);
    EXPECT_THAT(left(), SizeIs(6));
    PruneFeedback(connection, kNow + absl::Hours(24 * 4), 3);
    EXPECT_THAT(left(), ElementsAre("e3", "e4", "e5"));
    PruneFeedback(connection, kNow + absl::Hours(24 * 4), 3);
    EXPECT_THAT(left(), ElementsAre("e4", "e5"));
  });
}

TEST_F(DeliveryStoreTest, IdsOfFeedbackGrowEvenWhenAllOfItIsGone) {
  Open();
  Write([](Connection& connection) {
    InsertFeedback(connection, Event("e1", kNow));
    InsertFeedback(connection, Event("e2", kNow));
    v1::ListFeedbackResponse page;
    ListFeedback(connection, 0, 10, page);
    const int64_t last = page.feedback(1).feedback_id();
    PruneFeedback(connection, kNow + absl::Seconds(1), 10);
    InsertFeedback(connection, Event("e3", kNow));
    page.Clear();
    ListFeedback(connection, last, 10, page);
    ASSERT_THAT(page.feedback(), SizeIs(1));
    EXPECT_EQ(page.feedback(0).event_id(), "e3");
  });
}

TEST_F(DeliveryStoreTest, ResolutionsOfADispatchAreListedInOrder) {
  Open();
  Write([](Connection& connection) {
    InsertResolution(connection, {1, v1::UNKNOWN_RESOLUTION_NOT_SENT, "ann", "not in the log", kNow});
    InsertResolution(connection, {2, v1::UNKNOWN_RESOLUTION_SENT, "bob", "", kNow});
    InsertResolution(connection, {1, v1::UNKNOWN_RESOLUTION_SENT, "eve", "", kNow + absl::Seconds(1)});
    const std::vector<ResolutionRow> rows = ListResolutions(connection, 1);
    ASSERT_THAT(rows, SizeIs(2));
    EXPECT_EQ(rows[0].resolved_by, "ann");
    EXPECT_EQ(rows[0].comment, "not in the log");
    EXPECT_EQ(rows[0].resolution, v1::UNKNOWN_RESOLUTION_NOT_SENT);
    EXPECT_EQ(rows[1].resolve_time, kNow + absl::Seconds(1));
    EXPECT_THAT(ListResolutions(connection, 3), IsEmpty());
  });
}

}  // namespace
}  // namespace campaign::delivery
