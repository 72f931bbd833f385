#include "tests/e2e/system.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "common/channel.h"
#include "common/text/intent_model.h"
#include "orchestrator/feedback_store.h"
#include "orchestrator/replay.h"
#include "orchestrator/review_store.h"
#include "orchestrator/run_store.h"
#include "services/analytics/analytics_store.h"
#include "services/compliance/compliance_store.h"
#include "services/delivery/delivery_store.h"
#include "services/delivery/spool_sender.h"
#include "services/delivery/webhook_sender.h"
#include "services/offer/offer_service.h"
#include "tools/campaignctl/campaign_yaml.h"
#include "tools/shop/heroes.h"

namespace campaign::e2e {
namespace {

// Of real time, for what takes milliseconds.
constexpr absl::Duration kPatience = absl::Seconds(30);
constexpr size_t kEventsAMessage = 1000;

// A system that does not start makes every test meaningless.
[[noreturn]] void Die(const absl::Status& status) {
  std::cerr << "the system cannot be used: " << status << "\n";
  std::_Exit(1);
}

template <class T>
T OrDie(absl::StatusOr<T> value) {
  if (!value.ok()) Die(value.status());
  return *std::move(value);
}

// The answer, or an empty one and a failed test.
template <class Response>
Response Expect(absl::StatusOr<Response> response) {
  EXPECT_OK(response);
  return response.ok() ? *std::move(response) : Response();
}

// Looks again and again until `holds`; false after kPatience.
template <class Condition>
bool WaitUntil(Condition holds) {
  const absl::Time deadline = absl::Now() + kPatience;
  while (!holds()) {
    if (absl::Now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

// Training takes most of a second and always gives the same model.
const text::IntentModel& Intents() {
  static const auto& model = *OrDie(text::IntentModel::TrainFromFile(INTENT_PHRASES)).release();
  return model;
}

// Sends `messages` down a client stream; what is returned is the service's answer.
template <class Request, class Response, class Method>
Response Stream(Method start, const std::vector<Request>& messages) {
  grpc::ClientContext context;
  Response response;
  auto writer = start(&context, &response);
  for (const Request& message : messages) writer->Write(message);
  writer->WritesDone();
  EXPECT_OK(FromGrpcStatus(writer->Finish()));
  return response;
}

}  // namespace

// The spool, but for messages that a test has another answer for. Does not deduplicate, as plain SMTP does not.
class System::AnsweringSender final : public delivery::ChannelSender {
 public:
  explicit AnsweringSender(std::unique_ptr<ChannelSender> spool) : spool_(std::move(spool)) {}

  void set_answer(Answer answer) {
    absl::MutexLock lock(&mutex_);
    answer_ = std::move(answer);
  }

  std::vector<delivery::SendOutcome> Send(absl::Span<const delivery::OutgoingMessage> messages) override {
    Answer answer;
    {
      absl::MutexLock lock(&mutex_);
      answer = answer_;
    }
    std::vector<delivery::SendOutcome> outcomes;
    for (const delivery::OutgoingMessage& message : messages) {
      const auto answered = answer ? answer(*message.message) : absl::nullopt;
      outcomes.push_back(answered.has_value() ? *answered : spool_->Send({message})[0]);
    }
    return outcomes;
  }
  bool deduplicates() const override { return false; }
  absl::string_view provider() const override { return spool_->provider(); }

 private:
  const std::unique_ptr<ChannelSender> spool_;
  absl::Mutex mutex_;
  Answer answer_ ABSL_GUARDED_BY(mutex_);
};

System::System()
    : jurisdictions_(OrDie(compliance::Jurisdictions::ReadFromFile(JURISDICTIONS))),
      reply_keywords_(OrDie(compliance::ReplyKeywords::Parse("", "START,UNSTOP,YES"))) {
  StartServices();
  StartOrchestrator();
  Import(shop::Heroes(kNow));
  for (const char* name : {"reduce-churn", "increase-aov", "win-back", "feature-adoption", "vip-retention"}) {
    EXPECT_OK(Apply(DemoCampaign(name)));
  }
}

// The runner's state lives on its database's writer thread. Once nothing runs, no call is on the way; two empty writes
// see to it that what the last answers posted is done; then nobody speaks to the objects that go.
System::~System() {
  if (!WaitUntil([this] { return NothingRuns(); })) Die(absl::DeadlineExceededError("a run does not settle"));
  runner_->AnswerWaiters();
  servers_.pop_back();
  for (int i = 0; i < 2; ++i) EXPECT_OK(database_->Write([](Connection&) { return absl::OkStatus(); }));
  database_ = nullptr;
  timers_ = nullptr;
  servers_.clear();
}

std::string System::Serve(absl::string_view main_service, const std::vector<grpc::Service*>& services) {
  servers_.push_back(OrDie(Server::Start("127.0.0.1:0", services)));
  addresses_.emplace_back(main_service, absl::StrCat("127.0.0.1:", servers_.back()->port()));
  return addresses_.back().second;
}

void System::StartServices() {
  segmentation_ = std::make_unique<segmentation::SegmentationService>(Intents());
  retrieval_store_ = OrDie(retrieval::RetrievalStore::Open(dir_.File("retrieval.db")));
  retrieval_ = std::make_unique<retrieval::RetrievalService>(*retrieval_store_, clock_);
  offer_database_ = OrDie(Database::Open(dir_.File("offer.db"), offer::OfferSchema().c_str()));
  offer_ = std::make_unique<offer::OfferService>(*offer_database_, clock_);
  compliance_database_ = OrDie(compliance::ComplianceStore::Open(dir_.File("compliance.db")));
  compliance_ = std::make_unique<compliance::ComplianceService>(*compliance_database_, zones_, jurisdictions_,
                                                                reply_keywords_, clock_);
  sender_ = std::make_shared<AnsweringSender>(
      OrDie(delivery::SpoolSender::Open({dir_.File("spool"), "hello@nordlicht.example"}, clock_)));
  delivery::ProviderRouter::Member spool{{.name = "spool"}, sender_};
  spool.settings.channels = {v1::CHANNEL_EMAIL, v1::CHANNEL_SMS, v1::CHANNEL_PUSH, v1::CHANNEL_CHAT};
  spool.settings.breaker.failures = 0;
  router_ = std::make_unique<delivery::ProviderRouter>(std::vector<delivery::ProviderRouter::Member>{std::move(spool)});
  delivery_database_ = OrDie(delivery::OpenLedger(dir_.File("delivery.db")));
  const auto uniform = [this] { return absl::Uniform(random_, 0.0, 1.0); };
  dispatcher_ = OrDie(delivery::Dispatcher::Create(*delivery_database_, *router_, clock_, {uniform}));
  delivery::CallbackSources callbacks;
  callbacks["spool"] = {delivery::CallbackSource::Kind::kStandardWebhooks, callback_keys_, v1::CHANNEL_SMS};
  delivery_ =
      std::make_unique<delivery::DeliveryService>(*dispatcher_, *delivery_database_, clock_, std::move(callbacks));
  analytics_database_ = OrDie(analytics::AnalyticsStore::Open(dir_.File("analytics.db")));
  analytics_ = std::make_unique<analytics::AnalyticsService>(*analytics_database_);
}

void System::StartOrchestrator() {
  orchestrator::Steps::Targets targets;
  targets.segmentation = Serve("campaign.v1.Segmentation", {segmentation_.get()});
  targets.retrieval = Serve("campaign.v1.Retrieval", {retrieval_.get()});
  targets.offer = Serve("campaign.v1.Offers", {offer_.get()});
  targets.generator = Serve("campaign.v1.Generator", {&generator_});
  targets.compliance = Serve("campaign.v1.Compliance", {compliance_.get()});
  targets.delivery = Serve("campaign.v1.Delivery", {delivery_.get()});
  targets.analytics = Serve("campaign.v1.Analytics", {analytics_.get()});
  const std::string schema = absl::StrCat(orchestrator::CampaignStore::Schema(), orchestrator::RunStore::Schema(),
                                          orchestrator::ReviewStore::Schema(), orchestrator::FeedbackStore::Schema());
  database_ = OrDie(Database::Open(dir_.File("orchestrator.db"), schema.c_str()));
  steps_ = std::make_unique<orchestrator::Steps>(targets, clock_);
  timers_ = std::make_unique<orchestrator::Timers>(clock_);
  // Small batches, so that an audience of some hundreds makes several, and several pages.
  runner_ = std::make_unique<orchestrator::Runner>(*database_, campaign_store_, *steps_, *timers_, clock_,
                                                   orchestrator::Runner::Options{.batch_size = 32});
  if (const absl::Status status = runner_->Start(); !status.ok()) Die(status);
  feedback_ = std::make_unique<orchestrator::FeedbackForwarder>(*database_, targets);
  resolutions_ = std::make_unique<orchestrator::Resolutions>(*database_, *runner_, targets.delivery);
  orchestrator_service_ = std::make_unique<orchestrator::OrchestratorService>(*database_, campaign_store_, *steps_,
                                                                              *runner_, *timers_, clock_);
  campaigns_service_ = std::make_unique<orchestrator::CampaignsService>(*database_, *steps_, clock_);
  reviews_service_ = std::make_unique<orchestrator::ReviewsService>(*database_, *runner_, clock_);
  const auto channel = MakeChannel(Serve(
      "campaign.v1.Orchestrator", {orchestrator_service_.get(), campaigns_service_.get(), reviews_service_.get()}));
  orchestrator = v1::Orchestrator::NewStub(channel);
  campaigns = v1::Campaigns::NewStub(channel);
  reviews = v1::Reviews::NewStub(channel);
  segmentation = v1::Segmentation::NewStub(MakeChannel(targets.segmentation));
  retrieval = v1::Retrieval::NewStub(MakeChannel(targets.retrieval));
  offers = v1::Offers::NewStub(MakeChannel(targets.offer));
  generator = v1::Generator::NewStub(MakeChannel(targets.generator));
  compliance = v1::Compliance::NewStub(MakeChannel(targets.compliance));
  delivery = v1::Delivery::NewStub(MakeChannel(targets.delivery));
  analytics = v1::Analytics::NewStub(MakeChannel(targets.analytics));
}

bool System::NothingRuns() {
  v1::ListCampaignRunsRequest request;
  request.set_page_size(200);
  const auto runs = Expect(Ask(orchestrator, &v1::Orchestrator::Stub::ListCampaignRuns, request));
  for (const v1::CampaignRun& run : runs.campaign_runs()) {
    if (run.reading_audience()) return false;
    for (const v1::StateCount& count : run.state_counts()) {
      if (count.state() == v1::CUSTOMER_RUN_STATE_RUNNING || count.state() == v1::CUSTOMER_RUN_STATE_PENDING)
        return false;
    }
  }
  return true;
}

void System::Import(const std::vector<shop::Person>& people) {
  std::vector<v1::ImportCustomersRequest> customers(1);
  std::vector<v1::RecordEventsRequest> events(1);
  v1::RecordConsentsRequest consents;
  v1::AddSuppressionsRequest suppressions;
  for (const shop::Person& person : people) {
    *customers.back().add_customers() = person.customer;
    if (customers.back().customers_size() == 500) customers.emplace_back();
    for (const v1::Event& event : person.events) {
      *events.back().add_events() = event;
      if (static_cast<size_t>(events.back().events_size()) == kEventsAMessage) events.emplace_back();
    }
    for (const v1::Consent& consent : person.consents) *consents.add_consents() = consent;
    for (const v1::Suppression& suppression : person.suppressions) *suppressions.add_suppressions() = suppression;
  }
  Stream<v1::ImportCustomersRequest, v1::ImportCustomersResponse>(
      [this](auto... a) { return retrieval->ImportCustomers(a...); }, customers);
  const auto recorded = Stream<v1::RecordEventsRequest, v1::RecordEventsResponse>(
      [this](auto... a) { return retrieval->RecordEvents(a...); }, events);
  EXPECT_EQ(recorded.refused_count(), 0) << recorded.ShortDebugString();
  if (consents.consents_size() > 0) {
    EXPECT_OK(Ask(compliance, &v1::Compliance::Stub::RecordConsents, consents));
  }
  if (suppressions.suppressions_size() > 0) {
    EXPECT_OK(Ask(compliance, &v1::Compliance::Stub::AddSuppressions, suppressions));
  }
}

v1::Campaign System::DemoCampaign(absl::string_view name) {
  std::stringstream yaml;
  yaml << std::ifstream(absl::StrCat(SHOP_CAMPAIGNS, "/", name, ".yaml")).rdbuf();
  ctl::LoadedCampaign loaded = ctl::LoadCampaign(yaml.str());
  for (const ctl::LoadError& error : loaded.errors) ADD_FAILURE() << ctl::FormatLoadError(name, error);
  return std::move(loaded.campaign);
}

absl::StatusOr<v1::ApplyCampaignResponse> System::Apply(const v1::Campaign& campaign) {
  v1::ApplyCampaignRequest request;
  *request.mutable_campaign() = campaign;
  return Ask(campaigns, &v1::Campaigns::Stub::ApplyCampaign, request);
}

absl::StatusOr<v1::RunCampaignResponse> System::RunCampaign(v1::RunCampaignRequest request) {
  // Ends when the run has settled: the clock that the rest of the wait goes by stands still.
  request.mutable_wait()->set_seconds(60);
  return Ask(orchestrator, &v1::Orchestrator::Stub::RunCampaign, request);
}

v1::CustomerRun System::Run(absl::string_view campaign, absl::string_view customer_id, bool dry_run) {
  v1::RunCampaignRequest request;
  request.set_campaign(std::string(campaign));
  request.set_customer_id(std::string(customer_id));
  request.set_dry_run(dry_run);
  const v1::RunCampaignResponse response = Expect(RunCampaign(request));
  if (response.customer_runs_size() == 1) return CustomerRun(response.customer_runs(0).customer_run_id());
  ADD_FAILURE() << "not one customer run: " << response.ShortDebugString();
  return {};
}

v1::CustomerRun System::CustomerRun(absl::string_view customer_run_id) {
  v1::GetCustomerRunRequest request;
  request.set_customer_run_id(std::string(customer_run_id));
  return Expect(Ask(orchestrator, &v1::Orchestrator::Stub::GetCustomerRun, request)).customer_run();
}

v1::ReplayCustomerRunResponse System::Replay(absl::string_view customer_run_id) {
  v1::ReplayCustomerRunRequest request;
  request.set_customer_run_id(std::string(customer_run_id));
  return Expect(Ask(orchestrator, &v1::Orchestrator::Stub::ReplayCustomerRun, request));
}

v1::ReplayCustomerRunResponse System::ReplayOf(const v1::CustomerRun& record) {
  std::shared_ptr<const orchestrator::CampaignPlan> plan;
  EXPECT_OK(database_->Read([&](Connection& connection) -> absl::Status {
    ASSIGN_OR_RETURN(plan, campaign_store_.Plan(connection, record.campaign(), record.campaign_version()));
    return absl::OkStatus();
  }));
  absl::Notification done;
  absl::StatusOr<v1::ReplayCustomerRunResponse> replay;
  orchestrator::ReplayCustomerRun(*steps_, plan, record, [&](absl::StatusOr<v1::ReplayCustomerRunResponse> answer) {
    replay = std::move(answer);
    done.Notify();
  });
  done.WaitForNotification();
  return Expect(std::move(replay));
}

v1::CampaignRun System::CampaignRun(absl::string_view campaign_run_id) {
  v1::GetCampaignRunRequest request;
  request.set_campaign_run_id(std::string(campaign_run_id));
  return Expect(Ask(orchestrator, &v1::Orchestrator::Stub::GetCampaignRun, request)).campaign_run();
}

std::vector<v1::CustomerRunSummary> System::CustomerRuns(absl::string_view campaign_run_id) {
  std::vector<v1::CustomerRunSummary> runs;
  v1::ListCustomerRunsRequest request;
  request.set_campaign_run_id(std::string(campaign_run_id));
  do {
    const auto page = Expect(Ask(orchestrator, &v1::Orchestrator::Stub::ListCustomerRuns, request));
    runs.insert(runs.end(), page.customer_runs().begin(), page.customer_runs().end());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return runs;
}

v1::CustomerRun System::WaitFor(absl::string_view customer_run_id,
                                const std::function<bool(const v1::CustomerRun&)>& is_so) {
  v1::CustomerRun run;
  EXPECT_TRUE(WaitUntil([&] { return is_so(run = CustomerRun(customer_run_id)); })) << "stays " << run.DebugString();
  return run;
}

v1::CustomerRun System::WaitFor(absl::string_view customer_run_id, v1::CustomerRunState state) {
  return WaitFor(customer_run_id, [state](const v1::CustomerRun& run) { return run.state() == state; });
}

void System::MoveClockTo(absl::Time time) {
  clock_.Set(time);
  timers_->Poke();
}

std::vector<SentFile> System::SentTo(absl::string_view customer_id) const {
  std::vector<SentFile> files;
  for (SentFile& file : Sent()) {
    // The hand-made customers have their id in every address but that of their telephone.
    if (absl::StrContains(file.to, customer_id)) files.push_back(std::move(file));
  }
  return files;
}

std::vector<v1::Dispatch> System::Ledger(absl::string_view customer_run_id) {
  std::vector<v1::Dispatch> rows;
  v1::ListDeliveriesRequest request;
  request.set_customer_run_id(std::string(customer_run_id));
  do {
    const auto page = Expect(Ask(delivery, &v1::Delivery::Stub::ListDeliveries, request));
    rows.insert(rows.end(), page.deliveries().begin(), page.deliveries().end());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return rows;
}

void System::AnswerBy(Answer answer) { sender_->set_answer(std::move(answer)); }

void System::CallBack(const std::string& body) {
  v1::RecordReceiptsRequest request;
  request.set_provider("spool");
  request.set_body(body);
  const std::string id = absl::StrCat("callback-", ++callback_count_);
  const std::pair<const char*, std::string> headers[] = {
      {"webhook-id", id},
      {"webhook-timestamp", absl::StrCat(absl::ToUnixSeconds(clock_.Now()))},
      {"webhook-signature", delivery::SignWebhook(callback_keys_, id, clock_.Now(), body)}};
  for (const auto& [name, value] : headers) {
    v1::Fact& header = *request.add_headers();
    header.set_name(name);
    header.set_value(value);
  }
  EXPECT_EQ(Expect(Ask(delivery, &v1::Delivery::Stub::RecordReceipts, request)).recorded_count(), 1) << body;
  PassOn();
}

void System::PassOn() {
  EXPECT_OK(feedback_->Forward());
  EXPECT_OK(resolutions_->Look());
}

std::vector<v1::Suppression> System::Suppressions() {
  const auto page = Expect(Ask(compliance, &v1::Compliance::Stub::ListSuppressions, v1::ListSuppressionsRequest()));
  return {page.suppressions().begin(), page.suppressions().end()};
}

std::vector<v1::ReportRow> System::Report(v1::ReportDimension dimension, absl::string_view campaign_run_id) {
  v1::GetReportRequest request;
  request.set_dimension(dimension);
  request.set_campaign_run_id(std::string(campaign_run_id));
  const auto report = Expect(Ask(analytics, &v1::Analytics::Stub::GetReport, request));
  return {report.rows().begin(), report.rows().end()};
}

v1::Profile System::Profile(absl::string_view customer_id) {
  v1::GetProfilesRequest request;
  request.add_customer_ids(std::string(customer_id));
  const auto response = Expect(Ask(retrieval, &v1::Retrieval::Stub::GetProfiles, request));
  return response.results_size() == 1 ? response.results(0).profile() : v1::Profile();
}

v1::ReviewTask System::ReviewTask(absl::string_view task_id) {
  v1::GetReviewRequest request;
  request.set_review_task_id(std::string(task_id));
  return Expect(Ask(reviews, &v1::Reviews::Stub::GetReview, request)).review_task();
}

v1::DecideReviewRequest System::Decision(absl::string_view task_id, absl::string_view reviewer,
                                         v1::ReviewDecision decision) {
  const v1::ReviewTask task = ReviewTask(task_id);
  v1::DecideReviewRequest request;
  request.set_review_task_id(std::string(task_id));
  request.set_reviewer(std::string(reviewer));
  request.set_decision(decision);
  request.set_revision(task.revision());
  request.set_content_hash(task.content_hash());
  return request;
}

absl::StatusOr<v1::DecideReviewResponse> System::Decide(const v1::DecideReviewRequest& request) {
  return Ask(reviews, &v1::Reviews::Stub::DecideReview, request);
}

absl::Status System::Claim(absl::string_view task_id, absl::string_view reviewer) {
  v1::ClaimReviewRequest request;
  request.set_review_task_id(std::string(task_id));
  request.set_reviewer(std::string(reviewer));
  return Ask(reviews, &v1::Reviews::Stub::ClaimReview, request).status();
}

}  // namespace campaign::e2e
