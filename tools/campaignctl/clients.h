#pragma once

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "campaign/v1/analytics.grpc.pb.h"
#include "campaign/v1/campaigns.grpc.pb.h"
#include "campaign/v1/compliance.grpc.pb.h"
#include "campaign/v1/delivery.grpc.pb.h"
#include "campaign/v1/orchestrator.grpc.pb.h"
#include "campaign/v1/retrieval.grpc.pb.h"
#include "campaign/v1/reviews.grpc.pb.h"
#include "common/status.h"

namespace campaign::ctl {

// Where the services listen, "host:port".
struct Targets {
  std::string orchestrator = "127.0.0.1:7100";
  std::string retrieval = "127.0.0.1:7102";
  std::string compliance = "127.0.0.1:7105";
  std::string delivery = "127.0.0.1:7106";
  std::string analytics = "127.0.0.1:7107";
};

// One server, by the name that people know it by. Connects on first use.
class Peer {
 public:
  Peer(std::string name, std::string target, absl::Duration timeout)
      : name_(std::move(name)), target_(std::move(target)), timeout_(timeout) {}

  const std::shared_ptr<grpc::Channel>& channel();

  // A call's deadline from now on.
  void SetDeadline(grpc::ClientContext& context) const;

  // Whether the server has ever answered, or broken a call off.
  bool reached() const { return reached_; }

  // Waits for a server that went away; false if it does not come back by then.
  bool WaitForReturn(absl::Duration patience);

  // OK, or Explain's; remembers that the server was reached.
  absl::Status Conclude(const grpc::Status& status, const grpc::ClientContext& context);

  // What the operator should read of a failed call: "cannot reach NAME at TARGET: ..." where no connection came about,
  // else the code's name and the server's message. Keeps the code and, as a payload, the server's own message.
  absl::Status Explain(const grpc::Status& status, const grpc::ClientContext& context) const;

 private:
  std::string name_;
  std::string target_;
  absl::Duration timeout_;
  std::shared_ptr<grpc::Channel> channel_;
  bool reached_ = false;
};

// The message as the server sent it, of a status that Peer::Explain made.
std::string ServerMessage(const absl::Status& status);

// All servers that the tool speaks to.
struct Clients {
  Clients(const Targets& targets, absl::Duration timeout)
      : orchestrator("orchestrator", targets.orchestrator, timeout),
        retrieval("retrieval", targets.retrieval, timeout),
        compliance("compliance", targets.compliance, timeout),
        delivery("delivery", targets.delivery, timeout),
        analytics("analytics", targets.analytics, timeout) {}

  Peer orchestrator;  // Also Campaigns and Reviews.
  Peer retrieval;
  Peer compliance;
  Peer delivery;
  Peer analytics;
};

// One unary call with the peer's deadline: Call(clients.orchestrator, &v1::Reviews::Stub::GetReview, r).
template <class Stub, class Request, class Response>
absl::StatusOr<Response> Call(Peer& peer, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                              const Request& request) {
  Stub stub(peer.channel());
  grpc::ClientContext context;
  peer.SetDeadline(context);
  Response response;
  RETURN_IF_ERROR(peer.Conclude((stub.*method)(&context, request, &response), context));
  return response;
}

// A client-streaming call that sends one message. A message a stream, so that an error tells which message it is about.
template <class Stub, class Request, class Response>
absl::StatusOr<Response> CallStream(Peer& peer,
                                    std::unique_ptr<grpc::ClientWriter<Request>> (Stub::*method)(grpc::ClientContext*,
                                                                                                 Response*),
                                    const Request& request) {
  Stub stub(peer.channel());
  grpc::ClientContext context;
  peer.SetDeadline(context);
  Response response;
  auto writer = (stub.*method)(&context, &response);
  // Where a write fails, Finish says why.
  if (writer->Write(request)) writer->WritesDone();
  RETURN_IF_ERROR(peer.Conclude(writer->Finish(), context));
  return response;
}

// A server-streaming call: hands each message to `take` until the stream ends, or `take` has had enough.
template <class Stub, class Request, class Response>
absl::Status CallReading(Peer& peer,
                         std::unique_ptr<grpc::ClientReader<Response>> (Stub::*method)(grpc::ClientContext*,
                                                                                       const Request&),
                         const Request& request, absl::FunctionRef<absl::Status(const Response&)> take) {
  Stub stub(peer.channel());
  grpc::ClientContext context;
  peer.SetDeadline(context);
  auto reader = (stub.*method)(&context, request);
  Response response;
  absl::Status taken;
  while (taken.ok() && reader->Read(&response)) taken = take(response);
  if (!taken.ok()) context.TryCancel();
  const grpc::Status status = reader->Finish();
  if (!taken.ok()) return taken;
  return status.ok() ? absl::OkStatus() : peer.Explain(status, context);
}

// Several pages as one answer.
template <class Response>
struct Pages {
  // Pages merged; next_page_token is set where there is more.
  Response merged;
  bool has_more() const { return !merged.next_page_token().empty(); }
};

// Asks for pages until `limit` elements (0: all) have come. `count` gives a response's elements.
template <class Stub, class Request, class Response, class Count>
absl::StatusOr<Pages<Response>> CallPages(Peer& peer,
                                          grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                                          Request request, int64_t limit, int64_t largest_page, Count count) {
  Pages<Response> pages;
  do {
    const int64_t wanted = limit == 0 ? largest_page : limit - count(pages.merged);
    request.set_page_size(static_cast<int32_t>(std::min(wanted, largest_page)));
    absl::StatusOr<Response> page = Call(peer, method, request);
    if (!page.ok()) return page.status();
    request.set_page_token(page->next_page_token());
    pages.merged.clear_next_page_token();
    pages.merged.MergeFrom(*page);
  } while (pages.has_more() && (limit == 0 || count(pages.merged) < limit));
  return pages;
}

}  // namespace campaign::ctl
