#include "services/compliance/compliance_service.h"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/channel.h"
#include "common/server.h"
#include "common/testing/fake_clock.h"
#include "common/testing/testing.h"

namespace campaign::compliance {
namespace {

using ::campaign::testing::FakeClock;
using ::campaign::testing::IsOk;
using ::campaign::testing::ParseProto;
using ::campaign::testing::StatusIs;
using ::campaign::testing::TempDir;
using ::campaign::testing::Utc;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

const ZoneDatabase& Zones() {
  static const auto& zones = *new ZoneDatabase(ZoneDatabase::SystemDirectory());
  return zones;
}

const Jurisdictions& ShippedTable() {
  static const auto& table = *new Jurisdictions(Jurisdictions::ReadFromFile(JURISDICTIONS).value());
  return table;
}

const ReplyKeywords& Keywords() {
  static const auto& keywords = *new ReplyKeywords(ReplyKeywords::Parse("arret", "START,UNSTOP,YES").value());
  return keywords;
}

constexpr char kOneAWeek[] = "frequency_caps { max_messages: 1 window { seconds: 604800 } }";
constexpr char kQuiet[] = "quiet_hours { start: '11:00' end: '13:00' }";
constexpr char kWordFlag[] = "red_flags { code: 'LEGAL_THREAT' words: 'sue' }";

// A whole service on a port of its own, at noon UTC of a summer Monday.
class ComplianceServiceTest : public ::testing::Test {
 protected:
  ComplianceServiceTest() { Start(); }

  void Start() {
    auto database = ComplianceStore::Open(dir_.File("compliance.db"));
    ASSERT_OK(database);
    database_ = *std::move(database);
    service_ = std::make_unique<ComplianceService>(*database_, Zones(), ShippedTable(), Keywords(), clock_);
    auto server = Server::Start("127.0.0.1:0", {service_.get()});
    ASSERT_OK(server);
    server_ = *std::move(server);
    stub_ = v1::Compliance::NewStub(MakeChannel(absl::StrCat("127.0.0.1:", server_->port())));
  }

  void Restart() {
    stub_ = nullptr;
    server_ = nullptr;
    service_ = nullptr;
    database_ = nullptr;
    Start();
  }

  template <class Response, class Request, class Method>
  absl::StatusOr<Response> Call(Method method, const Request& request) {
    grpc::ClientContext context;
    Response response;
    const absl::Status status = FromGrpcStatus((stub_.get()->*method)(&context, request, &response));
    if (!status.ok()) return status;
    return response;
  }

  absl::StatusOr<v1::CheckResponse> Check(const v1::CheckRequest& request) {
    return Call<v1::CheckResponse>(&v1::Compliance::Stub::Check, request);
  }

  // One item's answer.
  v1::CheckResult CheckOne(const v1::CheckRequest& request) {
    auto response = Check(request);
    EXPECT_OK(response);
    if (!response.ok() || response->results_size() != 1) return {};
    return response->results(0).check();
  }

  void Consent(const std::string& customer_id, v1::Channel channel, bool granted, absl::Time time) {
    v1::RecordConsentsRequest request;
    v1::Consent& consent = *request.add_consents();
    consent.set_customer_id(customer_id);
    consent.set_channel(channel);
    consent.set_granted(granted);
    *consent.mutable_event_time() = ToTimestamp(time);
    EXPECT_OK(Call<v1::RecordConsentsResponse>(&v1::Compliance::Stub::RecordConsents, request));
  }
  void Consent(const std::string& customer_id) { Consent(customer_id, v1::CHANNEL_EMAIL, true, clock_.Now()); }

  absl::StatusOr<v1::AddSuppressionsResponse> Suppress(absl::string_view entries) {
    return Call<v1::AddSuppressionsResponse>(&v1::Compliance::Stub::AddSuppressions,
                                             ParseProto<v1::AddSuppressionsRequest>(entries));
  }

  int Settle(const std::string& customer_run_id, v1::Settlement settlement) {
    v1::ComplianceSettleReservationsRequest request;
    v1::ReservationSettlement& one = *request.add_settlements();
    one.set_customer_run_id(customer_run_id);
    one.set_settlement(settlement);
    auto response = Call<v1::ComplianceSettleReservationsResponse>(&v1::Compliance::Stub::SettleReservations, request);
    EXPECT_OK(response);
    return response.ok() ? response->settled_count() : -1;
  }

