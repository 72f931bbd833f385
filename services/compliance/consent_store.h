#pragma once

#include <string>
#include <vector>

#include "campaign/v1/compliance.pb.h"
#include "common/database.h"
#include "services/compliance/consent.h"

namespace campaign::compliance {

// What customers agreed to and took back. A view of one connection, in the transaction that is open on it. What writes
// needs the writer's connection.
class ConsentStore {
 public:
  static const char kSchema[];

  explicit ConsentStore(Connection& connection) : connection_(connection) {}

  // Brings a database of before consents had purposes into the form of today; does nothing to others. Each consent
  // becomes an express one for every purpose, which is what it was taken for.
  void Upgrade();

  // Replaces `records` by what is known of the customer on the channel, each purpose once.
  void Find(const std::string& customer_id, v1::Channel channel, std::vector<ConsentRecord>& records);
  // The same of all channels, ordered by channel.
  void FindAll(const std::string& customer_id, std::vector<ConsentRecord>& records);

  // False: what is known of this customer, channel and purpose is as new (and, of the same time, a withdrawal) or
  // newer.
  bool Record(const v1::Consent& consent);

 private:
  Connection& connection_;
};

}  // namespace campaign::compliance
