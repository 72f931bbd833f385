// Channels that refuse, what comes back about messages, and dispatches of which nobody knows what became.

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "tests/e2e/journal.h"
#include "tests/e2e/system.h"

namespace campaign::e2e {
namespace {

using delivery::SendOutcome;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kCustomer[] = "hero-winback";
constexpr char kNumber[] = "+13125550117";

// A greeting by e-mail, else by SMS, that nobody is ever given too often.
class Channels : public ::testing::Test {
 protected:
  Channels() { EXPECT_OK(system_.Apply(Greeting())); }

  static v1::Campaign Greeting() {
    return testing::ParseProto<v1::Campaign>(R"pb(
      name: "greeting"
      goal: "greet"
      segmentation { enabled_strategies: STRATEGY_RFM }
      offers {
        channel_priority: [ CHANNEL_EMAIL, CHANNEL_SMS ]
        actions { action_id: "hello" kind: ACTION_KIND_NUDGE propensity: 0.5 value_minor: 100 }
      }
      generation {
        templates { template_id: "hello" channel: CHANNEL_EMAIL subject: "Hello" text: "Hello {{first_name}}" }
        templates { template_id: "hello" channel: CHANNEL_SMS text: "Hello {{first_name}}" }
      })pb");
  }
  v1::CustomerRun Greet() { return system_.Run("greeting", kCustomer); }
  std::string Email() {
    const v1::Customer customer = system_.Profile(kCustomer).customer();
    for (const v1::ContactPoint& point : customer.contact_points()) {
      if (point.channel() == v1::CHANNEL_EMAIL) return point.address();
    }
    return "";
  }
  void SuppressEmail() {
    v1::AddSuppressionsRequest request;
    request.add_suppressions()->set_address(Email());
    EXPECT_OK(Ask(system_.compliance, &v1::Compliance::Stub::AddSuppressions, request));
  }
  // Only e-mails get it.
  void AnswerEmails(const SendOutcome& outcome) {
    system_.AnswerBy([outcome](const v1::Message& message) -> absl::optional<SendOutcome> {
      if (message.channel() != v1::CHANNEL_EMAIL) return absl::nullopt;
      return outcome;
    });
  }
  // "email", "sms" of everything sent.
  std::vector<std::string> SentBy() const {
    std::vector<std::string> channels;
    for (const SentFile& file : system_.Sent()) channels.push_back(file.channel);
    return channels;
  }
  // "REJECTED email, ..." of the customer run, oldest first.
  std::string LedgerOf(const v1::CustomerRun& run) {
    std::string text;
    for (const v1::Dispatch& dispatch : system_.Ledger(run.customer_run_id())) {
      text = absl::StrCat(v1::DeliveryState_Name(dispatch.receipt().state()).substr(15), " ",
                          v1::Channel_Name(dispatch.receipt().channel()).substr(8), text.empty() ? "" : ", ", text);
    }
    return text;
  }
  absl::Status Resolve(const v1::CustomerRun& run, v1::UnknownResolution resolution) {
    v1::ResolveUnknownRequest request;
    request.set_customer_run_id(run.customer_run_id());
    request.set_channel(v1::CHANNEL_EMAIL);
    request.set_resolution(resolution);
    request.set_resolved_by("ada");
    const absl::Status status = Ask(system_.delivery, &v1::Delivery::Stub::ResolveUnknown, request).status();
    system_.PassOn();
    return status;
  }

  // Insights alone differ: the clock stands still, so that what was sent counts by then.
  void ExpectDecidedAgain(const v1::CustomerRun& run) {
    const v1::ReplayCustomerRunResponse replay = system_.Replay(run.customer_run_id());
    EXPECT_GE(replay.compared_count(), 7);
    for (const v1::ReplayDifference& difference : replay.differences()) {
      EXPECT_EQ(difference.step(), v1::STEP_RETRIEVAL) << difference.DebugString();
    }
  }

