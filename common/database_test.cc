#include "common/database.h"

#include <atomic>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "common/testing/testing.h"

namespace campaign {
namespace {

using testing::StatusIs;
using testing::TempDir;

constexpr char kSchema[] = "CREATE TABLE IF NOT EXISTS item (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);";

absl::Status Insert(Connection& connection, const std::string& name) {
  SQLite::Statement& insert = connection.Prepare("INSERT INTO item (name) VALUES ($1)");
  insert.bind(1, name);
  insert.exec();
  return absl::OkStatus();
}

int64_t CountIn(Connection& connection) {
  SQLite::Statement& select = connection.Prepare("SELECT count(*) FROM item");
  select.executeStep();
  return select.getColumn(0).getInt64();
}

// Rows that a connection of its own sees: what is committed.
int64_t CommittedCount(const std::string& path) {
  Connection other(path, SQLite::OPEN_READONLY);
  return CountIn(other);
}

class DatabaseTest : public ::testing::Test {
 protected:
  DatabaseTest() { Reopen(); }

  void Reopen() {
    database_ = nullptr;
    auto opened = Database::Open(path_, kSchema);
    ASSERT_OK(opened);
    database_ = *std::move(opened);
  }
  absl::Status InsertOne(const std::string& name) {
    return database_->Write([name](Connection& connection) { return Insert(connection, name); });
  }
  int64_t Count() {
    int64_t count = -1;
    EXPECT_OK(database_->Read([&](Connection& connection) {
      count = CountIn(connection);
      return absl::OkStatus();
    }));
    return count;
  }

  // Keeps the writer busy until it is destroyed, so that what is submitted meanwhile forms one group.
  class Hold {
   public:
    explicit Hold(Database& database) {
      database.Submit(
          [this](Connection&) {
            holding_.Notify();
            release_.WaitForNotification();
            return absl::OkStatus();
          },
          [this](const absl::Status&) { over_.Notify(); });
      holding_.WaitForNotification();
    }
    ~Hold() {
      release_.Notify();
      over_.WaitForNotification();
    }

   private:
    absl::Notification holding_, release_, over_;
  };

