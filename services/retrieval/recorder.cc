#include "services/retrieval/recorder.h"

#include <deque>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "common/clock.h"
#include "services/retrieval/history.h"
#include "services/retrieval/retrieval_store.h"
#include "services/retrieval/rfm.h"

namespace campaign::retrieval {
namespace {

// A customer of the request.
struct Loaded {
  int64_t row_id = 0;  // 0: not known.
  std::string currency_code;
  std::string history;                  // Serialized, as it was before the request.
  std::vector<const v1::Event*> added;  // In the order of the request.
};

// The work on one request. Not thread-safe.
class Recorder {
 public:
  Recorder(Connection& connection, absl::Time now, v1::RecordEventsResponse& response)
      : connection_(connection), now_(now), response_(response) {}

  void Record(const v1::Event& event) {
    if (absl::Status status = CheckEvent(event, now_); !status.ok()) {
      v1::ItemError error;
      error.set_code(static_cast<int>(status.code()));
      error.set_reason(kInvalidEvent.data(), kInvalidEvent.size());
      error.set_message(status.message().data(), status.message().size());
      return Refuse(event, error);
    }
    Loaded& customer = Load(event.customer_id());
    if (customer.row_id == 0) return Refuse(event, UnknownCustomerError());
    event.SerializeToString(&buffer_);
    if (!RetrievalStore::InsertEvent(connection_, event.event_id(), customer.row_id, FromTimestamp(event.event_time()),
                                     buffer_)) {
      response_.set_duplicate_count(response_.duplicate_count() + 1);
      return;
    }
    customer.added.push_back(&event);
    response_.set_recorded_count(response_.recorded_count() + 1);
  }

  void WriteHistories() {
    History history;  // One for all: a message that is parsed into again keeps its memory.
    for (const Loaded& customer : loaded_) {
      if (customer.added.empty()) continue;
      history.ParseFromString(customer.history);
      for (const v1::Event* event : customer.added) Apply(*event, customer.currency_code, history);
      history.SerializeToString(&buffer_);
      RetrievalStore::UpdateHistory(connection_, customer.row_id, buffer_);
    }
    RetrievalStore::AddToHistogram(connection_, rfm_changes_);
  }

 private:
  Loaded& Load(const std::string& customer_id) {
    const auto [it, is_new] = by_id_.try_emplace(customer_id, nullptr);
    if (!is_new) return *it->second;
    Loaded& loaded = loaded_.emplace_back();
    it->second = &loaded;
    RetrievalStore::FindCustomer(connection_, customer_id, [&](const CustomerRow& row) {
      loaded.row_id = row.row_id;
      loaded.currency_code = std::string(row.currency_code);
      loaded.history = std::string(row.history);
    });
    return loaded;
  }

  void Apply(const v1::Event& event, const std::string& currency_code, History& history) {
    // Nothing but a purchase moves a customer between buckets.
    const bool is_purchase = event.kind_case() == v1::Event::kPurchase;
    if (is_purchase) CountCustomer(history, currency_code, -1, rfm_changes_);
    ApplyEvent(event, history);
    if (is_purchase) CountCustomer(history, currency_code, +1, rfm_changes_);
  }

  void Refuse(const v1::Event& event, const v1::ItemError& error) {
    response_.set_refused_count(response_.refused_count() + 1);
    if (response_.refused_size() == kMaxRefused) return;
    v1::RefusedEvent& refused = *response_.add_refused();
    refused.set_event_id(event.event_id());
    *refused.mutable_error() = error;
  }

  Connection& connection_;
  const absl::Time now_;
  v1::RecordEventsResponse& response_;
  std::deque<Loaded> loaded_;  // Elements stay where they are.
  absl::flat_hash_map<absl::string_view, Loaded*> by_id_;
  RfmCounts rfm_changes_;
  std::string buffer_;
};

}  // namespace

v1::ItemError UnknownCustomerError() {
  v1::ItemError error;
  error.set_code(static_cast<int>(absl::StatusCode::kNotFound));
  error.set_reason(kUnknownCustomer.data(), kUnknownCustomer.size());
  error.set_message("the customer is not known; import them first");
  return error;
}

void RecordEvents(Connection& connection, const v1::RecordEventsRequest& request, absl::Time now,
                  v1::RecordEventsResponse& response) {
  Recorder recorder(connection, now, response);
  for (const v1::Event& event : request.events()) recorder.Record(event);
  recorder.WriteHistories();
}

}  // namespace campaign::retrieval
