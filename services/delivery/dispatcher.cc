#include "services/delivery/dispatcher.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/log.h"
#include "common/status.h"
#include "services/delivery/address_hash.h"
#include "services/delivery/feedback_store.h"
#include "services/delivery/idempotency_key.h"
#include "services/delivery/record_callback.h"

namespace campaign::delivery {
namespace {

// For each refusal that is recorded, so that what is old goes faster than it came.
constexpr int kMostPruned = 2;

void FillBeingSent(v1::ItemError& error) {
  error.set_code(static_cast<int>(absl::StatusCode::kAborted));
  error.set_reason(kAlreadyBeingSent);
  error.set_message("already being sent by another call");
}

LedgerRow NewRow(const v1::DeliverRequest& request, const v1::DeliverItem& item, absl::string_view provider,
                 absl::Time now) {
  LedgerRow row;
  row.customer_run_id = item.customer_run_id();
  row.channel = item.message().channel();
  row.customer_id = item.customer_id();
  row.campaign = request.campaign();
  row.brand = item.message().brand();
  row.address_hash = AddressHash(row.channel, item.message().address());
  row.state = v1::DELIVERY_STATE_SENDING;
  row.provider = std::string(provider);
  row.attempt_count = 1;
  row.create_time = now;
  row.update_time = now;
  return row;
}

absl::Time ExpireTime(const v1::DeliverItem& item) {
  return item.has_expire_time() ? FromTimestamp(item.expire_time()) : absl::InfiniteFuture();
}

bool MayHaveIt(const LedgerRow& row) {
  return row.state == v1::DELIVERY_STATE_SENDING || row.state == v1::DELIVERY_STATE_UNKNOWN;
}

// Sends the row there, or lets it wait or end.
void Follow(const Route& route, const Circumstances& circumstances, LedgerRow& row) {
  if (route.provider != nullptr && row.provider != route.provider->name()) row.provider = route.provider->name();
  if (route.kind != Route::Kind::kGo) {
    return ApplyWait(route.outcome, /*exact=*/route.provider != nullptr, circumstances, row);
  }
  row.state = v1::DELIVERY_STATE_SENDING;
  row.retry_time = absl::UnixEpoch();
  row.update_time = circumstances.now;
}

// What a provider says at once of an address goes the same way as what it reports later.
void RecordRefusal(Connection& connection, const v1::DeliverItem& item, const SendOutcome& outcome, absl::Time now,
                   const LedgerRow& row, absl::string_view key) {
  if (outcome.feedback == v1::FEEDBACK_KIND_UNSPECIFIED) return;
  FeedbackRow feedback = {outcome.feedback,
                          FeedbackEventId(row.provider, key),
                          row.provider,
                          row.channel,
                          row.dispatch_id,
                          item.message().address(),
                          row.reason_text,
                          now,
                          now};
  InsertFeedback(connection, feedback);
  // Where no callbacks come nobody else removes what is old.
  PruneFeedback(connection, now - kFeedbackAge, kMostPruned);
}

}  // namespace

// A message that this process has taken on, committed as SENDING.
struct Dispatcher::Sending {
  int index = 0;
  LedgerRow row;
  // One of the batch's claimed keys.
  absl::string_view key;
  Provider* provider = nullptr;
  // Those that were down in this attempt.
  TriedProviders tried = {};
  // By an earlier attempt; then nobody but the row's provider may be asked.
  bool may_have_it = false;
};

struct Dispatcher::Batch {
  Batch(const v1::DeliverRequest& request, v1::DeliverResponse& response, Done done)
      : request(request), response(response), done(std::move(done)) {}

  const v1::DeliverRequest& request;
  v1::DeliverResponse& response;
  Done done;
  // Never moved.
  std::vector<std::string> claimed_keys = {};
  std::vector<Sending> sendings = {};
  // Of the sendings, in order. Each group writes its own.
  std::vector<SendOutcome> outcomes = {};
  // Groups of sendings, by provider, that are still being sent.
  std::atomic<int> open_groups = 0;

  const v1::DeliverItem& ItemOf(const Sending& sending) const { return request.items(sending.index); }
};

absl::StatusOr<std::unique_ptr<Dispatcher>> Dispatcher::Create(Database& database, ProviderRouter& router,
                                                               const Clock& clock, DispatcherOptions options) {
  RETURN_IF_ERROR(database.Write([&clock](Connection& connection) {
    const int64_t count = MarkSendingUnknown(connection, kSendInterrupted, kInterruptedText, clock.Now());
    if (count > 0) LOG(WARNING) << count << " messages were being sent when the service stopped; they are now UNKNOWN";
    return absl::OkStatus();
  }));
  return std::unique_ptr<Dispatcher>(new Dispatcher(database, router, clock, std::move(options)));
}

Dispatcher::Dispatcher(Database& database, ProviderRouter& router, const Clock& clock, DispatcherOptions options)
    : database_(database), router_(router), clock_(clock), options_(std::move(options)) {}

Dispatcher::~Dispatcher() {
  const auto idle = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return batches_in_flight_ == 0; };
  mutex_.LockWhen(absl::Condition(&idle));
  mutex_.Unlock();
}

