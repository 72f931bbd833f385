#include "tests/crash/world.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "campaign/v1/analytics.grpc.pb.h"
#include "campaign/v1/campaigns.grpc.pb.h"
#include "campaign/v1/compliance.grpc.pb.h"
#include "campaign/v1/delivery.grpc.pb.h"
#include "campaign/v1/offers.grpc.pb.h"
#include "campaign/v1/orchestrator.grpc.pb.h"
#include "campaign/v1/retrieval.grpc.pb.h"
#include "common/clock.h"
#include "tools/campaignctl/campaign_yaml.h"
#include "tools/shop/shop.h"

namespace campaign::crash {
namespace {

using testing::IsOk;

constexpr size_t kPage = 500;
// Two reachable customers beside the crowd, to see what is left when the crowd is done.
constexpr char kSpareTag[] = "spare";
constexpr const char* kSpares[] = {"spare-1", "spare-2"};
// Many batches on the way at once.
const std::vector<std::string>& kOrchestratorFlags = *new std::vector<std::string>{"--batch_size=8"};

World* shared_world = nullptr;

// Ends the shared world's processes before main returns.
class WorldEnvironment : public ::testing::Environment {
 public:
  void TearDown() override {
    delete shared_world;
    shared_world = nullptr;
  }
};
[[maybe_unused]] const auto* const kEnvironment = ::testing::AddGlobalTestEnvironment(new WorldEnvironment);

v1::Campaign LoadWinBack() {
  std::ifstream file(WIN_BACK_CAMPAIGN);
  std::stringstream yaml;
  yaml << file.rdbuf();
  ctl::LoadedCampaign loaded = ctl::LoadCampaign(yaml.str());
  EXPECT_TRUE(loaded.errors.empty());
  return loaded.campaign;
}

shop::Person Spare(shop::Person person, const std::string& id, absl::Time now) {
  person.customer.set_customer_id(id);
  person.customer.clear_contact_points();
  v1::ContactPoint& email = *person.customer.add_contact_points();
  email.set_channel(v1::CHANNEL_EMAIL);
  email.set_address(absl::StrCat(id, "@example.com"));
  person.customer.add_tags(kSpareTag);
  person.events.clear();
  person.consents.clear();
  v1::Consent& consent = person.consents.emplace_back();
  consent.set_customer_id(id);
  consent.set_channel(v1::CHANNEL_EMAIL);
  consent.set_granted(true);
  *consent.mutable_event_time() = ToTimestamp(now - absl::Hours(24));
  return person;
}

// Sends messages over a client-streaming method.
template <class Stub, class Request, class Response>
void Send(std::shared_ptr<grpc::Channel> channel,
          std::unique_ptr<grpc::ClientWriter<Request>> (Stub::*method)(grpc::ClientContext*, Response*),
          const std::vector<Request>& requests, Response& response) {
  Stub stub(std::move(channel));
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  auto writer = (stub.*method)(&context, &response);
  for (const Request& request : requests) writer->Write(request);
  writer->WritesDone();
  EXPECT_THAT(FromGrpcStatus(writer->Finish()), IsOk());
}

template <class Request>
Request Releasing(const std::vector<v1::CustomerRunSummary>& customer_runs, size_t begin) {
  Request request;
  for (size_t i = begin; i < std::min(begin + kPage, customer_runs.size()); ++i) {
    v1::ReservationSettlement& settlement = *request.add_settlements();
    settlement.set_customer_run_id(customer_runs[i].customer_run_id());
    settlement.set_settlement(v1::SETTLEMENT_RELEASE);
  }
  return request;
}

}  // namespace

World& WorldTest::world() {
  if (shared_world == nullptr) shared_world = new World();
  return *shared_world;
}

void WorldTest::SetUp() { cluster().Recover(kOrchestratorFlags); }

World::World() {
  cluster_.Recover(kOrchestratorFlags);
  Import();
  // A first run in peace says who is delivered, and connects everybody with everybody.
  v1::Campaign campaign = NewCampaign();
  campaign.mutable_offers()->mutable_actions(0)->clear_inventory();
  Apply(campaign);
  const std::string run_id = cluster_.Run(ForAudience(campaign.name()));
  cluster_.WaitUntilFinished(run_id);
  for (const v1::CustomerRunSummary& run : CustomerRuns(run_id)) {
    if (run.state() == v1::CUSTOMER_RUN_STATE_DELIVERED) deliverable_.insert(run.customer_id());
  }
  EXPECT_GT(deliverable_.size(), crowd_.size() / 2);
  ExpectWhole(run_id);
}

void World::Import() {
  const absl::Time now = absl::Now();
  const shop::Shop shop({.now = now, .volume = 0.1});
  std::vector<v1::ImportCustomersRequest> customers(1);
  std::vector<v1::RecordEventsRequest> events;
  v1::RecordConsentsRequest consents;
  const auto add = [&](shop::Person person) {
    *customers[0].add_customers() = person.customer;
    for (size_t i = 0; i < person.events.size(); ++i) {
      if (i % kPage == 0) events.emplace_back();
      *events.back().add_events() = std::move(person.events[i]);
    }
    for (v1::Consent& consent : person.consents) *consents.add_consents() = std::move(consent);
  };
  for (int i = 0; i < kCrowd; ++i) {
    crowd_.push_back(shop::Shop::CustomerId(i));
    shop::Person person = shop.MakePerson(i);
    // Without one there may be no hour at which they can be written to.
    if (person.customer.time_zone().empty()) person.customer.set_time_zone("America/New_York");
    add(std::move(person));
  }
  for (const char* id : kSpares) add(Spare(shop.MakePerson(kCrowd), id, now));
  v1::ImportCustomersResponse imported;
  Send(cluster_.Connect(kRetrieval), &v1::Retrieval::Stub::ImportCustomers, customers, imported);
  v1::RecordEventsResponse recorded;
  Send(cluster_.Connect(kRetrieval), &v1::Retrieval::Stub::RecordEvents, events, recorded);
  EXPECT_OK(cluster_.Call(kCompliance, &v1::Compliance::Stub::RecordConsents, consents));
}

v1::Campaign World::NewCampaign() {
  static const auto& win_back = *new v1::Campaign(LoadWinBack());
  v1::Campaign campaign = win_back;
  const int number = ++campaign_count_;
  campaign.set_name(absl::StrCat("crash-", number));
  campaign.clear_audience();
  v1::OfferConfig& offers = *campaign.mutable_offers();
  offers.mutable_actions()->DeleteSubrange(1, offers.actions_size() - 1);
  offers.clear_experiments();
  auto& templates = *campaign.mutable_generation()->mutable_templates();
  templates.erase(std::remove_if(templates.begin(), templates.end(),
                                 [](const v1::Template& one) { return !one.variant().empty(); }),
                  templates.end());
  offers.clear_holdout();
  offers.clear_daily_budget_minor();
  offers.clear_total_budget_minor();
  v1::Action& action = *offers.mutable_actions(0);
  action.set_template_id(action.action_id());
  // Inventory is counted by action, over all campaigns.
  action.set_action_id(absl::StrCat(action.action_id(), "-", number));
  action.clear_eligibility();
  action.clear_cooldown();
  action.set_inventory(static_cast<int64_t>(deliverable_.size()) + 1);
  campaign.clear_compliance();
  v1::FrequencyCap& cap = *campaign.mutable_compliance()->add_frequency_caps();
  cap.set_this_campaign_only(true);
  cap.set_max_messages(1);
  cap.mutable_window()->set_seconds(30 * 24 * 3600);
  return campaign;
}

void World::Apply(const v1::Campaign& campaign) {
  v1::ApplyCampaignRequest request;
  *request.mutable_campaign() = campaign;
  EXPECT_OK(cluster_.Call(kOrchestrator, &v1::Campaigns::Stub::ApplyCampaign, request));
}

std::string World::ApplyNew() {
  const v1::Campaign campaign = NewCampaign();
  Apply(campaign);
  return campaign.name();
}

v1::RunCampaignRequest World::ForAudience(const std::string& campaign) {
  v1::RunCampaignRequest request;
  request.set_campaign(campaign);
  v1::Comparison& spare = *request.mutable_audience()->mutable_filter()->mutable_not_()->mutable_compare();
  spare.set_feature("tags");
  spare.set_operator_(v1::OPERATOR_IN);
  spare.add_texts(kSpareTag);
  return request;
}

v1::RunCampaignRequest World::ForList(const std::string& campaign) const {
  v1::RunCampaignRequest request;
  request.set_campaign(campaign);
  *request.mutable_customers()->mutable_customer_ids() = {crowd_.begin(), crowd_.end()};
  return request;
}

v1::RunCampaignRequest World::ForOne(const std::string& campaign, const std::string& customer_id) {
  v1::RunCampaignRequest request;
  request.set_campaign(campaign);
  request.set_customer_id(customer_id);
  request.mutable_wait()->set_seconds(absl::ToInt64Seconds(kPatience));
  return request;
}

std::vector<v1::CustomerRunSummary> World::CustomerRuns(const std::string& run_id) {
  v1::ListCustomerRunsRequest request;
  request.set_campaign_run_id(run_id);
  request.set_page_size(1000);
  const auto response = cluster_.Call(kOrchestrator, &v1::Orchestrator::Stub::ListCustomerRuns, request);
  EXPECT_OK(response);
  if (!response.ok()) return {};
  EXPECT_TRUE(response->next_page_token().empty());
  return {response->customer_runs().begin(), response->customer_runs().end()};
}

void World::ExpectWhole(const std::string& run_id, v1::CustomerRunState outcome) {
  const v1::CampaignRun run = cluster_.GetRun(run_id);
  SCOPED_TRACE(run.DebugString());
  const int64_t size = static_cast<int64_t>(crowd_.size());
  const int64_t reached = static_cast<int64_t>(deliverable_.size());
  EXPECT_EQ(run.state(), outcome == v1::CUSTOMER_RUN_STATE_CANCELLED ? v1::CAMPAIGN_RUN_STATE_CANCELLED
                                                                     : v1::CAMPAIGN_RUN_STATE_FINISHED);
  EXPECT_FALSE(run.reading_audience());
  EXPECT_EQ(run.customer_count(), size);
  EXPECT_EQ(CountOf(run, outcome), reached);
  EXPECT_EQ(CountOf(run, v1::CUSTOMER_RUN_STATE_NO_ACTION), size - reached);

  std::vector<std::string> ids;
  std::set<std::string> delivered_runs;
  const std::vector<v1::CustomerRunSummary> customer_runs = CustomerRuns(run_id);
  for (const v1::CustomerRunSummary& customer_run : customer_runs) {
    ids.push_back(customer_run.customer_id());
    const bool reachable = deliverable_.contains(customer_run.customer_id());
    EXPECT_EQ(customer_run.state(), reachable ? outcome : v1::CUSTOMER_RUN_STATE_NO_ACTION)
        << customer_run.DebugString();
    if (customer_run.state() == v1::CUSTOMER_RUN_STATE_DELIVERED) delivered_runs.insert(customer_run.customer_run_id());
  }
  std::sort(ids.begin(), ids.end());
  EXPECT_EQ(ids, crowd_);
  ExpectDispatches(run_id, delivered_runs);
  ExpectRecords(run_id, delivered_runs.size());
  ExpectSettled(customer_runs);
}

void World::ExpectDispatches(const std::string& run_id, const std::set<std::string>& delivered_runs) {
  const std::string prefix = run_id + "-";
  std::multiset<std::string> dispatched, keys, files;
  v1::ListDeliveriesRequest request;
  request.set_page_size(1000);
  do {
    const auto page = cluster_.Call(kDelivery, &v1::Delivery::Stub::ListDeliveries, request);
    ASSERT_OK(page);
    for (const v1::Dispatch& dispatch : page->deliveries()) {
      if (!absl::StartsWith(dispatch.customer_run_id(), prefix)) continue;
      EXPECT_EQ(dispatch.receipt().state(), v1::DELIVERY_STATE_ACCEPTED) << dispatch.DebugString();
      dispatched.insert(dispatch.customer_run_id());
      keys.insert(dispatch.receipt().idempotency_key());
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  for (const auto& entry : std::filesystem::recursive_directory_iterator(cluster_.spool())) {
    if (!entry.is_regular_file() || !absl::StartsWith(entry.path().filename().string(), prefix)) continue;
    EXPECT_NE(entry.path().parent_path().filename(), "unfinished");
    files.insert(entry.path().stem().string());
  }
  EXPECT_EQ(dispatched, std::multiset<std::string>(delivered_runs.begin(), delivered_runs.end()));
  EXPECT_EQ(files, keys);
}

void World::ExpectRecords(const std::string& run_id, size_t delivered_count) {
  v1::GetReportRequest request;
  request.set_campaign_run_id(run_id);
  const auto report = cluster_.Call(kAnalytics, &v1::Analytics::Stub::GetReport, request);
  ASSERT_OK(report);
  ASSERT_EQ(report->rows_size(), 1);
  EXPECT_EQ(report->rows(0).run_count(), static_cast<int64_t>(crowd_.size()));
  EXPECT_EQ(report->rows(0).sent_count(), static_cast<int64_t>(delivered_count));
}

void World::ExpectSettled(const std::vector<v1::CustomerRunSummary>& customer_runs) {
  // A release says how many were open; it changes nothing about those that were committed, as ExpectSpent sees.
  for (size_t i = 0; i < customer_runs.size(); i += kPage) {
    const auto offers = cluster_.Call(kOffer, &v1::Offers::Stub::SettleReservations,
                                      Releasing<v1::OffersSettleReservationsRequest>(customer_runs, i));
    ASSERT_OK(offers);
    EXPECT_EQ(offers->settled_count(), 0);
    const auto slots = cluster_.Call(kCompliance, &v1::Compliance::Stub::SettleReservations,
                                     Releasing<v1::ComplianceSettleReservationsRequest>(customer_runs, i));
    ASSERT_OK(slots);
    EXPECT_EQ(slots->settled_count(), 0);
  }
}

void World::ExpectSpent(const std::string& campaign) {
  EXPECT_EQ(Outcome(campaign, *deliverable_.begin()), v1::CUSTOMER_RUN_STATE_SUPPRESSED);
  EXPECT_EQ(Outcome(campaign, *deliverable_.rbegin()), v1::CUSTOMER_RUN_STATE_SUPPRESSED);
  EXPECT_EQ(Outcome(campaign, kSpares[0]), v1::CUSTOMER_RUN_STATE_DELIVERED);
  EXPECT_EQ(Outcome(campaign, kSpares[1]), v1::CUSTOMER_RUN_STATE_NO_ACTION);
}

v1::CustomerRunState World::Outcome(const std::string& campaign, const std::string& customer_id) {
  const auto response =
      cluster_.Call(kOrchestrator, &v1::Orchestrator::Stub::RunCampaign, ForOne(campaign, customer_id));
  EXPECT_OK(response);
  if (!response.ok() || response->customer_runs_size() != 1) return v1::CUSTOMER_RUN_STATE_UNSPECIFIED;
  return response->customer_runs(0).state();
}

}  // namespace campaign::crash
