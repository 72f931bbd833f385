#include "services/retrieval/retrieval_service.h"

#include <set>

#include "common/server.h"
#include "common/testing/fake_clock.h"
#include "services/retrieval/test_events.h"

namespace campaign::retrieval {
namespace {

using campaign::testing::FakeClock;
using campaign::testing::ParseProto;
using campaign::testing::TempDir;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A customer_id whose order by bytes is that of the numbers.
std::string CustomerId(int number) { return absl::StrCat("c", 100'000 + number); }

// A real server on a real database.
class RetrievalServiceTest : public ::testing::Test {
 protected:
  RetrievalServiceTest() { Start(); }

  void Start() {
    store_ = *RetrievalStore::Open(dir_.File("retrieval.db"));
    service_ = std::make_unique<RetrievalService>(*store_, clock_);
    server_ = *Server::Start("127.0.0.1:0", {service_.get()});
    stub_ = v1::Retrieval::NewStub(
        grpc::CreateChannel(absl::StrCat("127.0.0.1:", server_->port()), grpc::InsecureChannelCredentials()));
  }

  void Restart() {
    server_.reset();
    service_.reset();
    store_.reset();
    Start();
  }

  grpc::Status Import(const std::vector<v1::ImportCustomersRequest>& messages,
                      v1::ImportCustomersResponse* response = nullptr) {
    grpc::ClientContext context;
    v1::ImportCustomersResponse own;
    auto writer = stub_->ImportCustomers(&context, response == nullptr ? &own : response);
    for (const auto& message : messages) {
      if (!writer->Write(message)) break;
    }
    writer->WritesDone();
    return writer->Finish();
  }

  void ImportIds(const std::vector<std::string>& ids) {
    v1::ImportCustomersRequest request;
    for (const std::string& id : ids) request.add_customers()->set_customer_id(id);
    const grpc::Status status = Import({request});
    ASSERT_TRUE(status.ok()) << status.error_message();
  }

  grpc::Status RecordAll(const std::vector<std::vector<v1::Event>>& messages, v1::RecordEventsResponse* response) {
    grpc::ClientContext context;
    auto writer = stub_->RecordEvents(&context, response);
    for (const auto& events : messages) {
      v1::RecordEventsRequest request;
      for (const v1::Event& event : events) *request.add_events() = event;
      if (!writer->Write(request)) break;
    }
    writer->WritesDone();
    return writer->Finish();
  }

  v1::RecordEventsResponse Record(const std::vector<std::vector<v1::Event>>& messages) {
    v1::RecordEventsResponse response;
    const grpc::Status status = RecordAll(messages, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }

  v1::GetProfilesResponse Profiles(const std::vector<std::string>& ids) {
    grpc::ClientContext context;
    v1::GetProfilesRequest request;
    for (const std::string& id : ids) request.add_customer_ids(id);
    v1::GetProfilesResponse response;
    const grpc::Status status = stub_->GetProfiles(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }

  v1::Profile Profile(const std::string& id) { return Profiles({id}).results(0).profile(); }

  v1::GetRfmCutoffsResponse Cutoffs() {
    grpc::ClientContext context;
    v1::GetRfmCutoffsResponse response;
    EXPECT_TRUE(stub_->GetRfmCutoffs(&context, {}, &response).ok());
    return response;
  }

  grpc::Status Query(absl::string_view request, std::vector<v1::QueryAudienceResponse>* pages) {
    grpc::ClientContext context;
    auto reader = stub_->QueryAudience(&context, ParseProto<v1::QueryAudienceRequest>(request));
    v1::QueryAudienceResponse page;
    while (reader->Read(&page)) pages->push_back(page);
    return reader->Finish();
  }

  std::vector<v1::QueryAudienceResponse> Pages(absl::string_view request) {
    std::vector<v1::QueryAudienceResponse> pages;
    const grpc::Status status = Query(request, &pages);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return pages;
  }

  std::vector<std::string> Audience(absl::string_view request) {
    std::vector<std::string> ids;
    for (const auto& page : Pages(request))
      ids.insert(ids.end(), page.customer_ids().begin(), page.customer_ids().end());
    return ids;
  }

  TempDir dir_;
  FakeClock clock_{Noon()};
  std::unique_ptr<RetrievalStore> store_;
  std::unique_ptr<RetrievalService> service_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<v1::Retrieval::Stub> stub_;
};

TEST_F(RetrievalServiceTest, ImportCreatesUpdatesAndLeavesWhatIsTheSame) {
  const auto request = ParseProto<v1::ImportCustomersRequest>(R"pb(
    customers { customer_id: "a" first_name: "Ada" country: "DE" }
    customers {
      customer_id: "b"
      contact_points { channel: CHANNEL_SMS address: "+491" }
    })pb");
  v1::ImportCustomersResponse response;
  ASSERT_TRUE(Import({request}, &response).ok());
  EXPECT_EQ(response.created_count(), 2);
  ASSERT_TRUE(Import({request, request}, &response).ok());
  EXPECT_EQ(response.created_count(), 0);
  EXPECT_EQ(response.updated_count(), 0);
  Record({{Identified("e", "a", Bought(Noon(), "x", 100))}});
  ASSERT_TRUE(
      Import({ParseProto<v1::ImportCustomersRequest>("customers { customer_id: 'a' last_name: 'L' }")}, &response)
          .ok());
  EXPECT_EQ(response.updated_count(), 1);
  EXPECT_EQ(Profile("a").customer().last_name(), "L");
  EXPECT_EQ(Profile("a").customer().first_name(), "") << "an import replaces the customer whole";
  EXPECT_EQ(Profile("a").orders_total(), 1) << "and leaves their events";
}

TEST_F(RetrievalServiceTest, AnErrorInAStreamKeepsTheMessagesBeforeIt) {
  const auto good = ParseProto<v1::ImportCustomersRequest>("customers { customer_id: 'a' }");
  for (const auto& [bad, message] : std::vector<std::pair<std::string, std::string>>{
           {"customers { customer_id: 'b' } customers {}", "customers[1].customer_id: 0 bytes is below 1"},
           {"customers { customer_id: 'b' currency_code: 'eur' }", "customers[0].currency_code: eur"},
           {"customers { customer_id: 'b' country: 'D' }", "customers[0].country: D"},
           {"customers { customer_id: 'b' contact_points { address: 'x' } }", "contact_points[0].channel: unspecified"},
           {"customers { customer_id: 'b' contact_points { channel: CHANNEL_SMS address: 'x' }"
            " contact_points { channel: CHANNEL_SMS address: 'y' } }",
            "contact_points[1].channel: CHANNEL_SMS is given twice"},
           {"customers { customer_id: 'b' signup_time { nanos: -1 } }", "signup_time.nanos: -1"}}) {
    const grpc::Status status = Import({good, ParseProto<v1::ImportCustomersRequest>(bad)});
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_THAT(status.error_message(), HasSubstr(message));
  }
  const auto profiles = Profiles({"a", "b"});
  EXPECT_TRUE(profiles.results(0).has_profile());
  EXPECT_TRUE(profiles.results(1).has_error());

  v1::RecordEventsResponse response;
  const grpc::Status status = RecordAll(
      {{Identified("e1", "a", Bought(Noon(), "x", 100))}, {Identified("", "a", Bought(Noon(), "x", 100))}}, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Profile("a").orders_total(), 1);
}

TEST_F(RetrievalServiceTest, AnEventCountsOnceHoweverOftenItComes) {
  ImportIds({"a", "b"});
  const v1::Event event = Identified("e1", "a", Bought(Noon(), "x", 100));
  v1::RecordEventsResponse response = Record({{event, event}, {event}});
  EXPECT_EQ(response.recorded_count(), 1);
  EXPECT_EQ(response.duplicate_count(), 2);
  response = Record(
      {{event, Identified("e1", "b", Bought(Noon(), "x", 100)), Identified("e2", "a", Bought(Noon(), "x", 100))}});
  EXPECT_EQ(response.recorded_count(), 1);
  EXPECT_EQ(response.duplicate_count(), 2);
  EXPECT_EQ(Profile("a").orders_total(), 2);
  EXPECT_EQ(Profile("b").orders_total(), 0);
}

TEST_F(RetrievalServiceTest, RefusesEventsByNameAndRecordsTheOthers) {
  ImportIds({"a"});
  v1::Event timeless = Identified("timeless", "a", Bought(Noon(), "x", 1));
  timeless.clear_event_time();
  const v1::RecordEventsResponse response =
      Record({{Identified("stranger", "nobody", Bought(Noon(), "x", 1)), Identified("ok", "a", Bought(Noon(), "x", 1)),
               Identified("ahead", "a", Bought(Noon() + Days(1.1), "x", 1)), timeless},
              {Identified("nothing", "a", MakeEvent(Noon(), ""))}});
  EXPECT_EQ(response.recorded_count(), 1);
  EXPECT_EQ(response.refused_count(), 4);
  ASSERT_EQ(response.refused_size(), 4);
  EXPECT_EQ(response.refused(0).event_id(), "stranger");
  EXPECT_EQ(response.refused(0).error().code(), 5);
  EXPECT_EQ(response.refused(0).error().reason(), "UNKNOWN_CUSTOMER");
  EXPECT_EQ(response.refused(1).event_id(), "ahead");
  EXPECT_EQ(response.refused(1).error().code(), 3);
  EXPECT_THAT(response.refused(1).error().message(), HasSubstr("event_time.seconds"));
  EXPECT_EQ(response.refused(2).event_id(), "timeless");
  EXPECT_EQ(response.refused(3).event_id(), "nothing");
  // A refused id may be used again once what was wrong is mended.
  EXPECT_EQ(Record({{Identified("ahead", "a", Bought(Noon(), "x", 1))}}).recorded_count(), 1);
}

TEST_F(RetrievalServiceTest, NamesTheFirstHundredRefusedOnly) {
  std::vector<v1::Event> events;
  for (int i = 0; i < 70; ++i) events.push_back(Identified(absl::StrCat("e", i), "nobody", Bought(Noon(), "x", 1)));
  const v1::RecordEventsResponse response = Record({events, events});
  EXPECT_EQ(response.refused_count(), 140);
  EXPECT_EQ(response.refused_size(), 100);
}

TEST_F(RetrievalServiceTest, ProfilesComeInTheOrderAskedAndMoveWithTheClock) {
  ImportIds({"a", "b"});
  Record({{Identified("e1", "a", Bought(Noon() - Days(80), "x", 100))}});
  const auto response = Profiles({"b", "nobody", "a", "b"});
  ASSERT_EQ(response.results_size(), 4);
  EXPECT_EQ(response.results(0).profile().customer().customer_id(), "b");
  EXPECT_EQ(response.results(1).error().code(), 5);
  EXPECT_EQ(response.results(2).profile().orders_90d(), 1);
  EXPECT_EQ(response.results(3).profile().customer().customer_id(), "b");
  clock_.Advance(Days(10));
  EXPECT_EQ(Profile("a").orders_90d(), 0);
  EXPECT_DOUBLE_EQ(Profile("a").days_since_last_purchase(), 90);
}

TEST_F(RetrievalServiceTest, RefusesMoreCustomersThanTheLimit) {
  grpc::ClientContext context;
  v1::GetProfilesRequest request;
  for (int i = 0; i < 513; ++i) request.add_customer_ids("a");
  v1::GetProfilesResponse response;
  EXPECT_EQ(stub_->GetProfiles(&context, request, &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(RetrievalServiceTest, InsightsFollowTheConfigurationAndTheGoal) {
  ImportIds({"a"});
  Record({{Identified("e1", "a", Bought(Noon() - Days(8), "hats", 1000)),
           Identified("e2", "a", Viewed(Noon() - Days(7), "cap", "hats"))}});
  const auto ask = [&](absl::string_view text) {
    grpc::ClientContext context;
    v1::GetInsightsResponse response;
    const grpc::Status status = stub_->GetInsights(&context, ParseProto<v1::GetInsightsRequest>(text), &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  };
  auto response =
      ask("config_version: 'v1' goal: 'win_back' items { customer_id: 'a' } items { customer_id: 'nobody' }");
  ASSERT_EQ(response.results_size(), 2);
  ASSERT_EQ(response.results(0).insights().insights_size(), 3);
  EXPECT_EQ(response.results(0).insights().insights(0).text(), "inactive for 7 days");
  EXPECT_EQ(response.results(1).error().code(), 5);
  response =
      ask("config_version: 'v2' goal: 'win_back' items { customer_id: 'a' segment: 's' }"
          "config { rules { segments: 's' kinds: INSIGHT_KIND_BROWSING } }");
  ASSERT_EQ(response.results(0).insights().insights_size(), 1);
  EXPECT_EQ(response.results(0).insights().insights(0).facts(0).value(), "cap");

  grpc::ClientContext context;
  const grpc::Status status =
      stub_->GetInsights(&context,
                         ParseProto<v1::GetInsightsRequest>("config_version: 'v3' goal: 'g' items { customer_id: 'a' }"
                                                            "config { rules { kinds: 0 } }"),
                         &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("config.rules[0].kinds[0]"));
}

TEST_F(RetrievalServiceTest, ProfilesAndInsightsAsOfATimeHoldNothingLater) {
  ImportIds({"a"});
  Record({{Identified("e1", "a", Bought(Noon() - Days(8), "hats", 1000)),
           Identified("e2", "a", Bought(Noon() - Days(2), "hats", 1000))}});
  const std::string as_of = absl::StrCat("as_of { seconds: ", absl::ToUnixSeconds(Noon() - Days(5)), " }");
  const auto profiles = ParseProto<v1::GetProfilesRequest>("customer_ids: 'a' customer_ids: 'nobody' " + as_of);
  v1::GetProfilesResponse response;
  grpc::ClientContext context;
  ASSERT_TRUE(stub_->GetProfiles(&context, profiles, &response).ok());
  EXPECT_EQ(response.results(0).profile().orders_total(), 1);
  EXPECT_DOUBLE_EQ(response.results(0).profile().days_since_last_purchase(), 3);
  EXPECT_EQ(response.results(0).profile().as_of().seconds(), absl::ToUnixSeconds(Noon() - Days(5)));
  EXPECT_EQ(response.results(1).error().code(), 5);

  v1::GetInsightsResponse insights;
  grpc::ClientContext insights_context;
  ASSERT_TRUE(stub_
                  ->GetInsights(&insights_context,
                                ParseProto<v1::GetInsightsRequest>(
                                    "config_version: 'v' goal: 'win_back' items { customer_id: 'a' } " + as_of),
                                &insights)
                  .ok());
  EXPECT_EQ(insights.results(0).insights().insights(0).text(), "inactive for 3 days");

  const grpc::Status status =
      stub_->GetProfiles(std::make_unique<grpc::ClientContext>().get(),
                         ParseProto<v1::GetProfilesRequest>("customer_ids: 'a' as_of { nanos: -1 }"), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("as_of.nanos: -1"));
}

class AudienceTest : public RetrievalServiceTest {
 protected:
  // `count` customers, of whom every third bought something.
  void Fill(int count) {
    for (int first = 0; first < count; first += 1000) {
      v1::ImportCustomersRequest customers;
      std::vector<v1::Event> events;
      for (int i = first; i < std::min(count, first + 1000); ++i) {
        customers.add_customers()->set_customer_id(CustomerId(i));
        if (i % 3 == 0)
          events.push_back(Identified(absl::StrCat("e", i), CustomerId(i), Bought(Noon() - Days(5), "x", 100)));
      }
      ASSERT_TRUE(Import({customers}).ok());
      ASSERT_EQ(Record({events}).recorded_count(), static_cast<int64_t>(events.size()));
    }
  }
};

constexpr char kBuyers[] = "filter { compare { feature: 'orders_total' operator: OPERATOR_GREATER number: 0 } } ";

TEST_F(AudienceTest, AsOfATimeIsWhoWasInItThen) {
  Fill(10);
  EXPECT_EQ(Audience(kBuyers).size(), 4u);
  const auto as_of = [](absl::Time time) { return absl::StrCat("as_of { seconds: ", absl::ToUnixSeconds(time), " }"); };
  EXPECT_THAT(Audience(kBuyers + as_of(Noon() - Days(6))), ElementsAre());
  EXPECT_EQ(Audience(kBuyers + as_of(Noon() - Days(4))).size(), 4u);
  std::vector<v1::QueryAudienceResponse> pages;
  EXPECT_EQ(Query(kBuyers + as_of(Noon() + Days(2)), &pages).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(AudienceTest, ComesInPagesByAscendingCustomerId) {
  Fill(2'000);
  const auto pages = Pages("");
  ASSERT_EQ(pages.size(), 4u);
  EXPECT_EQ(pages[0].customer_ids_size(), 512);
  EXPECT_EQ(pages[0].scanned_to_customer_id(), CustomerId(511));
  EXPECT_EQ(pages[3].customer_ids_size(), 2'000 - 3 * 512);
  const std::vector<std::string> ids = Audience("");
  EXPECT_EQ(ids.size(), 2'000u);
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
  const std::vector<std::string> buyers = Audience(kBuyers);
  EXPECT_EQ(buyers.size(), 667u);
  EXPECT_EQ(buyers[1], CustomerId(3));
}

TEST_F(AudienceTest, ResumesAfterACustomerAndStopsAtTheLimit) {
  Fill(30);
  EXPECT_THAT(Audience(absl::StrCat(kBuyers, "after_customer_id: '", CustomerId(3), "' max_customers: 2")),
              ElementsAre(CustomerId(6), CustomerId(9)));
  const auto pages = Pages(absl::StrCat(kBuyers, "max_customers: 2"));
  ASSERT_EQ(pages.size(), 1u);
  EXPECT_EQ(pages[0].scanned_to_customer_id(), CustomerId(3)) << "so that resuming after it loses nobody";
  EXPECT_TRUE(Pages(absl::StrCat("after_customer_id: '", CustomerId(29), "'")).empty());
}

TEST_F(AudienceTest, SendsProgressWhereNobodyMatches) {
  Fill(6'000);
  const auto pages = Pages("filter { compare { feature: 'orders_total' operator: OPERATOR_GREATER number: 99 } }");
  ASSERT_EQ(pages.size(), 2u);
  EXPECT_TRUE(pages[0].customer_ids().empty());
  EXPECT_EQ(pages[0].scanned_to_customer_id(), CustomerId(4'999));
  EXPECT_EQ(pages[1].scanned_to_customer_id(), CustomerId(5'999));
}

TEST_F(AudienceTest, IsAsOfNow) {
  Fill(3);
  const char* recent = "filter { compare { feature: 'days_since_last_purchase' operator: OPERATOR_LESS number: 10 } }";
  EXPECT_EQ(Audience(recent).size(), 1u);
  clock_.Advance(Days(10));
  EXPECT_EQ(Audience(recent).size(), 0u);
}

TEST_F(AudienceTest, RefusesARuleThatDoesNotCompile) {
  std::vector<v1::QueryAudienceResponse> pages;
  grpc::Status status =
      Query("filter { compare { feature: 'no_such_thing' operator: OPERATOR_LESS number: 1 } }", &pages);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("filter.compare.feature: no_such_thing"));
  status = Query("max_customers: -1", &pages);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_TRUE(pages.empty());
}

TEST_F(AudienceTest, ACallerWhoLeavesEarlyDisturbsNobody) {
  Fill(3'000);
  {
    grpc::ClientContext context;
    auto reader = stub_->QueryAudience(&context, {});
    v1::QueryAudienceResponse page;
    ASSERT_TRUE(reader->Read(&page));
    context.TryCancel();
    while (reader->Read(&page)) continue;
    EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  EXPECT_EQ(Audience("").size(), 3'000u);
}

TEST_F(RetrievalServiceTest, RfmCutoffsFollowEveryPurchaseAndTheCurrency) {
  std::vector<std::string> ids;
  for (int i = 0; i < 10; ++i) ids.push_back(CustomerId(i));
  ImportIds(ids);
  EXPECT_EQ(Cutoffs().customer_count(), 0);
  EXPECT_TRUE(Cutoffs().cutoffs().recency_days().empty());
  std::vector<v1::Event> events;
  for (int i = 0; i < 10; ++i) {
    for (int order = 0; order <= i; ++order) {
      events.push_back(
          Identified(absl::StrCat(i, "/", order), ids[i], Bought(Noon() - Days(10 * i + order), "x", 1000)));
    }
  }
  Record({{events.begin(), events.begin() + 20}, {events.begin() + 10, events.end()}});
  const v1::GetRfmCutoffsResponse cutoffs = Cutoffs();
  EXPECT_EQ(cutoffs.customer_count(), 10);
  EXPECT_THAT(cutoffs.cutoffs().frequency_orders(), ElementsAre(2, 4, 6, 8));
  EXPECT_THAT(cutoffs.cutoffs().recency_days(), ElementsAre(10.5, 30.5, 50.5, 70.5));
  for (int i = 0; i < 4; ++i) EXPECT_NEAR(cutoffs.cutoffs().monetary(i), 20.0 * (i + 1), 0.4 * (i + 1));
  v1::ImportCustomersRequest yen;
  for (const std::string& id : ids) {
    yen.add_customers()->set_customer_id(id);
    yen.mutable_customers(yen.customers_size() - 1)->set_currency_code("JPY");
  }
  ASSERT_TRUE(Import({yen}).ok());
  EXPECT_EQ(Cutoffs().customer_count(), 10);
  EXPECT_NEAR(Cutoffs().cutoffs().monetary(0), 2000, 40);
}

TEST_F(RetrievalServiceTest, ARestartKeepsEverything) {
  std::vector<std::string> ids;
  for (int i = 0; i < 6; ++i) ids.push_back(CustomerId(i));
  ImportIds(ids);
  std::vector<v1::Event> events;
  for (const std::string& id : ids) events.push_back(Identified("e" + id, id, Bought(Noon() - Days(3), "x", 1000)));
  events.push_back(Identified("said", ids[0], Said(Noon(), "CHAT", "hello")));
  Record({events});
  const std::string profile = Profile(ids[0]).DebugString();
  const std::string cutoffs = Cutoffs().DebugString();
  Restart();
  EXPECT_EQ(Profile(ids[0]).DebugString(), profile);
  EXPECT_EQ(Cutoffs().DebugString(), cutoffs);
  EXPECT_EQ(Audience("").size(), 6u);
  EXPECT_EQ(Record({events}).duplicate_count(), 7);
}

TEST_F(RetrievalServiceTest, ASecondProcessIsRefusedTheDatabase) {
  EXPECT_THAT(RetrievalStore::Open(dir_.File("retrieval.db")),
              campaign::testing::StatusIs(absl::StatusCode::kFailedPrecondition, "another process owns"));
}

}  // namespace
}  // namespace campaign::retrieval
