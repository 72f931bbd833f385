#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

// What the operating system and SQLite say about the processes and files that tools/run_local made in a folder.
namespace campaign::load {

// By process name, such as "orchestrator".
using Pids = std::map<std::string, pid_t>;

// Reads the *.pid files of `dir`. NOT_FOUND: there are none.
absl::StatusOr<Pids> ReadPids(const std::string& dir);

// User and system time of all threads, from the text of /proc/PID/stat with `ticks_per_second`. INTERNAL: not that
// form.
absl::StatusOr<absl::Duration> ParseCpuTime(absl::string_view stat, int64_t ticks_per_second);

// Greatest resident memory ever, in KiB, from the text of /proc/PID/status. INTERNAL: not that form.
absl::StatusOr<int64_t> ParsePeakRssKib(absl::string_view status);

// By process. UNAVAILABLE: a process has ended.
absl::StatusOr<std::map<std::string, absl::Duration>> ReadCpuTimes(const Pids& pids);
absl::StatusOr<std::map<std::string, int64_t>> ReadPeakRssKib(const Pids& pids);

// Bytes of each *.db file of `dir`, its write-ahead log counted as if it were checkpointed: what its tables and indexes
// take, free pages left out. INTERNAL: SQLite's message.
absl::StatusOr<std::map<std::string, int64_t>> ReadDatabaseBytes(const std::string& dir);

}  // namespace campaign::load
