#pragma once

#include <set>
#include <string>
#include <vector>

#include "campaign/v1/campaigns.pb.h"
#include "campaign/v1/orchestrator.pb.h"
#include "tests/crash/cluster.h"

namespace campaign::crash {

// A cluster with customers in it, campaigns to run for them, and the checks that hold whatever was killed on the way.
class World {
 public:
  // The crowd; whoever has an address and agreed to it is delivered, the others end with NO_ACTION.
  static constexpr int kCrowd = 150;

  World();

  Cluster& cluster() { return cluster_; }
  // Ids of the crowd, ascending.
  const std::vector<std::string>& crowd() const { return crowd_; }
  // Those of the crowd who are delivered when nothing goes wrong.
  const std::set<std::string>& deliverable() const { return deliverable_; }

  // A campaign under a new name that delivers to everybody who can be reached: one action for everyone, with one piece
  // more than the crowd needs; at most one message of it a customer; no quiet hours, holdout, budget or review.
  v1::Campaign NewCampaign();
  void Apply(const v1::Campaign& campaign);
  // NewCampaign, applied; its name.
  std::string ApplyNew();

  // Requests for the crowd, as an audience or as a list, and for one customer, who is waited for.
  static v1::RunCampaignRequest ForAudience(const std::string& campaign);
  v1::RunCampaignRequest ForList(const std::string& campaign) const;
  static v1::RunCampaignRequest ForOne(const std::string& campaign, const std::string& customer_id);

  std::vector<v1::CustomerRunSummary> CustomerRuns(const std::string& run_id);

  // Checks a run of a new campaign for the crowd, once it has finished: everybody is in it and terminal, those who
  // should be are delivered; for each of them one ACCEPTED dispatch and one file, for nobody else any; one analytics
  // record each; nothing reserved is left open.
  void ExpectWhole(const std::string& run_id, v1::CustomerRunState outcome = v1::CUSTOMER_RUN_STATE_DELIVERED);
  // And that it used up exactly what it delivered: the action's inventory has one piece left, and whoever was sent the
  // message may not be sent it again.
  void ExpectSpent(const std::string& campaign);

 private:
  void Import();
  void ExpectDispatches(const std::string& run_id, const std::set<std::string>& delivered_runs);
  void ExpectRecords(const std::string& run_id, size_t delivered_count);
  void ExpectSettled(const std::vector<v1::CustomerRunSummary>& customer_runs);
  v1::CustomerRunState Outcome(const std::string& campaign, const std::string& customer_id);

  Cluster cluster_;
  std::vector<std::string> crowd_;
  std::set<std::string> deliverable_;
  int campaign_count_ = 0;
};

// The world is made for the first test and shared by all: making one takes longer than most tests.
class WorldTest : public ::testing::Test {
 protected:
  // Whatever the test before left behind: all eight processes run, with the flags that they began with.
  void SetUp() override;
  static World& world();
  static Cluster& cluster() { return world().cluster(); }
};

}  // namespace campaign::crash
