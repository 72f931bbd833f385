#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "campaign/v1/profile.pb.h"
#include "campaign/v1/retrieval.pb.h"
#include "common/database.h"
#include "services/retrieval/history.pb.h"
#include "services/retrieval/retrieval_store.h"

namespace campaign::retrieval {

// The moment that profiles are of. Now: from the history kept beside the customer. A moment that was asked for: from
// the customer's events alone, of which those with an event_time after it do not count. The kept history cannot answer
// that: it adds up what is old and knows only the newest of many times. Applied in the order in which they were
// recorded, all events of up to a moment give the history that was kept at it, but for events that came late: what
// counts is what had happened, not what was known. Immutable, so thread-safe.
class Moment {
 public:
  // `request.as_of`, or now where it is absent. INVALID_ARGUMENT "as_of.seconds: ...": no time, one before 1970 or more
  // than a day after now.
  template <class Request>
  static absl::StatusOr<Moment> Of(const Request& request, absl::Time now) {
    if (!request.has_as_of()) return Moment(now, /*asked=*/false);
    return Asked(request.as_of(), now);
  }

  absl::Time time() const { return time_; }

  // Replaces `history` by the customer's. For a moment asked for it reads every event of theirs.
  void ReadHistory(Connection& connection, const CustomerRow& row, History& history) const;
  // Replaces `customer` by the one imported last: earlier ones are not kept. A signup after the moment is left out.
  void ReadCustomer(const CustomerRow& row, v1::Customer& customer) const;

 private:
  Moment(absl::Time time, bool asked) : time_(time), asked_(asked) {}

  static absl::StatusOr<Moment> Asked(const google::protobuf::Timestamp& as_of, absl::Time now);

  absl::Time time_;
  bool asked_;
};

}  // namespace campaign::retrieval