  const TempDir dir_;
  const std::string path_ = dir_.File("test.db");
  std::unique_ptr<Database> database_;
};

TEST_F(DatabaseTest, ManyReadersShareTheIdleConnections) {
  std::vector<std::thread> readers;
  for (int i = 0; i < 4; ++i) {
    readers.emplace_back([this] {
      for (int read = 0; read < 50; ++read) EXPECT_EQ(Count(), 0);
    });
  }
  for (std::thread& reader : readers) reader.join();
}

TEST_F(DatabaseTest, EveryConcurrentWriteIsCommittedBeforeItIsDone) {
  constexpr int kThreads = 8;
  constexpr int kWrites = 50;
  std::atomic<int> missing = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      Connection other(path_, SQLite::OPEN_READONLY);
      for (int i = 0; i < kWrites; ++i) {
        const std::string name = std::to_string(t) + "/" + std::to_string(i);
        if (!InsertOne(name).ok()) ++missing;
        SQLite::Statement& select = other.Prepare("SELECT 1 FROM item WHERE name = $1");
        select.bind(1, name);
        if (!select.executeStep()) ++missing;
        other.ResetStatements();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(missing, 0);
  EXPECT_EQ(Count(), kThreads * kWrites);
}

TEST_F(DatabaseTest, WritesThatWaitShareOneTransaction) {
  constexpr int kWrites = 20;
  absl::BlockingCounter done(kWrites);
  std::vector<int64_t> seen(kWrites, -1);
  {
    Hold hold(*database_);
    for (int i = 0; i < kWrites; ++i) {
      database_->Submit([i](Connection& connection) { return Insert(connection, std::to_string(i)); },
                        [&, i](const absl::Status& status) {
                          EXPECT_OK(status);
                          seen[i] = CommittedCount(path_);
                          done.DecrementCount();
                        });
    }
    EXPECT_EQ(CommittedCount(path_), 0);
  }
  done.Wait();
  // The first one is told when the last one is durable too.
  EXPECT_EQ(seen, std::vector<int64_t>(kWrites, kWrites));
}

TEST_F(DatabaseTest, AGroupLargerThanTheLimitIsCommittedInFull) {
  constexpr int kWrites = 600;
  absl::BlockingCounter done(kWrites);
  {
    Hold hold(*database_);
    for (int i = 0; i < kWrites; ++i) {
      database_->Submit([i](Connection& connection) { return Insert(connection, std::to_string(i)); },
                        [&](const absl::Status& status) {
                          EXPECT_OK(status);
                          done.DecrementCount();
                        });
    }
  }
  done.Wait();
  EXPECT_EQ(Count(), kWrites);
}

TEST_F(DatabaseTest, AnErrorTakesBackOnlyItsOwnChanges) {
  std::vector<absl::Status> results(3);
  absl::BlockingCounter done(3);
  {
    Hold hold(*database_);
    for (int i = 0; i < 3; ++i) {
      database_->Submit(
          [i](Connection& connection) {
            EXPECT_OK(Insert(connection, std::to_string(i)));
            return i == 1 ? absl::NotFoundError("the second one") : absl::OkStatus();
          },
          [&, i](absl::Status status) {
            results[i] = std::move(status);
            done.DecrementCount();
          });
    }
  }
  done.Wait();
  EXPECT_OK(results[0]);
  EXPECT_THAT(results[1], StatusIs(absl::StatusCode::kNotFound, "the second one"));
  EXPECT_OK(results[2]);
  std::vector<std::string> names;
  EXPECT_OK(database_->Read([&](Connection& connection) {
    SQLite::Statement& select = connection.Prepare("SELECT name FROM item ORDER BY name");
    while (select.executeStep()) names.push_back(select.getColumn(0).getString());
    return absl::OkStatus();
  }));
  EXPECT_EQ(names, (std::vector<std::string>{"0", "2"}));
}

TEST_F(DatabaseTest, AnErrorOfAWriteAloneTakesItsChangesBack) {
  EXPECT_THAT(database_->Write([](Connection& connection) {
    EXPECT_OK(Insert(connection, "a"));
    return absl::AbortedError("changed my mind");
  }),
              StatusIs(absl::StatusCode::kAborted, "changed my mind"));
  EXPECT_EQ(Count(), 0);
  EXPECT_OK(InsertOne("a"));
}

TEST_F(DatabaseTest, WhatIsPostedRunsInItsTurnAndTheOnlyWriteBesideItIsAlone) {
  std::vector<std::string> order;
  absl::Status result;
  absl::BlockingCounter done(3);
  const auto note = [&](const char* what) {
    order.push_back(what);
    done.DecrementCount();
  };
  {
    Hold hold(*database_);
    database_->Post([&] { note("before"); });
    database_->Submit(
        [](Connection& connection) {
          EXPECT_OK(Insert(connection, "a"));
          return absl::AbortedError("changed my mind");
        },
        [&](absl::Status status) {
          result = std::move(status);
          note("write");
        });
    database_->Post([&] { note("after"); });
  }
  done.Wait();
  EXPECT_EQ(order, (std::vector<std::string>{"before", "write", "after"}));
  EXPECT_THAT(result, StatusIs(absl::StatusCode::kAborted, "changed my mind"));
  EXPECT_EQ(Count(), 0);
  EXPECT_OK(InsertOne("a"));
}

TEST_F(DatabaseTest, AnExceptionBecomesInternalAndLeavesTheOthersAlone) {
  ASSERT_OK(InsertOne("taken"));
  absl::BlockingCounter done(2);
  absl::Status duplicate, other;
  {
    Hold hold(*database_);
    database_->Submit(
        [](Connection& connection) {
          EXPECT_OK(Insert(connection, "goes away with it"));
          return Insert(connection, "taken");
        },
        [&](absl::Status status) {
          duplicate = std::move(status);
          done.DecrementCount();
        });
    database_->Submit([](Connection& connection) { return Insert(connection, "stays"); },
                      [&](absl::Status status) {
                        other = std::move(status);
                        done.DecrementCount();
                      });
  }
  done.Wait();
  EXPECT_THAT(duplicate, StatusIs(absl::StatusCode::kInternal, "SQLite: UNIQUE constraint failed: item.name"));
  EXPECT_OK(other);
  EXPECT_EQ(Count(), 2);
}

TEST_F(DatabaseTest, AGroupWhoseTransactionIsLostFailsAsAWhole) {
  absl::BlockingCounter done(3);
  std::vector<absl::Status> results(3);
  {
    Hold hold(*database_);
    for (int i = 0; i < 3; ++i) {
      database_->Submit(
          [i](Connection& connection) {
            EXPECT_OK(Insert(connection, std::to_string(i)));
            // As SQLite itself does where the disk is full.
            if (i == 1) connection.database().exec("ROLLBACK");
            return absl::OkStatus();
          },
          [&, i](absl::Status status) {
            results[i] = std::move(status);
            done.DecrementCount();
          });
    }
  }
  done.Wait();
  for (const absl::Status& result : results) EXPECT_THAT(result, StatusIs(absl::StatusCode::kInternal, "SQLite: "));
  EXPECT_EQ(Count(), 0);
  EXPECT_OK(InsertOne("the writer lives on"));
}

TEST_F(DatabaseTest, AReadSeesOneSnapshotAndDoesNotWaitForAWriter) {
  ASSERT_OK(InsertOne("a"));
  EXPECT_OK(database_->Read([&](Connection& connection) {
    EXPECT_EQ(CountIn(connection), 1);
    // A commit in the middle of the read, and a transaction that stays open: neither shows, neither blocks.
    EXPECT_OK(InsertOne("b"));
    Hold hold(*database_);
    EXPECT_EQ(CountIn(connection), 1);
    return absl::OkStatus();
  }));
  EXPECT_EQ(Count(), 2);
}

TEST_F(DatabaseTest, AReadThatStopsInTheMiddleOfItsRowsHoldsNoSnapshot) {
  ASSERT_OK(InsertOne("a"));
  ASSERT_OK(InsertOne("b"));
  EXPECT_OK(database_->Read([](Connection& connection) {
    SQLite::Statement& select = connection.Prepare("SELECT name FROM item ORDER BY name");
    EXPECT_TRUE(select.executeStep());
    return absl::OkStatus();
  }));
  ASSERT_OK(InsertOne("c"));
  EXPECT_EQ(Count(), 3);
  // A reader that still held its snapshot would keep the checkpoint from coming to the end of the log.
  SQLite::Database other(path_, SQLite::OPEN_READWRITE);
  SQLite::Statement checkpoint(other, "PRAGMA wal_checkpoint(TRUNCATE)");
  ASSERT_TRUE(checkpoint.executeStep());
  EXPECT_EQ(checkpoint.getColumn(0).getInt(), 0) << "busy";
}

TEST_F(DatabaseTest, AReadThatFailsSaysSoAndTheNextOneWorks) {
  EXPECT_THAT(database_->Read([](Connection&) { return absl::NotFoundError("nothing here"); }),
              StatusIs(absl::StatusCode::kNotFound, "nothing here"));
  EXPECT_THAT(database_->Read([](Connection& connection) {
    connection.Prepare("SELECT no_such_column FROM item");
    return absl::OkStatus();
  }),
              StatusIs(absl::StatusCode::kInternal, "SQLite: no such column: no_such_column"));
  EXPECT_EQ(Count(), 0);
}

TEST_F(DatabaseTest, AReadCannotWrite) {
  EXPECT_THAT(database_->Read([](Connection& connection) { return Insert(connection, "a"); }),
              StatusIs(absl::StatusCode::kInternal, "SQLite: attempt to write a readonly database"));
  EXPECT_EQ(Count(), 0);
}

TEST_F(DatabaseTest, APreparedStatementComesBackWithoutItsOldBindings) {
  EXPECT_OK(database_->Write([](Connection& connection) {
    constexpr char kSql[] = "SELECT $1 IS NULL";
    connection.Prepare(kSql).bind(1, 5);
    SQLite::Statement& again = connection.Prepare(kSql);
    EXPECT_TRUE(again.executeStep());
    EXPECT_EQ(again.getColumn(0).getInt(), 1);
    return absl::OkStatus();
  }));
}

TEST_F(DatabaseTest, RefusesAFileThatIsOwnedAlready) {
  EXPECT_THAT(Database::Open(path_, kSchema), StatusIs(absl::StatusCode::kFailedPrecondition, "another process owns"));
  Reopen();
  EXPECT_OK(InsertOne("the owner is let in again once it has closed"));
}

TEST_F(DatabaseTest, KeepsItsDataWhenItIsOpenedAgain) {
  ASSERT_OK(InsertOne("a"));
  Reopen();
  EXPECT_EQ(Count(), 1);
}

TEST_F(DatabaseTest, FinishesWhatWasSubmittedBeforeItCloses) {
  std::atomic<int> done = 0;
  for (int i = 0; i < 300; ++i) {
    database_->Submit([i](Connection& connection) { return Insert(connection, std::to_string(i)); },
                      [&](const absl::Status& status) { done += status.ok(); });
  }
  database_ = nullptr;
  EXPECT_EQ(done, 300);
  Reopen();
  EXPECT_EQ(Count(), 300);
}

TEST_F(DatabaseTest, FinishesWhatAWriteSubmitsWhileItCloses) {
  std::atomic<bool> second = false;
  database_->Submit([](Connection& connection) { return Insert(connection, "first"); },
                    [&](const absl::Status&) {
                      database_->Submit([](Connection& connection) { return Insert(connection, "second"); },
                                        [&](const absl::Status& status) { second = status.ok(); });
                    });
  EXPECT_OK(InsertOne("third"));
  Reopen();
  EXPECT_TRUE(second);
  EXPECT_EQ(Count(), 3);
}

TEST(DatabaseOpen, SaysWhereTheFileCannotBe) {
  const TempDir dir;
  EXPECT_THAT(Database::Open(dir.File("missing/test.db"), kSchema),
              StatusIs(absl::StatusCode::kInternal, "missing/test.db"));
}

TEST(DatabaseOpen, DoesNotKeepTheLockOfAFileThatIsNoDatabase) {
  const TempDir dir;
  const std::string path = dir.File("test.db");
  std::ofstream(path) << std::string(4096, 'x');
  EXPECT_THAT(Database::Open(path, kSchema), StatusIs(absl::StatusCode::kInternal, "file is not a database"));
  std::filesystem::remove(path);
  EXPECT_OK(Database::Open(path, kSchema));
}

TEST(DatabaseOpen, DoesNotKeepTheLockWhereTheSchemaIsWrong) {
  const TempDir dir;
  const std::string path = dir.File("test.db");
  EXPECT_THAT(Database::Open(path, "CREATE NONSENSE"), StatusIs(absl::StatusCode::kInternal, "syntax error"));
  EXPECT_OK(Database::Open(path, kSchema));
}

}  // namespace
}  // namespace campaign
