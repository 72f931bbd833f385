#include "services/compliance/zone_database.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace campaign::compliance {
namespace {

constexpr size_t kMaxCached = 4096;

// Abseil would also read absolute paths, "file:" names and the machine's own zone; a customer's zone is none of these.
bool IsZoneName(absl::string_view name) {
  if (name.empty() || absl::StrContains(name, "..") || absl::StartsWith(name, "/")) return false;
  if (name == "localtime" || name == "posixrules" || name == "Factory" || absl::StartsWith(name, "right/"))
    return false;
  return absl::c_all_of(
      name, [](unsigned char c) { return absl::ascii_isalnum(c) || c == '_' || c == '+' || c == '-' || c == '/'; });
}

}  // namespace

std::string ZoneDatabase::SystemDirectory() {
  const char* directory = std::getenv("TZDIR");
  return directory != nullptr && *directory != '\0' ? directory : "/usr/share/zoneinfo";
}

ZoneDatabase::ZoneDatabase(std::string directory) : directory_(std::move(directory)) {
  ReadTable(directory_ + "/zone1970.tab");
  if (country_zones_.empty()) ReadTable(directory_ + "/zone.tab");
  for (int minutes = -11 * 60; minutes <= 14 * 60; minutes += 15) {
    every_offset_.push_back(absl::FixedTimeZone(minutes * 60));
  }
}

void ZoneDatabase::ReadTable(const std::string& path) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (absl::StartsWith(line, "#")) continue;
    const std::vector<absl::string_view> columns = absl::StrSplit(line, '\t');
    if (columns.size() < 3) continue;
    const absl::optional<absl::TimeZone> zone = Load(columns[2]);
    if (!zone.has_value()) continue;
    for (absl::string_view country : absl::StrSplit(columns[0], ',')) country_zones_[country].push_back(*zone);
  }
}

absl::optional<absl::TimeZone> ZoneDatabase::Load(absl::string_view name) const {
  if (!IsZoneName(name)) return absl::nullopt;
  // Abseil keeps every name that it was ever asked for, so it is asked only for those that exist.
  std::error_code error;
  if (!std::filesystem::is_regular_file(absl::StrCat(directory_, "/", name), error)) return absl::nullopt;
  absl::TimeZone zone;
  if (!absl::LoadTimeZone(name, &zone)) return absl::nullopt;
  return zone;
}

absl::optional<absl::TimeZone> ZoneDatabase::Find(absl::string_view name) const {
  absl::MutexLock lock(&mutex_);
  if (auto it = cache_.find(name); it != cache_.end()) return it->second;
  if (cache_.size() >= kMaxCached) cache_.clear();
  const absl::optional<absl::TimeZone> zone = Load(name);
  cache_.emplace(name, zone);
  return zone;
}

absl::Span<const absl::TimeZone> ZoneDatabase::CountryZones(absl::string_view country) const {
  const auto it = country_zones_.find(absl::AsciiStrToUpper(country));
  if (it == country_zones_.end()) return {};
  return it->second;
}

}  // namespace campaign::compliance
