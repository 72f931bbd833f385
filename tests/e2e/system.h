#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/random/random.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "campaign/v1/analytics.grpc.pb.h"
#include "campaign/v1/campaigns.grpc.pb.h"
#include "campaign/v1/compliance.grpc.pb.h"
#include "campaign/v1/delivery.grpc.pb.h"
#include "campaign/v1/generator.grpc.pb.h"
#include "campaign/v1/offers.grpc.pb.h"
#include "campaign/v1/orchestrator.grpc.pb.h"
#include "campaign/v1/retrieval.grpc.pb.h"
#include "campaign/v1/reviews.grpc.pb.h"
#include "campaign/v1/segmentation.grpc.pb.h"
#include "common/database.h"
#include "common/grpc_status.h"
#include "common/server.h"
#include "common/testing/fake_clock.h"
#include "common/testing/testing.h"
#include "orchestrator/campaign_store.h"
#include "orchestrator/campaigns_service.h"
#include "orchestrator/feedback.h"
#include "orchestrator/orchestrator_service.h"
#include "orchestrator/resolutions.h"
#include "orchestrator/reviews_service.h"
#include "orchestrator/runner.h"
#include "orchestrator/steps.h"
#include "orchestrator/timers.h"
#include "services/analytics/analytics_service.h"
#include "services/compliance/compliance_service.h"
#include "services/compliance/jurisdictions.h"
#include "services/compliance/reply_keywords.h"
#include "services/compliance/zone_database.h"
#include "services/delivery/delivery_service.h"
#include "services/delivery/dispatcher.h"
#include "services/generator/generator_service.h"
#include "services/offer/offer_service.h"
#include "services/retrieval/retrieval_service.h"
#include "services/retrieval/retrieval_store.h"
#include "services/segmentation/segmentation_service.h"
#include "tests/e2e/sent_file.h"
#include "tools/shop/shop.h"

namespace campaign::e2e {

// 2026-06-15 12:00:00 UTC, a Monday: when every system of these tests starts.
inline const absl::Time kNow = absl::FromUnixSeconds(1'781'524'800);

// A unary call, waited for, at most 30 s of real time.
template <class Stub, class Request, class Response>
absl::StatusOr<Response> Ask(const std::unique_ptr<Stub>& stub,
                             grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                             const Request& request) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  Response response;
  const grpc::Status status = (stub.get()->*method)(&context, request, &response);
  if (!status.ok()) return FromGrpcStatus(status);
  return response;
}

// The seven services and the orchestrator, each a real server with its own SQLite file, wired as their main.cc wire
// them; only the clock is the test's. Holds the demo's ten hand-made customers and five campaigns. What the system
// refuses although the test needs it fails the test.
class System {
 public:
  System();
  // Every run must be over or wait for something.
  ~System();
  System(const System&) = delete;
  System& operator=(const System&) = delete;

  // Customers with their events, consents and suppressions.
  void Import(const std::vector<shop::Person>& people);
  // One of tools/shop/campaigns, as campaignctl reads it.
  static v1::Campaign DemoCampaign(absl::string_view name);
  absl::StatusOr<v1::ApplyCampaignResponse> Apply(const v1::Campaign& campaign);

  // Runs a campaign until it has settled.
  absl::StatusOr<v1::RunCampaignResponse> RunCampaign(v1::RunCampaignRequest request);
  // The same for one customer; their run.
  v1::CustomerRun Run(absl::string_view campaign, absl::string_view customer_id, bool dry_run = false);

  v1::CustomerRun CustomerRun(absl::string_view customer_run_id);
  v1::CampaignRun CampaignRun(absl::string_view campaign_run_id);
  std::vector<v1::CustomerRunSummary> CustomerRuns(absl::string_view campaign_run_id);
  // Decided again from its record, or from `record` in the place of it.
  v1::ReplayCustomerRunResponse Replay(absl::string_view customer_run_id);
  v1::ReplayCustomerRunResponse ReplayOf(const v1::CustomerRun& record);
  // Looks at the customer run until it is so, or fails the test after 30 s of real time. Never sleeps.
  v1::CustomerRun WaitFor(absl::string_view customer_run_id, const std::function<bool(const v1::CustomerRun&)>& is_so);
  v1::CustomerRun WaitFor(absl::string_view customer_run_id, v1::CustomerRunState state);

  // What comes due by then happens, as if time had passed.
  void MoveClockTo(absl::Time time);
  void MoveClock(absl::Duration by) { MoveClockTo(clock_.Now() + by); }
  absl::Time Now() const { return clock_.Now(); }

