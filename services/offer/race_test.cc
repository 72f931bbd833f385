#include <atomic>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include "services/offer/offer_service_testing.h"

namespace campaign::offer {
namespace {

using testing::ConfigOf;
using testing::ItemFor;
using testing::kDiscounted;
using testing::Nudge;
using testing::OfferServiceTest;
using testing::RequestOf;

constexpr int kBatches = 64;

std::vector<v1::SelectItem> ItemsOf(int batch, int count, absl::string_view round = "") {
  std::vector<v1::SelectItem> items;
  for (int i = 0; i < count; ++i) {
    items.push_back(ItemFor(absl::StrCat("run-", round, batch, "-", i), absl::StrCat("customer-", batch, "-", i)));
  }
  return items;
}

class RaceTest : public OfferServiceTest {
 protected:
  // Runs `count` calls at once, each over a connection of its own, none before all are ready. Returns the runs whose
  // action won.
  template <class MakeRequest>
  std::vector<std::string> Race(int count, MakeRequest make_request) {
    std::vector<std::vector<std::string>> winners(count);
    std::latch ready(count);
    std::vector<std::thread> threads;
    for (int batch = 0; batch < count; ++batch) {
      threads.emplace_back([&, batch] {
        const v1::SelectActionsRequest request = make_request(batch);
        grpc::ChannelArguments arguments;
        arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
        const auto channel = grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(server_->port()),
                                                       grpc::InsecureChannelCredentials(), arguments);
        v1::SelectActionsResponse response;
        grpc::ClientContext context;
        ready.arrive_and_wait();
        EXPECT_TRUE(v1::Offers::NewStub(channel)->SelectActions(&context, request, &response).ok());
        for (int i = 0; i < response.results_size(); ++i) {
          if (!response.results(i).decision().action_id().empty()) {
            winners[batch].push_back(request.items(i).customer_run_id());
          }
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    std::vector<std::string> all;
    for (const auto& of_batch : winners) all.insert(all.end(), of_batch.begin(), of_batch.end());
    return all;
  }

  int64_t Counter(const std::string& key) {
    return Number(("SELECT COALESCE(SUM(amount), 0) FROM usage WHERE key = '" + key + "'").c_str());
  }
};

TEST_F(RaceTest, OneOfSixtyFourBatchesGetsTheLastItem) {
  const v1::OfferConfig config = ConfigOf(Nudge("last", "inventory: 1"));
  EXPECT_EQ(Race(kBatches, [&](int batch) { return RequestOf(config, ItemsOf(batch, 4)); }).size(), 1);
  EXPECT_EQ(ReservationCount(), 1);
  EXPECT_EQ(Counter("inventory/last"), 1);
}

TEST_F(RaceTest, WhatIsReleasedIsWonOnceMoreAndWhatIsCommittedNever) {
  const v1::OfferConfig config = ConfigOf(Nudge("few", "inventory: 10 cost_minor: 7"));
  const std::vector<std::string> first =
      Race(kBatches, [&](int batch) { return RequestOf(config, ItemsOf(batch, 4, "first-")); });
  ASSERT_EQ(first.size(), 10);
  EXPECT_EQ(Total(), 70);
  for (size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(Settle(first[i], i < 3 ? v1::SETTLEMENT_RELEASE : v1::SETTLEMENT_COMMIT), 1);
  }
  EXPECT_EQ(Race(kBatches, [&](int batch) { return RequestOf(config, ItemsOf(batch, 4, "second-")); }).size(), 3);
  EXPECT_EQ(Counter("inventory/few"), 10);
  EXPECT_EQ(Total(), 70);
  EXPECT_EQ(ReservationCount(), 10);
}

TEST_F(RaceTest, CampaignsShareAnInventoryButNoDailyCap) {
  const v1::OfferConfig config = ConfigOf(Nudge("few", "inventory: 15 daily_cap: 6"));
  const auto make_request = [&](absl::string_view round) {
    return [&config, round](int batch) {
      return RequestOf(config, ItemsOf(batch, 4, round), absl::StrCat("campaign-", batch % 2));
    };
  };
  EXPECT_EQ(Race(kBatches, make_request("first-")).size(), 12);
  clock_.Advance(absl::Hours(24));
  EXPECT_EQ(Race(kBatches, make_request("second-")).size(), 3);
}

TEST_F(RaceTest, NeverExceedsABudget) {
  const v1::OfferConfig config =
      ConfigOf(std::string("daily_budget_minor: 10050 total_budget_minor: 20000 ") + kDiscounted);
  const auto make_request = [&](int batch) { return RequestOf(config, ItemsOf(batch, 8)); };
  EXPECT_EQ(Race(kBatches, make_request).size(), 100);
  EXPECT_EQ(Total(), 10'000);
  clock_.Advance(absl::Hours(24));
  EXPECT_EQ(Race(kBatches, [&](int batch) { return make_request(batch + kBatches); }).size(), 100);
  EXPECT_EQ(Total(), 20'000);
  clock_.Advance(absl::Hours(24));
  EXPECT_EQ(Race(4, [&](int batch) { return make_request(batch + 2 * kBatches); }).size(), 0);
  EXPECT_EQ(ReservationCount(), 200);
}

TEST_F(RaceTest, OneOfTwoCampaignsGetsACustomersCooldown) {
  const v1::OfferConfig config = ConfigOf(Nudge("a", "cooldown { seconds: 3600 }"));
  const auto make_request = [&](int batch) {
    return RequestOf(config, {ItemFor(absl::StrCat("run-", batch), "ada")}, absl::StrCat("campaign-", batch % 2));
  };
  EXPECT_EQ(Race(kBatches, make_request).size(), 1);
}

TEST_F(RaceTest, ACustomersCapHoldsAcrossCampaigns) {
  const v1::OfferConfig config = ConfigOf(Nudge("a", "customer_cap: 3"));
  const auto make_request = [&](int batch) {
    return RequestOf(config, {ItemFor(absl::StrCat("run-", batch), "ada")}, absl::StrCat("campaign-", batch % 2));
  };
  EXPECT_EQ(Race(kBatches, make_request).size(), 3);
}

TEST_F(RaceTest, TheSameRunAgainstItselfReservesOnce) {
  const v1::OfferConfig config = ConfigOf(kDiscounted);
  EXPECT_EQ(Race(16, [&](int) { return RequestOf(config, {ItemFor("run", "ada")}); }).size(), 16);
  EXPECT_EQ(ReservationCount(), 1);
  EXPECT_EQ(Total(), 100);
}

}  // namespace
}  // namespace campaign::offer
