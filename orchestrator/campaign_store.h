#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "campaign/v1/campaigns.pb.h"
#include "common/database.h"
#include "orchestrator/campaign_plan.h"

namespace campaign::orchestrator {

// Campaign versions: immutable once stored, compiled once a process. Thread-safe; connections are the caller's.
class CampaignStore {
 public:
  static const char* Schema();

  // Stores `plan` as its campaign's newest version. False where it was that already.
  static bool Put(Connection& connection, const CampaignPlan& plan, absl::Time now);

  // The version, or the newest where `version` is empty. NOT_FOUND.
  static absl::StatusOr<v1::CampaignVersion> Get(Connection& connection, const std::string& name,
                                                 const std::string& version);

  // The newest version of each campaign by name, after `after_name`.
  static std::vector<v1::CampaignVersion> List(Connection& connection, const std::string& after_name, int page_size);

  // The same as Get, compiled. NOT_FOUND.
  absl::StatusOr<std::shared_ptr<const CampaignPlan>> Plan(Connection& connection, const std::string& name,
                                                           const std::string& version);

 private:
  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, std::shared_ptr<const CampaignPlan>> plans_ ABSL_GUARDED_BY(mutex_);  // By version.
};

}  // namespace campaign::orchestrator