  // What was sent, all or to one of the hand-made customers.
  std::vector<SentFile> Sent() const { return ReadSpool(dir_.File("spool")); }
  std::vector<SentFile> SentTo(absl::string_view customer_id) const;
  // Newest first.
  std::vector<v1::Dispatch> Ledger(absl::string_view customer_run_id = "");
  std::vector<v1::ReportRow> Report(v1::ReportDimension dimension, absl::string_view campaign_run_id = "");
  v1::Profile Profile(absl::string_view customer_id);

  v1::ReviewTask ReviewTask(absl::string_view task_id);
  // A decision on the task as it is now.
  v1::DecideReviewRequest Decision(absl::string_view task_id, absl::string_view reviewer, v1::ReviewDecision decision);
  absl::StatusOr<v1::DecideReviewResponse> Decide(const v1::DecideReviewRequest& request);
  absl::Status Claim(absl::string_view task_id, absl::string_view reviewer);

  // What the channels answer from now on, in the place of taking a message; nullopt: they take it.
  using Answer = std::function<absl::optional<delivery::SendOutcome>(const v1::Message& message)>;
  void AnswerBy(Answer answer);
  // A callback of the provider as JSON (services/delivery/webhook_events.h), signed; then what is new is passed on.
  void CallBack(const std::string& body);
  // What the orchestrator otherwise does every two seconds: pass feedback on, and look what became of dispatches in
  // doubt.
  void PassOn();
  std::vector<v1::Suppression> Suppressions();

  // Name of each server's main service, and its address.
  const std::vector<std::pair<std::string, std::string>>& addresses() const { return addresses_; }

  std::unique_ptr<v1::Orchestrator::Stub> orchestrator;
  std::unique_ptr<v1::Campaigns::Stub> campaigns;
  std::unique_ptr<v1::Reviews::Stub> reviews;
  std::unique_ptr<v1::Segmentation::Stub> segmentation;
  std::unique_ptr<v1::Retrieval::Stub> retrieval;
  std::unique_ptr<v1::Offers::Stub> offers;
  std::unique_ptr<v1::Generator::Stub> generator;
  std::unique_ptr<v1::Compliance::Stub> compliance;
  std::unique_ptr<v1::Delivery::Stub> delivery;
  std::unique_ptr<v1::Analytics::Stub> analytics;

 private:
  class AnsweringSender;

  // Starts a server; returns its address.
  std::string Serve(absl::string_view main_service, const std::vector<grpc::Service*>& services);
  void StartServices();
  void StartOrchestrator();
  bool NothingRuns();

  const testing::TempDir dir_;
  testing::FakeClock clock_{kNow};

  const compliance::ZoneDatabase zones_{compliance::ZoneDatabase::SystemDirectory()};
  const compliance::Jurisdictions jurisdictions_;
  const compliance::ReplyKeywords reply_keywords_;
  std::unique_ptr<segmentation::SegmentationService> segmentation_;
  std::unique_ptr<retrieval::RetrievalStore> retrieval_store_;
  std::unique_ptr<retrieval::RetrievalService> retrieval_;
  std::unique_ptr<Database> offer_database_;
  std::unique_ptr<offer::OfferService> offer_;
  generator::GeneratorService generator_;
  std::unique_ptr<Database> compliance_database_;
  std::unique_ptr<compliance::ComplianceService> compliance_;
  std::shared_ptr<AnsweringSender> sender_;
  const std::vector<std::string> callback_keys_ = {std::string(24, 'k')};
  int callback_count_ = 0;
  std::unique_ptr<delivery::ProviderRouter> router_;
  std::unique_ptr<Database> delivery_database_;
  absl::BitGen random_;
  std::unique_ptr<delivery::Dispatcher> dispatcher_;
  std::unique_ptr<delivery::DeliveryService> delivery_;
  std::unique_ptr<Database> analytics_database_;
  std::unique_ptr<analytics::AnalyticsService> analytics_;
  std::vector<std::unique_ptr<Server>> servers_;
  std::vector<std::pair<std::string, std::string>> addresses_;

  orchestrator::CampaignStore campaign_store_;
  std::unique_ptr<orchestrator::Steps> steps_;
  std::unique_ptr<orchestrator::Timers> timers_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<orchestrator::Runner> runner_;
  std::unique_ptr<orchestrator::FeedbackForwarder> feedback_;
  std::unique_ptr<orchestrator::Resolutions> resolutions_;
  std::unique_ptr<orchestrator::OrchestratorService> orchestrator_service_;
  std::unique_ptr<orchestrator::CampaignsService> campaigns_service_;
  std::unique_ptr<orchestrator::ReviewsService> reviews_service_;
};

}  // namespace campaign::e2e
