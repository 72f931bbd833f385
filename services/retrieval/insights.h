#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "campaign/v1/profile.pb.h"
#include "campaign/v1/retrieval.pb.h"
#include "services/retrieval/history.pb.h"

namespace campaign::retrieval {

// Which insights a campaign version wants for a segment. Immutable, so thread-safe.
class InsightPlan {
 public:
  // INVALID_ARGUMENT "config.rules[0].kinds[1]: ...": a kind that is not given, or given twice in one rule.
  static absl::StatusOr<InsightPlan> Compile(const v1::InsightConfig& config, absl::string_view goal);

  // The kinds of the first rule that names the segment or names none, else the goal's default, else purchases, activity
  // and messages.
  absl::Span<const v1::InsightKind> KindsFor(absl::string_view segment) const;

 private:
  struct Rule {
    std::vector<std::string> segments;
    std::vector<v1::InsightKind> kinds;
  };

  std::vector<Rule> rules_;  // The last one names no segment.
};

// Adds an insight of each kind, in their order; a kind with nothing to say about the customer is left out. `profile` is
// the one derived from `history` as of `as_of`. Each fact has its source, and the time of the newest event behind it.
// Facts by kind:
//   PURCHASES          orders_365d spend_365d average_order (major units) days_since_last_purchase (whole days)
//                      average_order_change_percent (last 90 days against the rest of the year; where both have orders)
//   CATEGORY_AFFINITY  top_category top_category_orders (365 days) top_category_months (of the last 4)
//   TICKETS            open_ticket_count open_ticket_topic (the newest's); where there are closed ones
//   past_ticket_count
//                      past_ticket_topic (closed last)
//   FEATURE_USE        ignored_feature unused_feature (announced last of those never used) unused_features (all, "a,
//   b") ACTIVITY           days_inactive (whole days) activity_change_percent (whole, -80 is 80 % down) BROWSING
//   viewed_product viewed_category (viewed last) viewed_not_bought ("a, b", of 30 days) MESSAGES           messages_30d
//   messages_ignored_30d last_message_action last_message_outcome (complained,
//                      unsubscribed, converted, clicked, opened or no response)
void CollectInsights(absl::Span<const v1::InsightKind> kinds, const v1::Profile& profile, const History& history,
                     absl::Time as_of, v1::Insights& insights);

}  // namespace campaign::retrieval
