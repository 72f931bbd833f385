#include "common/database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "common/log.h"
#include "common/status.h"

namespace campaign {
namespace {

// Larger groups would make the first write of a group wait for too many others.
constexpr size_t kMaxGroup = 256;

absl::Status SqliteError(const SQLite::Exception& error) {
  return absl::InternalError(absl::StrCat("SQLite: ", error.what()));
}

// Takes the exclusive lock beside the database file; the kernel drops it when the process ends, however it ends.
absl::StatusOr<int> LockFile(const std::string& path) {
  const std::string lock_path = path + ".lock";
  const int file = open(lock_path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  if (file < 0) return absl::InternalError(absl::StrCat("cannot open ", lock_path, ": ", std::strerror(errno)));
  if (flock(file, LOCK_EX | LOCK_NB) != 0) {
    close(file);
    return absl::FailedPreconditionError(
        absl::StrCat("another process owns ", path, " (", lock_path, " is locked); one process may open it"));
  }
  return file;
}

}  // namespace

// Each connection is used by one thread at a time, so SQLite's own locks on it would only cost.
Connection::Connection(const std::string& path, int flags)
    : database_(path, flags | SQLite::OPEN_NOMUTEX, /*aBusyTimeoutMs=*/10'000) {}

SQLite::Statement& Connection::Prepare(const char* sql) {
  std::unique_ptr<SQLite::Statement>& statement = statements_[sql];
  if (statement == nullptr) {
    statement = std::make_unique<SQLite::Statement>(database_, sql);
  } else {
    statement->tryReset();
    statement->clearBindings();
  }
  in_use_.push_back(statement.get());
  return *statement;
}

void Connection::ResetStatements() {
  for (SQLite::Statement* statement : in_use_) statement->tryReset();
  in_use_.clear();
}

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const std::string& path, const char* schema) {
  // Nobody reads SQLite's count of its own memory, and counting takes a lock at each allocation. Refused, and harmless,
  // once SQLite has been used.
  static const int counting_off = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  static_cast<void>(counting_off);
  ASSIGN_OR_RETURN(const int lock_file, LockFile(path));
  try {
    auto database = std::unique_ptr<Database>(new Database(path, lock_file));
    database->writer_.database().exec(schema);
    database->writer_thread_ = std::thread([raw = database.get()] { raw->WriterLoop(); });
    return database;
  } catch (const SQLite::Exception& error) {
    return absl::InternalError(absl::StrCat("cannot open ", path, ": ", error.what()));
  }
}

Database::Database(const std::string& path, int lock_file) try
    : path_(path), lock_file_(lock_file), writer_(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE) {
  writer_.database().exec(
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=4000; PRAGMA cache_size=-32768;"
      "PRAGMA temp_store=MEMORY; PRAGMA journal_size_limit=67108864;");
} catch (...) {
  // No destructor runs; the file must not stay locked. The exception goes on by itself.
  close(lock_file);
}

Database::~Database() {
  Close();
  close(lock_file_);
}

void Database::Close() {
  {
    absl::MutexLock lock(&queue_mutex_);
    if (closing_) return;
    closing_ = true;
  }
  // Open may have failed before there was a thread.
  if (writer_thread_.joinable()) writer_thread_.join();
  {
    absl::MutexLock lock(&readers_mutex_);
    idle_readers_.clear();
  }
  if (writer_.database().tryExec("PRAGMA wal_checkpoint(TRUNCATE)") != SQLite::OK) {
    LOG(WARNING) << path_ << ": no checkpoint at close: " << writer_.database().getErrorMsg();
  }
}

void Database::Submit(WriteFunction write, DoneFunction done) {
  absl::MutexLock lock(&queue_mutex_);
  if (closed_) return;
  queue_.push_back({std::move(write), std::move(done)});
}

void Database::Post(std::function<void()> function) {
  Submit(nullptr, [function = std::move(function)](const absl::Status&) { function(); });
}

absl::Status Database::Write(WriteFunction write) {
  absl::Notification finished;
  absl::Status result;
  Submit(std::move(write), [&](absl::Status status) {
    result = std::move(status);
    finished.Notify();
  });
  finished.WaitForNotification();
  return result;
}

absl::Status Database::Read(absl::FunctionRef<absl::Status(Connection&)> read) {
  std::unique_ptr<Connection> connection;
  {
    absl::MutexLock lock(&readers_mutex_);
    if (!idle_readers_.empty()) {
      connection = std::move(idle_readers_.back());
      idle_readers_.pop_back();
    }
  }
  absl::Status status;
  try {
    if (connection == nullptr) connection = std::make_unique<Connection>(path_, SQLite::OPEN_READONLY);
    connection->Prepare("BEGIN").exec();
    status = read(*connection);
    connection->ResetStatements();
    connection->Prepare("COMMIT").exec();
    connection->ResetStatements();
  } catch (const SQLite::Exception& error) {
    return SqliteError(error);  // The connection is dropped with its open transaction.
  }
  absl::MutexLock lock(&readers_mutex_);
  idle_readers_.push_back(std::move(connection));
  return status;
}

void Database::WriterLoop() {
  while (true) {
    std::vector<Pending> group;
    {
      absl::MutexLock lock(&queue_mutex_);
      const auto has_work = [this]()
                                ABSL_EXCLUSIVE_LOCKS_REQUIRED(queue_mutex_) { return !queue_.empty() || closing_; };
      queue_mutex_.Await(absl::Condition(&has_work));
      if (queue_.empty()) {
        closed_ = true;
        return;
      }
      while (!queue_.empty() && group.size() < kMaxGroup) {
        group.push_back(std::move(queue_.front()));
        queue_.pop_front();
      }
    }
    CommitGroup(std::move(group));
  }
}

void Database::CommitGroup(std::vector<Pending> group) {
  std::vector<absl::Status> results(group.size());
  const auto writes = std::count_if(group.begin(), group.end(), [](const Pending& p) { return p.write != nullptr; });
  try {
    if (writes > 0) WriteGroup(group, /*alone=*/writes == 1, results);
  } catch (const SQLite::Exception& error) {
    LOG(ERROR) << path_ << ": a transaction of " << writes << " writes failed: " << error.what();
    writer_.ResetStatements();
    // SQLite may have rolled back by itself; then this has nothing to do.
    writer_.database().tryExec("ROLLBACK");
    for (size_t i = 0; i < group.size(); ++i) {
      if (group[i].write != nullptr && results[i].ok()) results[i] = SqliteError(error);
    }
  }
  for (size_t i = 0; i < group.size(); ++i) group[i].done(std::move(results[i]));
}

void Database::WriteGroup(std::vector<Pending>& group, bool alone, std::vector<absl::Status>& results) {
  writer_.Prepare("BEGIN IMMEDIATE").exec();
  bool keep = !alone;
  for (size_t i = 0; i < group.size(); ++i) {
    if (group[i].write == nullptr) continue;
    results[i] = RunOne(group[i], alone);
    keep = keep || results[i].ok();
  }
  writer_.Prepare(keep ? "COMMIT" : "ROLLBACK").exec();
  writer_.ResetStatements();
}

absl::Status Database::RunOne(Pending& pending, bool alone) {
  if (!alone) writer_.Prepare("SAVEPOINT one_write").exec();
  absl::Status status;
  try {
    status = pending.write(writer_);
  } catch (const SQLite::Exception& error) {
    status = SqliteError(error);
  }
  writer_.ResetStatements();
  if (!alone) {
    if (!status.ok()) writer_.Prepare("ROLLBACK TO one_write").exec();
    writer_.Prepare("RELEASE one_write").exec();
  }
  return status;
}

}  // namespace campaign
