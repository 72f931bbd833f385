// The orchestrator dies while it waits for one certain step.

#include "absl/types/optional.h"
#include "tests/crash/world.h"

namespace campaign::crash {
namespace {

struct Boundary {
  const char* name;
  // The service that does not answer, so that the run stands at the step.
  Role at;
  // Where `at` serves an earlier step too: the last service before the step. It is held until the run is there.
  absl::optional<Role> before = {};
};

void PrintTo(const Boundary& boundary, std::ostream* out) { *out << boundary.name; }

class StepBoundary : public WorldTest, public ::testing::WithParamInterface<Boundary> {
 protected:
  void SetUp() override {
    WorldTest::SetUp();
    // The whole crowd in one batch: it is at one step.
    cluster().SetOrchestratorFlags({"--batch_size=512"});
    cluster().Restart(kOrchestrator);
    // The orchestrator connects on the first call; what it asks only now and then is asked here.
    cluster().Run(World::ForOne(world().ApplyNew(), *world().deliverable().begin()));
  }

  // Waits until a suspended service has been asked something.
  static void ExpectAsked(Role role, int64_t unread_before) {
    EXPECT_TRUE(WaitUntil([&] { return cluster().port(role).UnreadBytes() > unread_before; })) << NameOf(role);
  }
};

TEST_P(StepBoundary, OutlivesTheOrchestrator) {
  const Boundary& boundary = GetParam();
  const Role held = boundary.before.value_or(boundary.at);
  const std::string campaign = world().ApplyNew();
  cluster().Suspend(held);
  int64_t unread = cluster().port(held).UnreadBytes();
  const std::string run_id = cluster().Run(world().ForList(campaign));
  ExpectAsked(held, unread);
  if (boundary.before.has_value()) {
    cluster().Suspend(boundary.at);
    unread = cluster().port(boundary.at).UnreadBytes();
    cluster().Continue(held);
    ExpectAsked(boundary.at, unread);
  }
  const v1::CampaignRun hanging = cluster().GetRun(run_id);
  EXPECT_EQ(hanging.state(), v1::CAMPAIGN_RUN_STATE_RUNNING);
  EXPECT_EQ(CountOf(hanging, v1::CUSTOMER_RUN_STATE_RUNNING), World::kCrowd);

  cluster().Kill(kOrchestrator);
  // The service now answers the dead one's call, while the new one makes it again.
  cluster().Continue(boundary.at);
  cluster().Start(kOrchestrator);

  cluster().WaitUntilFinished(run_id);
  world().ExpectWhole(run_id);
  world().ExpectSpent(campaign);
}

INSTANTIATE_TEST_SUITE_P(, StepBoundary,
                         ::testing::Values(Boundary{"Router", kRetrieval}, Boundary{"Segmentation", kSegmentation},
                                           Boundary{"Retrieval", kRetrieval, kSegmentation}, Boundary{"Offer", kOffer},
                                           Boundary{"Generation", kGenerator},
                                           Boundary{"Compliance", kCompliance, kGenerator},
                                           Boundary{"Delivery", kDelivery}, Boundary{"Analytics", kAnalytics},
                                           Boundary{"SettlementOfOffers", kOffer, kDelivery},
                                           Boundary{"SettlementOfSlots", kCompliance, kDelivery}),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace campaign::crash
