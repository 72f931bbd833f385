// Processes die at moments that nobody chose.

#include <random>

#include "tests/crash/world.h"

namespace campaign::crash {
namespace {

class RandomKills : public WorldTest {
 protected:
  // Kills one of `roles` again and again until `kills` of them have hit a run that was on its way, starting a new run
  // whenever one has finished, and checks every run.
  static void KillDuringRuns(const std::vector<Role>& roles, int kills, unsigned seed) {
    std::mt19937 random(seed);
    std::string campaign = world().ApplyNew();
    std::string run_id = cluster().Run(World::ForAudience(campaign));
    for (int hits = 0; hits < kills && !HasFatalFailure();) {
      const Role role = roles[random() % roles.size()];
      const absl::Duration life = absl::Microseconds(random() % 40'000);
      // Also while it starts: then it is not waited for.
      const bool when_starting = random() % 3 == 0;
      ASSERT_EQ(cluster().process(role).WaitForExit(life), absl::nullopt) << cluster().process(role).output();
      cluster().Kill(role);
      if (when_starting) {
        cluster().Launch(role);
        ASSERT_EQ(cluster().process(role).WaitForExit(life), absl::nullopt) << cluster().process(role).output();
      }
      cluster().Restart(role);
      if (cluster().GetRun(run_id).state() != v1::CAMPAIGN_RUN_STATE_FINISHED) {
        ++hits;
        continue;
      }
      world().ExpectWhole(run_id);
      world().ExpectSpent(campaign);
      campaign = world().ApplyNew();
      run_id = cluster().Run(World::ForAudience(campaign));
    }
    cluster().WaitUntilFinished(run_id);
    world().ExpectWhole(run_id);
    world().ExpectSpent(campaign);
  }
};

TEST_F(RandomKills, OfTheOrchestratorLoseAndRepeatNothing) { KillDuringRuns({kOrchestrator}, 20, 20261); }

TEST_F(RandomKills, OfDeliveryLoseAndRepeatNothing) { KillDuringRuns({kDelivery}, 20, 20262); }

TEST_F(RandomKills, OfWhateverLoseAndRepeatNothing) {
  KillDuringRuns({kOrchestrator, kDelivery, kCompliance, kOffer, kOrchestrator, kDelivery, kAnalytics, kRetrieval}, 20,
                 20263);
}

}  // namespace
}  // namespace campaign::crash
