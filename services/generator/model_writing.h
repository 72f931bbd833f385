#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "campaign/v1/generator.pb.h"
#include "common/clock.h"
#include "services/generator/message_writer.h"
#include "services/generator/text_model.h"

namespace campaign::generator {

// After so many calls without an answer one after the other, the rest of a request is not asked for.
inline constexpr int kModelGiveUpAfter = 8;

// Notes on a message that the templates wrote it, and why.
void NoteModelFailure(const ModelFailure& failure, v1::Message& message);

// Has a language model word the messages of requests, some at once, on threads of its own. Requests take turns, so that
// a large one does not keep a single customer's waiting. Thread-safe.
class ModelWriting {
 public:
  // `name` is what campaigns call the model. `clock` must outlive this.
  ModelWriting(std::unique_ptr<TextModel> model, std::string name, int max_parallel, const Clock& clock);
  // Waits for the questions that are on the way.
  ~ModelWriting();

  const std::string& name() const { return name_; }

  // Rewrites those of `response`'s messages, by the templates so far, that the model may word: the answers to
  // `request`'s items, in order. What it cannot stays as it is, with a note. Spends at most the request's budget and
  // says how much. Ends by about `deadline`: what is not written then stays too. `done` once, on a thread of this or on
  // the caller's; request and response must stay until then.
  void Rewrite(const v1::GenerateRequest& request, std::shared_ptr<const MessageWriter> writer, absl::Time deadline,
               v1::GenerateResponse& response, std::function<void()> done);

  // Asks nothing more; what waits for its turn stays with the templates. For a process that ends.
  void Stop();

 private:
  // One request on its way.
  class Job;

  void Work();

  const std::unique_ptr<TextModel> model_;
  const std::string name_;
  const Clock& clock_;
  absl::Mutex mutex_;
  // Those with items that nobody has begun.
  std::deque<std::shared_ptr<Job>> jobs_ ABSL_GUARDED_BY(mutex_);
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace campaign::generator
