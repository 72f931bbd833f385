#include "orchestrator/resolutions.h"

#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "common/channel.h"
#include "common/status.h"
#include "orchestrator/names.h"
#include "orchestrator/run_store.h"
#include "orchestrator/steps.h"

namespace campaign::orchestrator {
namespace {

// Rows a page of the ledger.
constexpr int kPage = 1000;
// Customer runs that are read at a time.
constexpr int kChunk = 1000;

}  // namespace

Resolutions::Resolutions(Database& database, Runner& runner, const std::string& delivery_target)
    : database_(database), runner_(runner), delivery_(v1::Delivery::NewStub(MakeChannel(delivery_target))) {}

absl::StatusOr<bool> Resolutions::Look() {
  ASSIGN_OR_RETURN(std::vector<Waiting> waiting, ReadWaiting());
  if (!waiting.empty()) RETURN_IF_ERROR(DropUnresolved(waiting));
  for (const Waiting& one : waiting) RETURN_IF_ERROR(Resolve(one));
  return false;
}

absl::StatusOr<std::vector<Resolutions::Waiting>> Resolutions::ReadWaiting() {
  std::vector<Waiting> waiting;
  RETURN_IF_ERROR(database_.Read([&](Connection& connection) {
    RunStore store(connection);
    std::vector<int64_t> keys;
    do {
      keys = store.AwaitingResolution(keys.empty() ? 0 : keys.back(), kChunk);
      for (const int64_t key : keys) {
        waiting.push_back({key, CustomerRunName(store.FindRun(RunNumberOf(key))->id, SequenceOf(key))});
      }
    } while (keys.size() == kChunk);
    return absl::OkStatus();
  }));
  return waiting;
}

absl::Status Resolutions::DropUnresolved(std::vector<Waiting>& waiting) {
  v1::ListDeliveriesRequest request;
  request.set_state(v1::DELIVERY_STATE_UNKNOWN);
  request.set_page_size(kPage);
  do {
    ASSIGN_OR_RETURN(const v1::ListDeliveriesResponse page, List(request));
    absl::flat_hash_set<absl::string_view> unresolved;
    for (const v1::Dispatch& dispatch : page.deliveries()) unresolved.insert(dispatch.customer_run_id());
    waiting.erase(std::remove_if(waiting.begin(), waiting.end(),
                                 [&](const Waiting& one) { return unresolved.contains(one.customer_run_id); }),
                  waiting.end());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty() && !waiting.empty());
  return absl::OkStatus();
}

absl::Status Resolutions::Resolve(const Waiting& waiting) {
  v1::ListDeliveriesRequest request;
  request.set_customer_run_id(waiting.customer_run_id);
  ASSIGN_OR_RETURN(const v1::ListDeliveriesResponse page, List(request));
  // Newest first; nothing goes by another channel while one is in doubt, so the newest is the one in doubt.
  if (page.deliveries().empty()) return absl::OkStatus();
  const v1::Receipt& receipt = page.deliveries(0).receipt();
  switch (receipt.state()) {
    case v1::DELIVERY_STATE_ACCEPTED:
    case v1::DELIVERY_STATE_REJECTED:
    case v1::DELIVERY_STATE_RETRY_WAIT:
      return runner_.Resolve(waiting.key, receipt);
    default:
      return absl::OkStatus();
  }
}

absl::StatusOr<v1::ListDeliveriesResponse> Resolutions::List(const v1::ListDeliveriesRequest& request) {
  v1::ListDeliveriesResponse response;
  RETURN_IF_ERROR(calls_.Call(Steps::kDeadline,
                              [&](auto* context) { return delivery_->ListDeliveries(context, request, &response); }));
  return response;
}

}  // namespace campaign::orchestrator
