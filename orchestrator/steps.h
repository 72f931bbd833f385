#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "campaign/v1/analytics.grpc.pb.h"
#include "campaign/v1/compliance.grpc.pb.h"
#include "campaign/v1/delivery.grpc.pb.h"
#include "campaign/v1/generator.grpc.pb.h"
#include "campaign/v1/offers.grpc.pb.h"
#include "campaign/v1/retrieval.grpc.pb.h"
#include "campaign/v1/segmentation.grpc.pb.h"
#include "common/clock.h"
#include "orchestrator/batch.h"
#include "orchestrator/responses.h"

namespace campaign::orchestrator {

// Calls the services: one batch and step in, one record for each member out. Asynchronous; thread-safe.
class Steps {
 public:
  struct Targets {
    std::string segmentation, retrieval, offer, generator, compliance, delivery, analytics;
  };
  // Ends a call that takes longer.
  static constexpr absl::Duration kDeadline = absl::Seconds(15);
  // One in which a language model is asked; below max_connection_age_grace. The generator leaves to the templates what
  // the model cannot do by then.
  static constexpr absl::Duration kModelDeadline = absl::Seconds(60);

  Steps(const Targets& targets, const Clock& clock);

  // The records are in the order of `members`, on the batch's arena, without times. Where status is not OK there are
  // none, and nothing is known of what the service did.
  using Done = std::function<void(absl::Status status, std::vector<v1::StepRecord*> records)>;

  // Whether the batch's step asks a language model, which costs money: generation does where the campaign names one.
  // Neither a replay nor a dry run asks.
  static bool AsksModel(const Batch& batch);

  // Calls the batch's step for those members. Of its allotment for a language model, what was surely not spent is added
  // to the batch's before `done`. For a batch of a replay as a dry run at its time. They and the batch must
  // stay until `done`, which is called on a thread of gRPC's. Steps with a service only.
  void Call(Batch& batch, std::vector<Member*> members, Done done);

  // Asks every service that the campaign configures whether it can work with its part. INVALID_ARGUMENT with the path
  // in the campaign; UNAVAILABLE where a service does not answer. `done` on a thread of gRPC's.
  void CheckConfiguration(std::shared_ptr<const CampaignPlan> plan, std::function<void(absl::Status)> done);

  // Customers of an audience, ascending, and how far they were looked for.
  struct AudiencePage {
    std::vector<std::string> customer_ids;
    std::string read_to;
  };
  // At most `max_customers` after `after`; fewer at the audience's end. Where status is not OK the page holds what had
  // come by then: it counts, and the rest is after `read_to`.
  using AudienceDone = std::function<void(absl::Status status, AudiencePage page)>;
  void QueryAudience(const v1::Rule& filter, const std::string& after, int64_t max_customers, AudienceDone done);

 private:
  void Router(Batch& batch, std::vector<Member*> members, Done done);
  void RouteWithConsents(Batch& batch, const std::vector<Member*>& members, v1::GetProfilesResponse& profiles,
                         Done done);
  void RouteAgain(Batch& batch, const Done& done);
  void Segmentation(Batch& batch, std::vector<Member*> members, Done done);
  void SegmentWithCutoffs(Batch& batch, std::vector<Member*> members, const v1::RfmCutoffs& cutoffs, Done done);
  void Retrieval(Batch& batch, std::vector<Member*> members, Done done);
  void Offer(Batch& batch, std::vector<Member*> members, Done done);
  using ReportDone = std::function<void(absl::Status, const v1::GetReportResponse&)>;
  // The campaign's report, at most kReportAge old; an empty one where it is not `needed`.
  void WithReport(Batch& batch, bool needed, v1::ReportDimension dimension, ReportDone done);
  void OfferWithResponses(Batch& batch, std::vector<Member*> members, VariantResponses variants,
                          const ActionResponses& actions, Done done);
  void Generation(Batch& batch, std::vector<Member*> members, Done done);
  void Compliance(Batch& batch, std::vector<Member*> members, Done done);
  void Delivery(Batch& batch, std::vector<Member*> members, Done done);
  void Analytics(Batch& batch, std::vector<Member*> members, Done done);

  const Clock& clock_;
  const std::unique_ptr<v1::Segmentation::Stub> segmentation_;
  const std::unique_ptr<v1::Retrieval::Stub> retrieval_;
  const std::unique_ptr<v1::Offers::Stub> offers_;
  const std::unique_ptr<v1::Generator::Stub> generator_;
  const std::unique_ptr<v1::Compliance::Stub> compliance_;
  const std::unique_ptr<v1::Delivery::Stub> delivery_;
  const std::unique_ptr<v1::Analytics::Stub> analytics_;

  // RFM bounds move slowly; retrieval is asked again after a while.
  absl::Mutex cutoffs_mutex_;
  v1::RfmCutoffs cutoffs_ ABSL_GUARDED_BY(cutoffs_mutex_);
  absl::Time cutoffs_time_ ABSL_GUARDED_BY(cutoffs_mutex_) = absl::InfinitePast();

  // So do the responses that Thompson sampling learns from; by campaign and v1::ReportDimension.
  struct TimedReport {
    v1::GetReportResponse report;
    absl::Time time = absl::InfinitePast();
  };
  absl::Mutex reports_mutex_;
  absl::flat_hash_map<std::pair<std::string, int>, TimedReport> reports_ ABSL_GUARDED_BY(reports_mutex_);
};

}  // namespace campaign::orchestrator
