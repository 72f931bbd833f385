#pragma once

#include <string>

#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "campaign/v1/compliance.pb.h"
#include "common/database.h"
#include "services/compliance/reply_keywords.h"
#include "services/compliance/suppression.h"

namespace campaign::compliance {

// The replies that were recorded, and what they did; not their words. A view of one connection, in the transaction that
// is open on it; what writes needs the writer's connection.
class ReplyStore {
 public:
  static const char kSchema[];

  explicit ReplyStore(Connection& connection) : connection_(connection) {}

  // What the reply did; nullopt where it is not known.
  absl::optional<v1::ReplyEffect> FindEffect(const std::string& reply_id);

  // Whether, after `reply_time`, somebody wrote START from this target on this channel, to this brand or to all.
  bool HasLaterStart(const SuppressionTarget& target, v1::Channel channel, const std::string& brand,
                     absl::Time reply_time);

  void Add(const v1::Reply& reply, ReplyKeyword keyword, const SuppressionTarget& target, v1::ReplyEffect effect);

 private:
  Connection& connection_;
};

}  // namespace campaign::compliance
