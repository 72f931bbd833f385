#pragma once

#include <cstdint>

#include "services/retrieval/history.pb.h"

namespace campaign::retrieval {

inline constexpr uint32_t kHourSeconds = 3600;
inline constexpr uint32_t kDaySeconds = 24 * kHourSeconds;

// How long and how exactly a series remembers.
struct SeriesBounds {
  // Entries this much older than the newest are forgotten.
  uint32_t keep_seconds;
  // At most this many entries are kept exactly. Above, the entries of one hour are added up, then of one day, one week,
  // 30 days: the finest that fits. Must be at least keep_seconds / 30 days + 2.
  int max_entries;
  // Whether the series has an amount beside each count.
  bool has_amounts = false;
};

// Adds `count` at `time` (seconds since 1970), in any order of times. One that is older than the series remembers
// changes nothing.
void AddToSeries(const SeriesBounds& bounds, uint32_t time, uint32_t count, int64_t amount_minor, Series& series);

// Time of the newest entry, 0 where there is none.
inline uint32_t NewestTime(const Series& series) {
  return series.times().empty() ? 0 : series.times(series.times_size() - 1);
}

// a + b, kept within the type instead of overflowing.
int64_t SaturatingAdd(int64_t a, int64_t b);
int32_t SaturatingAdd(int32_t a, uint32_t b);

}  // namespace campaign::retrieval
