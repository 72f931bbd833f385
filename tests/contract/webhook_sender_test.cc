#include "services/delivery/webhook_sender.h"

#include "tests/contract/senders.h"

namespace campaign::contract {
namespace {

using ::campaign::testing::ParseProto;
using ::campaign::testing::StatusIs;
using delivery::OutgoingMessage;
using delivery::SendOutcome;
using delivery::WebhookOptions;
using delivery::WebhookSender;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

using WebhookSenderTest = Senders;

TEST_F(WebhookSenderTest, TheBodyHoldsAllFieldsThatAreSet) {
  const auto sender = Make<WebhookSender>(Webhook());
  const v1::Message message = ParseProto<v1::Message>(R"(
    channel: CHANNEL_EMAIL address: "ann@example.com" locale: "de" subject: "Grüße" preheader: "Nur heute"
    text: "Hallo" html: "<p>Hallo</p>" unsubscribe_url: "https://shop.example/u" brand: "nord" template_id: "t1")");
  const OutgoingMessage outgoing{&message, "run-1.email", testing::Utc("2026-06-15 12:00:00")};
  EXPECT_EQ(sender->Send({&outgoing, 1})[0].kind, Kind::kAccepted) << space_.Requests();
  EXPECT_EQ(Sent("webhook")[0]["payload"], json({{"type", "message.send"},
                                                 {"timestamp", "2026-06-15T12:00:00.000000Z"},
                                                 {"data",
                                                  {{"channel", "email"},
                                                   {"address", "ann@example.com"},
                                                   {"locale", "de"},
                                                   {"subject", "Grüße"},
                                                   {"preheader", "Nur heute"},
                                                   {"text", "Hallo"},
                                                   {"html", "<p>Hallo</p>"},
                                                   {"unsubscribe_url", "https://shop.example/u"},
                                                   {"brand", "nord"},
                                                   {"template_id", "t1"}}}}));
  EXPECT_EQ(Sent("webhook")[0]["key"], "run-1.email");
}

TEST_F(WebhookSenderTest, SentTwiceUnderOneKeyCountsOnce) {
  const auto breaking = Make<WebhookSender>(Webhook("fault=reset,times=1"));
  const SendOutcome first = Send(*breaking, EmailMessage());
  EXPECT_EQ(first.kind, Kind::kRetry);
  EXPECT_TRUE(first.may_have_arrived);
  clock_.Advance(absl::Minutes(2));
  EXPECT_EQ(Send(*breaking, EmailMessage()).kind, Kind::kAccepted);
  EXPECT_THAT(Sent("webhook"), SizeIs(1));
  const std::vector<json> requests = Requests("/webhook");
  ASSERT_THAT(requests, SizeIs(2));
  EXPECT_EQ(requests[0]["headers"]["idempotency-key"], requests[1]["headers"]["idempotency-key"]);
  EXPECT_NE(requests[0]["headers"]["webhook-signature"], requests[1]["headers"]["webhook-signature"]) << "a new time";
  Send(*breaking, EmailMessage(), "another key");
  EXPECT_THAT(Sent("webhook"), SizeIs(2));
}

TEST_F(WebhookSenderTest, WhileASecretIsChangedBothSign) {
  WebhookOptions options = Webhook();
  const std::string old_secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", other = "whsec_" + std::string(32, 'A');
  options.secret_file = File("two", absl::StrCat(other, "\n", old_secret, "\n"));
  const auto sender = Make<WebhookSender>(options);
  EXPECT_EQ(Send(*sender, EmailMessage()).kind, Kind::kAccepted);
  options.secret_file = File("one", other);
  const auto stranger = Make<WebhookSender>(options);
  EXPECT_EQ(Send(*stranger, EmailMessage()).kind, Kind::kRejected) << "the server checks";
}

TEST_F(WebhookSenderTest, AReceiverThatIsGoneWantsNoMore) {
  const auto sender = Make<WebhookSender>(Webhook("status=410"));
  const SendOutcome outcome = Send(*sender, EmailMessage());
  EXPECT_EQ(outcome.kind, Kind::kRejected);
  EXPECT_EQ(outcome.code, "WEBHOOK_GONE");
}

TEST_F(WebhookSenderTest, AnyStatusOf2xxIsAccepted) {
  for (const char* status : {"status=200", "status=202", "status=204"}) {
    const auto sender = Make<WebhookSender>(Webhook(status));
    EXPECT_EQ(Send(*sender, EmailMessage()).kind, Kind::kAccepted) << status;
  }
}

TEST_F(WebhookSenderTest, RefusesOptionsThatCannotWork) {
  const auto expect = [&](const WebhookOptions& options, const std::string& text) {
    EXPECT_THAT(WebhookSender::Create(options, clock_).status(), StatusIs(absl::StatusCode::kInvalidArgument, text));
  };
  WebhookOptions options = Webhook();
  options.url = "http://crm.example/";
  expect(options, "url: is http");
  for (const char* secret : {"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2hvcnQ=", "whsec_!"}) {
    options = Webhook();
    options.secret_file = File("bad", secret);
    expect(options, "secret_file: a secret is not");
  }
}

}  // namespace
}  // namespace campaign::contract
