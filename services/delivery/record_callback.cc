#include "services/delivery/record_callback.h"

#include <openssl/sha.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "services/delivery/address_hash.h"
#include "services/delivery/delivery_store.h"
#include "services/delivery/feedback_store.h"
#include "services/delivery/idempotency_key.h"
#include "services/delivery/resolve_unknown.h"

namespace campaign::delivery {
namespace {

constexpr size_t kMaxEventId = 64;
// A reply that comes later answers something else.
constexpr absl::Duration kReplyAge = absl::Hours(24 * 30);
// Looked at for removal by each callback beyond twice of what it adds, so that what is old goes faster than it came.
constexpr int kMinPruned = 16;

bool IsAnswer(v1::FeedbackKind kind) {
  return kind == v1::FEEDBACK_KIND_REPLIED || kind == v1::FEEDBACK_KIND_UNSUBSCRIBED;
}

// The dispatch that the event names.
absl::optional<LedgerRow> FindNamed(Connection& connection, const std::string& provider, const CallbackEvent& event) {
  absl::optional<LedgerRow> row;
  if (!event.provider_message_id.empty()) {
    row = FindByProviderMessageId(connection, provider, event.provider_message_id);
  }
  if (row.has_value()) return row;
  const absl::optional<Dispatched> dispatched = ParseIdempotencyKey(event.idempotency_key);
  return dispatched.has_value() ? FindRow(connection, dispatched->customer_run_id, dispatched->channel) : absl::nullopt;
}

absl::optional<LedgerRow> FindAnswered(Connection& connection, const std::string& provider,
                                       const CallbackSource& source, const CallbackEvent& event, absl::Time now) {
  if (!IsAnswer(event.kind)) return absl::nullopt;
  const int64_t hash = AddressHash(source.channel, event.address);
  return hash == 0 ? absl::nullopt : FindByAddressHash(connection, provider, hash, now - kReplyAge);
}

bool Record(Connection& connection, const std::string& provider, const CallbackSource& source,
            const CallbackEvent& event, absl::Time now) {
  absl::optional<LedgerRow> dispatch = FindNamed(connection, provider, event);
  if (dispatch.has_value()) {
    ResolveByReport(connection, provider, now, *dispatch);
  } else {
    dispatch = FindAnswered(connection, provider, source, event, now);
  }
  FeedbackRow row = {event.kind, FeedbackEventId(provider, event.event_id),
                     provider,   source.channel,
                     0,          event.address,
                     event.text, event.event_time,
                     now};
  if (dispatch.has_value()) {
    row.channel = dispatch->channel;
    row.dispatch_id = dispatch->dispatch_id;
  }
  return InsertFeedback(connection, row);
}

}  // namespace

std::string FeedbackEventId(absl::string_view provider, absl::string_view event_id) {
  std::string id = absl::StrCat(provider, ":", event_id);
  if (id.size() <= kMaxEventId) return id;
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(id.data()), id.size(), digest);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest), sizeof(digest)));
}

v1::RecordReceiptsResponse RecordCallback(Connection& connection, const std::string& provider,
                                          const CallbackSource& source, const Callback& callback, absl::Time now) {
  v1::RecordReceiptsResponse response;
  response.set_ignored_count(callback.ignored_count);
  for (const CallbackEvent& event : callback.events) {
    if (Record(connection, provider, source, event, now)) {
      response.set_recorded_count(response.recorded_count() + 1);
    } else {
      response.set_ignored_count(response.ignored_count() + 1);
    }
  }
  PruneFeedback(connection, now - kFeedbackAge, kMinPruned + 2 * static_cast<int>(callback.events.size()));
  return response;
}

}  // namespace campaign::delivery