void Dispatcher::Deliver(const v1::DeliverRequest& request, v1::DeliverResponse& response, Done done) {
  {
    absl::MutexLock lock(&mutex_);
    ++batches_in_flight_;
  }
  auto batch = std::make_shared<Batch>(request, response, std::move(done));
  database_.Submit([this, batch](Connection& connection) { return Reserve(connection, *batch); },
                   [this, batch](const absl::Status& status) { SendOrFinish(batch, status); });
}

absl::Status Dispatcher::Reserve(Connection& connection, Batch& batch) {
  const absl::Time now = clock_.Now();
  batch.claimed_keys.reserve(batch.request.items_size());
  batch.sendings.reserve(batch.request.items_size());
  for (int i = 0; i < batch.request.items_size(); ++i) ReserveOne(connection, batch, i, now);
  return absl::OkStatus();
}

void Dispatcher::ReserveOne(Connection& connection, Batch& batch, int index, absl::Time now) {
  const v1::DeliverItem& item = batch.request.items(index);
  v1::DeliverItemResult& result = *batch.response.add_results();
  std::string new_key = IdempotencyKey(item.customer_run_id(), item.message().channel());
  if (!Claim(new_key)) return FillBeingSent(*result.mutable_error());
  const std::string& key = batch.claimed_keys.emplace_back(std::move(new_key));
  const absl::string_view expected_provider = router_.PreferredName(item.message().channel(), key);
  Sending sending{index, NewRow(batch.request, item, expected_provider, now), key};
  LedgerRow& row = sending.row;
  if (const absl::optional<int64_t> dispatch_id = InsertRow(connection, row); dispatch_id.has_value()) {
    row.dispatch_id = *dispatch_id;
    row.state = v1::DELIVERY_STATE_RESERVED;
    row.attempt_count = 0;
    Start(item, CircumstancesOf(item, row, now), sending);
    // Nearly always what was inserted.
    if (row.state != v1::DELIVERY_STATE_SENDING || row.provider != expected_provider) UpdateRow(connection, row);
  } else {
    row = FindRow(connection, row.customer_run_id, row.channel).value();
    const Circumstances circumstances = CircumstancesOf(item, row, now);
    if (IsDue(row, circumstances)) {
      Start(item, circumstances, sending);
      UpdateRow(connection, row);
    } else if (row.state == v1::DELIVERY_STATE_SENDING) {
      ApplyInterruption(now, row);
      UpdateRow(connection, row);
    }
  }
  if (sending.provider == nullptr) return FillReceipt(row, key, *result.mutable_receipt());
  batch.sendings.push_back(std::move(sending));
}

Circumstances Dispatcher::CircumstancesOf(const v1::DeliverItem& item, const LedgerRow& row, absl::Time now) const {
  const bool may_have_it = MayHaveIt(row);
  return {options_.retry,   options_.uniform, now,
          ExpireTime(item), may_have_it,      may_have_it && router_.Deduplicates(row.channel, row.provider)};
}

// Begins an attempt if the message can go somewhere now.
void Dispatcher::Start(const v1::DeliverItem& item, const Circumstances& circumstances, Sending& sending) {
  const Route route = RouteOf(item, circumstances, sending);
  Follow(route, circumstances, sending.row);
  if (route.kind != Route::Kind::kGo) return;
  sending.row.attempt_count += 1;
  sending.may_have_it = circumstances.may_have_it;
  sending.provider = route.provider;
}

Route Dispatcher::RouteOf(const v1::DeliverItem& item, const Circumstances& circumstances, const Sending& sending) {
  const LedgerRow& row = sending.row;
  if (absl::optional<SendOutcome> refusal = Refusal(item.message()); refusal.has_value()) {
    return {Route::Kind::kNone, nullptr, *std::move(refusal)};
  }
  if (circumstances.may_have_it) return router_.SendAgain(item.message(), row.provider, circumstances.now);
  if (circumstances.now >= circumstances.expire_time) {
    return {Route::Kind::kNone, nullptr,
            SendOutcome::Rejected(kDeliveryExpired, "its time was over before it was sent")};
  }
  if (row.state == v1::DELIVERY_STATE_RETRY_WAIT && row.reason_code == kRateLimitedLocally) {
    return router_.Redeem(item.message(), sending.key, row.provider, circumstances.now);
  }
  return router_.Choose(item.message(), sending.key, {}, circumstances.now);
}

void Dispatcher::SendOrFinish(const std::shared_ptr<Batch>& batch, const absl::Status& status) {
  if (!status.ok() || batch->sendings.empty()) return Finish(*batch, status);
  Send(batch);
}

void Dispatcher::Send(const std::shared_ptr<Batch>& batch) {
  std::vector<std::pair<Provider*, std::vector<size_t>>> groups;
  for (size_t i = 0; i < batch->sendings.size(); ++i) {
    Provider* const provider = batch->sendings[i].provider;
    auto group = std::find_if(groups.begin(), groups.end(), [=](const auto& g) { return g.first == provider; });
    if (group == groups.end()) group = groups.insert(group, {provider, {}});
    group->second.push_back(i);
  }
  batch->outcomes.assign(batch->sendings.size(), {});
  batch->open_groups = static_cast<int>(groups.size());
  for (auto& [provider, positions] : groups) {
    provider->Run([this, batch, provider = provider, positions = std::move(positions)] {
      SendGroup(batch, *provider, positions);
    });
  }
}

