#pragma once

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/database.h"
#include "common/testing/testing.h"
#include "orchestrator/campaign_plan.h"
#include "orchestrator/campaign_store.h"
#include "orchestrator/feedback_store.h"
#include "orchestrator/model_budget_store.h"
#include "orchestrator/review_store.h"
#include "orchestrator/run_store.h"

// What the tests of the orchestrator share.
namespace campaign::orchestrator {

// The smallest campaign that can be applied: one action, one template, e-mail.
inline v1::Campaign SmallCampaign(const std::string& name = "win-back") {
  v1::Campaign campaign = testing::ParseProto<v1::Campaign>(R"pb(
    goal: "win_back"
    offers {
      channel_priority: CHANNEL_EMAIL
      actions { action_id: "hello" kind: ACTION_KIND_NUDGE propensity: 0.5 value_minor: 100 }
    }
    generation {
      templates { template_id: "hello" channel: CHANNEL_EMAIL subject: "Hello" text: "Hello {{first_name}}" }
    })pb");
  campaign.set_name(name);
  return campaign;
}

inline std::shared_ptr<const CampaignPlan> SmallPlan(const std::string& name = "win-back") {
  auto plan = MakePlan(SmallCampaign(name));
  EXPECT_OK(plan);
  return *plan;
}

// A database with the orchestrator's whole schema, in a folder of its own.
class StoreTest : public ::testing::Test {
 protected:
  StoreTest() {
    const std::string schema = absl::StrCat(CampaignStore::Schema(), RunStore::Schema(), ReviewStore::Schema(),
                                            FeedbackStore::Schema(), ModelBudgetStore::Schema());
    auto opened = Database::Open(dir_.File("orchestrator.db"), schema.c_str());
    EXPECT_OK(opened);
    database_ = *std::move(opened);
  }

  // Runs `function(connection)` in a transaction.
  template <class Function>
  void Write(Function function) {
    EXPECT_OK(database_->Write([&](Connection& connection) {
      function(connection);
      return absl::OkStatus();
    }));
  }
  template <class Function>
  void Read(Function function) {
    EXPECT_OK(database_->Read([&](Connection& connection) {
      function(connection);
      return absl::OkStatus();
    }));
  }

  const testing::TempDir dir_;
  const absl::Time now_ = testing::Utc("2026-06-15 12:00:00");
  std::unique_ptr<Database> database_;
};

}  // namespace campaign::orchestrator
