#include "services/retrieval/recorder.h"

#include <deque>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "common/clock.h"
#include "google/protobuf/arena.h"
#include "services/retrieval/history.h"
#include "services/retrieval/retrieval_store.h"
#include "services/retrieval/rfm.h"

namespace campaign::retrieval {
namespace {

// A customer of the request.
struct Loaded {
  int64_t row_id = 0;  // 0: not known.
  std::string currency_code;
  History* history = nullptr;
  bool changed = false;
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
    Apply(event, customer);
    response_.set_recorded_count(response_.recorded_count() + 1);
  }

  void WriteHistories() {
    for (const Loaded* customer : changed_) {
      customer->history->SerializeToString(&buffer_);
      RetrievalStore::UpdateHistory(connection_, customer->row_id, buffer_);
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
      loaded.history = google::protobuf::Arena::CreateMessage<History>(&arena_);
      loaded.history->ParseFromArray(row.history.data(), static_cast<int>(row.history.size()));
      customer_.ParseFromArray(row.customer.data(), static_cast<int>(row.customer.size()));
      loaded.currency_code = customer_.currency_code();
    });
    return loaded;
  }

  void Apply(const v1::Event& event, Loaded& customer) {
    if (!customer.changed) changed_.push_back(&customer);
    customer.changed = true;
    // Nothing but a purchase moves a customer between buckets.
    const bool is_purchase = event.kind_case() == v1::Event::kPurchase;
    if (is_purchase) CountCustomer(*customer.history, customer.currency_code, -1, rfm_changes_);
    ApplyEvent(event, *customer.history);
    if (is_purchase) CountCustomer(*customer.history, customer.currency_code, +1, rfm_changes_);
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
  google::protobuf::Arena arena_;
  std::deque<Loaded> loaded_;  // Elements stay where they are.
  absl::flat_hash_map<absl::string_view, Loaded*> by_id_;
  std::vector<const Loaded*> changed_;
  RfmCounts rfm_changes_;
  v1::Customer customer_;
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
