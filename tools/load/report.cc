#include "tools/load/report.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/status.h"
#include "nlohmann/json.hpp"
#include "tools/campaignctl/format.h"
#include "tools/load/campaign_variant.h"
#include "tools/load/latency.h"

namespace campaign::load {
namespace {

using ctl::FormatCount;
using ctl::Table;

constexpr double kMinDeliveredShare = 0.9;

// Numbers are given to three decimals: more is noise.
double Rounded(double value) { return std::round(value * 1000) / 1000; }

double PerSecond(int64_t count, absl::Duration elapsed) {
  return elapsed > absl::ZeroDuration() ? static_cast<double>(count) / absl::ToDoubleSeconds(elapsed) : 0;
}

double Milliseconds(absl::Duration duration) { return absl::ToDoubleMilliseconds(duration); }

double Megabytes(int64_t kib) { return static_cast<double>(kib) * 1024 / 1e6; }

double CpuMicroseconds(const AudienceResult& audience, absl::Duration cpu) {
  return absl::ToDoubleMicroseconds(cpu) / static_cast<double>(std::max<int64_t>(1, audience.customer_count));
}

// Of a map's values.
template <class Value>
Value Sum(const std::map<std::string, Value>& values) {
  Value sum{};
  for (const auto& [name, value] : values) sum += value;
  return sum;
}

int64_t Largest(const std::map<std::string, int64_t>& values) {
  int64_t largest = 0;
  for (const auto& [name, value] : values) largest = std::max(largest, value);
  return largest;
}

std::string ProcessTable(const Results& results) {
  Table table({{"PROCESS"},
               {"CPU US/CUSTOMER", Table::kRight},
               {"PEAK RSS MB", Table::kRight},
               {"DATABASE BYTES/CUSTOMER", Table::kRight}});
  const AudienceResult& audience = results.audience;
  const double customers = static_cast<double>(std::max<int64_t>(1, audience.customer_count));
  const auto row = [&](const std::string& name, absl::Duration cpu, int64_t rss, std::string bytes) {
    table.AddRow({name, absl::StrFormat("%.1f", CpuMicroseconds(audience, cpu)),
                  absl::StrFormat("%.0f", Megabytes(rss)), std::move(bytes)});
  };
  const auto bytes_text = [&](int64_t bytes) {
    return absl::StrFormat("%.0f", static_cast<double>(bytes) / customers);
  };
  for (const auto& [name, cpu] : audience.cpu) {
    const auto bytes = audience.stored_bytes.find(name);
    const auto rss = results.peak_rss_kib.find(name);
    row(name, cpu, rss == results.peak_rss_kib.end() ? 0 : rss->second,
        bytes == audience.stored_bytes.end() ? "-" : bytes_text(bytes->second));
  }
  row("all", Sum(audience.cpu), Sum(results.peak_rss_kib), bytes_text(Sum(audience.stored_bytes)));
  return table.ToString();
}

std::string SingleTable(const Results& results) {
  Table table({{"SINGLE CUSTOMERS"},
               {"CALLS", Table::kRight},
               {"P50 MS", Table::kRight},
               {"P99 MS", Table::kRight},
               {"CALLS/S", Table::kRight},
               {"DELIVERED", Table::kRight}});
  const auto row = [&](const char* name, const SingleResult& single) {
    const auto count = static_cast<int64_t>(single.latencies.size());
    table.AddRow({name, FormatCount(count), absl::StrFormat("%.2f", Milliseconds(Percentile(single.latencies, 50))),
                  absl::StrFormat("%.2f", Milliseconds(Percentile(single.latencies, 99))),
                  absl::StrFormat("%.0f", PerSecond(count, single.elapsed)),
                  ctl::FormatShare(single.delivered_count, count)});
  };
  row("one at a time", results.idle);
  row("64 in flight", results.busy);
  return table.ToString();
}

std::string StatesText(const AudienceResult& audience) {
  std::string text;
  for (const auto& [state, count] : audience.states)
    absl::StrAppend(&text, text.empty() ? "" : ", ", state, " ", FormatCount(count));
  return text;
}

absl::Status CheckSingles(const char* name, const SingleResult& single) {
  const auto count = static_cast<double>(single.latencies.size());
  if (static_cast<double>(single.delivered_count) >= kMinDeliveredShare * count) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("only ", single.delivered_count, " of ", count, " single calls (", name, ") ended in a delivery"));
}

}  // namespace

