#include "services/delivery/slack_sender.h"

#include "tests/contract/senders.h"

namespace campaign::contract {
namespace {

using ::campaign::testing::StatusIs;
using delivery::SendOutcome;
using delivery::SlackSender;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

class SlackSenderTest : public Senders {
 protected:
  SendOutcome SendTo(const std::string& channel) {
    const auto sender = Make<SlackSender>(Slack());
    v1::Message message = ChatMessage();
    message.set_address(channel);
    return Send(*sender, message);
  }
};

TEST_F(SlackSenderTest, ThePostHoldsMarkupAndAPlainFallback) {
  const auto sender = Make<SlackSender>(Slack());
  v1::Message message = ChatMessage();
  message.set_text("Hello **Ann** <!channel> & [your offer](https://shop.example/?a=1&b=2)");
  message.set_plain_text("Hello Ann <you>: https://shop.example/");
  ASSERT_EQ(Send(*sender, message).kind, Kind::kAccepted) << space_.Requests();
  EXPECT_EQ(
      Sent("slack")[0]["payload"],
      json({{"channel", "C-1"},
            {"text", "Hello Ann &lt;you&gt;: https://shop.example/"},
            {"blocks",
             {{{"type", "section"},
               {"text",
                {{"type", "mrkdwn"},
                 {"text", "Hello *Ann* &lt;!channel&gt; &amp; <https://shop.example/?a=1&amp;b=2|your offer>"}}}}}}}));
}

TEST_F(SlackSenderTest, LongTextsBecomeSeveralBlocks) {
  const auto sender = Make<SlackSender>(Slack());
  v1::Message message = ChatMessage();
  std::string text;
  for (int i = 0; i < 1000; ++i) absl::StrAppend(&text, "A & B\n\n");
  message.set_text(text);
  ASSERT_EQ(Send(*sender, message).kind, Kind::kAccepted) << space_.Requests();
  EXPECT_THAT(Sent("slack")[0]["payload"]["blocks"], SizeIs(4));
}

TEST_F(SlackSenderTest, SlacksErrorsSayWhy) {
  const auto expect = [&](const std::string& channel, Kind kind, absl::string_view code) {
    const SendOutcome outcome = SendTo(channel);
    EXPECT_EQ(outcome.kind, kind) << channel;
    EXPECT_EQ(outcome.code, code);
    EXPECT_FALSE(outcome.provider_down);
    EXPECT_THAT(outcome.text, Not(HasSubstr(channel)));
  };
  expect("C-archived", Kind::kRejected, "SLACK_CHANNEL_IS_ARCHIVED");
  expect("C-unknown", Kind::kRejected, "SLACK_CHANNEL_NOT_FOUND");
  expect("C-forbidden", Kind::kRejected, "SLACK_ACTION_PROHIBITED");
  expect("C-odd", Kind::kUnknown, "PROVIDER_ERROR");
}

TEST_F(SlackSenderTest, AWebhookThatWasRemovedTakesNoMessageAtAll) {
  const auto sender = Make<SlackSender>(
      delivery::SlackOptions{.webhook_url_file = File("url", space_.Url("", "/services/T0/B0/removed"))});
  const SendOutcome outcome = Send(*sender, ChatMessage());
  EXPECT_EQ(outcome.kind, Kind::kRetry);
  EXPECT_TRUE(outcome.provider_down);
  EXPECT_EQ(outcome.code, "SLACK_NO_SERVICE");
}

TEST_F(SlackSenderTest, RefusesOptionsThatCannotWork) {
  const auto create = [&](const std::string& content) {
    return SlackSender::Create({.webhook_url_file = File("url", content)}, clock_).status();
  };
  EXPECT_THAT(create("http://hooks.slack.com/services/secret"),
              StatusIs(absl::StatusCode::kInvalidArgument, "webhook_url_file: is http"));
  EXPECT_THAT(std::string(create("ftp://secret").message()), Not(HasSubstr("secret")));
  EXPECT_THAT(create(""), StatusIs(absl::StatusCode::kInvalidArgument, "is empty"));
}

}  // namespace
}  // namespace campaign::contract
