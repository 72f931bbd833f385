#pragma once

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/message_allocator.h>

#include <utility>

#include "absl/status/status.h"
#include "common/arena.h"
#include "common/database.h"
#include "common/grpc_status.h"
#include "common/limits.h"
#include "google/protobuf/arena.h"

namespace campaign {

// Request and response of a unary call on one arena. Give one to SetMessageAllocatorFor_<Rpc> of a callback service and
// keep it as long as the service.
template <class Request, class Response>
class ArenaAllocator final : public grpc::MessageAllocator<Request, Response> {
 public:
  grpc::MessageHolder<Request, Response>* AllocateMessages() override { return new Holder(); }

 private:
  class Holder final : public grpc::MessageHolder<Request, Response> {
   public:
    Holder() {
      this->set_request(google::protobuf::Arena::CreateMessage<Request>(&arena_));
      this->set_response(google::protobuf::Arena::CreateMessage<Response>(&arena_));
    }
    void Release() override { delete this; }

   private:
    google::protobuf::Arena arena_{BatchArenaBlocks()};
  };
};

// Answers a unary call: checks the request's limits, runs `handler(request, response)` here, finishes with its status.
template <class Request, class Response, class Handler>
grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context, const Request* request, Response* response,
                                 Handler handler) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  absl::Status status = CheckLimits(*request);
  if (status.ok()) status = handler(*request, *response);
  reactor->Finish(ToGrpcStatus(status));
  return reactor;
}

// The same for a handler that writes: `handler(connection, request, response)` runs on the database's writer thread
// and the call is finished once its changes are durable.
template <class Request, class Response, class Handler>
grpc::ServerUnaryReactor* AnswerWithWrite(grpc::CallbackServerContext* context, const Request* request,
                                          Response* response, Database& database, Handler handler) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  if (absl::Status status = CheckLimits(*request); !status.ok()) {
    reactor->Finish(ToGrpcStatus(status));
    return reactor;
  }
  database.Submit([request, response, handler = std::move(handler)](
                      Connection& connection) { return handler(connection, *request, *response); },
                  [reactor](absl::Status status) { reactor->Finish(ToGrpcStatus(status)); });
  return reactor;
}

// The same for a handler that reads: `handler(connection, request, response)` runs here on a read-only connection.
template <class Request, class Response, class Handler>
grpc::ServerUnaryReactor* AnswerWithRead(grpc::CallbackServerContext* context, const Request* request,
                                         Response* response, Database& database, Handler handler) {
  return Answer(context, request, response, [&](const Request& in, Response& out) {
    return database.Read([&](Connection& connection) { return handler(connection, in, out); });
  });
}

}  // namespace campaign
