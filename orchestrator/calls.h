#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/arena.h"
#include "common/grpc_status.h"
#include "google/protobuf/arena.h"

namespace campaign::orchestrator {

// A unary call with a request on its own arena and a response on the batch's.
template <class Request, class Response>
struct UnaryCall {
  explicit UnaryCall(google::protobuf::Arena& response_arena)
      : request(google::protobuf::Arena::CreateMessage<Request>(&arena)),
        response(google::protobuf::Arena::CreateMessage<Response>(&response_arena)) {}

  google::protobuf::Arena arena{BatchArenaBlocks()};
  grpc::ClientContext context;
  Request* const request;
  Response* const response;
};

// Starts a call through `start(context, request, response, callback)`, which names the stub's method; then
// `done(status, response)` on a thread of gRPC's.
template <class Request, class Response, class Start, class Done>
void StartCall(std::shared_ptr<UnaryCall<Request, Response>> call, absl::Duration deadline, Start start, Done done) {
  call->context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMicroseconds(deadline));
  auto* raw = call.get();
  std::function<void(grpc::Status)> callback = [call = std::move(call), done = std::move(done)](grpc::Status status) {
    done(FromGrpcStatus(status), call->response);
  };
  start(&raw->context, raw->request, raw->response, std::move(callback));
}

// Calls `done` with the first error, or OK, once `count` parts have reported. Thread-safe.
class Join {
 public:
  Join(int count, std::function<void(absl::Status)> done) : left_(count), done_(std::move(done)) {}

  void Report(const absl::Status& status) {
    absl::Status result;
    {
      absl::MutexLock lock(&mutex_);
      if (status_.ok()) status_ = status;
      if (--left_ > 0) return;
      result = status_;
    }
    done_(std::move(result));
  }

 private:
  absl::Mutex mutex_;
  int left_ ABSL_GUARDED_BY(mutex_);
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  const std::function<void(absl::Status)> done_;
};

// A client stream of one message. Deletes itself.
template <class Request, class Response>
class OneMessageStream final : public grpc::ClientWriteReactor<Request> {
 public:
  using Done = std::function<void(absl::Status, const Response&)>;

  // Through `start(context, response, reactor)`, which names the stub's method.
  template <class StartFunction>
  static void Start(Request request, absl::Duration deadline, StartFunction start, Done done) {
    auto* stream = new OneMessageStream(std::move(request), std::move(done));
    stream->context_.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMicroseconds(deadline));
    start(&stream->context_, &stream->response_, stream);
    stream->StartWriteLast(&stream->request_, grpc::WriteOptions());
    stream->StartCall();
  }

  void OnDone(const grpc::Status& status) override {
    done_(FromGrpcStatus(status), response_);
    delete this;
  }

 private:
  OneMessageStream(Request request, Done done) : request_(std::move(request)), done_(std::move(done)) {}

  grpc::ClientContext context_;
  const Request request_;
  Response response_;
  const Done done_;
};

// Reads a server stream to its end, handing each message to `read`. Deletes itself.
template <class Request, class Response>
class ReadStream final : public grpc::ClientReadReactor<Response> {
 public:
  using Read = std::function<void(Response&)>;
  using Done = std::function<void(absl::Status)>;

  // Through `start(context, request, reactor)`, which names the stub's method.
  template <class StartFunction>
  static void Start(Request request, absl::Duration deadline, StartFunction start, Read read, Done done) {
    auto* stream = new ReadStream(std::move(request), std::move(read), std::move(done));
    stream->context_.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMicroseconds(deadline));
    start(&stream->context_, &stream->request_, stream);
    stream->StartRead(&stream->response_);
    stream->StartCall();
  }

  void OnReadDone(bool ok) override {
    if (!ok) return;
    read_(response_);
    response_.Clear();
    this->StartRead(&response_);
  }

  void OnDone(const grpc::Status& status) override {
    done_(FromGrpcStatus(status));
    delete this;
  }

 private:
  ReadStream(Request request, Read read, Done done)
      : request_(std::move(request)), read_(std::move(read)), done_(std::move(done)) {}

  grpc::ClientContext context_;
  const Request request_;
  Response response_;
  const Read read_;
  const Done done_;
};

// Calls that are waited for, one at a time, until Stop.
class BlockingCalls {
 public:
  // Calls `invoke(context)`, which makes the call and returns its status. CANCELLED after Stop.
  template <class Invoke>
  absl::Status Call(absl::Duration deadline, Invoke invoke) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMicroseconds(deadline));
    {
      absl::MutexLock lock(&mutex_);
      if (stopped_) return absl::CancelledError("stopped");
      current_ = &context;
    }
    const grpc::Status status = invoke(&context);
    absl::MutexLock lock(&mutex_);
    current_ = nullptr;
    return FromGrpcStatus(status);
  }

  // Breaks the call off that is on its way. From any thread.
  void Stop() {
    absl::MutexLock lock(&mutex_);
    stopped_ = true;
    if (current_ != nullptr) current_->TryCancel();
  }

 private:
  absl::Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  grpc::ClientContext* current_ ABSL_GUARDED_BY(mutex_) = nullptr;
};

}  // namespace campaign::orchestrator
