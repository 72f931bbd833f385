#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "campaign/v1/delivery.pb.h"
#include "common/clock.h"
#include "common/database.h"
#include "services/delivery/channel_sender.h"
#include "services/delivery/delivery_store.h"
#include "services/delivery/dispatch_state.h"
#include "services/delivery/provider_router.h"
#include "services/delivery/retry_policy.h"

namespace campaign::delivery {

inline constexpr char kAlreadyBeingSent[] = "ALREADY_BEING_SENT";  // By another call, right now.

struct DispatcherOptions {
  // Random in [0, 1), for the retries' jitter. Called on one thread at a time. Required.
  std::function<double()> uniform;
  RetryPolicy retry = {};
};

// Sends messages at most once each, by the ledger: SENDING is committed with the provider's name, then that provider is
// asked, then its outcome is committed, then the caller is answered. Where a provider is down, and so has nothing, the
// next one's name is committed before that one is asked. Thread-safe.
class Dispatcher {
 public:
  using Done = std::function<void(absl::Status)>;

  // Takes what an earlier process left SENDING for UNKNOWN; sends nothing. All but `options` must outlive the
  // dispatcher. Errors of Database::Write.
  static absl::StatusOr<std::unique_ptr<Dispatcher>> Create(Database& database, ProviderRouter& router,
                                                            const Clock& clock, DispatcherOptions options);
  // Waits for what is under way.
  ~Dispatcher();
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  // Answers each item with a receipt, or with ABORTED / ALREADY_BEING_SENT where another call is sending it right now.
  // `done` is called on another thread; request and response must live until then.
  // UNAVAILABLE: the ledger cannot be written; asking again is safe.
  void Deliver(const v1::DeliverRequest& request, v1::DeliverResponse& response, Done done);

  // Whether a Deliver that has not answered yet has this idempotency key. On the database's writer thread it stays so
  // until the write that asked is over.
  bool IsInFlight(const std::string& key) const;

 private:
  struct Sending;
  struct Batch;

  Dispatcher(Database& database, ProviderRouter& router, const Clock& clock, DispatcherOptions options);
  absl::Status Reserve(Connection& connection, Batch& batch);
  void ReserveOne(Connection& connection, Batch& batch, int index, absl::Time now);
  Circumstances CircumstancesOf(const v1::DeliverItem& item, const LedgerRow& row, absl::Time now) const;
  void Start(const v1::DeliverItem& item, const Circumstances& circumstances, Sending& sending);
  Route RouteOf(const v1::DeliverItem& item, const Circumstances& circumstances, const Sending& sending);
  void Send(const std::shared_ptr<Batch>& batch);
  void SendGroup(const std::shared_ptr<Batch>& batch, Provider& provider, const std::vector<size_t>& positions);
  absl::Status Record(Connection& connection, Batch& batch);
  void Settle(const v1::DeliverItem& item, const SendOutcome& outcome, absl::Time now, Sending& sending);
  void SendOrFinish(const std::shared_ptr<Batch>& batch, const absl::Status& status);
  void Finish(Batch& batch, const absl::Status& status);

  bool Claim(const std::string& key);

  Database& database_;
  ProviderRouter& router_;  // Chooses on the database's writer thread.
  const Clock& clock_;
  const DispatcherOptions options_;

  mutable absl::Mutex mutex_;
  absl::flat_hash_set<std::string> keys_in_flight_ ABSL_GUARDED_BY(mutex_);
  int batches_in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
};

// The receipt of a ledger's row.
void FillReceipt(const LedgerRow& row, v1::Receipt& receipt);
// The same where the row's idempotency key is known.
void FillReceipt(const LedgerRow& row, absl::string_view key, v1::Receipt& receipt);

}  // namespace campaign::delivery
