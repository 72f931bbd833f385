#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "SQLiteCpp/SQLiteCpp.h"
#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"

namespace campaign {

// One SQLite connection and its prepared statements. Not thread-safe.
class Connection {
 public:
  // `flags` as of SQLite::OPEN_*.
  Connection(const std::string& path, int flags);

  // The statement, reset and without bindings, prepared on first use. `sql` must be a string literal: statements are
  // kept by its address.
  SQLite::Statement& Prepare(const char* sql);

  // Resets what was prepared since the last call: a statement left in the middle of its rows would hold its snapshot.
  void ResetStatements();

  SQLite::Database& database() { return database_; }

 private:
  SQLite::Database database_;
  std::vector<SQLite::Statement*> in_use_;
  absl::flat_hash_map<const char*, std::unique_ptr<SQLite::Statement>> statements_;
};

// A SQLite file that one process owns: one read-write connection on a thread of its own, which also checkpoints, and
// read-only connections beside it. WAL, synchronous=FULL. Thread-safe.
//
// Writes that arrive while a transaction commits share the next one (group commit): each runs in its own savepoint, so
// that one that fails takes back its own changes alone. A SQLite::Exception in a write or read becomes INTERNAL.
class Database {
 public:
  // Runs in the writer's transaction. An error takes back its changes.
  using WriteFunction = std::function<absl::Status(Connection&)>;
  using DoneFunction = std::function<void(absl::Status)>;

  // Opens or creates the file and runs `schema` (statements that may run again at each start).
  // FAILED_PRECONDITION: another process owns the file. INTERNAL: SQLite's message.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& path, const char* schema);

  // Closes.
  ~Database();

  // Finishes every write that was submitted and checkpoints. What is submitted later is dropped, without a word to its
  // `done`: for a process that is about to end while calls are still on the way. Nothing may be read any more.
  void Close();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Runs `write` on the writer's thread; calls `done` there once its changes are durable, or with its error.
  void Submit(WriteFunction write, DoneFunction done);

  // Runs `function` on the writer's thread, in its turn among the writes, without a transaction.
  void Post(std::function<void()> function);

  // As Submit, waiting. Must not be called on the writer's thread.
  absl::Status Write(WriteFunction write);

  // Runs `read` on this thread with a read-only connection, in one snapshot.
  absl::Status Read(absl::FunctionRef<absl::Status(Connection&)> read);

 private:
  struct Pending {
    WriteFunction write;  // Null: only `done` is to be run.
    DoneFunction done;
  };

  Database(const std::string& path, int lock_file);
  void WriterLoop();
  void CommitGroup(std::vector<Pending> group);
  // Runs the group's writes in one transaction and commits it. `alone`: there is one write only.
  void WriteGroup(std::vector<Pending>& group, bool alone, std::vector<absl::Status>& results);
  absl::Status RunOne(Pending& pending, bool alone);

  const std::string path_;
  const int lock_file_;
  Connection writer_;

  absl::Mutex queue_mutex_;
  std::deque<Pending> queue_ ABSL_GUARDED_BY(queue_mutex_);
  bool closing_ ABSL_GUARDED_BY(queue_mutex_) = false;
  // The writer has ended; nobody would run what is submitted now.
  bool closed_ ABSL_GUARDED_BY(queue_mutex_) = false;

  absl::Mutex readers_mutex_;
  std::vector<std::unique_ptr<Connection>> idle_readers_ ABSL_GUARDED_BY(readers_mutex_);

  std::thread writer_thread_;  // Last: it uses all of the above.
};

}  // namespace campaign
