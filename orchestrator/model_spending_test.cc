// What campaigns spend on a language model, through the runner.

#include <atomic>

#include "orchestrator/model_budget_store.h"
#include "orchestrator/testing_world.h"

namespace campaign::orchestrator {
namespace {

class ModelSpending : public RunnerTest {
 protected:
  ModelSpending() { world_->Apply(WithModel()); }

  static v1::Campaign WithModel() {
    v1::Campaign campaign = SmallCampaign();
    campaign.mutable_generation()->mutable_text_model()->set_model("small");
    campaign.mutable_generation()->mutable_text_model()->set_budget_micros(1000);
    return campaign;
  }
  int64_t Spent() {
    int64_t spent = -1;
    EXPECT_OK(world_->database().Read([&](Connection& connection) {
      spent = ModelBudgetStore(connection).Spent("win-back");
      return absl::OkStatus();
    }));
    return spent;
  }
  // The first call of generation fails with that code.
  void FailOnce(grpc::StatusCode code) {
    fakes_.set_hook([this, code](const std::string& rpc, const Strings&) {
      if (rpc != "Generate" || calls_++ > 0) return grpc::Status::OK;
      return grpc::Status(code, "not now");
    });
  }
  // Once the run has settled, with the clock going on.
  std::string SettledInTime(const std::string& run) {
    World::WaitFor([&] {
      world_->Advance(absl::Milliseconds(1));
      return world_->Get(run).state() != v1::CAMPAIGN_RUN_STATE_RUNNING;
    });
    return world_->Settled(run);
  }

  std::atomic<int> calls_ = 0;
};

TEST_F(ModelSpending, WhatIsNotSpentGoesBack) {
  fakes_.set_model_cost_micros(10);
  EXPECT_EQ(world_->Settled(world_->Run("customers { customer_ids: ['ann', 'ben'] }")), "DELIVERED 2");
  EXPECT_EQ(fakes_.calls("GenerateBudget"), Strings{"250"});
  EXPECT_EQ(Spent(), 20);
}

TEST_F(ModelSpending, TheNextRunAndTheNextVersionHaveWhatIsLeft) {
  fakes_.set_model_cost_micros(600);
  EXPECT_EQ(world_->Settled(world_->Run("customer_id: 'ann'")), "DELIVERED 1");
  EXPECT_EQ(Spent(), 250);
  v1::Campaign later = WithModel();
  later.mutable_generation()->mutable_text_model()->set_instructions("Be brief.");
  world_->Apply(later);
  EXPECT_EQ(world_->Settled(world_->Run("customer_id: 'ann'")), "DELIVERED 1");
  EXPECT_EQ(fakes_.calls("GenerateBudget"), (Strings{"250", "188"}));
  EXPECT_EQ(Spent(), 438);
}

TEST_F(ModelSpending, ACallThatFailedBeforeItAskedCostsNothing) {
  FailOnce(grpc::StatusCode::ABORTED);
  EXPECT_EQ(SettledInTime(world_->Run("customer_id: 'ann'")), "DELIVERED 1");
  EXPECT_EQ(fakes_.calls("GenerateBudget"), (Strings{"250", "250"}));
  EXPECT_EQ(Spent(), 0);
}

TEST_F(ModelSpending, ACallThatFailedAfterItAskedHasSpentAllThatItMight) {
  fakes_.set_model_cost_micros(10);
  FailOnce(grpc::StatusCode::ABORTED);
  EXPECT_EQ(SettledInTime(world_->Run("customer_id: 'ann'")), "DELIVERED 1");
  EXPECT_EQ(fakes_.calls("GenerateBudget"), (Strings{"250", "188"}));
  EXPECT_EQ(Spent(), 260);
}

TEST_F(ModelSpending, CustomersCalledForAloneShareTheRefusedCallsMoney) {
  FailOnce(grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(world_->Settled(world_->Run("customers { customer_ids: ['ann', 'ben', 'cem'] }")), "DELIVERED 3");
  EXPECT_EQ(fakes_.calls("GenerateBudget"), (Strings{"250", "83", "83", "83"}));
  EXPECT_EQ(Spent(), 0);
}

TEST_F(ModelSpending, ADryRunAsksNobody) {
  world_->Settled(world_->Run("customer_id: 'ann' dry_run: true"));
  EXPECT_EQ(fakes_.calls("GenerateRequest"), Strings{"win-back by templates only"});
  EXPECT_EQ(fakes_.calls("GenerateBudget"), Strings{});
  EXPECT_EQ(Spent(), 0);
}

TEST_F(ModelSpending, WithoutAModelNothingIsAllotted) {
  world_->Apply(SmallCampaign());
  EXPECT_EQ(world_->Settled(world_->Run("customer_id: 'ann'")), "DELIVERED 1");
  EXPECT_EQ(fakes_.calls("GenerateBudget"), Strings{});
}

}  // namespace
}  // namespace campaign::orchestrator
