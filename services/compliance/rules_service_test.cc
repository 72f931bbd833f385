#include <atomic>
#include <barrier>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/channel.h"
#include "common/server.h"
#include "common/testing/fake_clock.h"
#include "common/testing/testing.h"
#include "services/compliance/compliance_service.h"

namespace campaign::compliance {
namespace {

using ::campaign::testing::FakeClock;
using ::campaign::testing::IsOk;
using ::campaign::testing::ParseProto;
using ::campaign::testing::StatusIs;
using ::campaign::testing::TempDir;
using ::campaign::testing::Utc;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

// A whole service on a port of its own, at noon UTC of Monday, 2026-06-15.
class RulesServiceTest : public ::testing::Test {
 protected:
  RulesServiceTest()
      : jurisdictions_(Jurisdictions::ReadFromFile(JURISDICTIONS).value()),
        keywords_(ReplyKeywords::Parse("", "START").value()),
        database_(ComplianceStore::Open(dir_.File("compliance.db")).value()),
        service_(*database_, zones_, jurisdictions_, keywords_, clock_),
        server_(Server::Start("127.0.0.1:0", {&service_}).value()),
        stub_(NewStub()) {}

  std::unique_ptr<v1::Compliance::Stub> NewStub() {
    return v1::Compliance::NewStub(MakeChannel(absl::StrCat("127.0.0.1:", server_->port())));
  }

  static absl::StatusOr<v1::CheckResult> Check(v1::Compliance::Stub& stub, const v1::CheckRequest& request) {
    grpc::ClientContext context;
    v1::CheckResponse response;
    const absl::Status status = FromGrpcStatus(stub.Check(&context, request, &response));
    if (!status.ok()) return status;
    return response.results(0).check();
  }

  v1::CheckResult Check(const v1::CheckRequest& request) {
    auto result = Check(*stub_, request);
    EXPECT_OK(result);
    return result.ok() ? *result : v1::CheckResult();
  }

