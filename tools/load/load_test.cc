#include <unistd.h>

#include <fstream>

#include "SQLiteCpp/SQLiteCpp.h"
#include "common/testing/testing.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tools/load/campaign_variant.h"
#include "tools/load/latency.h"
#include "tools/load/machine.h"
#include "tools/load/report.h"

namespace campaign::load {
namespace {

using ::testing::HasSubstr;

std::vector<absl::Duration> MillisecondsUpTo(int last) {
  std::vector<absl::Duration> values;
  for (int i = last; i >= 1; --i) values.push_back(absl::Milliseconds(i));
  return values;
}

TEST(PercentileOf, IsTheNearestRank) {
  EXPECT_EQ(Percentile(MillisecondsUpTo(1000), 50), absl::Milliseconds(500));
  EXPECT_EQ(Percentile(MillisecondsUpTo(1000), 99), absl::Milliseconds(990));
  EXPECT_EQ(Percentile(MillisecondsUpTo(3), 99), absl::Milliseconds(3));
  EXPECT_EQ(Percentile({}, 99), absl::ZeroDuration());
}

TEST(Machine, ReadsCpuTimeBehindAnyCommandName) {
  const auto cpu = ParseCpuTime("7 (a) b (c) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 9 9 20 0 4 0 100 1 1", 100);
  ASSERT_TRUE(cpu.ok()) << cpu.status();
  EXPECT_EQ(*cpu, absl::Seconds(3));
  EXPECT_FALSE(ParseCpuTime("7 (short) S 1", 100).ok());
}

TEST(Machine, ReadsPeakMemory) {
  const auto kib = ParsePeakRssKib("Name:\tx\nVmHWM:\t   20480 kB\nVmRSS:\t 10 kB\n");
  ASSERT_TRUE(kib.ok()) << kib.status();
  EXPECT_EQ(*kib, 20480);
  EXPECT_FALSE(ParsePeakRssKib("Name:\tx\n").ok());
}

TEST(Machine, MeasuresTheProcessesOfAFolder) {
  testing::TempDir dir;
  std::ofstream(dir.path() + "/self.pid") << getpid() << "\n";
  const auto pids = ReadPids(dir.path());
  ASSERT_TRUE(pids.ok()) << pids.status();
  EXPECT_EQ(pids->at("self"), getpid());
  const auto rss = ReadPeakRssKib(*pids);
  ASSERT_TRUE(rss.ok()) << rss.status();
  EXPECT_GT(rss->at("self"), 1000);
  EXPECT_TRUE(ReadCpuTimes(*pids).ok());
}

TEST(Machine, SaysThatAProcessHasEnded) {
  const auto cpu = ReadCpuTimes({{"retrieval", 1 << 30}});
  EXPECT_EQ(cpu.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(cpu.status().message()), HasSubstr("retrieval has ended"));
}

TEST(Machine, SaysThatNothingWasStarted) {
  testing::TempDir dir;
  EXPECT_EQ(ReadPids(dir.path()).status().code(), absl::StatusCode::kNotFound);
}

TEST(Machine, CountsWhatIsStillInTheWriteAheadLog) {
  testing::TempDir dir;
  SQLite::Database database(dir.path() + "/x.db", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  database.exec("PRAGMA journal_mode=WAL; CREATE TABLE t (b BLOB)");
  const auto before = ReadDatabaseBytes(dir.path());
  ASSERT_TRUE(before.ok()) << before.status();
  database.exec("INSERT INTO t VALUES (zeroblob(100000))");
  const auto after = ReadDatabaseBytes(dir.path());
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_GE(after->at("x") - before->at("x"), 90000);
  EXPECT_LE(after->at("x") - before->at("x"), 110000);
}

TEST(CampaignVariant, LetsEverybodyThroughAndKeepsTheRest) {
  const auto campaign = LoadCampaignVariant(LOAD_CAMPAIGN);
  ASSERT_TRUE(campaign.ok()) << campaign.status();
  EXPECT_EQ(campaign->name(), "bench-increase-aov");
  EXPECT_FALSE(campaign->has_audience());
  EXPECT_EQ(campaign->offers().holdout().share_bps(), 0);
  EXPECT_EQ(campaign->compliance().quiet_hours().start(), campaign->compliance().quiet_hours().end());
  EXPECT_GT(campaign->offers().actions_size(), 5);
  EXPECT_GT(campaign->offers().experiments_size(), 0);
  EXPECT_GT(campaign->compliance().frequency_caps_size(), 0);
  EXPECT_GT(campaign->compliance().red_flags_size(), 0);
}

TEST(CampaignVariant, NamesAFileThatIsMissing) {
  const auto campaign = LoadCampaignVariant("/nowhere/x.yaml");
  EXPECT_EQ(campaign.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(campaign.status().message()), HasSubstr("/nowhere/x.yaml"));
}

Results GoodResults() {
  Results results;
  results.imported_customers = 1000;
  results.import_elapsed = absl::Seconds(2);
  results.audience.customer_count = 1000;
  results.audience.states = {{"DELIVERED", 950}, {"SUPPRESSED", 50}};
  results.audience.elapsed = absl::Milliseconds(500);
  results.audience.cpu = {{"offer", absl::Milliseconds(10)}, {"orchestrator", absl::Milliseconds(30)}};
  results.audience.stored_bytes = {{"offer", 100'000}, {"orchestrator", 2'000'000}};
  results.audience.message_bytes = 1500;
  results.idle = {MillisecondsUpTo(100), 100, absl::Seconds(1)};
  results.busy = {MillisecondsUpTo(200), 200, absl::Seconds(1)};
  results.peak_rss_kib = {{"offer", 10'000}, {"orchestrator", 20'000}};
  return results;
}

TEST(Report, GivesEveryNumberAsJson) {
  const auto json = nlohmann::json::parse(ToJson(GoodResults()));
  EXPECT_EQ(json["customers"], 1000);
  EXPECT_EQ(json["customers_per_second"], 2000.0);
  EXPECT_EQ(json["delivered_share"], 0.95);
  EXPECT_EQ(json["import_customers_per_second"], 500.0);
  EXPECT_EQ(json["single_p50_ms"], 50.0);
  EXPECT_EQ(json["single_p99_ms"], 99.0);
  EXPECT_EQ(json["inflight64_p50_ms"], 100.0);
  EXPECT_EQ(json["inflight64_p99_ms"], 198.0);
  EXPECT_EQ(json["inflight64_calls_per_second"], 200.0);
  EXPECT_EQ(json["stored_bytes_per_customer"], 2100.0);
  EXPECT_EQ(json["cpu_us_per_customer"], 40.0);
  EXPECT_EQ(json["cpu_us_per_customer_by_process"]["offer"], 10.0);
  EXPECT_EQ(json["peak_rss_mb"], 20.48);
  EXPECT_EQ(json["peak_rss_mb_sum"], 30.72);
  EXPECT_EQ(json["peak_rss_mb_by_process"]["offer"], 10.24);
}

TEST(Report, SaysTheSameInTables) {
  const std::string text = ToText(GoodResults());
  EXPECT_THAT(text, HasSubstr("2000 customers/s; 95.0 % delivered (DELIVERED 950, SUPPRESSED 50)"));
  EXPECT_THAT(text, HasSubstr("2100 bytes a customer, the message included (1500 bytes before compression)"));
  EXPECT_THAT(text, HasSubstr("holdout 0"));
}

TEST(Report, AcceptsAGoodRun) { EXPECT_TRUE(CheckResults(GoodResults()).ok()); }

TEST(Report, RefusesARunThatLeftCustomersOut) {
  Results results = GoodResults();
  results.audience.customer_count = 999;
  EXPECT_THAT(std::string(CheckResults(results).message()), HasSubstr("999 customers, but 1000"));
}

TEST(Report, RefusesARunThatDidNotFinishEverybody) {
  Results results = GoodResults();
  results.audience.states = {{"DELIVERED", 999}, {"RUNNING", 1}};
  EXPECT_THAT(std::string(CheckResults(results).message()), HasSubstr("1 customers ended the run RUNNING"));
}

TEST(Report, RefusesTooFewDeliveries) {
  Results results = GoodResults();
  results.audience.states = {{"DELIVERED", 899}, {"SUPPRESSED", 101}};
  EXPECT_FALSE(CheckResults(results).ok());
  results = GoodResults();
  results.busy.delivered_count = 100;
  EXPECT_THAT(std::string(CheckResults(results).message()), HasSubstr("64 in flight"));
}

}  // namespace
}  // namespace campaign::load
