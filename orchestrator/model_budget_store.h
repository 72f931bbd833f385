#pragma once

#include <cstdint>
#include <string>

#include "common/database.h"

namespace campaign::orchestrator {

// What each campaign has spent on its language model, over all of its versions, in millionths. Money counts as spent
// from when a call is allowed it until what was left of it is returned: after a crash nothing is spent that is not
// counted, and what the calls on the way then were allowed stays counted. A view of a connection, as RunStore.
class ModelBudgetStore {
 public:
  explicit ModelBudgetStore(Connection& connection) : connection_(connection) {}

  static const char* Schema();

  // What a call may spend: a quarter of what is left of `budget_micros`, for other batches are on the way too; counted
  // as spent. 0: nothing is left.
  int64_t Allot(const std::string& campaign, int64_t budget_micros);
  // Of an allotment, what was not spent.
  void Return(const std::string& campaign, int64_t micros);
  int64_t Spent(const std::string& campaign);

 private:
  void Add(const std::string& campaign, int64_t micros);

  Connection& connection_;
};

}  // namespace campaign::orchestrator
