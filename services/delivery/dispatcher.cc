#include "services/delivery/dispatcher.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/log.h"
#include "common/status.h"
#include "services/delivery/address_hash.h"
#include "services/delivery/idempotency_key.h"
#include "services/delivery/mime.h"

namespace campaign::delivery {
namespace {

constexpr size_t kMaxCodeBytes = 64;
constexpr size_t kMaxReasonBytes = 240;
constexpr size_t kMaxProviderMessageId = 256;
constexpr char kInterruptedText[] = "the service stopped while it was being sent; nobody can say whether it went out";
constexpr char kNoAnswerText[] = "the sender gave no answer for this message";

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

// Providers may be talkative; the ledger is not, and a receipt has its bounds.
void SetReason(absl::string_view code, absl::string_view text, LedgerRow& row) {
  row.reason_code = std::string(code.substr(0, kMaxCodeBytes));
  row.reason_text = std::string(text.substr(0, WholeCharacters(text, kMaxReasonBytes)));
}

}  // namespace

// A message that this process has taken on, committed as SENDING.
struct Dispatcher::Sending {
  int index = 0;
  LedgerRow row;
  std::string key;
};

struct Dispatcher::Batch {
  const v1::DeliverRequest& request;
  v1::DeliverResponse& response;
  Done done;
  std::vector<std::string> claimed_keys;
  std::vector<Sending> sendings;
};

absl::StatusOr<std::unique_ptr<Dispatcher>> Dispatcher::Create(Database& database, ChannelSender& sender,
                                                               const Clock& clock, DispatcherOptions options) {
  RETURN_IF_ERROR(database.Write([&clock](Connection& connection) {
    const int64_t count = MarkSendingUnknown(connection, kSendInterrupted, kInterruptedText, clock.Now());
    if (count > 0) LOG(WARNING) << count << " messages were being sent when the service stopped; they are now UNKNOWN";
    return absl::OkStatus();
  }));
  return std::unique_ptr<Dispatcher>(new Dispatcher(database, sender, clock, std::move(options)));
}

Dispatcher::Dispatcher(Database& database, ChannelSender& sender, const Clock& clock, DispatcherOptions options)
    : database_(database),
      sender_(sender),
      clock_(clock),
      options_(std::move(options)),
      sender_threads_(options_.sender_threads) {}

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
  auto batch = std::make_shared<Batch>(Batch{request, response, std::move(done), {}, {}});
  database_.Submit([this, batch](Connection& connection) { return Reserve(connection, *batch); },
                   [this, batch](const absl::Status& status) {
                     if (!status.ok() || batch->sendings.empty()) return Finish(*batch, status);
                     sender_threads_.Run([this, batch] { Send(batch); });
                   });
}

absl::Status Dispatcher::Reserve(Connection& connection, Batch& batch) {
  const absl::Time now = clock_.Now();
  for (int i = 0; i < batch.request.items_size(); ++i) ReserveOne(connection, batch, i, now);
  return absl::OkStatus();
}

void Dispatcher::ReserveOne(Connection& connection, Batch& batch, int index, absl::Time now) {
  const v1::DeliverItem& item = batch.request.items(index);
  v1::DeliverItemResult& result = *batch.response.add_results();
  std::string key = IdempotencyKey(item.customer_run_id(), item.message().channel());
  if (!Claim(key)) return FillBeingSent(*result.mutable_error());
  batch.claimed_keys.push_back(key);
  LedgerRow row = NewRow(batch.request, item, sender_.provider(), now);
  if (const absl::optional<int64_t> dispatch_id = InsertRow(connection, row); dispatch_id.has_value()) {
    row.dispatch_id = *dispatch_id;
    batch.sendings.push_back({index, std::move(row), std::move(key)});
    return;
  }
  row = FindRow(connection, row.customer_run_id, row.channel).value();
  if (IsDue(row, now)) {
    row.state = v1::DELIVERY_STATE_SENDING;
    row.provider = std::string(sender_.provider());
    row.attempt_count += 1;
    row.update_time = now;
    UpdateRow(connection, row);
    batch.sendings.push_back({index, std::move(row), std::move(key)});
    return;
  }
  if (row.state == v1::DELIVERY_STATE_SENDING) {
    row.state = v1::DELIVERY_STATE_UNKNOWN;
    row.update_time = now;
    SetReason(kSendInterrupted, kInterruptedText, row);
    UpdateRow(connection, row);
  }
  FillReceipt(row, *result.mutable_receipt());
}

// Only the provider that may have it already can tell that it has.
bool Dispatcher::MayResend(const LedgerRow& row) const {
  return sender_.deduplicates() && row.provider == sender_.provider() &&
         row.attempt_count < options_.retry.max_attempts;
}

