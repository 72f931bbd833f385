#pragma once

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "campaign/v1/analytics.grpc.pb.h"
#include "campaign/v1/compliance.grpc.pb.h"
#include "campaign/v1/delivery.grpc.pb.h"
#include "campaign/v1/retrieval.grpc.pb.h"
#include "common/database.h"
#include "orchestrator/calls.h"
#include "orchestrator/steps.h"

namespace campaign::orchestrator {

// Takes what came back about messages from delivery to whom it concerns: hard bounces, complaints and unsubscribing to
// the suppression list, replies to compliance, responses to analytics and to the customer's history. In order and at
// least once: how far it has come is stored only after everybody has taken it, and all of them know what they were told
// before. What a service refuses as invalid is logged and passed by. Calls wait: for one thread at a time.
class FeedbackForwarder {
 public:
  // The database must outlive it.
  FeedbackForwarder(Database& database, const Steps::Targets& targets);

  // Passes one page on. True: there may be more. UNAVAILABLE and the like: somebody does not answer, or a response is
  // about a customer run that is still on its way to analytics; to be asked again later.
  absl::StatusOr<bool> Forward();

  // Breaks off what is on its way; from any thread.
  void Stop() { calls_.Stop(); }

 private:
  // In the order of the page.
  using Items = absl::Span<const v1::Feedback* const>;

  absl::Status ForwardSlice(Items slice);
  absl::Status Suppress(Items items);
  absl::Status RecordReplies(Items items);
  absl::Status RecordResponses(Items items);
  absl::Status RecordEvents(Items items);
  // UNAVAILABLE while analytics cannot know the run yet.
  absl::Status CheckRefused(const v1::RefusedResponse& refused, Items items);

  Database& database_;
  const std::unique_ptr<v1::Delivery::Stub> delivery_;
  const std::unique_ptr<v1::Compliance::Stub> compliance_;
  const std::unique_ptr<v1::Analytics::Stub> analytics_;
  const std::unique_ptr<v1::Retrieval::Stub> retrieval_;
  BlockingCalls calls_;
};

}  // namespace campaign::orchestrator