void Dispatcher::SendGroup(const std::shared_ptr<Batch>& batch, Provider& provider,
                           const std::vector<size_t>& positions) {
  std::vector<OutgoingMessage> messages;
  messages.reserve(positions.size());
  for (const size_t i : positions) {
    const Sending& sending = batch->sendings[i];
    messages.push_back({&batch->ItemOf(sending).message(), std::string(sending.key), sending.row.create_time});
  }
  std::vector<SendOutcome> outcomes = provider.Send(messages, clock_);
  for (size_t i = 0; i < positions.size(); ++i) batch->outcomes[positions[i]] = std::move(outcomes[i]);
  if (--batch->open_groups > 0) return;
  database_.Submit([this, batch](Connection& connection) { return Record(connection, *batch); },
                   [this, batch](const absl::Status& status) { SendOrFinish(batch, status); });
}

absl::Status Dispatcher::Record(Connection& connection, Batch& batch) {
  const absl::Time now = clock_.Now();
  std::vector<Sending> going_on;
  for (size_t i = 0; i < batch.sendings.size(); ++i) {
    Sending& sending = batch.sendings[i];
    Settle(batch.ItemOf(sending), batch.outcomes[i], now, sending);
    UpdateRow(connection, sending.row);
    RecordRefusal(connection, batch.ItemOf(sending), batch.outcomes[i], now, sending.row, sending.key);
    if (sending.provider != nullptr) {
      going_on.push_back(std::move(sending));
    } else {
      FillReceipt(sending.row, sending.key, *batch.response.mutable_results(sending.index)->mutable_receipt());
    }
  }
  batch.sendings = std::move(going_on);
  return absl::OkStatus();
}

// Ends the attempt, or goes on with it at another provider: one that is down has nothing.
void Dispatcher::Settle(const v1::DeliverItem& item, const SendOutcome& outcome, absl::Time now, Sending& sending) {
  Provider& provider = *std::exchange(sending.provider, nullptr);
  Circumstances circumstances{options_.retry, options_.uniform, now, ExpireTime(item)};
  circumstances.may_have_it = sending.may_have_it;
  circumstances.deduplicates = provider.deduplicates();
  const bool is_elsewhere_safe = outcome.kind == SendOutcome::Kind::kRetry && outcome.provider_down &&
                                 !outcome.may_have_arrived && !sending.may_have_it;
  if (is_elsewhere_safe && now < circumstances.expire_time) {
    sending.tried.Add(provider.index());
    const Route route = router_.Choose(item.message(), sending.key, sending.tried, now);
    // With nobody left to ask, what the last one said counts.
    if (route.provider != nullptr) {
      if (route.kind == Route::Kind::kGo) sending.provider = route.provider;
      return Follow(route, circumstances, sending.row);
    }
  }
  ApplyOutcome(outcome, circumstances, sending.row);
}

// Releases the keys only now that the ledger tells others what came of them.
void Dispatcher::Finish(Batch& batch, const absl::Status& status) {
  {
    absl::MutexLock lock(&mutex_);
    for (const std::string& key : batch.claimed_keys) keys_in_flight_.erase(key);
  }
  if (status.ok()) {
    batch.done(absl::OkStatus());
  } else {
    batch.done(absl::UnavailableError(absl::StrCat("the send ledger cannot be written: ", status.message())));
  }
  absl::MutexLock lock(&mutex_);
  --batches_in_flight_;
}

bool Dispatcher::Claim(const std::string& key) {
  absl::MutexLock lock(&mutex_);
  return keys_in_flight_.insert(key).second;
}

bool Dispatcher::IsInFlight(const std::string& key) const {
  absl::MutexLock lock(&mutex_);
  return keys_in_flight_.contains(key);
}

void FillReceipt(const LedgerRow& row, v1::Receipt& receipt) {
  FillReceipt(row, IdempotencyKey(row.customer_run_id, row.channel), receipt);
}

void FillReceipt(const LedgerRow& row, absl::string_view key, v1::Receipt& receipt) {
  receipt.set_state(row.state);
  receipt.set_channel(row.channel);
  receipt.set_provider(row.provider);
  receipt.set_idempotency_key(key.data(), key.size());
  receipt.set_attempt_count(row.attempt_count);
  if (!row.provider_message_id.empty()) receipt.set_provider_message_id(row.provider_message_id);
  // Of UNKNOWN too, where it will be sent again.
  if (row.retry_time > absl::UnixEpoch()) *receipt.mutable_retry_time() = ToTimestamp(row.retry_time);
  if (row.reason_code.empty()) return;
  v1::Reason& reason = *receipt.add_reasons();
  reason.set_code(row.reason_code);
  reason.set_text(row.reason_text);
}

}  // namespace campaign::delivery
