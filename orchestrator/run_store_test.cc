#include "orchestrator/run_store.h"

#include <string>
#include <vector>

#include "common/testing/testing.h"
#include "orchestrator/batch.h"
#include "orchestrator/testing_campaigns.h"

namespace campaign::orchestrator {
namespace {

using testing::ParseProto;

class RunStoreTest : public StoreTest {
 protected:
  // A run that is stored, all of its fields different from each other.
  int64_t InsertRun(const std::string& id, const std::string& campaign = "win-back", bool dry_run = false) {
    CampaignRunRow run{.id = id, .campaign = campaign, .version = "v-" + id, .dry_run = dry_run};
    run.request.set_campaign(campaign);
    run.request.set_customer_id("c-" + id);
    run.create_time = now_;
    Write([&](Connection& connection) { RunStore(connection).InsertRun(run); });
    return run.number;
  }
  void InsertCustomer(int64_t key, const std::string& customer_id, int64_t batch_id = 7, int32_t slot = 3) {
    Write([&](Connection& connection) {
      RunStore(connection)
          .InsertCustomerRun({.key = key,
                              .customer_id = customer_id,
                              .batch_id = batch_id,
                              .slot = slot,
                              .state = v1::CUSTOMER_RUN_STATE_RUNNING});
    });
  }
  void SetState(int64_t key, v1::CustomerRunState state, absl::optional<absl::Time> wake = absl::nullopt) {
    Write([&](Connection& connection) {
      RunStore(connection).SetCustomerRunState(key, state, wake, ParseProto<ReasonList>("reasons { code: 'WHY' }"));
    });
  }
  // `function(store)`'s value, read.
  template <class Function>
  auto Get(Function function) {
    decltype(function(std::declval<RunStore&>())) value{};
    Read([&](Connection& connection) {
      RunStore store(connection);
      value = function(store);
    });
    return value;
  }
  static std::vector<std::string> Ids(const std::vector<CustomerRunRow>& rows) {
    std::vector<std::string> ids;
    for (const CustomerRunRow& row : rows) ids.push_back(row.customer_id);
    return ids;
  }
  using Strings = std::vector<std::string>;
};

TEST_F(RunStoreTest, FindsARunByIdAndByNumber) {
  const int64_t number = InsertRun("r1", "win-back", /*dry_run=*/true);
  InsertRun("r2");
  const auto run = Get([](RunStore& store) { return store.FindRun("r1"); });
  ASSERT_TRUE(run.has_value());
  EXPECT_EQ(run->number, number);
  EXPECT_EQ(run->id, "r1");
  EXPECT_EQ(run->campaign, "win-back");
  EXPECT_EQ(run->version, "v-r1");
  EXPECT_TRUE(run->dry_run);
  EXPECT_FALSE(run->cancelled);
  EXPECT_FALSE(run->expanded);
  EXPECT_EQ(run->cursor, "");
  EXPECT_EQ(run->next_sequence, 0);
  EXPECT_EQ(run->request.customer_id(), "c-r1");
  EXPECT_EQ(run->create_time, now_);
  EXPECT_EQ(run->update_time, now_);
  EXPECT_EQ(Get([&](RunStore& store) { return store.FindRun(number); })->id, "r1");
  EXPECT_FALSE(Get([](RunStore& store) { return store.FindRun("r9"); }).has_value());
  EXPECT_FALSE(Get([](RunStore& store) { return store.FindRun(99); }).has_value());
}

TEST_F(RunStoreTest, ListsRunsNewestFirstByCampaignAPageAtATime) {
  InsertRun("r1", "a");
  InsertRun("r2", "b");
  const int64_t third = InsertRun("r3", "a");
  const auto ids = [&](const std::string& campaign, int64_t before, int size) {
    Strings found;
    for (const auto& run : Get([&](RunStore& store) { return store.ListRuns(campaign, before, size); }))
      found.push_back(run.id);
    return found;
  };
  EXPECT_EQ(ids("", 0, 10), (Strings{"r3", "r2", "r1"}));
  EXPECT_EQ(ids("a", 0, 10), (Strings{"r3", "r1"}));
  EXPECT_EQ(ids("", 0, 2), (Strings{"r3", "r2"}));
  EXPECT_EQ(ids("a", third, 10), (Strings{"r1"}));
}

TEST_F(RunStoreTest, RemembersHowFarARunWasTakenIn) {
  const int64_t number = InsertRun("r1"), other = InsertRun("r2");
  Write([&](Connection& connection) { RunStore(connection).AdvanceRun(number, "c-17", 18, /*expanded=*/false); });
  auto run = Get([&](RunStore& store) { return store.FindRun(number); });
  EXPECT_EQ(run->cursor, "c-17");
  EXPECT_EQ(run->next_sequence, 18);
  EXPECT_FALSE(run->expanded);
  EXPECT_EQ(Get([](RunStore& store) { return store.UnexpandedRuns(); }), (std::vector<int64_t>{number, other}));
  Write([&](Connection& connection) {
    RunStore(connection).AdvanceRun(number, "c-18", 19, /*expanded=*/true);
    // Once expanded, always expanded.
    RunStore(connection).AdvanceRun(number, "c-19", 20, /*expanded=*/false);
  });
  run = Get([&](RunStore& store) { return store.FindRun(number); });
  EXPECT_TRUE(run->expanded);
  EXPECT_EQ(run->next_sequence, 20);
  EXPECT_EQ(Get([](RunStore& store) { return store.UnexpandedRuns(); }), (std::vector<int64_t>{other}));
}

TEST_F(RunStoreTest, ACancelledRunIsTakenInNoFurther) {
  const int64_t number = InsertRun("r1");
  InsertRun("r2");
  Write([&](Connection& connection) { RunStore(connection).CancelRun(number, now_ + absl::Seconds(5)); });
  const auto run = Get([&](RunStore& store) { return store.FindRun(number); });
  EXPECT_TRUE(run->cancelled);
  EXPECT_TRUE(run->expanded);
  EXPECT_EQ(run->update_time, now_ + absl::Seconds(5));
  EXPECT_EQ(Get([](RunStore& store) { return store.CancelledRuns(); }), (std::vector<int64_t>{number}));
  EXPECT_EQ(Get([](RunStore& store) { return store.UnexpandedRuns(); }), (std::vector<int64_t>{number + 1}));
}

TEST_F(RunStoreTest, CountsEveryStateInItsOwnColumn) {
  const int64_t number = InsertRun("r1"), other = InsertRun("r2");
  StateArray deltas{};
  for (size_t state = 1; state < deltas.size(); ++state) deltas[state] = static_cast<int64_t>(10 * state);
  Write([&](Connection& connection) { RunStore(connection).CountRun(number, deltas, now_ + absl::Seconds(1)); });
  StateArray less{};
  less[v1::CUSTOMER_RUN_STATE_RUNNING] = -5;
  Write([&](Connection& connection) { RunStore(connection).CountRun(number, less, now_ + absl::Seconds(2)); });
  const auto run = Get([&](RunStore& store) { return store.FindRun(number); });
  for (size_t state = 1; state < deltas.size(); ++state) {
    EXPECT_EQ(run->counts[state], deltas[state] + less[state]) << state;
  }
  EXPECT_EQ(run->update_time, now_ + absl::Seconds(2));
  EXPECT_EQ(Get([&](RunStore& store) { return store.FindRun(other); })->counts, StateArray{});
}

TEST_F(RunStoreTest, KeepsACustomerRunThroughItsStates) {
  const int64_t key = CustomerRunKey(2, 5);
  InsertCustomer(key, "ann", /*batch_id=*/11, /*slot=*/4);
  auto row = Get([&](RunStore& store) { return store.FindCustomerRun(key); });
  ASSERT_TRUE(row.has_value());
  EXPECT_EQ(row->key, key);
  EXPECT_EQ(row->customer_id, "ann");
  EXPECT_EQ(row->batch_id, 11);
  EXPECT_EQ(row->slot, 4);
  EXPECT_EQ(row->state, v1::CUSTOMER_RUN_STATE_RUNNING);
  EXPECT_FALSE(row->wake_time.has_value());
  EXPECT_EQ(row->reasons.reasons_size(), 0);

  SetState(key, v1::CUSTOMER_RUN_STATE_DEFERRED, now_ + absl::Microseconds(1));
  row = Get([&](RunStore& store) { return store.FindCustomerRun(key); });
  EXPECT_EQ(row->state, v1::CUSTOMER_RUN_STATE_DEFERRED);
  EXPECT_EQ(row->wake_time, now_ + absl::Microseconds(1));
  EXPECT_EQ(row->reasons.reasons(0).code(), "WHY");

  Write([&](Connection& connection) { RunStore(connection).MoveCustomerRun(key, /*batch_id=*/12, /*slot=*/0); });
  row = Get([&](RunStore& store) { return store.FindCustomerRun(key); });
  EXPECT_EQ(row->batch_id, 12);
  EXPECT_EQ(row->slot, 0);
  EXPECT_EQ(row->state, v1::CUSTOMER_RUN_STATE_RUNNING);
  EXPECT_FALSE(row->wake_time.has_value());
  EXPECT_EQ(row->reasons.reasons_size(), 0);
  EXPECT_FALSE(Get([](RunStore& store) { return store.FindCustomerRun(1); }).has_value());
}

TEST_F(RunStoreTest, ListsOnlyTheRunsOwnCustomers) {
  InsertCustomer(CustomerRunKey(1, 0xffffffff), "last of run 1");
  InsertCustomer(CustomerRunKey(2, 0), "a");
  InsertCustomer(CustomerRunKey(2, 1), "b");
  InsertCustomer(CustomerRunKey(2, 2), "c");
  InsertCustomer(CustomerRunKey(3, 0), "first of run 3");
  SetState(CustomerRunKey(2, 1), v1::CUSTOMER_RUN_STATE_DELIVERED);
  const auto list = [&](int64_t after, v1::CustomerRunState state, const std::string& customer, int size) {
    return Ids(Get([&](RunStore& store) { return store.ListCustomerRuns(2, after, state, customer, size); }));
  };
  constexpr auto kAny = v1::CUSTOMER_RUN_STATE_UNSPECIFIED;
  EXPECT_EQ(list(0, kAny, "", 10), (Strings{"a", "b", "c"}));
  EXPECT_EQ(list(0, kAny, "", 2), (Strings{"a", "b"}));
  EXPECT_EQ(list(CustomerRunKey(2, 0), kAny, "", 10), (Strings{"b", "c"}));
  EXPECT_EQ(list(0, v1::CUSTOMER_RUN_STATE_RUNNING, "", 10), (Strings{"a", "c"}));
  EXPECT_EQ(list(0, kAny, "c", 10), (Strings{"c"}));
  EXPECT_EQ(list(0, v1::CUSTOMER_RUN_STATE_DELIVERED, "c", 10), Strings());
  // A token of another run shows nothing of it.
  EXPECT_EQ(list(CustomerRunKey(1, 0), kAny, "", 10), (Strings{"a", "b", "c"}));
  EXPECT_EQ(list(CustomerRunKey(3, 0), kAny, "", 10), Strings());
}

TEST_F(RunStoreTest, GivesWhoIsDueEarliestFirst) {
  for (int i = 0; i < 4; ++i) InsertCustomer(CustomerRunKey(1, i), std::string(1, static_cast<char>('a' + i)));
  InsertCustomer(CustomerRunKey(2, 0), "other run");
  SetState(CustomerRunKey(1, 0), v1::CUSTOMER_RUN_STATE_DEFERRED, now_ + absl::Seconds(3));
  SetState(CustomerRunKey(1, 1), v1::CUSTOMER_RUN_STATE_WAITING_REVIEW, now_ + absl::Seconds(1));
  SetState(CustomerRunKey(1, 2), v1::CUSTOMER_RUN_STATE_DEFERRED, now_ + absl::Seconds(4));
  SetState(CustomerRunKey(2, 0), v1::CUSTOMER_RUN_STATE_DEFERRED, now_ + absl::Seconds(2));
  const auto due = [&](absl::Time now, int limit) {
    return Ids(Get([&](RunStore& store) { return store.DueCustomerRuns(now, limit); }));
  };
  EXPECT_EQ(due(now_, 10), Strings());
  EXPECT_EQ(due(now_ + absl::Seconds(3), 10), (Strings{"b", "other run", "a"}));
  EXPECT_EQ(due(now_ + absl::Seconds(3), 2), (Strings{"b", "other run"}));
  EXPECT_EQ(Ids(Get([](RunStore& store) { return store.WaitingCustomerRuns(1, 10); })), (Strings{"a", "b", "c"}));
  EXPECT_EQ(Ids(Get([](RunStore& store) { return store.WaitingCustomerRuns(1, 2); })), (Strings{"a", "b"}));
  EXPECT_EQ(Get([](RunStore& store) { return store.NextWakeTime(); }), now_ + absl::Seconds(1));
}

TEST_F(RunStoreTest, HasNoNextWakeTimeWhereNobodyWaits) {
  InsertCustomer(CustomerRunKey(1, 0), "a");
  EXPECT_FALSE(Get([](RunStore& store) { return store.NextWakeTime(); }).has_value());
}

TEST_F(RunStoreTest, LoadsABatchWithItsJournalInOrder) {
  BatchRow batch{.campaign = "win-back", .version = "v", .dry_run = false, .bulk = true};
  batch.members.add_customer_runs(CustomerRunKey(1, 0));
  int64_t first = 0, second = 0;
  Write([&](Connection& connection) {
    RunStore store(connection);
    first = store.InsertBatch(batch);
    second = store.InsertBatch({.campaign = "other", .version = "w", .dry_run = true});
    store.AppendEntry(first, 1, ParseProto<JournalEntry>("step: STEP_OFFER").SerializeAsString());
    store.AppendEntry(second, 0, ParseProto<JournalEntry>("step: STEP_REVIEW").SerializeAsString());
    store.AppendEntry(first, 0, ParseProto<JournalEntry>("step: STEP_ROUTER next_position: 2").SerializeAsString());
    store.AppendEntry(first, 2, "");
  });
  const BatchRow loaded = Get([&](RunStore& store) { return store.LoadBatch(first); });
  EXPECT_EQ(loaded.id, first);
  EXPECT_EQ(loaded.campaign, "win-back");
  EXPECT_EQ(loaded.version, "v");
  EXPECT_FALSE(loaded.dry_run);
  EXPECT_TRUE(loaded.bulk);
  EXPECT_EQ(loaded.members.customer_runs(0), CustomerRunKey(1, 0));
  ASSERT_EQ(loaded.entries.size(), 3u);
  EXPECT_EQ(loaded.entries[0].step(), v1::STEP_ROUTER);
  EXPECT_EQ(loaded.entries[0].next_position(), 2);
  EXPECT_EQ(loaded.entries[1].step(), v1::STEP_OFFER);
  EXPECT_EQ(loaded.entries[2].step(), v1::STEP_UNSPECIFIED);
  const BatchRow other = Get([&](RunStore& store) { return store.LoadBatch(second); });
  EXPECT_TRUE(other.dry_run);
  EXPECT_FALSE(other.bulk);
  EXPECT_EQ(other.members.customer_runs_size(), 0);
}

TEST_F(RunStoreTest, AnEntryIsWrittenOnce) {
  EXPECT_THAT(database_->Write([](Connection& connection) {
    RunStore(connection).AppendEntry(1, 0, "");
    RunStore(connection).AppendEntry(1, 0, "");
    return absl::OkStatus();
  }),
              testing::StatusIs(absl::StatusCode::kInternal, "UNIQUE constraint failed"));
}

TEST_F(RunStoreTest, ABatchThatIsNotThereIsAnError) {
  EXPECT_THAT(database_->Read([](Connection& connection) {
    RunStore(connection).LoadBatch(42);
    return absl::OkStatus();
  }),
              testing::StatusIs(absl::StatusCode::kInternal, "batch 42 is not in the journal"));
}

TEST_F(RunStoreTest, KnowsWhichBatchesAreOnTheWay) {
  int64_t first = 0, second = 0;
  Write([&](Connection& connection) {
    first = RunStore(connection).InsertBatch({.campaign = "a", .version = "v"});
    second = RunStore(connection).InsertBatch({.campaign = "a", .version = "v"});
  });
  EXPECT_EQ(Get([](RunStore& store) { return store.OpenBatches(); }), (std::vector<int64_t>{first, second}));
  Write([&](Connection& connection) { RunStore(connection).CloseBatch(first); });
  EXPECT_EQ(Get([](RunStore& store) { return store.OpenBatches(); }), (std::vector<int64_t>{second}));
}

TEST_F(RunStoreTest, KeepsTheFirstResponseOfARequest) {
  Write([&](Connection& connection) {
    RunStore(connection).InsertMemo("q1", {.fingerprint = "f", .run_number = 3, .response = {}}, now_);
  });
  auto memo = Get([](RunStore& store) { return store.FindMemo("q1"); });
  ASSERT_TRUE(memo.has_value());
  EXPECT_EQ(memo->fingerprint, "f");
  EXPECT_EQ(memo->run_number, 3);
  EXPECT_FALSE(memo->response.has_value());
  Write([](Connection& connection) {
    RunStore(connection).SetMemoResponse("q1", "first");
    RunStore(connection).SetMemoResponse("q1", "second");
    RunStore(connection).SetMemoResponse("unknown", "third");
  });
  EXPECT_EQ(Get([](RunStore& store) { return store.FindMemo("q1"); })->response, "first");
  EXPECT_FALSE(Get([](RunStore& store) { return store.FindMemo("unknown"); }).has_value());
}

TEST(CustomerRunKey, HoldsRunAndPosition) {
  const int64_t key = CustomerRunKey(77, 0xfffffffe);
  EXPECT_EQ(RunNumberOf(key), 77);
  EXPECT_EQ(SequenceOf(key), 0xfffffffe);
  EXPECT_LT(CustomerRunKey(1, 0xffffffff), CustomerRunKey(2, 0));
}

}  // namespace
}  // namespace campaign::orchestrator
