#include "orchestrator/model_budget_store.h"

namespace campaign::orchestrator {
namespace {

constexpr char kSchema[] = R"(
CREATE TABLE IF NOT EXISTS model_budget (campaign TEXT NOT NULL UNIQUE, spent_micros INTEGER NOT NULL);
)";

}  // namespace

const char* ModelBudgetStore::Schema() { return kSchema; }

int64_t ModelBudgetStore::Spent(const std::string& campaign) {
  SQLite::Statement& select = connection_.Prepare("SELECT spent_micros FROM model_budget WHERE campaign = $1");
  select.bind(1, campaign);
  return select.executeStep() ? select.getColumn(0).getInt64() : 0;
}

void ModelBudgetStore::Add(const std::string& campaign, int64_t micros) {
  SQLite::Statement& add = connection_.Prepare(
      "INSERT INTO model_budget (campaign, spent_micros) VALUES ($1, $2) "
      "ON CONFLICT (campaign) DO UPDATE SET spent_micros = spent_micros + excluded.spent_micros");
  add.bind(1, campaign);
  add.bind(2, micros);
  add.exec();
}

int64_t ModelBudgetStore::Allot(const std::string& campaign, int64_t budget_micros) {
  const int64_t left = budget_micros - Spent(campaign);
  if (left <= 0) return 0;
  const int64_t allotment = (left - 1) / 4 + 1;
  Add(campaign, allotment);
  return allotment;
}

void ModelBudgetStore::Return(const std::string& campaign, int64_t micros) { Add(campaign, -micros); }

}  // namespace campaign::orchestrator
