#include "orchestrator/campaign_store.h"

#include <string>

#include "common/clock.h"
#include "common/testing/testing.h"
#include "orchestrator/testing_campaigns.h"

namespace campaign::orchestrator {
namespace {

using testing::StatusIs;

class CampaignStoreTest : public StoreTest {
 protected:
  static std::shared_ptr<const CampaignPlan> PlanWith(const std::string& description,
                                                      const std::string& name = "win-back") {
    v1::Campaign campaign = SmallCampaign(name);
    campaign.set_description(description);
    auto plan = MakePlan(campaign);
    EXPECT_OK(plan);
    return *plan;
  }
  bool Put(const CampaignPlan& plan, absl::Time now) {
    bool changed = false;
    Write([&](Connection& connection) { changed = CampaignStore::Put(connection, plan, now); });
    return changed;
  }
  absl::StatusOr<v1::CampaignVersion> Get(const std::string& name, const std::string& version = "") {
    absl::StatusOr<v1::CampaignVersion> result = absl::UnknownError("not read");
    Read([&](Connection& connection) { result = CampaignStore::Get(connection, name, version); });
    return result;
  }
};

TEST_F(CampaignStoreTest, KeepsEveryVersionAsItWas) {
  const auto first = PlanWith("first"), second = PlanWith("second");
  EXPECT_TRUE(Put(*first, now_));
  EXPECT_TRUE(Put(*second, now_ + absl::Hours(1)));
  ASSERT_OK_AND_ASSIGN(const v1::CampaignVersion newest, Get("win-back"));
  EXPECT_EQ(newest.version(), second->version);
  EXPECT_EQ(newest.campaign().description(), "second");
  ASSERT_OK_AND_ASSIGN(const v1::CampaignVersion old, Get("win-back", first->version));
  EXPECT_EQ(old.campaign().SerializeAsString(), first->campaign.SerializeAsString());
  EXPECT_EQ(FromTimestamp(old.apply_time()), now_);
}

TEST_F(CampaignStoreTest, TheSameContentAgainChangesNothing) {
  const auto plan = PlanWith("first");
  EXPECT_TRUE(Put(*plan, now_));
  EXPECT_FALSE(Put(*plan, now_ + absl::Hours(1)));
  ASSERT_OK_AND_ASSIGN(const v1::CampaignVersion version, Get("win-back"));
  EXPECT_EQ(FromTimestamp(version.apply_time()), now_);
}

TEST_F(CampaignStoreTest, OldContentAppliedAgainBecomesTheNewest) {
  const auto first = PlanWith("first"), second = PlanWith("second");
  Put(*first, now_);
  Put(*second, now_);
  EXPECT_TRUE(Put(*first, now_ + absl::Hours(1)));
  ASSERT_OK_AND_ASSIGN(const v1::CampaignVersion newest, Get("win-back"));
  EXPECT_EQ(newest.version(), first->version);
}

TEST_F(CampaignStoreTest, SaysWhatIsNotThere) {
  EXPECT_THAT(Get("win-back"), StatusIs(absl::StatusCode::kNotFound, "campaign 'win-back' has not been applied"));
  Put(*PlanWith("first"), now_);
  EXPECT_THAT(Get("win-back", "abc"), StatusIs(absl::StatusCode::kNotFound, "campaign 'win-back' has no version abc"));
}

TEST_F(CampaignStoreTest, ListsTheNewestOfEachByNameAPageAtATime) {
  Put(*PlanWith("b", "b"), now_);
  Put(*PlanWith("old", "a"), now_);
  Put(*PlanWith("new", "a"), now_);
  Put(*PlanWith("c", "c"), now_);
  Read([](Connection& connection) {
    const auto first = CampaignStore::List(connection, "", 2);
    ASSERT_EQ(first.size(), 2u);
    EXPECT_EQ(first[0].campaign().description(), "new");
    EXPECT_EQ(first[1].campaign().name(), "b");
    const auto second = CampaignStore::List(connection, "b", 2);
    ASSERT_EQ(second.size(), 1u);
    EXPECT_EQ(second[0].campaign().name(), "c");
  });
}

TEST_F(CampaignStoreTest, CompilesAVersionOnceAndFollowsTheNewest) {
  const auto first = PlanWith("first"), second = PlanWith("second");
  CampaignStore store;
  Put(*first, now_);
  Read([&](Connection& connection) {
    ASSERT_OK_AND_ASSIGN(const auto plan, store.Plan(connection, "win-back", ""));
    ASSERT_OK_AND_ASSIGN(const auto again, store.Plan(connection, "win-back", first->version));
    EXPECT_EQ(plan, again);
    EXPECT_EQ(plan->version, first->version);
  });
  Put(*second, now_);
  Read([&](Connection& connection) {
    ASSERT_OK_AND_ASSIGN(const auto plan, store.Plan(connection, "win-back", ""));
    EXPECT_EQ(plan->version, second->version);
    EXPECT_THAT(store.Plan(connection, "other", ""), StatusIs(absl::StatusCode::kNotFound, "other"));
  });
}

}  // namespace
}  // namespace campaign::orchestrator
