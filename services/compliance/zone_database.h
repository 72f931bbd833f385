#pragma once

#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"

namespace campaign::compliance {

// The time zones of the IANA database, and which country has which. Thread-safe.
class ZoneDatabase {
 public:
  // Reads `directory`/zone1970.tab, or zone.tab where that is missing. Zones are loaded from the same folder, which
  // must be the one that Abseil uses (SystemDirectory()).
  explicit ZoneDatabase(std::string directory);

  // $TZDIR, or /usr/share/zoneinfo.
  static std::string SystemDirectory();

  // False: no zone table was found, so nothing can be said about any zone.
  bool available() const { return !country_zones_.empty(); }

  // The zone of an IANA name; nullopt where there is none.
  absl::optional<absl::TimeZone> Find(absl::string_view name) const;

  // All inhabited zones of an ISO 3166-1 alpha-2 country, either case; empty where it is not known.
  absl::Span<const absl::TimeZone> CountryZones(absl::string_view country) const;

  // UTC-11:00 to UTC+14:00 by quarters of an hour: every local time that a customer may have.
  absl::Span<const absl::TimeZone> EveryOffset() const { return every_offset_; }

 private:
  void ReadTable(const std::string& path);
  absl::optional<absl::TimeZone> Load(absl::string_view name) const;

  const std::string directory_;
  absl::flat_hash_map<std::string, std::vector<absl::TimeZone>> country_zones_;
  std::vector<absl::TimeZone> every_offset_;

  mutable absl::Mutex mutex_;
  // Found zones and names that are none; emptied when it has grown past any honest use.
  mutable absl::flat_hash_map<std::string, absl::optional<absl::TimeZone>> cache_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace campaign::compliance