  TempDir dir_;
  FakeClock clock_{Utc("2026-06-15 12:00:00")};
  const ZoneDatabase zones_{ZoneDatabase::SystemDirectory()};
  const Jurisdictions jurisdictions_;
  const ReplyKeywords keywords_;
  std::unique_ptr<Database> database_;
  ComplianceService service_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<v1::Compliance::Stub> stub_;
};

// A receipt to customer `ann`, which needs no consent, under `config`; `item` is merged over it.
v1::CheckRequest Request(absl::string_view config, const std::string& customer_run_id, absl::string_view item = "") {
  v1::CheckRequest request;
  request.set_campaign("win-back");
  request.set_config_version(absl::StrCat(std::hash<std::string>()(std::string(config))));
  *request.mutable_config() = ParseProto<v1::ComplianceConfig>(config);
  v1::CheckItem& check = *request.add_items();
  check = ParseProto<v1::CheckItem>(R"pb(
    profile { customer { customer_id: "ann" time_zone: "UTC" country: "GB" } }
    message {
      channel: CHANNEL_EMAIL
      address: "ann@example.com"
      subject: "Your order"
      text: "Thanks"
      message_class: MESSAGE_CLASS_TRANSACTIONAL
    })pb");
  check.MergeFrom(ParseProto<v1::CheckItem>(item));
  check.set_customer_run_id(customer_run_id);
  return request;
}

std::vector<std::string> CodesOf(const v1::CheckResult& result) {
  std::vector<std::string> codes;
  for (const v1::Reason& reason : result.reasons()) codes.push_back(reason.code());
  return codes;
}

TEST_F(RulesServiceTest, EveryRuleIsEvaluatedAndEveryReasonReturned) {
  const v1::CheckResult result = Check(Request(
      R"pb(
        standard_red_flags: "legal_threat"
        quiet_hours {
          start: "21:00"
          end: "08:00"
          holidays { date: "06-15" }
        }
        frequency_caps { calendar: CALENDAR_PERIOD_DAY }
        overrides { review_always: true }
        content {
          allowed_hosts: "shop.example.com"
          forbidden_claims { code: "HEALTH_CLAIM" words: "cures" }
        })pb",
      "run-1",
      R"pb(message { subject: "BUY {{NOW}}" text: "Hello , it cures: bit.ly/x 4111 1111 1111 1111" model: "tiny-1" }
           profile { recent_texts { text: "My lawyer knows" } })pb"));
  EXPECT_EQ(result.verdict(), v1::VERDICT_BLOCK);
  EXPECT_THAT(CodesOf(result),
              UnorderedElementsAre("UNRENDERED_TEMPLATE", "CARD_NUMBER", "LINK_NOT_ALLOWED", "SUBJECT_IN_CAPITALS",
                                   "EMPTY_VARIABLE", "HEALTH_CLAIM", "FREQUENCY_CAP_REACHED", "MODEL_TEXT",
                                   "REVIEW_ALWAYS", "LEGAL_THREAT", "QUIET_HOURS"));
  EXPECT_THAT(result.red_flags(), ElementsAre("MODEL_TEXT", "REVIEW_ALWAYS", "LEGAL_THREAT"));
}

TEST_F(RulesServiceTest, WithoutContentRulesNumbersAndTemplateMarksAreRefusedAlone) {
  EXPECT_EQ(Check(Request("", "run-1", "message { subject: 'BUY NOW' text: 'Hello , bit.ly/x' }")).verdict(),
            v1::VERDICT_ALLOW);
  EXPECT_THAT(CodesOf(Check(Request("", "run-2", "message { text: '{{x}} DE89370400440532013000' }"))),
              UnorderedElementsAre("UNRENDERED_TEMPLATE", "BANK_ACCOUNT_NUMBER"));
}

TEST_F(RulesServiceTest, AMessageByAModelGoesOutOnceAReviewerHasAcceptedIt) {
  const char kItem[] = "message { model: 'tiny-1' }";
  const v1::CheckResult result = Check(Request("", "run-1", kItem));
  EXPECT_EQ(result.verdict(), v1::VERDICT_REVIEW);
  ASSERT_THAT(result.red_flags(), ElementsAre("MODEL_TEXT"));
  EXPECT_EQ(Check(Request("", "run-1", absl::StrCat(kItem, "accepted_red_flags: 'MODEL_TEXT'"))).verdict(),
            v1::VERDICT_ALLOW);
}

constexpr char kOneOfTheBrand[] =
    "frequency_caps { this_brand_only: true max_messages: 1 calendar: CALENDAR_PERIOD_WEEK }";

TEST_F(RulesServiceTest, ACapOfThisBrandCountsWhatWasReservedForIt) {
  EXPECT_EQ(Check(Request(kOneOfTheBrand, "run-1", "message { brand: 'north' }")).verdict(), v1::VERDICT_ALLOW);
  EXPECT_EQ(Check(Request(kOneOfTheBrand, "run-2", "message { brand: 'south' }")).verdict(), v1::VERDICT_ALLOW);
  EXPECT_EQ(Check(Request(kOneOfTheBrand, "run-3")).verdict(), v1::VERDICT_ALLOW) << "of no brand";
  EXPECT_THAT(CodesOf(Check(Request(kOneOfTheBrand, "run-4", "message { brand: 'north' }"))),
              ElementsAre("FREQUENCY_CAP_REACHED"));
  EXPECT_THAT(CodesOf(Check(Request(kOneOfTheBrand, "run-5"))), ElementsAre("FREQUENCY_CAP_REACHED"));
  v1::CheckRequest dry = Request(kOneOfTheBrand, "run-6", "message { brand: 'east' }");
  dry.set_dry_run(true);
  EXPECT_EQ(Check(dry).verdict(), v1::VERDICT_ALLOW) << "a brand that nobody knows yet";
}

TEST_F(RulesServiceTest, ACalendarCapIsFreeAgainInItsNextPeriod) {
  EXPECT_EQ(Check(Request(kOneOfTheBrand, "run-1")).verdict(), v1::VERDICT_ALLOW);
  clock_.Set(Utc("2026-06-21 23:59:59"));
  EXPECT_EQ(Check(Request(kOneOfTheBrand, "run-2")).verdict(), v1::VERDICT_BLOCK);
  clock_.Set(Utc("2026-06-22 00:00:00"));
  EXPECT_EQ(Check(Request(kOneOfTheBrand, "run-2")).verdict(), v1::VERDICT_ALLOW);
}

TEST_F(RulesServiceTest, AnOverrideWidensEveryCap) {
  const char kConfig[] = R"pb(
    frequency_caps {
      max_messages: 1
      window { seconds: 3600 }
    }
    overrides {
      when { compare { feature: "tags" operator: OPERATOR_IN texts: "vip" } }
      max_messages: 2
    })pb";
  const char kVip[] = "profile { customer { tags: 'vip' } }";
  EXPECT_EQ(Check(Request(kConfig, "run-1", kVip)).verdict(), v1::VERDICT_ALLOW);
  EXPECT_EQ(Check(Request(kConfig, "run-2", kVip)).verdict(), v1::VERDICT_ALLOW);
  EXPECT_EQ(Check(Request(kConfig, "run-3", kVip)).verdict(), v1::VERDICT_BLOCK);
}

TEST_F(RulesServiceTest, AConfigurationThatDoesNotCompileNamesItsField) {
  const auto error = [&](absl::string_view config) { return Check(*stub_, Request(config, "run-1")); };
  const auto kInvalid = absl::StatusCode::kInvalidArgument;
  EXPECT_THAT(error("standard_red_flags: 'vipp'"), StatusIs(kInvalid, "config.standard_red_flags[0]: \"vipp\""));
  EXPECT_THAT(error("overrides { waived_red_flags: 'X' }"), StatusIs(kInvalid, "config.overrides[0].waived_red_flags"));
  EXPECT_THAT(error("content { forbidden_claims { code: 'A' words: 'x' jurisdictions: 'Mars' } }"),
              StatusIs(kInvalid, "config.content.forbidden_claims[0].jurisdictions[0]: \"Mars\""));
  EXPECT_THAT(error("frequency_caps { calendar: CALENDAR_PERIOD_DAY time_zone: 'Mars' }"),
              StatusIs(kInvalid, "config.frequency_caps[0].time_zone: \"Mars\""));
  EXPECT_THAT(error("quiet_hours { start: '21:00' end: '08:00' holidays { date: '13-01' } }"),
              StatusIs(kInvalid, "config.quiet_hours.holidays[0].date: \"13-01\""));
}

// Campaigns that race for the one slot that a customer has left, over the network: one wins, again and again.
TEST_F(RulesServiceTest, OfCampaignsRacingForALastSlotExactlyOneWinsInThousandsOfTrials) {
  constexpr int kCampaigns = 4;
  constexpr int kTrials = 2'000;
  const char* const kCaps[] = {"frequency_caps { max_messages: 1 window { seconds: 604800 } }",
                               "frequency_caps { max_messages: 1 calendar: CALENDAR_PERIOD_MONTH }"};
  std::vector<std::atomic<int>> allowed(kTrials);
  std::vector<std::atomic<int>> refused(kTrials);
  std::barrier together(kCampaigns);
  std::vector<std::thread> campaigns;
  for (int campaign = 0; campaign < kCampaigns; ++campaign) {
    campaigns.emplace_back([&, campaign] {
      const auto stub = NewStub();
      v1::CheckRequest requests[] = {Request(kCaps[0], "r"), Request(kCaps[1], "r")};
      for (int trial = 0; trial < kTrials; ++trial) {
        v1::CheckRequest& request = requests[trial % 2];
        request.set_campaign(absl::StrCat("campaign-", campaign));
        request.mutable_items(0)->set_customer_run_id(absl::StrCat("run-", trial, "-", campaign));
        request.mutable_items(0)->mutable_profile()->mutable_customer()->set_customer_id(
            absl::StrCat("customer-", trial));
        together.arrive_and_wait();
        const auto result = Check(*stub, request);
        allowed[trial] += result.ok() && result->verdict() == v1::VERDICT_ALLOW;
        refused[trial] += result.ok() && result->reasons(0).code() == kFrequencyCapReached;
      }
    });
  }
  for (std::thread& campaign : campaigns) campaign.join();
  for (int trial = 0; trial < kTrials; ++trial) {
    ASSERT_EQ(allowed[trial], 1) << trial;
    ASSERT_EQ(refused[trial], kCampaigns - 1) << trial;
  }
}

}  // namespace
}  // namespace campaign::compliance
