#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "campaign/v1/delivery.pb.h"
#include "common/database.h"

namespace campaign::delivery {

// A dispatch as the ledger has it. No address, no content.
struct LedgerRow {
  int64_t dispatch_id = 0;
  std::string customer_run_id;
  v1::Channel channel = v1::CHANNEL_UNSPECIFIED;
  std::string customer_id;
  std::string campaign;
  v1::DeliveryState state = v1::DELIVERY_STATE_UNSPECIFIED;
  std::string provider;
  int attempt_count = 0;
  // Of RETRY_WAIT.
  absl::Time retry_time = absl::UnixEpoch();
  // Why it stands there; both empty where it is accepted.
  std::string reason_code;
  std::string reason_text;
  absl::Time create_time;
  absl::Time update_time;
};

// Which dispatches to list.
struct LedgerFilter {
  // Unspecified: every state.
  v1::DeliveryState state = v1::DELIVERY_STATE_UNSPECIFIED;
  // Empty: every customer run.
  std::string customer_run_id;
  // Only those older than this one; 0: all.
  int64_t before_dispatch_id = 0;
  int limit = 0;
};

// The ledger's tables, for Database::Open.
extern const char kLedgerSchema[];

// Adds the row (its dispatch_id apart), unless its customer run and channel have one. Returns the new dispatch_id.
absl::optional<int64_t> InsertRow(Connection& connection, const LedgerRow& row);

// The row of a customer run and channel.
absl::optional<LedgerRow> FindRow(Connection& connection, const std::string& customer_run_id, v1::Channel channel);

// Writes what changes from attempt to attempt: state, provider, attempt_count, retry_time, reason, update_time.
void UpdateRow(Connection& connection, const LedgerRow& row);

// Makes every SENDING row UNKNOWN, with a reason. Returns how many.
int64_t MarkSendingUnknown(Connection& connection, const std::string& reason_code, const std::string& reason_text,
                           absl::Time now);

// Newest first.
std::vector<LedgerRow> ListRows(Connection& connection, const LedgerFilter& filter);

}  // namespace campaign::delivery
