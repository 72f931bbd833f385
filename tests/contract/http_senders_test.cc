// What all senders over HTTP do alike, each against its own provider.

#include <functional>
#include <set>

#include "tests/contract/senders.h"
#include "tests/crash/port.h"

namespace campaign::contract {
namespace {

using delivery::ChannelSender;
using delivery::FcmSender;
using delivery::OutgoingMessage;
using delivery::SendOutcome;
using delivery::SlackSender;
using delivery::TwilioSender;
using delivery::WebhookSender;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

class HttpSenders : public Senders, public ::testing::WithParamInterface<std::string> {
 protected:
  std::unique_ptr<ChannelSender> Sender(absl::string_view words = "", int max_parallel = 16) {
    const auto with = [&](auto options) {
      options.http.max_parallel = max_parallel;
      return options;
    };
    if (GetParam() == "twilio") return Make<TwilioSender>(with(Twilio(words)));
    if (GetParam() == "fcm") return Make<FcmSender>(with(Fcm(words)));
    if (GetParam() == "slack") return Make<SlackSender>(with(Slack(words)));
    return Make<WebhookSender>(with(Webhook(words)));
  }

  // To a port where nobody listens. The token of FCM is to be had all the same.
  std::unique_ptr<ChannelSender> SenderToNobody(int port) {
    const std::string nobody = absl::StrCat("http://127.0.0.1:", port);
    if (GetParam() == "twilio") {
      delivery::TwilioOptions options = Twilio();
      options.base_url = nobody;
      return Make<TwilioSender>(options);
    }
    if (GetParam() == "fcm") {
      delivery::FcmOptions options = Fcm();
      options.base_url = nobody;
      return Make<FcmSender>(options);
    }
    if (GetParam() == "slack")
      return Make<SlackSender>(delivery::SlackOptions{.webhook_url_file = File("url", nobody)});
    delivery::WebhookOptions options = Webhook();
    options.url = nobody;
    return Make<WebhookSender>(options);
  }

  v1::Message Message() const {
    if (GetParam() == "twilio") return SmsMessage();
    if (GetParam() == "fcm") return PushMessage();
    return GetParam() == "slack" ? ChatMessage() : EmailMessage();
  }

  SendOutcome SendOne(absl::string_view words = "") {
    const std::unique_ptr<ChannelSender> sender = Sender(words);
    return Send(*sender, Message());
  }

  std::vector<SendOutcome> SendMany(ChannelSender& sender, int count) {
    const v1::Message message = Message();
    std::vector<OutgoingMessage> outgoing;
    for (int i = 0; i < count; ++i) outgoing.push_back({&message, absl::StrCat("key-", i), clock_.Now()});
    return sender.Send(outgoing);
  }

