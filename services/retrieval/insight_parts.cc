#include "services/retrieval/insight_parts.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace campaign::retrieval {

void AddFact(absl::string_view name, absl::string_view value, const Origin& origin, v1::Insight& insight) {
  v1::Fact& fact = *insight.add_facts();
  fact.set_name(name.data(), name.size());
  fact.set_value(value.data(), value.size());
  insight.add_fact_sources(origin.source);
  insight.add_fact_time_seconds(origin.time);
}

void AddFact(absl::string_view name, int64_t value, const Origin& origin, v1::Insight& insight) {
  AddFact(name, absl::AlphaNum(value).Piece(), origin, insight);
}

uint32_t Within(double days, uint32_t time, absl::Time as_of) {
  return as_of - absl::FromUnixSeconds(int64_t{time}) < days * absl::Hours(24) ? time : 0;
}

double DaysBetween(uint32_t time, absl::Time as_of) {
  return std::max(0.0, absl::FDivDuration(as_of - absl::FromUnixSeconds(int64_t{time}), absl::Hours(24)));
}

int64_t WholeDays(double days) { return static_cast<int64_t>(std::floor(days)); }

std::string Count(int64_t count, absl::string_view noun) {
  if (count == 0) return absl::StrCat("no ", noun);
  return absl::StrCat(count, " ", noun, count == 1 ? "" : "s");
}

std::string Change(int64_t percent) {
  return percent == 0 ? "unchanged" : absl::StrCat(percent < 0 ? "down " : "up ", std::abs(percent), " %");
}

std::string Ago(double days) { return days < 1 ? "today" : absl::StrCat(Count(WholeDays(days), "day"), " ago"); }

}  // namespace campaign::retrieval
