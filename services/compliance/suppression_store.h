#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "campaign/v1/compliance.pb.h"
#include "common/database.h"
#include "services/compliance/suppression.h"
#include "services/compliance/suppression_filter.h"

namespace campaign::compliance {

// The suppression list. A view of one connection, in the transaction that is open on it; what writes needs the writer's
// connection. Everything that looks or adds goes past the process's one filter.
//
// Entries that a customer's reply made stand beside those that others made for the same target and scope, so that a
// START can take away the one without the other.
class SuppressionStore {
 public:
  static const char kSchema[];

  SuppressionStore(Connection& connection, SuppressionFilter& filter) : connection_(connection), filter_(filter) {}

  // Brings a list of before entries had brands and classes into the form of today; does nothing to others.
  void Upgrade();
  // Makes the whole list known to the filter.
  void FillFilter();

  // Adds to `entries` those about the target, whatever their scope.
  void Find(TargetKind kind, absl::string_view key, std::vector<v1::Suppression>& entries);

  // False: the entry is there already. `suppression` is about `target`.
  bool Add(const v1::Suppression& suppression, const SuppressionTarget& target, absl::Time now);
  // Adds the entry that a reply of `reply_time` made, or notes the later of two replies.
  void AddByReply(const v1::Suppression& suppression, const SuppressionTarget& target, absl::Time reply_time,
                  absl::Time now);
  // Removes what has this target, channel, brand and class, whoever made it. Returns whether there was any.
  bool Remove(const v1::Suppression& suppression, const SuppressionTarget& target);
  // Removes what replies before `reply_time` made for this target, channel and brand; empty: for any brand. Returns
  // whether there was any.
  bool RemoveByReply(const SuppressionTarget& target, v1::Channel channel, const std::string& brand,
                     absl::Time reply_time);

  // A page of at most `page_size` entries with a number above `after`, oldest first. Returns the number after which the
  // next page begins, 0 on the last one.
  int64_t List(int64_t after, int page_size, v1::ListSuppressionsResponse& response);

 private:
  bool Insert(const v1::Suppression& suppression, const SuppressionTarget& target,
              absl::optional<absl::Time> reply_time, absl::Time now);

  Connection& connection_;
  SuppressionFilter& filter_;
};

}  // namespace campaign::compliance