double DeliveredShare(const AudienceResult& audience) {
  const auto delivered = audience.states.find("DELIVERED");
  if (delivered == audience.states.end() || audience.customer_count == 0) return 0;
  return static_cast<double>(delivered->second) / static_cast<double>(audience.customer_count);
}

double StoredBytesPerCustomer(const AudienceResult& audience) {
  if (audience.customer_count == 0) return 0;
  return static_cast<double>(Sum(audience.stored_bytes)) / static_cast<double>(audience.customer_count);
}

std::string ToText(const Results& results) {
  const AudienceResult& audience = results.audience;
  std::string text;
  absl::StrAppend(&text, "Campaign: ", kVariantText, ".\n\n");
  absl::StrAppendFormat(&text, "Import    %s customers and %s events in %.2f s: %.0f customers/s\n",
                        FormatCount(results.imported_customers), FormatCount(results.imported_events),
                        absl::ToDoubleSeconds(results.import_elapsed),
                        PerSecond(results.imported_customers, results.import_elapsed));
  absl::StrAppendFormat(&text, "Audience  %s customers in %.2f s: %.0f customers/s; %.1f %% delivered (%s)\n",
                        FormatCount(audience.customer_count), absl::ToDoubleSeconds(audience.elapsed),
                        PerSecond(audience.customer_count, audience.elapsed), DeliveredShare(audience) * 100,
                        StatesText(audience));
  absl::StrAppendFormat(&text,
                        "Stored    %.0f bytes a customer, the message included (%.0f bytes before compression)\n\n",
                        StoredBytesPerCustomer(audience), audience.message_bytes);
  absl::StrAppend(&text, ProcessTable(results), "\n", SingleTable(results));
  return text;
}

std::string ToJson(const Results& results) {
  const AudienceResult& audience = results.audience;
  nlohmann::ordered_json cpu = nlohmann::ordered_json::object(), rss = cpu;
  for (const auto& [name, time] : audience.cpu) cpu[name] = Rounded(CpuMicroseconds(audience, time));
  for (const auto& [name, kib] : results.peak_rss_kib) rss[name] = Rounded(Megabytes(kib));
  const auto percentile = [](const SingleResult& single, double percent) {
    return Rounded(Milliseconds(Percentile(single.latencies, percent)));
  };
  const nlohmann::ordered_json json = {
      {"customers", audience.customer_count},
      {"customers_per_second", Rounded(PerSecond(audience.customer_count, audience.elapsed))},
      {"delivered_share", Rounded(DeliveredShare(audience))},
      {"import_customers_per_second", Rounded(PerSecond(results.imported_customers, results.import_elapsed))},
      {"single_p50_ms", percentile(results.idle, 50)},
      {"single_p99_ms", percentile(results.idle, 99)},
      {"inflight64_p50_ms", percentile(results.busy, 50)},
      {"inflight64_p99_ms", percentile(results.busy, 99)},
      {"inflight64_calls_per_second",
       Rounded(PerSecond(static_cast<int64_t>(results.busy.latencies.size()), results.busy.elapsed))},
      {"stored_bytes_per_customer", Rounded(StoredBytesPerCustomer(audience))},
      {"cpu_us_per_customer", Rounded(CpuMicroseconds(audience, Sum(audience.cpu)))},
      {"cpu_us_per_customer_by_process", cpu},
      {"peak_rss_mb", Rounded(Megabytes(Largest(results.peak_rss_kib)))},
      {"peak_rss_mb_sum", Rounded(Megabytes(Sum(results.peak_rss_kib)))},
      {"peak_rss_mb_by_process", rss}};
  return json.dump();
}

absl::Status CheckResults(const Results& results) {
  const AudienceResult& audience = results.audience;
  if (audience.customer_count != results.imported_customers) {
    return absl::FailedPreconditionError(absl::StrCat("the run had ", audience.customer_count, " customers, but ",
                                                      results.imported_customers, " were imported"));
  }
  for (const char* state : {"PENDING", "RUNNING", "DEFERRED", "FAILED"}) {
    const auto found = audience.states.find(state);
    if (found == audience.states.end() || found->second == 0) continue;
    return absl::FailedPreconditionError(absl::StrCat(found->second, " customers ended the run ", state));
  }
  if (DeliveredShare(audience) < kMinDeliveredShare) {
    return absl::FailedPreconditionError(absl::StrCat("only ", DeliveredShare(audience) * 100, " % were delivered"));
  }
  RETURN_IF_ERROR(CheckSingles("one at a time", results.idle));
  return CheckSingles("64 in flight", results.busy);
}

}  // namespace campaign::load
