#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "campaign/v1/compliance.pb.h"
#include "common/database.h"
#include "services/compliance/frequency_cap.h"

namespace campaign::compliance {

// An entry of the suppression list that stands against a message.
struct SuppressionHit {
  bool by_address = false;
  std::string reason;
};

// The form in which addresses compare: e-mail addresses in lower case, phone numbers without punctuation.
std::string AddressKey(absl::string_view address);

// The suppression list, consents and contacts: every SQL statement of the service. A view of one connection, in the
// transaction that is open on it. What writes needs the writer's connection.
class ComplianceStore {
 public:
  // A contact table holds more than this many rows of a customer within a window: they cannot be counted.
  static constexpr int kMaxContacts = 10'000;

  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& path);

  explicit ComplianceStore(Connection& connection) : connection_(connection) {}

  // The number that stands for a campaign in contacts; 0 where no contact has it yet.
  int64_t FindCampaign(const std::string& campaign);
  int64_t FindOrAddCampaign(const std::string& campaign);

  // Entries for the customer or the address (an AddressKey; either may be empty), of this channel or all.
  void FindSuppressions(const std::string& customer_id, const std::string& address, v1::Channel channel,
                        std::vector<SuppressionHit>& hits);
  // Whether consent stands; nullopt where none was ever recorded.
  absl::optional<bool> FindConsent(const std::string& customer_id, v1::Channel channel);
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

  // False: the entry is there already.
  bool AddSuppression(const v1::Suppression& suppression, absl::Time now);
  // False: there is none of this target and channel.
  bool RemoveSuppression(const v1::Suppression& suppression);
  // A page of at most `page_size` entries with a number above `after`, oldest first. Returns the number after which the
  // next page begins, 0 on the last one.
  int64_t ListSuppressions(int64_t after, int page_size, v1::ListSuppressionsResponse& response);

  // False: what is known is as new (and, of the same time, a withdrawal) or newer.
  bool RecordConsent(const v1::Consent& consent);
  void FindConsentedChannels(const std::string& customer_id, v1::ConsentedChannels& channels);

 private:
  Connection& connection_;
};

}  // namespace campaign::compliance
