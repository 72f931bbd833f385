#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "campaign/v1/compliance.pb.h"
#include "common/database.h"
#include "services/compliance/frequency_cap.h"

namespace campaign::compliance {

// Campaigns and contacts. A view of one connection, in the transaction that is open on it. What writes needs the
// writer's connection. SuppressionStore, ConsentStore and ReplyStore hold the rest of the service's database.
class ComplianceStore {
 public:
  // A contact table holds more than this many rows of a customer within a window: they cannot be counted.
  static constexpr int kMaxContacts = 10'000;

  static constexpr int64_t kNoBrand = 0;
  static constexpr int64_t kUnknownBrand = -1;

  // Opens the service's database, makes what is missing in it and brings what an older release left into today's form.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& path);

  explicit ComplianceStore(Connection& connection) : connection_(connection) {}

  // The number that stands for a campaign in contacts; 0 where no contact has it yet.
  int64_t FindCampaign(const std::string& campaign);
  int64_t FindOrAddCampaign(const std::string& campaign);
  // The number that stands for a brand in contacts: kNoBrand for the empty one, kUnknownBrand where no contact has it.
  int64_t FindBrand(const std::string& brand);
  int64_t FindOrAddBrand(const std::string& brand);

  // Replaces `contacts` by the customer's since `after`, without those of `customer_run_id`. False: more than
  // kMaxContacts.
  bool FindContacts(const std::string& customer_id, const std::string& customer_run_id, absl::Time after,
                    std::vector<Contact>& contacts);

  // Makes or replaces the run's reservation; a committed contact stays as it is.
  void Reserve(const std::string& customer_run_id, const std::string& customer_id, const Contact& contact);
  // Takes back the run's reservation. False: it has none, or it is committed.
  bool Release(const std::string& customer_run_id);
  // Turns the run's reservation into a contact made at `now`. False: it has none, or it is committed.
  bool Commit(const std::string& customer_run_id, absl::Time now);
  // Removes some of the oldest contacts, if they are older than `before`.
  void Prune(absl::Time before);

 private:
  Connection& connection_;
};

}  // namespace campaign::compliance
