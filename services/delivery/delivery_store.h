#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "campaign/v1/delivery.pb.h"
#include "common/database.h"

namespace campaign::delivery {

// A dispatch as the ledger has it. No address (but see `address_hash`), no content.
struct LedgerRow {
  int64_t dispatch_id = 0;
  std::string customer_run_id;
  v1::Channel channel = v1::CHANNEL_UNSPECIFIED;
  std::string customer_id;
  std::string campaign;
  // In whose name it went out; may be empty.
  std::string brand;
  // AddressHash of where it went, by which a reply is known; 0 where none can come.
  int64_t address_hash = 0;
  v1::DeliveryState state = v1::DELIVERY_STATE_UNSPECIFIED;
  std::string provider;
  int attempt_count = 0;
  // Of RETRY_WAIT, and of an UNKNOWN that will be sent again.
  absl::Time retry_time = absl::UnixEpoch();
  // Why it stands there; both empty where it is accepted.
  std::string reason_code;
  std::string reason_text;
  // The provider's own name for it; empty where it gave none.
  std::string provider_message_id;
  absl::Time create_time;
  absl::Time update_time;
};

// What a person said became of a dispatch that was UNKNOWN.
struct ResolutionRow {
  int64_t dispatch_id = 0;
  v1::UnknownResolution resolution = v1::UNKNOWN_RESOLUTION_UNSPECIFIED;
  std::string resolved_by;
  std::string comment;
  absl::Time resolve_time;
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

// Opens or makes the ledger, and adds what one of an earlier release does not have. Errors of Database::Open and
// Database::Write.
absl::StatusOr<std::unique_ptr<Database>> OpenLedger(const std::string& path);

// Adds the row (its dispatch_id apart), unless its customer run and channel have one. Returns the new dispatch_id.
absl::optional<int64_t> InsertRow(Connection& connection, const LedgerRow& row);

// The row of a customer run and channel.
absl::optional<LedgerRow> FindRow(Connection& connection, const std::string& customer_run_id, v1::Channel channel);

// The newest dispatch that a provider gave this name, or of this address_hash (not 0), which it sent since `since`.
absl::optional<LedgerRow> FindByProviderMessageId(Connection& connection, const std::string& provider,
                                                  const std::string& provider_message_id);
absl::optional<LedgerRow> FindByAddressHash(Connection& connection, const std::string& provider, int64_t address_hash,
                                            absl::Time since);

// Writes what changes from attempt to attempt: state, provider, attempt_count, retry_time, reason, provider_message_id,
// update_time.
void UpdateRow(Connection& connection, const LedgerRow& row);

// Makes every SENDING row UNKNOWN, with a reason. Returns how many.
int64_t MarkSendingUnknown(Connection& connection, const std::string& reason_code, const std::string& reason_text,
                           absl::Time now);

// Newest first.
std::vector<LedgerRow> ListRows(Connection& connection, const LedgerFilter& filter);

// Those of a dispatch, oldest first.
std::vector<ResolutionRow> ListResolutions(Connection& connection, int64_t dispatch_id);
void InsertResolution(Connection& connection, const ResolutionRow& row);

}  // namespace campaign::delivery