  System system_;
};

TEST_F(Channels, TheFirstOneSuppressedTheMessageGoesByTheNext) {
  SuppressEmail();
  const v1::CustomerRun run = Greet();
  EXPECT_EQ(run.state(), v1::CUSTOMER_RUN_STATE_DELIVERED) << run.DebugString();
  EXPECT_EQ(DecisionOf(run).channel(), v1::CHANNEL_EMAIL);
  EXPECT_THAT(DecisionOf(run).fallback_channels(), ElementsAre(v1::CHANNEL_SMS));
  EXPECT_THAT(Records(run, v1::STEP_GENERATION), SizeIs(2));
  ASSERT_THAT(Records(run, v1::STEP_COMPLIANCE), SizeIs(2));
  EXPECT_THAT(Codes(Records(run, v1::STEP_COMPLIANCE)[0].check().reasons()), ElementsAre("SUPPRESSED"));
  EXPECT_EQ(CheckOf(run).verdict(), v1::VERDICT_ALLOW);
  ASSERT_THAT(system_.Sent(), SizeIs(1));
  EXPECT_EQ(system_.Sent()[0].channel, "sms");
  EXPECT_EQ(system_.Sent()[0].to, kNumber);
  EXPECT_EQ(LedgerOf(run), "ACCEPTED SMS");
  const std::vector<v1::ReportRow> rows = system_.Report(v1::REPORT_DIMENSION_CHANNEL, run.campaign_run_id());
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_THAT(absl::AsciiStrToLower(rows[0].key()), ::testing::HasSubstr("sms"));
  const v1::Profile profile = system_.Profile(kCustomer);
  ASSERT_EQ(profile.channel_responses_size(), 1);
  EXPECT_EQ(profile.channel_responses(0).channel(), v1::CHANNEL_SMS);
  // Decided again, both channels are refused and allowed as they were.
  ExpectDecidedAgain(run);
}

TEST_F(Channels, AnAddressThatDoesNotExistGivesWayAndIsNeverSentTo) {
  AnswerEmails(SendOutcome::Rejected("ADDRESS_UNKNOWN", "550 5.1.1 no such user"));
  const v1::CustomerRun run = Greet();
  EXPECT_EQ(run.state(), v1::CUSTOMER_RUN_STATE_DELIVERED) << run.DebugString();
  EXPECT_EQ(LedgerOf(run), "REJECTED EMAIL, ACCEPTED SMS");
  EXPECT_THAT(SentBy(), ElementsAre("sms"));
}

TEST_F(Channels, WhenAllAreRefusedEveryReasonIsThere) {
  SuppressEmail();
  v1::AddSuppressionsRequest request;
  request.add_suppressions()->set_phone_number(kNumber);
  EXPECT_OK(Ask(system_.compliance, &v1::Compliance::Stub::AddSuppressions, request));
  const v1::CustomerRun run = Greet();
  EXPECT_EQ(run.state(), v1::CUSTOMER_RUN_STATE_SUPPRESSED);
  EXPECT_THAT(Codes(run.reasons()), ElementsAre("SUPPRESSED", "SUPPRESSED"));
  EXPECT_THAT(system_.Sent(), IsEmpty());
}

TEST_F(Channels, WhoAnswersStopGetsNoMore) {
  SuppressEmail();
  ASSERT_EQ(Greet().state(), v1::CUSTOMER_RUN_STATE_DELIVERED);
  system_.CallBack(
      absl::StrCat(R"({"type": "replied", "data": {"id": "r1", "address": ")", kNumber, R"(", "text": "Stop!"}})"));
  const v1::CustomerRun run = Greet();
  EXPECT_EQ(run.state(), v1::CUSTOMER_RUN_STATE_SUPPRESSED) << run.DebugString();
  EXPECT_THAT(Codes(run.reasons()), ElementsAre("SUPPRESSED", "SUPPRESSED"));
  EXPECT_THAT(SentBy(), ElementsAre("sms"));
  // A later START takes it away.
  system_.MoveClock(absl::Minutes(1));
  system_.CallBack(
      absl::StrCat(R"({"type": "replied", "data": {"id": "r2", "address": ")", kNumber, R"(", "text": "START"}})"));
  EXPECT_EQ(Greet().state(), v1::CUSTOMER_RUN_STATE_DELIVERED);
  EXPECT_THAT(SentBy(), ElementsAre("sms", "sms"));
}

TEST_F(Channels, AHardBounceSuppressesTheAddress) {
  const v1::CustomerRun first = Greet();
  EXPECT_EQ(LedgerOf(first), "ACCEPTED EMAIL");
  const size_t before = system_.Suppressions().size();
  system_.CallBack(absl::StrCat(R"({"type": "bounced", "data": {"id": "b1", "bounce": "hard", "idempotency_key": ")",
                                system_.Ledger(first.customer_run_id())[0].receipt().idempotency_key(),
                                R"(", "address": ")", Email(), R"("}})"));
  const std::vector<v1::Suppression> list = system_.Suppressions();
  ASSERT_EQ(list.size(), before + 1);
  EXPECT_EQ(list.back().address(), Email());
  EXPECT_EQ(list.back().channel(), v1::CHANNEL_EMAIL);
  EXPECT_EQ(list.back().reason(), "hard bounce");
  EXPECT_EQ(list.back().source(), "feedback:spool");
  EXPECT_EQ(LedgerOf(Greet()), "ACCEPTED SMS");
}

TEST_F(Channels, ARefusalOfTheAddressSuppressesItThoughNoBounceFollows) {
  const size_t before = system_.Suppressions().size();
  AnswerEmails(SendOutcome::Rejected("ADDRESS_UNKNOWN", "nobody has this address", v1::FEEDBACK_KIND_HARD_BOUNCE));
  EXPECT_EQ(LedgerOf(Greet()), "REJECTED EMAIL, ACCEPTED SMS");
  system_.PassOn();
  const std::vector<v1::Suppression> list = system_.Suppressions();
  ASSERT_EQ(list.size(), before + 1);
  EXPECT_EQ(list.back().address(), Email());
  EXPECT_EQ(list.back().channel(), v1::CHANNEL_EMAIL);
  EXPECT_EQ(list.back().reason(), "hard bounce");
  // Next time the mail server is not even asked.
  EXPECT_EQ(LedgerOf(Greet()), "ACCEPTED SMS");
}