  // Of what may have arrived: UNKNOWN, or where the provider deduplicates a retry, and of no other provider.
  void ExpectMayHaveArrived(const SendOutcome& outcome, absl::string_view code) {
    const bool deduplicates = GetParam() == "webhook";
    EXPECT_EQ(outcome.kind, deduplicates ? Kind::kRetry : Kind::kUnknown) << outcome.text;
    EXPECT_EQ(outcome.may_have_arrived, deduplicates);
    EXPECT_FALSE(outcome.provider_down);
    EXPECT_EQ(outcome.code, code);
    EXPECT_THAT(outcome.text, Not(HasSubstr(Message().address())));
  }
};

TEST_P(HttpSenders, AMessageArrivesOnce) {
  const SendOutcome outcome = SendOne();
  EXPECT_EQ(outcome.kind, Kind::kAccepted) << outcome.text << space_.Requests();
  EXPECT_THAT(Sent(GetParam()), SizeIs(1));
}

TEST_P(HttpSenders, NobodyListensSoNothingWasSent) {
  const crash::ReservedPort port;
  const std::unique_ptr<ChannelSender> sender = SenderToNobody(port.number());
  const SendOutcome outcome = Send(*sender, Message());
  EXPECT_EQ(outcome.kind, Kind::kRetry);
  EXPECT_TRUE(outcome.provider_down);
  EXPECT_FALSE(outcome.may_have_arrived);
  EXPECT_EQ(outcome.code, "PROVIDER_UNREACHABLE");
}

TEST_P(HttpSenders, AProviderThatTakesItAndSaysNothingMayHaveSentIt) {
  ExpectMayHaveArrived(SendOne("fault=stall"), "PROVIDER_SILENT");
  EXPECT_THAT(Sent(GetParam()), SizeIs(1)) << "it did";
}

TEST_P(HttpSenders, AConnectionThatIsResetMayHaveBroughtIt) {
  ExpectMayHaveArrived(SendOne("fault=reset"), "PROVIDER_SILENT");
  EXPECT_THAT(Sent(GetParam()), SizeIs(1)) << "it did, and once";
}

TEST_P(HttpSenders, AnAnswerThatBreaksOffAfterItsStatusCounts) {
  for (const char* fault : {"fault=middle", "fault=truncate", "fault=oversized", "fault=drip"}) {
    EXPECT_EQ(SendOne(fault).kind, Kind::kAccepted) << fault;
  }
}

TEST_P(HttpSenders, TooManyRequestsWaitAsLongAsTheProviderAsks) {
  SendOutcome outcome = SendOne("status=429,header-retry-after=120");
  EXPECT_EQ(outcome.kind, Kind::kRetry);
  EXPECT_EQ(outcome.code, "PROVIDER_RATE_LIMIT");
  EXPECT_FALSE(outcome.provider_down);
  EXPECT_EQ(outcome.retry_after, absl::Seconds(120));
  clock_.Set(testing::Utc("2026-06-15 12:00:00"));
  outcome = SendOne("status=429,header-retry-after=Mon%2C%2015%20Jun%202026%2012:10:00%20GMT");
  EXPECT_EQ(outcome.retry_after, absl::Minutes(10));
  EXPECT_EQ(SendOne("status=429").retry_after, absl::ZeroDuration());
  EXPECT_THAT(Sent(GetParam()), SizeIs(0));
}

TEST_P(HttpSenders, AProviderThatIsDownIsToldApartFromOneThatFailed) {
  const SendOutcome outcome = SendOne("status=503,header-retry-after=30");
  EXPECT_EQ(outcome.kind, Kind::kRetry);
  EXPECT_TRUE(outcome.provider_down);
  EXPECT_FALSE(outcome.may_have_arrived);
  EXPECT_EQ(outcome.code, "PROVIDER_UNAVAILABLE");
  EXPECT_EQ(outcome.retry_after, absl::Seconds(30));
  for (const char* failed : {"status=500", "status=502", "status=504"}) {
    ExpectMayHaveArrived(SendOne(failed), "PROVIDER_ERROR");
  }
}

TEST_P(HttpSenders, WhatTheProviderRefusesIsFinalButItsLoginIsNot) {
  for (const char* refused : {"status=400,answer=%3Chtml%3E", "status=404", "status=302", "status=501"}) {
    const SendOutcome outcome = SendOne(refused);
    EXPECT_EQ(outcome.kind, Kind::kRejected) << refused;
    EXPECT_EQ(outcome.code, "PROVIDER_REFUSED");
  }
  const SendOutcome login = SendOne("status=401");
  EXPECT_EQ(login.kind, Kind::kRetry);
  EXPECT_TRUE(login.provider_down);
  EXPECT_EQ(login.code, "PROVIDER_LOGIN_REFUSED");
}

TEST_P(HttpSenders, ManyGoOutAtOnceOverFewConnections) {
  const std::unique_ptr<ChannelSender> sender = Sender("", /*max_parallel=*/8);
  const std::vector<SendOutcome> outcomes = SendMany(*sender, 200);
  ASSERT_THAT(outcomes, SizeIs(200));
  std::set<std::string> ids;
  for (const SendOutcome& outcome : outcomes) {
    EXPECT_EQ(outcome.kind, Kind::kAccepted) << outcome.text;
    ids.insert(outcome.provider_message_id);
  }
  EXPECT_THAT(Sent(GetParam()), SizeIs(200));
  EXPECT_EQ(ids.size(), GetParam() == "twilio" || GetParam() == "fcm" ? 200 : 1) << "only they name messages";
  std::set<int> connections;
  for (const nlohmann::json& request : space_.Requests()) connections.insert(request["connection"].get<int>());
  EXPECT_LE(connections.size(), 8);
}

TEST_P(HttpSenders, AProviderThatHangsMakesFewUnknowns) {
  const std::unique_ptr<ChannelSender> sender = Sender("fault=stall", /*max_parallel=*/4);
  int not_sent = 0;
  for (const SendOutcome& outcome : SendMany(*sender, 100)) not_sent += outcome.code == "PROVIDER_UNREACHABLE";
  EXPECT_GE(not_sent, 90);
  EXPECT_EQ(Sent(GetParam()).size(), 100 - not_sent) << "the others were not asked";
}

INSTANTIATE_TEST_SUITE_P(All, HttpSenders, ::testing::Values("twilio", "fcm", "slack", "webhook"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace campaign::contract
