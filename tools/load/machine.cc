#include "tools/load/machine.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "SQLiteCpp/SQLiteCpp.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/status.h"

namespace campaign::load {
namespace {

std::string ReadAll(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// Files of `dir` with this extension, by stem.
std::map<std::string, std::string> FilesByStem(const std::string& dir, absl::string_view extension) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(dir)) {
    if (entry.path().extension().string() == extension) files[entry.path().stem().string()] = entry.path().string();
  }
  return files;
}

// Reads /proc/PID/`file` of every process and parses it.
template <class Value, class Parse>
absl::StatusOr<std::map<std::string, Value>> ReadEach(const Pids& pids, absl::string_view file, Parse parse) {
  std::map<std::string, Value> values;
  for (const auto& [name, pid] : pids) {
    const std::string text = ReadAll(absl::StrCat("/proc/", pid, "/", file));
    if (text.empty()) return absl::UnavailableError(absl::StrCat(name, " has ended; see its log"));
    ASSIGN_OR_RETURN(values[name], parse(text));
  }
  return values;
}

int64_t PragmaNumber(SQLite::Database& database, const char* pragma) { return database.execAndGet(pragma).getInt64(); }

int64_t DatabaseBytes(const std::string& path) {
  SQLite::Database database(path, SQLite::OPEN_READONLY, /*aBusyTimeoutMs=*/5000);
  const SQLite::Transaction snapshot(database);
  const int64_t pages = PragmaNumber(database, "PRAGMA page_count") - PragmaNumber(database, "PRAGMA freelist_count");
  return pages * PragmaNumber(database, "PRAGMA page_size");
}

}  // namespace

absl::StatusOr<Pids> ReadPids(const std::string& dir) {
  Pids pids;
  for (const auto& [name, path] : FilesByStem(dir, ".pid")) {
    if (!absl::SimpleAtoi(ReadAll(path), &pids[name])) return absl::InternalError(absl::StrCat(path, " is no number"));
  }
  if (pids.empty()) return absl::NotFoundError(absl::StrCat(dir, " has no *.pid files; start tools/run_local first"));
  return pids;
}

absl::StatusOr<absl::Duration> ParseCpuTime(absl::string_view stat, int64_t ticks_per_second) {
  // The command's name, in parentheses, may hold anything; fields count from behind it: state is the first.
  const size_t name_end = stat.rfind(')');
  const std::vector<absl::string_view> fields =
      absl::StrSplit(name_end == absl::string_view::npos ? "" : stat.substr(name_end + 1), ' ', absl::SkipEmpty());
  constexpr size_t kUserTime = 11, kSystemTime = 12;
  int64_t user = 0, system = 0;
  if (fields.size() <= kSystemTime || !absl::SimpleAtoi(fields[kUserTime], &user) ||
      !absl::SimpleAtoi(fields[kSystemTime], &system)) {
    return absl::InternalError("/proc/PID/stat is not of the form that proc(5) describes");
  }
  return absl::Seconds(1) * (user + system) / ticks_per_second;
}

absl::StatusOr<int64_t> ParsePeakRssKib(absl::string_view status) {
  for (absl::string_view line : absl::StrSplit(status, '\n')) {
    int64_t kib = 0;
    if (absl::ConsumePrefix(&line, "VmHWM:") && absl::ConsumeSuffix(&line, "kB") && absl::SimpleAtoi(line, &kib)) {
      return kib;
    }
  }
  return absl::InternalError("/proc/PID/status has no VmHWM");
}

absl::StatusOr<std::map<std::string, absl::Duration>> ReadCpuTimes(const Pids& pids) {
  return ReadEach<absl::Duration>(pids, "stat",
                                  [](const std::string& text) { return ParseCpuTime(text, sysconf(_SC_CLK_TCK)); });
}

absl::StatusOr<std::map<std::string, int64_t>> ReadPeakRssKib(const Pids& pids) {
  return ReadEach<int64_t>(pids, "status", [](const std::string& text) { return ParsePeakRssKib(text); });
}

absl::StatusOr<std::map<std::string, int64_t>> ReadDatabaseBytes(const std::string& dir) {
  std::map<std::string, int64_t> bytes;
  try {
    for (const auto& [name, path] : FilesByStem(dir, ".db")) bytes[name] = DatabaseBytes(path);
  } catch (const SQLite::Exception& exception) {
    return absl::InternalError(absl::StrCat("cannot measure the databases: ", exception.what()));
  }
  return bytes;
}

}  // namespace campaign::load
