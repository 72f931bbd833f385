#include "orchestrator/model_budget_store.h"

#include "orchestrator/testing_campaigns.h"

namespace campaign::orchestrator {
namespace {

class ModelBudget : public StoreTest {
 protected:
  int64_t Allot(const std::string& campaign, int64_t budget) {
    int64_t allotment = -1;
    Write([&](Connection& connection) { allotment = ModelBudgetStore(connection).Allot(campaign, budget); });
    return allotment;
  }
  void Return(const std::string& campaign, int64_t micros) {
    Write([&](Connection& connection) { ModelBudgetStore(connection).Return(campaign, micros); });
  }
  int64_t Spent(const std::string& campaign) {
    int64_t spent = -1;
    Read([&](Connection& connection) { spent = ModelBudgetStore(connection).Spent(campaign); });
    return spent;
  }
};

TEST_F(ModelBudget, CountsWhatIsAllottedAsSpentUntilItIsReturned) {
  EXPECT_EQ(Spent("a"), 0);
  EXPECT_EQ(Allot("a", 1000), 250);
  EXPECT_EQ(Spent("a"), 250);
  Return("a", 240);
  EXPECT_EQ(Spent("a"), 10);
}

TEST_F(ModelBudget, BatchesAtOnceShareWhatIsLeft) {
  EXPECT_EQ(Allot("a", 1000), 250);
  EXPECT_EQ(Allot("a", 1000), 188);
  EXPECT_EQ(Allot("a", 1000), 141);
  EXPECT_EQ(Spent("a"), 579);
}

TEST_F(ModelBudget, IsNeverExceededHoweverOftenItIsAsked) {
  int64_t sum = 0;
  for (int i = 0; i < 100; ++i) sum += Allot("a", 1000);
  EXPECT_EQ(sum, 1000);
  EXPECT_EQ(Spent("a"), 1000);
  EXPECT_EQ(Allot("a", 1000), 0);
}

TEST_F(ModelBudget, IsTheCampaignsAloneAndOverItsVersions) {
  Allot("a", 1000);
  EXPECT_EQ(Spent("b"), 0);
  // A later version may have another budget; what was spent stays spent.
  EXPECT_EQ(Allot("a", 250), 0);
  EXPECT_EQ(Allot("a", 254), 1);
}

TEST_F(ModelBudget, SurvivesTheProcess) {
  EXPECT_EQ(Allot("a", 1000), 250);
  database_ = nullptr;
  ASSERT_OK_AND_ASSIGN(database_, Database::Open(dir_.File("orchestrator.db"), ModelBudgetStore::Schema()));
  EXPECT_EQ(Spent("a"), 250);
}

}  // namespace
}  // namespace campaign::orchestrator