TEST_F(Channels, ResponsesAreCountedAndChooseTheChannelNextTime) {
  SuppressEmail();
  const v1::CustomerRun by_sms = Greet();
  system_.CallBack(absl::StrCat(R"({"type": "clicked", "data": {"id": "c1", "idempotency_key": ")",
                                system_.Ledger(by_sms.customer_run_id())[0].receipt().idempotency_key(), R"("}})"));
  EXPECT_EQ(system_.Report(v1::REPORT_DIMENSION_CAMPAIGN, by_sms.campaign_run_id())[0].clicked_count(), 1);
  const v1::Profile profile = system_.Profile(kCustomer);
  ASSERT_EQ(profile.channel_responses_size(), 1);
  EXPECT_EQ(profile.channel_responses(0).responded_180d(), 1);
  v1::Campaign learning = Greeting();
  learning.mutable_offers()->mutable_channel_preference()->set_min_messages(1);
  ASSERT_OK(system_.Apply(learning));
  const v1::CustomerRun run = Greet();
  EXPECT_EQ(DecisionOf(run).channel(), v1::CHANNEL_SMS);
  EXPECT_THAT(Records(run, v1::STEP_GENERATION), SizeIs(1));
  ExpectDecidedAgain(run);
}

TEST_F(Channels, ADispatchInDoubtThatWasNotSentIsSentOnce) {
  AnswerEmails(SendOutcome::Unknown("SMTP_NO_ANSWER", "silence after the message"));
  const v1::CustomerRun doubtful = Greet();
  ASSERT_EQ(doubtful.state(), v1::CUSTOMER_RUN_STATE_DEFERRED) << doubtful.DebugString();
  EXPECT_EQ(Codes(doubtful.reasons()).back(), "DELIVERY_UNKNOWN");
  EXPECT_EQ(LedgerOf(doubtful), "UNKNOWN EMAIL");
  system_.AnswerBy(nullptr);
  // Nobody has said anything: it neither is sent again nor goes by another channel.
  system_.PassOn();
  EXPECT_EQ(system_.CustomerRun(doubtful.customer_run_id()).state(), v1::CUSTOMER_RUN_STATE_DEFERRED);
  EXPECT_THAT(system_.Sent(), IsEmpty());
  EXPECT_OK(Resolve(doubtful, v1::UNKNOWN_RESOLUTION_NOT_SENT));
  system_.WaitFor(doubtful.customer_run_id(), v1::CUSTOMER_RUN_STATE_DELIVERED);
  EXPECT_THAT(SentBy(), ElementsAre("email"));
  EXPECT_OK(Resolve(doubtful, v1::UNKNOWN_RESOLUTION_NOT_SENT));
  EXPECT_EQ(LedgerOf(doubtful), "ACCEPTED EMAIL");
  EXPECT_THAT(SentBy(), ElementsAre("email"));
}

TEST_F(Channels, ADispatchInDoubtThatWasSentIsDelivered) {
  AnswerEmails(SendOutcome::Unknown("SMTP_NO_ANSWER", "silence after the message"));
  const v1::CustomerRun doubtful = Greet();
  EXPECT_OK(Resolve(doubtful, v1::UNKNOWN_RESOLUTION_SENT));
  const v1::CustomerRun run = system_.WaitFor(doubtful.customer_run_id(), v1::CUSTOMER_RUN_STATE_DELIVERED);
  EXPECT_THAT(system_.Sent(), IsEmpty());
  EXPECT_EQ(system_.Profile(kCustomer).messages_30d(), 1);
  EXPECT_EQ(Records(run, v1::STEP_DELIVERY).size(), 2u);
}

TEST_F(Channels, AReportOfTheProviderEndsTheDoubt) {
  AnswerEmails(SendOutcome::Unknown("SMTP_NO_ANSWER", "silence after the message"));
  const v1::CustomerRun doubtful = Greet();
  system_.CallBack(absl::StrCat(R"({"type": "delivered", "data": {"id": "d1", "idempotency_key": ")",
                                system_.Ledger(doubtful.customer_run_id())[0].receipt().idempotency_key(), R"("}})"));
  system_.WaitFor(doubtful.customer_run_id(), v1::CUSTOMER_RUN_STATE_DELIVERED);
  EXPECT_THAT(system_.Sent(), IsEmpty());
}

TEST_F(Channels, ADispatchInDoubtCountsAsSentAfterAWeek) {
  AnswerEmails(SendOutcome::Unknown("SMTP_NO_ANSWER", "silence after the message"));
  const v1::CustomerRun doubtful = Greet();
  system_.MoveClock(absl::Hours(7 * 24));
  const v1::CustomerRun run = system_.WaitFor(doubtful.customer_run_id(), v1::CUSTOMER_RUN_STATE_FAILED);
  EXPECT_THAT(Codes(run.reasons()), ElementsAre("DELIVERY_UNKNOWN"));
  EXPECT_THAT(system_.Sent(), IsEmpty());
}

}  // namespace
}  // namespace campaign::e2e