  TempDir dir_;
  FakeClock clock_{Utc("2026-06-15 12:00:00")};
  std::unique_ptr<Database> database_;
  std::unique_ptr<ComplianceService> service_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<v1::Compliance::Stub> stub_;
};

// An e-mail to customer `ann` under `config`; `item` is merged over it.
v1::CheckRequest Request(absl::string_view config, const std::string& customer_run_id = "run-1",
                         absl::string_view item = "") {
  v1::CheckRequest request;
  request.set_campaign("win-back");
  request.set_config_version(std::string(config) + "v");
  *request.mutable_config() = ParseProto<v1::ComplianceConfig>(config);
  v1::CheckItem& check = *request.add_items();
  check = ParseProto<v1::CheckItem>(R"pb(
    profile { customer { customer_id: "ann" time_zone: "UTC" country: "GB" } }
    message {
      channel: CHANNEL_EMAIL
      address: "Ann@example.com"
      subject: "Hello"
      text: "Come back, or unsubscribe"
      message_class: MESSAGE_CLASS_MARKETING
    })pb");
  check.MergeFrom(ParseProto<v1::CheckItem>(item));
  check.set_customer_run_id(customer_run_id);
  // Versions are content hashes of at most 64 bytes.
  if (request.config_version().size() > 64) {
    request.set_config_version(absl::StrCat(std::hash<std::string>()(request.config_version())));
  }
  return request;
}

std::vector<std::string> CodesOf(const v1::CheckResult& result) {
  std::vector<std::string> codes;
  for (const v1::Reason& reason : result.reasons()) codes.push_back(reason.code());
  return codes;
}

TEST_F(ComplianceServiceTest, ACheckIsMadeAgainAsOfItsTimeWhateverWasSentSince) {
  Consent("ann");
  const std::string config = absl::StrCat(kOneAWeek, " quiet_hours { start: '21:00' end: '08:00' }");
  const absl::Time then = clock_.Now();
  const v1::CheckResult first = CheckOne(Request(config));
  ASSERT_EQ(first.verdict(), v1::VERDICT_ALLOW);
  ASSERT_EQ(Settle("run-1", v1::SETTLEMENT_COMMIT), 1);
  clock_.Advance(absl::Hours(24 * 8));
  ASSERT_EQ(CheckOne(Request(config, "run-2")).verdict(), v1::VERDICT_ALLOW);
  clock_.Advance(absl::Hours(10));
  v1::CheckRequest again = Request(config);
  again.set_dry_run(true);
  EXPECT_EQ(CheckOne(again).verdict(), v1::VERDICT_BLOCK) << "run-2 has the slot of this week";
  *again.mutable_decide_time() = ToTimestamp(then);
  EXPECT_EQ(CheckOne(again).DebugString(), first.DebugString());
  again.set_dry_run(false);
  EXPECT_THAT(Check(again), StatusIs(absl::StatusCode::kInvalidArgument, "decide_time: set needs dry_run"));
}

TEST_F(ComplianceServiceTest, AllowsWhatPassesEveryCheckWithAShortReason) {
  Consent("ann");
  const v1::CheckResult result = CheckOne(Request(absl::StrCat(kOneAWeek, kWordFlag,
                                                               "quiet_hours { start: '21:00' "
                                                               "end: '08:00' }")));
  EXPECT_EQ(result.verdict(), v1::VERDICT_ALLOW);
  EXPECT_THAT(CodesOf(result), ElementsAre("ALL_CHECKS_PASSED"));
  EXPECT_LE(result.reasons(0).ByteSizeLong(), 120u);
}

TEST_F(ComplianceServiceTest, EvaluatesEveryCheckAndReturnsEveryReason) {
  ASSERT_OK(Suppress("suppressions { customer_id: 'ann' reason: 'legal' }"));
  const v1::CheckResult result =
      CheckOne(Request(absl::StrCat("frequency_caps { window { seconds: 60 } }", kQuiet, kWordFlag,
                                    "required_texts { code: 'IMPRINT_MISSING' any_of: 'Acme Inc.' }"),
                       "run-1", "message { text: 'I sue {{you}}' }"));
  EXPECT_EQ(result.verdict(), v1::VERDICT_BLOCK);
  EXPECT_THAT(CodesOf(result), UnorderedElementsAre("SUPPRESSED", "NO_CONSENT", "FREQUENCY_CAP_REACHED", "QUIET_HOURS",
                                                    "LEGAL_THREAT", "IMPRINT_MISSING", "UNRENDERED_TEMPLATE"));
  EXPECT_THAT(result.red_flags(), ElementsAre("LEGAL_THREAT"));
  EXPECT_FALSE(result.has_defer_until_time());
}

TEST_F(ComplianceServiceTest, BlocksMarketingWithoutConsent) {
  v1::CheckResult result = CheckOne(Request(""));
  EXPECT_EQ(result.verdict(), v1::VERDICT_BLOCK);
  EXPECT_THAT(CodesOf(result), ElementsAre("NO_CONSENT"));
  EXPECT_EQ(
      result.reasons(0).text(),
      "Consent to marketing by email was never given; PECR reg. 22, UK GDPR Art. 6(1) asks for express consent or "
      "a legitimate interest");
  Consent("ann", v1::CHANNEL_SMS, true, clock_.Now());
  EXPECT_EQ(CheckOne(Request("")).verdict(), v1::VERDICT_BLOCK) << "consent is for its channel";
  Consent("ann");
  EXPECT_EQ(CheckOne(Request("")).verdict(), v1::VERDICT_ALLOW);
}

TEST_F(ComplianceServiceTest, TransactionalMessagesNeedNoConsent) {
  const char kTransactional[] = "message { message_class: MESSAGE_CLASS_TRANSACTIONAL }";
  EXPECT_EQ(CheckOne(Request("", "run-1", kTransactional)).verdict(), v1::VERDICT_ALLOW);
  EXPECT_EQ(CheckOne(Request(kQuiet, "run-1", kTransactional)).verdict(), v1::VERDICT_DEFER) << "but wait their hour";
}

TEST_F(ComplianceServiceTest, AWithdrawnConsentCountsForTheVeryNextCheck) {
  for (int round = 0; round < 20; ++round) {
    clock_.Advance(absl::Seconds(1));
    Consent("ann");
    ASSERT_EQ(CheckOne(Request("")).verdict(), v1::VERDICT_ALLOW);
    clock_.Advance(absl::Seconds(1));
    Consent("ann", v1::CHANNEL_EMAIL, false, clock_.Now());
    const v1::CheckResult result = CheckOne(Request(""));
    ASSERT_EQ(result.verdict(), v1::VERDICT_BLOCK);
    ASSERT_THAT(result.reasons(0).text(), StartsWith("Consent to marketing by email was withdrawn; "));
  }
}

TEST_F(ComplianceServiceTest, TheLatestConsentCountsInWhateverOrderTheyCome) {
  Consent("ann", v1::CHANNEL_EMAIL, false, clock_.Now());
  Consent("ann", v1::CHANNEL_EMAIL, true, clock_.Now() - absl::Hours(1));
  EXPECT_EQ(CheckOne(Request("")).verdict(), v1::VERDICT_BLOCK);
  Consent("ann", v1::CHANNEL_EMAIL, true, clock_.Now());
  EXPECT_EQ(CheckOne(Request("")).verdict(), v1::VERDICT_BLOCK) << "of two at the same time the withdrawal counts";
  Consent("ann", v1::CHANNEL_EMAIL, true, clock_.Now() + absl::Seconds(1));
  EXPECT_EQ(CheckOne(Request("")).verdict(), v1::VERDICT_ALLOW);
}

TEST_F(ComplianceServiceTest, RecordConsentsCountsWhatWasNewer) {
  const auto record = [&] {
    return Call<v1::RecordConsentsResponse>(&v1::Compliance::Stub::RecordConsents,
                                            ParseProto<v1::RecordConsentsRequest>(R"pb(
                                              consents {
                                                customer_id: "a"
                                                channel: CHANNEL_SMS
                                                granted: true
                                                event_time { seconds: 100 }
                                              }
                                              consents {
                                                customer_id: "a"
                                                channel: CHANNEL_SMS
                                                granted: false
                                                event_time { seconds: 50 }
                                              }
                                              consents {
                                                customer_id: "a"
                                                channel: CHANNEL_PUSH
                                                granted: true
                                                event_time { seconds: 100 }
                                              })pb"));
  };
  EXPECT_EQ(record()->changed_count(), 2);
  EXPECT_EQ(record()->changed_count(), 0);
}

TEST_F(ComplianceServiceTest, RecordConsentsRefusesWhatHasNoTimeOrChannel) {
  const auto record = [&](absl::string_view consent) {
    return Call<v1::RecordConsentsResponse>(&v1::Compliance::Stub::RecordConsents,
                                            ParseProto<v1::RecordConsentsRequest>(consent));
  };
  const auto kInvalid = absl::StatusCode::kInvalidArgument;
  EXPECT_THAT(record("consents { customer_id: 'a' channel: CHANNEL_SMS granted: true }"),
              StatusIs(kInvalid, "consents[0].event_time: none"));
  EXPECT_THAT(record("consents { customer_id: 'a' granted: true event_time { seconds: 1 } }"),
              StatusIs(kInvalid, "consents[0].channel"));
  EXPECT_THAT(
      record("consents { customer_id: 'a' channel: CHANNEL_SMS event_time { seconds: 1 } } "
             "consents { customer_id: 'a' channel: CHANNEL_SMS granted: true event_time { seconds: 4000000000 } }"),
      StatusIs(kInvalid, "consents[1].event_time"));
}

TEST_F(ComplianceServiceTest, GetConsentsAnswersInTheOrderAsked) {
  Consent("ann", v1::CHANNEL_PUSH, true, clock_.Now());
  Consent("ann", v1::CHANNEL_EMAIL, true, clock_.Now());
  Consent("bob", v1::CHANNEL_SMS, true, clock_.Now());
  Consent("bob", v1::CHANNEL_EMAIL, false, clock_.Now());
  auto response = Call<v1::GetConsentsResponse>(
      &v1::Compliance::Stub::GetConsents,
      ParseProto<v1::GetConsentsRequest>("customer_ids: 'bob' customer_ids: 'nobody' customer_ids: 'ann'"));
  ASSERT_OK(response);
  ASSERT_EQ(response->results_size(), 3);
  EXPECT_THAT(response->results(0).channels(), ElementsAre(v1::CHANNEL_SMS));
  EXPECT_THAT(response->results(1).channels(), IsEmpty());
  EXPECT_THAT(response->results(2).channels(), ElementsAre(v1::CHANNEL_EMAIL, v1::CHANNEL_PUSH));
}

TEST_F(ComplianceServiceTest, BlocksSuppressedCustomersAndAddresses) {
  Consent("ann");
  const auto blocked_by = [&](absl::string_view entry) {
    EXPECT_OK(Suppress(absl::StrCat("suppressions { reason: 'asked to' ", entry, " }")));
    const v1::CheckResult result = CheckOne(Request(""));
    auto removed = Call<v1::RemoveSuppressionsResponse>(
        &v1::Compliance::Stub::RemoveSuppressions,
        ParseProto<v1::RemoveSuppressionsRequest>(absl::StrCat("suppressions { ", entry, " }")));
    EXPECT_EQ(removed->removed_count(), 1);
    EXPECT_EQ(CheckOne(Request("")).verdict(), v1::VERDICT_ALLOW) << "once removed";
    return result.verdict() == v1::VERDICT_BLOCK ? result.reasons(0).text() : "nothing";
  };
  EXPECT_EQ(blocked_by("customer_id: 'ann'"), "The customer is on the suppression list: asked to");
  EXPECT_EQ(blocked_by("customer_id: 'ann' channel: CHANNEL_EMAIL"),
            "The customer is on the suppression list: asked to");
  EXPECT_EQ(blocked_by("customer_id: 'ann' channel: CHANNEL_SMS"), "nothing");
  EXPECT_EQ(blocked_by("address: 'ann@EXAMPLE.com'"), "The address is on the suppression list: asked to");
  EXPECT_EQ(blocked_by("address: 'ann@example.com' channel: CHANNEL_EMAIL"),
            "The address is on the suppression list: asked to");
  EXPECT_EQ(blocked_by("address: 'ann'"), "nothing") << "a customer's id is no address";
  EXPECT_EQ(blocked_by("customer_id: 'ann@example.com'"), "nothing");
}

TEST_F(ComplianceServiceTest, SuppressionStopsTransactionalMessagesToo) {
  ASSERT_OK(Suppress("suppressions { address: '+49 (151) 234-567' }"));
  const v1::CheckResult result = CheckOne(Request("", "run-1",
                                                  "message { channel: CHANNEL_SMS address: '+49151234567' "
                                                  "message_class: MESSAGE_CLASS_TRANSACTIONAL }"));
  EXPECT_THAT(CodesOf(result), ElementsAre("SUPPRESSED"));
}

TEST_F(ComplianceServiceTest, EmailToTheUnitedStatesNeedsNoConsentUntilItIsTakenBack) {
  const char kAmerican[] = "profile { customer { country: 'US' } }";
  EXPECT_EQ(CheckOne(Request("", "run-1", kAmerican)).verdict(), v1::VERDICT_ALLOW);
  Consent("ann", v1::CHANNEL_EMAIL, false, clock_.Now());
  EXPECT_THAT(CodesOf(CheckOne(Request("", "run-1", kAmerican))), ElementsAre("NO_CONSENT"));
  EXPECT_THAT(CodesOf(CheckOne(Request(
                  "", "run-2", absl::StrCat(kAmerican, "message { channel: CHANNEL_SMS address: '+12065550199' }")))),
              ElementsAre("NO_CONSENT"))
      << "SMS needs it";
}

TEST_F(ComplianceServiceTest, AsksForConsentForTheCampaignsPurpose) {
  ASSERT_OK(Call<v1::RecordConsentsResponse>(
      &v1::Compliance::Stub::RecordConsents,
      ParseProto<v1::RecordConsentsRequest>("consents { customer_id: 'ann' channel: CHANNEL_EMAIL granted: true "
                                            "purpose: 'surveys' event_time { seconds: 100 } }")));
  EXPECT_EQ(CheckOne(Request("purpose: 'surveys'")).verdict(), v1::VERDICT_ALLOW);
  EXPECT_THAT(CodesOf(CheckOne(Request("purpose: 'offers'"))), ElementsAre("NO_CONSENT"));
}

TEST_F(ComplianceServiceTest, AConsentEndsWhenItIsSaidTo) {
  v1::RecordConsentsRequest request = ParseProto<v1::RecordConsentsRequest>(
      "consents { customer_id: 'ann' channel: CHANNEL_EMAIL granted: true event_time { seconds: 100 } }");
  *request.mutable_consents(0)->mutable_expire_time() = ToTimestamp(clock_.Now() + absl::Hours(1));
  ASSERT_OK(Call<v1::RecordConsentsResponse>(&v1::Compliance::Stub::RecordConsents, request));
  EXPECT_EQ(CheckOne(Request("")).verdict(), v1::VERDICT_ALLOW);
  clock_.Advance(absl::Hours(1));
  EXPECT_THAT(CodesOf(CheckOne(Request(""))), ElementsAre("NO_CONSENT"));
}

TEST_F(ComplianceServiceTest, GetConsentsAnswersByCountryAndPurposeAsChecksDo) {
  Consent("ann", v1::CHANNEL_EMAIL, false, clock_.Now());
  ASSERT_OK(Call<v1::RecordConsentsResponse>(
      &v1::Compliance::Stub::RecordConsents,
      ParseProto<v1::RecordConsentsRequest>(
          "consents { customer_id: 'bob' channel: CHANNEL_EMAIL granted: true event_time { seconds: 100 } "
          "legal_basis: LEGAL_BASIS_LEGITIMATE_INTEREST } "
          "consents { customer_id: 'bob' channel: CHANNEL_PUSH granted: true event_time { seconds: 100 } "
          "purpose: 'surveys' }")));
  const auto channels_of = [&](absl::string_view request) {
    const auto response =
        Call<v1::GetConsentsResponse>(&v1::Compliance::Stub::GetConsents, ParseProto<v1::GetConsentsRequest>(request));
    EXPECT_OK(response);
    std::string channels;
    for (const v1::ConsentedChannels& result : response->results()) {
      for (const int channel : result.channels()) absl::StrAppend(&channels, channel);
      absl::StrAppend(&channels, ";");
    }
    return channels;
  };
  const char kThree[] = "customer_ids: ['new', 'ann', 'bob']";
  EXPECT_EQ(channels_of(kThree), ";;3;");
  EXPECT_EQ(channels_of(absl::StrCat(kThree, "countries: ['US', 'US', 'US']")), "1;;13;");
  EXPECT_EQ(channels_of(absl::StrCat(kThree, "countries: ['', 'DE', 'DE']")), ";;13;");
  EXPECT_EQ(channels_of(absl::StrCat(kThree, "countries: ['DE', 'DE', 'DE'] purpose: 'offers'")), ";;1;");
  EXPECT_THAT(
      Call<v1::GetConsentsResponse>(&v1::Compliance::Stub::GetConsents,
                                    ParseProto<v1::GetConsentsRequest>("customer_ids: ['a', 'b'] countries: ['US']")),
      StatusIs(absl::StatusCode::kInvalidArgument, "countries: 1 of them are not one for each of customer_ids"));
}

TEST_F(ComplianceServiceTest, FindsEveryKindOfTargetAndKnowsItAfterARestart) {
  ASSERT_OK(
      Suppress("suppressions { phone_number: '+49 (0)151 234567' } suppressions { domain: 'example.org' } "
               "suppressions { device: 'TokenABC' } suppressions { address: 'eve@example.com' }"));
  for (int start = 0; start < 2; ++start) {
    const auto suppressed = [&](absl::string_view message, absl::string_view country = "GB") {
      v1::CheckRequest request = Request("", "run-1",
                                         absl::StrCat("profile { customer { country: '", country, "' } } message { ",
                                                      message, " message_class: MESSAGE_CLASS_TRANSACTIONAL }"));
      const bool blocked = CodesOf(CheckOne(request)) == std::vector<std::string>{"SUPPRESSED"};
      request.set_dry_run(true);
      EXPECT_EQ(CodesOf(CheckOne(request)) == std::vector<std::string>{"SUPPRESSED"}, blocked) << message;
      return blocked;
    };
    EXPECT_TRUE(suppressed("channel: CHANNEL_SMS address: '+49151234567'"));
    EXPECT_TRUE(suppressed("channel: CHANNEL_SMS address: '0151 234567'", "DE"));
    EXPECT_FALSE(suppressed("channel: CHANNEL_SMS address: '+49151234568'"));
    EXPECT_TRUE(suppressed("address: 'Bob@Mail.Example.ORG'"));
    EXPECT_FALSE(suppressed("address: 'bob@example.org.uk'"));
    EXPECT_TRUE(suppressed("channel: CHANNEL_PUSH address: 'TokenABC'"));
    EXPECT_FALSE(suppressed("channel: CHANNEL_PUSH address: 'tokenabc'"));
    EXPECT_TRUE(suppressed("address: 'EVE@example.com'"));
    Restart();
  }
}

TEST_F(ComplianceServiceTest, ASuppressionOfMarketingLetsTransactionalMessagesPass) {
  Consent("ann");
  ASSERT_OK(Suppress("suppressions { customer_id: 'ann' message_class: MESSAGE_CLASS_MARKETING }"));
  EXPECT_THAT(CodesOf(CheckOne(Request(""))), ElementsAre("SUPPRESSED"));
  EXPECT_EQ(CheckOne(Request("", "run-2", "message { message_class: MESSAGE_CLASS_TRANSACTIONAL }")).verdict(),
            v1::VERDICT_ALLOW);
}

TEST_F(ComplianceServiceTest, SuppressionsAreRemovedByTheWholeOfTheirKey) {
  ASSERT_OK(
      Suppress("suppressions { phone_number: '+12065550199' brand: 'Acme' channel: CHANNEL_SMS "
               "message_class: MESSAGE_CLASS_MARKETING reason: 'x' }"));
  const auto removed = [&](absl::string_view entry) {
    return Call<v1::RemoveSuppressionsResponse>(
               &v1::Compliance::Stub::RemoveSuppressions,
               ParseProto<v1::RemoveSuppressionsRequest>(absl::StrCat("suppressions { ", entry, " }")))
        ->removed_count();
  };
  EXPECT_EQ(removed("phone_number: '+12065550199'"), 0);
  EXPECT_EQ(removed("phone_number: '+12065550199' brand: 'Acme' channel: CHANNEL_SMS"), 0);
  EXPECT_EQ(removed("address: '+12065550199' brand: 'Acme' channel: CHANNEL_SMS "
                    "message_class: MESSAGE_CLASS_MARKETING"),
            0);
  EXPECT_EQ(removed("phone_number: '+1 206 555 0199' brand: 'Acme' channel: CHANNEL_SMS "
                    "message_class: MESSAGE_CLASS_MARKETING"),
            1);
}

TEST_F(ComplianceServiceTest, AnSmsToWhatIsNoTelephoneNumberCannotBeEvaluated) {
  const v1::CheckResult result = CheckOne(Request(
      "", "run-1", "message { channel: CHANNEL_SMS address: '12' message_class: MESSAGE_CLASS_TRANSACTIONAL }"));
  EXPECT_EQ(result.verdict(), v1::VERDICT_BLOCK);
  EXPECT_THAT(CodesOf(result), ElementsAre("CHECK_NOT_EVALUABLE"));
}

TEST_F(ComplianceServiceTest, AStopIsHeardByTheVeryNextCheckAndAStartToo) {
  Consent("ann", v1::CHANNEL_SMS, true, clock_.Now());
  const auto reply = [&](absl::string_view id, absl::string_view text) {
    v1::RecordRepliesRequest request = ParseProto<v1::RecordRepliesRequest>(
        absl::StrCat("replies { reply_id: '", id, "' channel: CHANNEL_SMS address: '+44 7700 900123' text: '", text,
                     "' brand: 'Acme' }"));
    *request.mutable_replies(0)->mutable_reply_time() = ToTimestamp(clock_.Now());
    const auto response = Call<v1::RecordRepliesResponse>(&v1::Compliance::Stub::RecordReplies, request);
    EXPECT_OK(response);
    return response->effects(0);
  };
  const auto sms = [&](absl::string_view brand) {
    return CheckOne(Request(
        "", "run-1", absl::StrCat("message { channel: CHANNEL_SMS address: '+447700900123' brand: '", brand, "' }")));
  };
  EXPECT_EQ(sms("Acme").verdict(), v1::VERDICT_ALLOW);
  EXPECT_EQ(reply("1", "Arret!"), v1::REPLY_EFFECT_SUPPRESSED);
  const v1::CheckResult result = sms("Acme");
  ASSERT_THAT(CodesOf(result), ElementsAre("SUPPRESSED"));
  EXPECT_EQ(result.reasons(0).text(), "The telephone number is on the suppression list: replied STOP");
  EXPECT_EQ(result.reasons(0).facts(1).value(), "sms, brand Acme");
  EXPECT_EQ(result.reasons(0).facts(3).value(), "reply");
  EXPECT_EQ(sms("Other").verdict(), v1::VERDICT_ALLOW);
  clock_.Advance(absl::Minutes(1));
  EXPECT_EQ(reply("2", "help"), v1::REPLY_EFFECT_NONE);
  EXPECT_EQ(sms("Acme").verdict(), v1::VERDICT_BLOCK);
  EXPECT_EQ(reply("3", "yes"), v1::REPLY_EFFECT_UNSUPPRESSED);
  EXPECT_EQ(sms("Acme").verdict(), v1::VERDICT_ALLOW) << "a STOP withdraws no consent";
}

TEST_F(ComplianceServiceTest, SuppressionsAreAddedOnceAndListedInPages) {
  EXPECT_EQ(
      Suppress("suppressions { customer_id: 'a' reason: 'first' source: 'crm' } suppressions { customer_id: 'b' }")
          ->added_count(),
      2);
  EXPECT_EQ(Suppress("suppressions { customer_id: 'a' reason: 'second' } suppressions { address: 'c@x' } "
                     "suppressions { customer_id: 'a' channel: CHANNEL_SMS }")
                ->added_count(),
            2);
  std::vector<std::string> targets;
  v1::ListSuppressionsRequest request;
  request.set_page_size(3);
  do {
    auto page = Call<v1::ListSuppressionsResponse>(&v1::Compliance::Stub::ListSuppressions, request);
    ASSERT_OK(page);
    for (const v1::Suppression& entry : page->suppressions()) {
      targets.push_back(absl::StrCat(entry.customer_id(), entry.address(), "/", entry.reason()));
      EXPECT_EQ(FromTimestamp(entry.create_time()), clock_.Now());
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(targets, ElementsAre("a/first", "b/", "c@x/", "a/"));
}

TEST_F(ComplianceServiceTest, ListRefusesATokenOfItsOwnMaking) {
  for (const char* token : {"x", "-1", "0", "1;"}) {
    v1::ListSuppressionsRequest request;
    request.set_page_token(token);
    EXPECT_THAT(Call<v1::ListSuppressionsResponse>(&v1::Compliance::Stub::ListSuppressions, request),
                StatusIs(absl::StatusCode::kInvalidArgument, "page_token"));
  }
}

TEST_F(ComplianceServiceTest, SuppressionsNeedATarget) {
  EXPECT_THAT(Suppress("suppressions { customer_id: 'a' } suppressions { reason: 'x' }"),
              StatusIs(absl::StatusCode::kInvalidArgument, "suppressions[1].target"));
  EXPECT_THAT(Suppress("suppressions { address: '  ' }"),
              StatusIs(absl::StatusCode::kInvalidArgument, "suppressions[0].address"));
  v1::ListSuppressionsRequest all;
  EXPECT_EQ(Call<v1::ListSuppressionsResponse>(&v1::Compliance::Stub::ListSuppressions, all)->suppressions_size(), 0)
      << "nothing of a refused request stands";
}

TEST_F(ComplianceServiceTest, DefersInQuietHours) {
  Consent("ann");
  const v1::CheckResult result = CheckOne(Request(kQuiet));
  EXPECT_EQ(result.verdict(), v1::VERDICT_DEFER);
  EXPECT_THAT(CodesOf(result), ElementsAre("QUIET_HOURS"));
  EXPECT_EQ(FromTimestamp(result.defer_until_time()), Utc("2026-06-15 13:00:00"));
  clock_.Set(FromTimestamp(result.defer_until_time()));
  EXPECT_EQ(CheckOne(Request(kQuiet)).verdict(), v1::VERDICT_ALLOW);
}

TEST_F(ComplianceServiceTest, ReviewsRedFlagsUntilTheyAreAccepted) {
  Consent("ann");
  const char kText[] = "message { text: 'We sue you' }";
  v1::CheckResult result = CheckOne(Request(kWordFlag, "run-1", kText));
  EXPECT_EQ(result.verdict(), v1::VERDICT_REVIEW);
  EXPECT_THAT(result.red_flags(), ElementsAre("LEGAL_THREAT"));
  EXPECT_EQ(result.reasons(0).text(), "\"sue\" in the text: \"We sue you\"");
  result = CheckOne(Request(kWordFlag, "run-1", absl::StrCat(kText, " accepted_red_flags: 'LEGAL_THREAT'")));
  EXPECT_EQ(result.verdict(), v1::VERDICT_ALLOW);
  EXPECT_THAT(result.red_flags(), IsEmpty());
}

TEST_F(ComplianceServiceTest, AReviewInQuietHoursStillSaysUntilWhen) {
  Consent("ann");
  const v1::CheckResult result =
      CheckOne(Request(absl::StrCat(kQuiet, kWordFlag), "run-1", "message { text: 'We sue you' }"));
  EXPECT_EQ(result.verdict(), v1::VERDICT_REVIEW);
  ASSERT_THAT(CodesOf(result), ElementsAre("LEGAL_THREAT", "QUIET_HOURS"));
  EXPECT_EQ(result.reasons(1).facts(0).value(), "2026-06-15T13:00:00Z");
}

TEST_F(ComplianceServiceTest, BlocksWhatCannotBeEvaluated) {
  Consent("ann");
  const auto text_of = [&](void (*break_item)(v1::CheckItem&)) {
    v1::CheckRequest request = Request("");
    break_item(*request.mutable_items(0));
    const v1::CheckResult result = CheckOne(request);
    EXPECT_EQ(result.verdict(), v1::VERDICT_BLOCK);
    EXPECT_EQ(result.reasons(0).code(), "CHECK_NOT_EVALUABLE");
    return result.reasons(0).text();
  };
  EXPECT_EQ(text_of([](v1::CheckItem& item) { item.clear_profile(); }), "There is no profile");
  EXPECT_EQ(text_of([](v1::CheckItem& item) { item.mutable_profile()->clear_customer(); }),
            "The profile names no customer");
  EXPECT_EQ(text_of([](v1::CheckItem& item) { item.clear_message(); }), "There is no message");
  EXPECT_EQ(text_of([](v1::CheckItem& item) { item.mutable_message()->clear_channel(); }),
            "The message has no channel");
  EXPECT_EQ(text_of([](v1::CheckItem& item) { item.mutable_message()->clear_address(); }),
            "The message has no address");
}

TEST_F(ComplianceServiceTest, AMessageWithoutAClassIsHeldToMarketing) {
  v1::CheckRequest request = Request("required_texts { code: 'IMPRINT_MISSING' any_of: 'Acme Inc.' }");
  request.mutable_items(0)->mutable_message()->clear_message_class();
  EXPECT_THAT(CodesOf(CheckOne(request)), ElementsAre("IMPRINT_MISSING", "NO_CONSENT"));
}

TEST_F(ComplianceServiceTest, RefusesAConfigurationThatDoesNotCompile) {
  EXPECT_THAT(Check(Request("quiet_hours { start: '25:00' end: '08:00' }")),
              StatusIs(absl::StatusCode::kInvalidArgument, "config.quiet_hours.start: \"25:00\""));
  EXPECT_THAT(Check(Request("frequency_caps { max_messages: 1 }")),
              StatusIs(absl::StatusCode::kInvalidArgument, "config.frequency_caps[0].window"));
  EXPECT_THAT(Check(Request("red_flags { code: 'x' words: 'y' }")),
              StatusIs(absl::StatusCode::kInvalidArgument, "config.red_flags[0].code"));
}

TEST_F(ComplianceServiceTest, CountsReservedAndCommittedContactsOfEveryCampaign) {
  Consent("ann");
  v1::CheckRequest other = Request("", "run-other");
  other.set_campaign("reduce-churn");
  ASSERT_EQ(CheckOne(other).verdict(), v1::VERDICT_ALLOW) << "a campaign without caps";
  EXPECT_THAT(CodesOf(CheckOne(Request(kOneAWeek, "run-1"))), ElementsAre("FREQUENCY_CAP_REACHED"));
  EXPECT_EQ(Settle("run-other", v1::SETTLEMENT_COMMIT), 1);
  EXPECT_THAT(CodesOf(CheckOne(Request(kOneAWeek, "run-1"))), ElementsAre("FREQUENCY_CAP_REACHED"));
  clock_.Advance(absl::Hours(24 * 7));
  EXPECT_EQ(CheckOne(Request(kOneAWeek, "run-1")).verdict(), v1::VERDICT_ALLOW);
}

TEST_F(ComplianceServiceTest, ACapOfThisCampaignCountsNoOther) {
  Consent("ann");
  const char kOwn[] = "frequency_caps { this_campaign_only: true max_messages: 1 window { seconds: 604800 } }";
  v1::CheckRequest other = Request(kOwn, "run-other");
  other.set_campaign("reduce-churn");
  EXPECT_EQ(CheckOne(other).verdict(), v1::VERDICT_ALLOW);
  EXPECT_EQ(CheckOne(Request(kOwn, "run-1")).verdict(), v1::VERDICT_ALLOW);
  EXPECT_EQ(CheckOne(Request(kOwn, "run-2")).verdict(), v1::VERDICT_BLOCK);
}

TEST_F(ComplianceServiceTest, AReviewHoldsItsSlotToo) {
  Consent("ann");
  const std::string config = absl::StrCat(kOneAWeek, kWordFlag);
  EXPECT_EQ(CheckOne(Request(config, "run-1", "message { text: 'sue' }")).verdict(), v1::VERDICT_REVIEW);
  EXPECT_EQ(CheckOne(Request(config, "run-2")).verdict(), v1::VERDICT_BLOCK);
}

TEST_F(ComplianceServiceTest, ARepeatReplacesItsOwnReservation) {
  Consent("ann");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(CheckOne(Request(kOneAWeek, "run-1")).verdict(), v1::VERDICT_ALLOW);
  EXPECT_EQ(Settle("run-1", v1::SETTLEMENT_RELEASE), 1);
  EXPECT_EQ(CheckOne(Request(kOneAWeek, "run-2")).verdict(), v1::VERDICT_ALLOW) << "there was only one to release";
}

TEST_F(ComplianceServiceTest, ARepeatThatNoLongerPassesGivesItsSlotBack) {
  Consent("ann");
  EXPECT_EQ(CheckOne(Request(kOneAWeek, "run-1")).verdict(), v1::VERDICT_ALLOW);
  EXPECT_EQ(CheckOne(Request(absl::StrCat(kOneAWeek, kQuiet), "run-1")).verdict(), v1::VERDICT_DEFER);
  EXPECT_EQ(CheckOne(Request(kOneAWeek, "run-2")).verdict(), v1::VERDICT_ALLOW);
}

TEST_F(ComplianceServiceTest, ACommittedContactStays) {
  Consent("ann");
  EXPECT_EQ(CheckOne(Request(kOneAWeek, "run-1")).verdict(), v1::VERDICT_ALLOW);
  EXPECT_EQ(Settle("run-1", v1::SETTLEMENT_COMMIT), 1);
  EXPECT_EQ(Settle("run-1", v1::SETTLEMENT_COMMIT), 0);
  EXPECT_EQ(Settle("run-1", v1::SETTLEMENT_RELEASE), 0);
  EXPECT_EQ(CheckOne(Request(kQuiet, "run-1")).verdict(), v1::VERDICT_DEFER) << "asked again, and not allowed";
  EXPECT_EQ(CheckOne(Request(kOneAWeek, "run-2")).verdict(), v1::VERDICT_BLOCK);
}

TEST_F(ComplianceServiceTest, CommitCountsFromTheTimeOfSending) {
  Consent("ann");
  EXPECT_EQ(CheckOne(Request(kOneAWeek, "run-1")).verdict(), v1::VERDICT_ALLOW);
  clock_.Advance(absl::Hours(24 * 5));
  EXPECT_EQ(Settle("run-1", v1::SETTLEMENT_COMMIT), 1);
  clock_.Advance(absl::Hours(24 * 5));
  EXPECT_EQ(CheckOne(Request(kOneAWeek, "run-2")).verdict(), v1::VERDICT_BLOCK);
}

TEST_F(ComplianceServiceTest, SettlesOnlyWhatItIsAskedTo) {
  EXPECT_EQ(Settle("never-seen", v1::SETTLEMENT_COMMIT), 0);
  EXPECT_EQ(Settle("never-seen", v1::SETTLEMENT_RELEASE), 0);
  EXPECT_THAT(Call<v1::ComplianceSettleReservationsResponse>(
                  &v1::Compliance::Stub::SettleReservations,
                  ParseProto<v1::ComplianceSettleReservationsRequest>("settlements { customer_run_id: 'r' }")),
              StatusIs(absl::StatusCode::kInvalidArgument, "settlements[0].settlement"));
}

TEST_F(ComplianceServiceTest, ADryRunReservesNothing) {
  Consent("ann");
  v1::CheckRequest request = Request(kOneAWeek, "run-1");
  request.set_dry_run(true);
  EXPECT_EQ(CheckOne(request).verdict(), v1::VERDICT_ALLOW);
  EXPECT_EQ(CheckOne(Request(kOneAWeek, "run-2")).verdict(), v1::VERDICT_ALLOW);
  EXPECT_EQ(CheckOne(request).verdict(), v1::VERDICT_BLOCK) << "but it counts what others have reserved";
  EXPECT_EQ(Settle("run-1", v1::SETTLEMENT_RELEASE), 0);
}

TEST_F(ComplianceServiceTest, CountsWithinABatchInItsOrder) {
  Consent("ann");
  v1::CheckRequest request = Request(kOneAWeek, "run-1");
  *request.add_items() = Request(kOneAWeek, "run-2").items(0);
  auto response = Check(request);
  ASSERT_OK(response);
  EXPECT_EQ(response->results(0).check().verdict(), v1::VERDICT_ALLOW);
  EXPECT_EQ(response->results(1).check().verdict(), v1::VERDICT_BLOCK);
}

TEST_F(ComplianceServiceTest, OldContactsArePruned) {
  Consent("ann");
  EXPECT_EQ(CheckOne(Request("", "run-1")).verdict(), v1::VERDICT_ALLOW);
  clock_.Advance(absl::Hours(24 * 401));
  EXPECT_EQ(CheckOne(Request("", "run-2")).verdict(), v1::VERDICT_ALLOW);
  EXPECT_EQ(Settle("run-1", v1::SETTLEMENT_COMMIT), 0);
  EXPECT_EQ(Settle("run-2", v1::SETTLEMENT_COMMIT), 1);
}

TEST_F(ComplianceServiceTest, KeepsEverythingOverARestart) {
  Consent("ann");
  Consent("bob", v1::CHANNEL_SMS, true, clock_.Now());
  ASSERT_OK(Suppress("suppressions { customer_id: 'eve' }"));
  EXPECT_EQ(CheckOne(Request(kOneAWeek, "run-1")).verdict(), v1::VERDICT_ALLOW);
  EXPECT_EQ(Settle("run-1", v1::SETTLEMENT_COMMIT), 1);
  Restart();
  EXPECT_THAT(CodesOf(CheckOne(Request(kOneAWeek, "run-2"))), ElementsAre("FREQUENCY_CAP_REACHED"));
  EXPECT_EQ(CheckOne(Request("", "run-2")).verdict(), v1::VERDICT_ALLOW);
  EXPECT_THAT(CodesOf(CheckOne(Request("", "run-3", "profile { customer { customer_id: 'eve' } }"))),
              Contains("SUPPRESSED"));
  auto consents = Call<v1::GetConsentsResponse>(&v1::Compliance::Stub::GetConsents,
                                                ParseProto<v1::GetConsentsRequest>("customer_ids: 'bob'"));
  EXPECT_THAT(consents->results(0).channels(), ElementsAre(v1::CHANNEL_SMS));
}

// All campaigns at once for the one slot that a customer has left, over the network, again and again.
TEST_F(ComplianceServiceTest, OfManyRacingForTheLastSlotExactlyOneWins) {
  constexpr int kRacers = 64;
  constexpr int kRounds = 15;
  for (int round = 0; round < kRounds; ++round) {
    const std::string customer_id = absl::StrCat("customer-", round);
    Consent(customer_id);
    std::atomic<int> allowed = 0;
    std::atomic<int> blocked = 0;
    std::vector<std::thread> racers;
    for (int i = 0; i < kRacers; ++i) {
      racers.emplace_back([&, i] {
        v1::CheckRequest request = Request(kOneAWeek, absl::StrCat("run-", round, "-", i));
        request.set_campaign(absl::StrCat("campaign-", i % 8));
        request.mutable_items(0)->mutable_profile()->mutable_customer()->set_customer_id(customer_id);
        const v1::CheckResult result = CheckOne(request);
        allowed += result.verdict() == v1::VERDICT_ALLOW;
        blocked += result.verdict() == v1::VERDICT_BLOCK;
      });
    }
    for (std::thread& racer : racers) racer.join();
    ASSERT_EQ(allowed, 1);
    ASSERT_EQ(blocked, kRacers - 1);
  }
}

}  // namespace
}  // namespace campaign::compliance
