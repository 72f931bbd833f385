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
#include "services/delivery/retry_policy.h"
#include "services/delivery/worker_threads.h"

namespace campaign::delivery {

inline constexpr char kAlreadyBeingSent[] = "ALREADY_BEING_SENT";   // By another call, right now.
inline constexpr char kSendInterrupted[] = "SEND_INTERRUPTED";      // The service ended while it was being sent.
inline constexpr char kAttemptsExhausted[] = "ATTEMPTS_EXHAUSTED";  // Refused for now too often.

struct DispatcherOptions {
  // Random in [0, 1), for the retries' jitter. Called on one thread at a time. Required.
  std::function<double()> uniform;
  RetryPolicy retry = {};
  // Batches that are handed to the provider at once.
  int sender_threads = 4;
};

// Sends messages at most once each, by the ledger: SENDING is committed, then the provider is asked, then its outcome
// is committed, then the caller is answered. Thread-safe.
class Dispatcher {
 public:
  using Done = std::function<void(absl::Status)>;

  // Takes what an earlier process left SENDING for UNKNOWN; sends nothing. All but `options` must outlive the
  // dispatcher. Errors of Database::Write.
  static absl::StatusOr<std::unique_ptr<Dispatcher>> Create(Database& database, ChannelSender& sender,
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

  Dispatcher(Database& database, ChannelSender& sender, const Clock& clock, DispatcherOptions options);
  absl::Status Reserve(Connection& connection, Batch& batch);
  void ReserveOne(Connection& connection, Batch& batch, int index, absl::Time now);
  bool MayResend(const LedgerRow& row) const;
  bool IsDue(const LedgerRow& row, absl::Time now) const;
  void Send(const std::shared_ptr<Batch>& batch);
  std::vector<SendOutcome> AskSender(const Batch& batch);
  absl::Status Record(Connection& connection, Batch& batch, const std::vector<SendOutcome>& outcomes);
  void Apply(const SendOutcome& outcome, absl::Time now, LedgerRow& row);
  void Finish(Batch& batch, const absl::Status& status);

  bool Claim(const std::string& key);

  Database& database_;
  ChannelSender& sender_;
  const Clock& clock_;
  const DispatcherOptions options_;

  mutable absl::Mutex mutex_;
  absl::flat_hash_set<std::string> keys_in_flight_ ABSL_GUARDED_BY(mutex_);
  int batches_in_flight_ ABSL_GUARDED_BY(mutex_) = 0;

  WorkerThreads sender_threads_;  // Last: its tasks use all of the above.
};

// The receipt of a ledger's row.
void FillReceipt(const LedgerRow& row, v1::Receipt& receipt);

}  // namespace campaign::delivery
