#include "services/retrieval/series.h"

#include <algorithm>
#include <limits>

namespace campaign::retrieval {
namespace {

constexpr uint32_t kGranularities[] = {kHourSeconds, kDaySeconds, 7 * kDaySeconds, 30 * kDaySeconds};

// Moves the last element to `position`.
template <class Field>
void MoveLastTo(int position, Field& field) {
  std::rotate(field.begin() + position, field.end() - 1, field.end());
}

void DropOlderThan(uint32_t time, Series& series) {
  const auto end = std::lower_bound(series.times().begin(), series.times().end(), time);
  const int dropped = static_cast<int>(end - series.times().begin());
  if (dropped == 0) return;
  series.mutable_times()->erase(series.times().begin(), end);
  series.mutable_counts()->erase(series.counts().begin(), series.counts().begin() + dropped);
  if (series.amounts_minor().empty()) return;
  series.mutable_amounts_minor()->erase(series.amounts_minor().begin(), series.amounts_minor().begin() + dropped);
}

// Adds up the entries that fall into the same `granularity` seconds.
void Compact(uint32_t granularity, Series& series) {
  const bool has_amounts = !series.amounts_minor().empty();
  int last = 0;
  for (int i = 1; i < series.times_size(); ++i) {
    const bool same = series.times(i) / granularity == series.times(last) / granularity;
    if (!same) ++last;
    series.set_times(last, series.times(i));
    series.set_counts(last, same ? series.counts(last) + series.counts(i) : series.counts(i));
    if (!has_amounts) continue;
    series.set_amounts_minor(
        last, same ? SaturatingAdd(series.amounts_minor(last), series.amounts_minor(i)) : series.amounts_minor(i));
  }
  series.mutable_times()->Truncate(last + 1);
  series.mutable_counts()->Truncate(last + 1);
  if (has_amounts) series.mutable_amounts_minor()->Truncate(last + 1);
}

}  // namespace

void AddToSeries(const SeriesBounds& bounds, uint32_t time, uint32_t count, int64_t amount_minor, Series& series) {
  const uint32_t newest = std::max(time, NewestTime(series));
  const uint32_t oldest_kept = newest - std::min(newest, bounds.keep_seconds);
  if (time < oldest_kept) return;
  const int position =
      static_cast<int>(std::upper_bound(series.times().begin(), series.times().end(), time) - series.times().begin());
  series.add_times(time);
  MoveLastTo(position, *series.mutable_times());
  series.add_counts(count);
  MoveLastTo(position, *series.mutable_counts());
  if (bounds.has_amounts) {
    series.add_amounts_minor(amount_minor);
    MoveLastTo(position, *series.mutable_amounts_minor());
  }
  DropOlderThan(oldest_kept, series);
  for (uint32_t granularity : kGranularities) {
    if (series.times_size() <= bounds.max_entries) return;
    Compact(granularity, series);
  }
}

int64_t SaturatingAdd(int64_t a, int64_t b) {
  int64_t sum;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return a > 0 ? std::numeric_limits<int64_t>::max() : std::numeric_limits<int64_t>::min();
}

int32_t SaturatingAdd(int32_t a, uint32_t b) {
  return static_cast<int32_t>(std::min<int64_t>(int64_t{a} + int64_t{b}, std::numeric_limits<int32_t>::max()));
}

}  // namespace campaign::retrieval
