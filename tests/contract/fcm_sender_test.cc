#include "services/delivery/fcm_sender.h"

#include "tests/contract/keys.h"
#include "tests/contract/senders.h"
#include "tests/crash/port.h"

namespace campaign::contract {
namespace {

using ::campaign::testing::StatusIs;
using delivery::FcmOptions;
using delivery::FcmSender;
using delivery::OutgoingMessage;
using delivery::SendOutcome;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

class FcmSenderTest : public Senders {
 protected:
  SendOutcome SendTo(FcmSender& sender, const std::string& device) {
    v1::Message message = PushMessage();
    message.set_address(device);
    return Send(sender, message);
  }
  // The service account's file with one field changed.
  FcmOptions WithAccount(const std::string& field, const json& value) {
    FcmOptions options = Fcm();
    std::ifstream file(options.service_account_file);
    json account = json::parse(file);
    account[field] = value;
    options.service_account_file = File("changed.json", account.dump());
    return options;
  }
};

TEST_F(FcmSenderTest, ThePushHoldsWhatTheMessageSays) {
  const auto sender = Make<FcmSender>(Fcm());
  v1::Message message = PushMessage();
  message.set_title("Grüße \"🦊\"");
  message.set_deep_link("app://offers/1");
  message.set_collapse_key("win-back");
  const SendOutcome outcome = Send(*sender, message);
  ASSERT_EQ(outcome.kind, Kind::kAccepted) << outcome.text << space_.Requests();
  const json sent = Sent("fcm")[0];
  EXPECT_EQ(sent["message"], json({{"token", "device-1"},
                                   {"notification", {{"title", "Grüße \"🦊\""}, {"body", "Hello"}}},
                                   {"data", {{"deep_link", "app://offers/1"}}},
                                   {"android", {{"collapse_key", "win-back"}}},
                                   {"apns", {{"headers", {{"apns-collapse-id", "win-back"}}}}}}));
  EXPECT_EQ(outcome.provider_message_id, sent["name"]);
  ASSERT_EQ(SendTo(*sender, "device-2").kind, Kind::kAccepted);
  EXPECT_EQ(Sent("fcm")[1]["message"],
            json({{"token", "device-2"}, {"notification", {{"title", "Hi"}, {"body", "Hello"}}}}));
}

TEST_F(FcmSenderTest, ATokenLastsUntilAMinuteBeforeItExpires) {
  const auto sender = Make<FcmSender>(Fcm());
  for (const absl::Duration step : {absl::ZeroDuration(), absl::Minutes(58), absl::Minutes(2)}) {
    clock_.Advance(step);
    EXPECT_EQ(SendTo(*sender, "device-1").kind, Kind::kAccepted);
  }
  const std::vector<json> tokens = Sent("token");
  ASSERT_THAT(tokens, SizeIs(2));
  EXPECT_EQ(tokens[1]["iat"].get<int>() - tokens[0]["iat"].get<int>(), 3600);
}

TEST_F(FcmSenderTest, ATokenThatIsRefusedIsFetchedAnewOnce) {
  const auto sender = Make<FcmSender>(Fcm());
  const v1::Message first = PushMessage();
  v1::Message second = PushMessage();
  second.set_address("revoke-the-token");
  const std::vector<OutgoingMessage> messages = {{&first, "a", clock_.Now()}, {&second, "b", clock_.Now()}};
  for (const SendOutcome& outcome : sender->Send(messages)) EXPECT_EQ(outcome.kind, Kind::kAccepted) << outcome.text;
  EXPECT_THAT(Sent("token"), SizeIs(2));
  EXPECT_THAT(Sent("fcm"), SizeIs(2));
}

TEST_F(FcmSenderTest, WithoutATokenNothingIsSent) {
  const crash::ReservedPort port;
  const auto unreachable =
      Make<FcmSender>(WithAccount("token_uri", absl::StrCat("http://127.0.0.1:", port.number(), "/token")));
  const SendOutcome outcome = SendTo(*unreachable, "device-1");
  EXPECT_EQ(outcome.kind, Kind::kRetry);
  EXPECT_TRUE(outcome.provider_down);
  EXPECT_EQ(outcome.code, "PROVIDER_UNREACHABLE");
  const auto stranger = Make<FcmSender>(WithAccount("client_email", "other@shop"));
  EXPECT_EQ(SendTo(*stranger, "device-1").code, "PROVIDER_LOGIN_REFUSED");
  const auto silent = Make<FcmSender>(WithAccount("token_uri", space_.Url("fault=reset", "/token")));
  EXPECT_EQ(SendTo(*silent, "device-1").code, "PROVIDER_UNREACHABLE");
  const auto nonsense = Make<FcmSender>(WithAccount("token_uri", space_.Url("status=200,answer=hello", "/token")));
  EXPECT_EQ(SendTo(*nonsense, "device-1").code, "PROVIDER_UNREACHABLE");
  EXPECT_THAT(Requests(":send"), SizeIs(0));
}

TEST_F(FcmSenderTest, FcmsErrorCodesSayWhy) {
  const auto sender = Make<FcmSender>(Fcm());
  const auto expect = [&](const std::string& device, Kind kind, absl::string_view code, absl::Duration retry_after) {
    const SendOutcome outcome = SendTo(*sender, device);
    EXPECT_EQ(outcome.kind, kind) << device;
    EXPECT_EQ(outcome.code, code);
    EXPECT_EQ(outcome.retry_after, retry_after);
    EXPECT_EQ(outcome.feedback, device == "gone" ? v1::FEEDBACK_KIND_HARD_BOUNCE : v1::FEEDBACK_KIND_UNSPECIFIED);
    EXPECT_THAT(outcome.text, Not(HasSubstr(device)));
  };
  const absl::Duration none = absl::ZeroDuration();
  expect("gone", Kind::kRejected, "DEVICE_UNREGISTERED", none);
  expect("bad", Kind::kRejected, "PUSH_INVALID", none);
  expect("other-project", Kind::kRejected, "DEVICE_OF_OTHER_PROJECT", none);
  expect("apple", Kind::kRetry, "PLATFORM_LOGIN_REFUSED", none);
  expect("quota", Kind::kRetry, "PROVIDER_RATE_LIMIT", absl::Seconds(90));
  expect("overloaded", Kind::kRetry, "PROVIDER_UNAVAILABLE", absl::Seconds(30));
  expect("broken", Kind::kUnknown, "PROVIDER_ERROR", none);
  EXPECT_THAT(Sent("fcm"), SizeIs(0));
  EXPECT_THAT(Sent("token"), SizeIs(1)) << "Apple's refusal is not about our token";
}

TEST_F(FcmSenderTest, QuotaWithoutATimeWaitsAMinute) {
  const auto sender = Make<FcmSender>(
      Fcm("status=429,answer=%7B\"error\":%7B\"details\":[%7B\"errorCode\":\"QUOTA_EXCEEDED\"%7D]%7D%7D"));
  EXPECT_EQ(SendTo(*sender, "device-1").retry_after, absl::Minutes(1));
}

TEST_F(FcmSenderTest, AnErrorThatIsNotAsItShouldBeGoesByItsStatus) {
  for (const char* answer :
       {"[1%2C2]", "%7B\"error\":1%7D", "%7B\"error\":%7B\"details\":\"x\"%7D%7D", "%7B\"error\""}) {
    const auto sender = Make<FcmSender>(Fcm(absl::StrCat("status=404,answer=", answer)));
    EXPECT_EQ(SendTo(*sender, "device-1").code, "PROVIDER_REFUSED") << answer;
  }
}

TEST_F(FcmSenderTest, MoreThan4096BytesAreNotAsked) {
  const auto sender = Make<FcmSender>(Fcm());
  v1::Message message = PushMessage();
  message.set_text(std::string(4096, 'x'));
  EXPECT_EQ(Send(*sender, message).code, "PUSH_TOO_LARGE");
  EXPECT_THAT(Requests(":send"), SizeIs(0));
  message.set_text(std::string(4000, 'x'));
  EXPECT_EQ(Send(*sender, message).kind, Kind::kAccepted);
}

TEST_F(FcmSenderTest, RefusesServiceAccountsThatCannotSign) {
  const auto expect = [&](const FcmOptions& options, const std::string& text) {
    const absl::Status status = FcmSender::Create(options, clock_).status();
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, text));
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("PRIVATE KEY")));
  };
  expect(WithAccount("private_key", "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n"), "private_key");
  expect(WithAccount("private_key", 7), "has no private_key");
  expect(WithAccount("client_email", ""), "has no client_email");
  expect(WithAccount("token_uri", "http://oauth2.googleapis.com/token"), "token_uri");
  FcmOptions options = Fcm();
  options.service_account_file = File("no.json", "[]");
  expect(options, "service_account_file: is not JSON");
  options = Fcm();
  options.base_url = "fcm.googleapis.com";
  expect(options, "base_url");
}

}  // namespace
}  // namespace campaign::contract
