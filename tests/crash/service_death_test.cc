// A service dies in the middle of an audience and comes back.

#include "tests/crash/world.h"

namespace campaign::crash {
namespace {

class ServiceDeath : public WorldTest, public ::testing::WithParamInterface<Role> {};

TEST_P(ServiceDeath, OnlyDelaysTheRun) {
  const Role service = GetParam();
  const std::string campaign = world().ApplyNew();
  cluster().Suspend(service);
  const int64_t unread = cluster().port(service).UnreadBytes();
  const size_t log_size = cluster().process(kOrchestrator).output().size();
  const std::string run_id = cluster().Run(World::ForAudience(campaign));
  ASSERT_TRUE(WaitUntil([&] { return cluster().port(service).UnreadBytes() > unread; }));
  cluster().Kill(service);

  // The orchestrator has found out, and asked again in vain.
  const char* sign = service == kRetrieval ? "the audience cannot be read yet" : " try 2 failed";
  ASSERT_TRUE(cluster().process(kOrchestrator).WaitForOutput(sign, log_size));
  const v1::CampaignRun down = cluster().GetRun(run_id);
  EXPECT_EQ(down.state(), v1::CAMPAIGN_RUN_STATE_RUNNING) << down.DebugString();
  EXPECT_EQ(CountOf(down, v1::CUSTOMER_RUN_STATE_FAILED), 0) << down.DebugString();
  EXPECT_EQ(CountOf(down, v1::CUSTOMER_RUN_STATE_DELIVERED), 0) << down.DebugString();

  // Back, and gone again as soon as the first customers are through.
  cluster().Start(service);
  cluster().WaitForRun(run_id,
                       [](const v1::CampaignRun& run) { return CountOf(run, v1::CUSTOMER_RUN_STATE_DELIVERED) > 0; });
  cluster().Restart(service);

  cluster().WaitUntilFinished(run_id);
  world().ExpectWhole(run_id);
  world().ExpectSpent(campaign);
}

INSTANTIATE_TEST_SUITE_P(, ServiceDeath, ::testing::ValuesIn(kServices),
                         [](const auto& info) { return std::string(NameOf(info.param)); });

}  // namespace
}  // namespace campaign::crash