// Whether to send what the ledger knows already. Its key is claimed: nobody in this process is sending it.
bool Dispatcher::IsDue(const LedgerRow& row, absl::Time now) const {
  switch (row.state) {
    case v1::DELIVERY_STATE_RESERVED:
      return true;
    case v1::DELIVERY_STATE_RETRY_WAIT:
      return now >= row.retry_time;
    case v1::DELIVERY_STATE_SENDING:
    case v1::DELIVERY_STATE_UNKNOWN:
      return MayResend(row);
    default:
      return false;
  }
}

void Dispatcher::Send(const std::shared_ptr<Batch>& batch) {
  std::vector<SendOutcome> outcomes = AskSender(*batch);
  database_.Submit([this, batch, outcomes = std::move(outcomes)](
                       Connection& connection) { return Record(connection, *batch, outcomes); },
                   [this, batch](const absl::Status& status) { Finish(*batch, status); });
}

std::vector<SendOutcome> Dispatcher::AskSender(const Batch& batch) {
  const SendOutcome no_answer = SendOutcome::Unknown(kSendInterrupted, kNoAnswerText);
  std::vector<SendOutcome> outcomes(batch.sendings.size(), no_answer);
  std::vector<OutgoingMessage> messages;
  std::vector<size_t> positions;
  for (size_t i = 0; i < batch.sendings.size(); ++i) {
    const Sending& sending = batch.sendings[i];
    const v1::Message& message = batch.request.items(sending.index).message();
    if (absl::optional<SendOutcome> refusal = Refusal(message); refusal.has_value()) {
      outcomes[i] = *std::move(refusal);
      continue;
    }
    messages.push_back({&message, sending.key, sending.row.create_time});
    positions.push_back(i);
  }
  if (messages.empty()) return outcomes;
  std::vector<SendOutcome> answers = sender_.Send(messages);
  for (size_t i = 0; i < answers.size() && i < positions.size(); ++i) outcomes[positions[i]] = std::move(answers[i]);
  return outcomes;
}

absl::Status Dispatcher::Record(Connection& connection, Batch& batch, const std::vector<SendOutcome>& outcomes) {
  const absl::Time now = clock_.Now();
  for (size_t i = 0; i < outcomes.size(); ++i) {
    Sending& sending = batch.sendings[i];
    Apply(outcomes[i], now, sending.row);
    UpdateRow(connection, sending.row);
    FillReceipt(sending.row, *batch.response.mutable_results(sending.index)->mutable_receipt());
  }
  return absl::OkStatus();
}

void Dispatcher::Apply(const SendOutcome& outcome, absl::Time now, LedgerRow& row) {
  row.update_time = now;
  row.retry_time = absl::UnixEpoch();
  row.provider_message_id = outcome.provider_message_id.substr(0, kMaxProviderMessageId);
  SetReason(outcome.code, outcome.text, row);
  switch (outcome.kind) {
    case SendOutcome::Kind::kAccepted:
      row.state = v1::DELIVERY_STATE_ACCEPTED;
      return;
    case SendOutcome::Kind::kRejected:
      row.state = v1::DELIVERY_STATE_REJECTED;
      return;
    case SendOutcome::Kind::kUnknown:
      row.state = v1::DELIVERY_STATE_UNKNOWN;
      return;
    case SendOutcome::Kind::kRetry:
      break;
  }
  if (row.attempt_count >= options_.retry.max_attempts) {
    row.state = v1::DELIVERY_STATE_REJECTED;
    SetReason(kAttemptsExhausted, absl::StrCat("gave up after ", row.attempt_count, " attempts; last: ", outcome.text),
              row);
    return;
  }
  row.state = v1::DELIVERY_STATE_RETRY_WAIT;
  row.retry_time = now + RetryDelay(options_.retry, row.attempt_count, outcome.retry_after, options_.uniform());
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
  receipt.set_state(row.state);
  receipt.set_channel(row.channel);
  receipt.set_provider(row.provider);
  receipt.set_idempotency_key(IdempotencyKey(row.customer_run_id, row.channel));
  receipt.set_attempt_count(row.attempt_count);
  if (!row.provider_message_id.empty()) receipt.set_provider_message_id(row.provider_message_id);
  if (row.state == v1::DELIVERY_STATE_RETRY_WAIT) *receipt.mutable_retry_time() = ToTimestamp(row.retry_time);
  if (row.reason_code.empty()) return;
  v1::Reason& reason = *receipt.add_reasons();
  reason.set_code(row.reason_code);
  reason.set_text(row.reason_text);
}

}  // namespace campaign::delivery
