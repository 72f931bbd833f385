#include "tools/load/population.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "common/clock.h"
#include "common/status.h"
#include "tools/shop/customer.h"

namespace campaign::load {
namespace {

constexpr int kMessagesPerRequest = 1000;
constexpr int64_t kCustomersPerStream = 5000;

// A client stream, filled message by message, sent a request at a time.
template <class Request, class Message, class Response>
class Sender {
 public:
  using Messages = google::protobuf::RepeatedPtrField<Message>* (Request::*)();
  using Open = std::unique_ptr<grpc::ClientWriter<Request>> (v1::Retrieval::Stub::*)(grpc::ClientContext*, Response*);

  Sender(ctl::Peer& peer, Open open, Messages messages) : peer_(peer), stub_(peer.channel()), messages_(messages) {
    writer_ = (stub_.*open)(&context_, &response_);
  }

  // False: the stream broke; Finish says why.
  bool Add(Message message) {
    *(request_.*messages_)()->Add() = std::move(message);
    return (request_.*messages_)()->size() < kMessagesPerRequest || Flush();
  }

  absl::StatusOr<Response> Finish() {
    if (Flush()) writer_->WritesDone();
    const grpc::Status status = writer_->Finish();
    if (!status.ok()) return peer_.Explain(status, context_);
    return response_;
  }

 private:
  bool Flush() {
    const bool sent = (request_.*messages_)()->empty() || writer_->Write(request_);
    request_.Clear();
    return sent;
  }

  ctl::Peer& peer_;
  v1::Retrieval::Stub stub_;
  const Messages messages_;
  grpc::ClientContext context_;
  Request request_;
  Response response_;
  std::unique_ptr<grpc::ClientWriter<Request>> writer_;
};

void EnsureEmail(v1::Customer& customer) {
  const auto is_email = [](const v1::ContactPoint& point) { return point.channel() == v1::CHANNEL_EMAIL; };
  if (absl::c_any_of(customer.contact_points(), is_email)) return;
  v1::ContactPoint& point = *customer.add_contact_points();
  point.set_channel(v1::CHANNEL_EMAIL);
  point.set_address(absl::StrCat(customer.customer_id(), "@example.com"));
}

}  // namespace

absl::Status Population::ImportCustomers(int64_t first, int64_t end) {
  Sender<v1::ImportCustomersRequest, v1::Customer, v1::ImportCustomersResponse> sender(
      clients_.retrieval, &v1::Retrieval::Stub::ImportCustomers, &v1::ImportCustomersRequest::mutable_customers);
  for (int64_t i = first; i < end; ++i) {
    v1::Customer customer = shop_.Customer(i);
    EnsureEmail(customer);
    if (!sender.Add(std::move(customer))) break;
  }
  return sender.Finish().status();
}

absl::Status Population::ImportEvents(int64_t first, int64_t end) {
  Sender<v1::RecordEventsRequest, v1::Event, v1::RecordEventsResponse> sender(
      clients_.retrieval, &v1::Retrieval::Stub::RecordEvents, &v1::RecordEventsRequest::mutable_events);
  bool open = true;
  for (int64_t i = first; i < end && open; ++i) {
    for (v1::Event& event : shop_.Events(i)) open = open && sender.Add(std::move(event));
  }
  ASSIGN_OR_RETURN(const v1::RecordEventsResponse response, sender.Finish());
  event_count_ += response.recorded_count();
  if (response.refused_count() == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      response.refused_count(), " events were refused; the first: ", response.refused(0).error().message()));
}

absl::Status Population::ImportConsents(int64_t first, int64_t end) {
  v1::RecordConsentsRequest request;
  for (int64_t i = first; i < end; ++i) {
    std::vector<v1::Consent> consents = shop_.Consents(i);
    // The latest counts: whatever was given or withdrawn before.
    consents.push_back(shop::MakeConsent(shop::Shop::CustomerId(i), v1::CHANNEL_EMAIL, true, now_, "benchmark"));
    for (v1::Consent& consent : consents) *request.add_consents() = std::move(consent);
    const bool full = request.consents_size() > kMessagesPerRequest - 16;
    if (!full && i + 1 < end) continue;
    RETURN_IF_ERROR(ctl::Call(clients_.compliance, &v1::Compliance::Stub::RecordConsents, request).status());
    request.Clear();
  }
  return absl::OkStatus();
}

absl::Status Population::ImportSuppressions(int64_t first, int64_t end) {
  v1::AddSuppressionsRequest request;
  for (int64_t i = first; i < end; ++i) {
    for (v1::Suppression& suppression : shop_.Suppressions(i)) *request.add_suppressions() = std::move(suppression);
    const bool full = request.suppressions_size() > kMessagesPerRequest - 16;
    if (request.suppressions().empty() || (!full && i + 1 < end)) continue;
    RETURN_IF_ERROR(ctl::Call(clients_.compliance, &v1::Compliance::Stub::AddSuppressions, request).status());
    request.Clear();
  }
  return absl::OkStatus();
}

absl::Status Population::Import(int64_t first, int64_t count) {
  const int64_t last = first + count;
  // Streams that end before a server ends their connection.
  for (; first < last; first += kCustomersPerStream) {
    const int64_t end = std::min(first + kCustomersPerStream, last);
    RETURN_IF_ERROR(ImportCustomers(first, end));
    RETURN_IF_ERROR(ImportEvents(first, end));
    RETURN_IF_ERROR(ImportConsents(first, end));
    RETURN_IF_ERROR(ImportSuppressions(first, end));
  }
  return absl::OkStatus();
}

}  // namespace campaign::load
