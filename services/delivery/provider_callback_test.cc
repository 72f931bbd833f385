#include "services/delivery/provider_callback.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/testing/testing.h"
#include "services/delivery/clean_text.h"
#include "services/delivery/idempotency_key.h"
#include "services/delivery/webhook_sender.h"

namespace campaign::delivery {
namespace {

using ::campaign::testing::StatusIs;
using ::campaign::testing::Utc;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const absl::Time kNow = Utc("2026-06-15 12:00:00");

Callback ReadTwilio(const std::string& body) {
  const auto callback = ReadTwilioForm(body, kNow);
  EXPECT_OK(callback);
  return callback.ok() ? *callback : Callback();
}

TEST(TwilioForm, StatusesSayWhatBecameOfAMessage) {
  const struct {
    const char* fields;
    v1::FeedbackKind kind;
    const char* text;
  } kRows[] = {
      {"MessageStatus=delivered", v1::FEEDBACK_KIND_DELIVERED, ""},
      {"SmsStatus=delivered", v1::FEEDBACK_KIND_DELIVERED, ""},
      {"MessageStatus=read", v1::FEEDBACK_KIND_OPENED, ""},
      {"MessageStatus=undelivered&ErrorCode=30003", v1::FEEDBACK_KIND_SOFT_BOUNCE, "Twilio error 30003"},
      {"MessageStatus=undelivered&ErrorCode=30005", v1::FEEDBACK_KIND_HARD_BOUNCE, "Twilio error 30005"},
      {"MessageStatus=undelivered&ErrorCode=30006&ErrorMessage=Landline", v1::FEEDBACK_KIND_HARD_BOUNCE,
       "Twilio error 30006 Landline"},
      {"MessageStatus=undelivered&ErrorCode=30007", v1::FEEDBACK_KIND_SOFT_BOUNCE, "Twilio error 30007"},
      {"MessageStatus=failed&ErrorCode=21610", v1::FEEDBACK_KIND_HARD_BOUNCE, "Twilio error 21610"},
      {"MessageStatus=failed", v1::FEEDBACK_KIND_SOFT_BOUNCE, ""},
      {"MessageStatus=failed&ErrorCode=99999999999999", v1::FEEDBACK_KIND_SOFT_BOUNCE, ""},
      {"MessageStatus=failed&ErrorCode=-1", v1::FEEDBACK_KIND_SOFT_BOUNCE, ""},
  };
  for (const auto& row : kRows) {
    const Callback callback = ReadTwilio(absl::StrCat("MessageSid=SM1&From=%2B43660&To=%2B43664123&", row.fields));
    ASSERT_THAT(callback.events, SizeIs(1)) << row.fields;
    const CallbackEvent& event = callback.events[0];
    EXPECT_EQ(event.kind, row.kind) << row.fields;
    EXPECT_EQ(event.text, row.text);
    EXPECT_EQ(event.provider_message_id, "SM1");
    EXPECT_EQ(event.address, "+43664123");
    EXPECT_EQ(event.event_time, kNow);
  }
  for (const char* status : {"queued", "sending", "sent", "accepted", "scheduled", "canceled", "receiving", "x"}) {
    const Callback callback = ReadTwilio(absl::StrCat("MessageSid=SM1&MessageStatus=", status));
    EXPECT_THAT(callback.events, IsEmpty()) << status;
    EXPECT_EQ(callback.ignored_count, 1) << status;
  }
}

TEST(TwilioForm, EventIsMessageAndStatus) {
  EXPECT_EQ(ReadTwilio("MessageSid=SM1&MessageStatus=delivered").events.at(0).event_id, "SM1:delivered");
  EXPECT_EQ(ReadTwilio("MessageSid=SM1&MessageStatus=undelivered").events.at(0).event_id, "SM1:undelivered");
  EXPECT_EQ(ReadTwilio("MessageSid=SM2&SmsStatus=received&Body=x").events.at(0).event_id, "SM2:received");
  EXPECT_EQ(ReadTwilio("MessageSid=SM2&Body=x").events.at(0).event_id, "SM2:received");
}

TEST(TwilioForm, CustomersMessageIsAReply) {
  const Callback callback =
      ReadTwilio("MessageSid=SM9&SmsStatus=received&From=%2B43664123&To=%2B43660&Body=Stop+it%21%0A%ff%00%C3%BC");
  ASSERT_THAT(callback.events, SizeIs(1));
  EXPECT_EQ(callback.events[0].kind, v1::FEEDBACK_KIND_REPLIED);
  EXPECT_EQ(callback.events[0].address, "+43664123");
  EXPECT_EQ(callback.events[0].text, "Stop it!\n\xEF\xBF\xBDü");
  // Its own SID is not that of a message of ours.
  EXPECT_EQ(callback.events[0].provider_message_id, "");
}

TEST(TwilioForm, WhatTwilioTookForStopUnsubscribes) {
  EXPECT_EQ(ReadTwilio("MessageSid=SM9&SmsStatus=received&Body=ARRET&OptOutType=STOP").events.at(0).kind,
            v1::FEEDBACK_KIND_UNSUBSCRIBED);
  EXPECT_EQ(ReadTwilio("MessageSid=SM9&SmsStatus=received&Body=START&OptOutType=START").events.at(0).kind,
            v1::FEEDBACK_KIND_REPLIED);
}

TEST(TwilioForm, WhatsAppNamesTheMessageThatIsAnswered) {
  const Callback callback = ReadTwilio(
      "MessageSid=SM9&SmsStatus=received&From=whatsapp%3A%2B43664123&Body=yes&OriginalRepliedMessageSid=SM1");
  EXPECT_EQ(callback.events.at(0).provider_message_id, "SM1");
  EXPECT_EQ(callback.events.at(0).address, "+43664123");
}

TEST(TwilioForm, RefusesWhatNamesNoMessage) {
  constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;
  EXPECT_THAT(ReadTwilioForm("", kNow), StatusIs(kInvalid, "body.MessageSid"));
  EXPECT_THAT(ReadTwilioForm("MessageStatus=delivered", kNow), StatusIs(kInvalid, "body.MessageSid"));
  EXPECT_THAT(ReadTwilioForm("MessageSid=a+b&MessageStatus=delivered", kNow), StatusIs(kInvalid, "body.MessageSid"));
  EXPECT_THAT(ReadTwilioForm("MessageSid=" + std::string(65, 'S'), kNow), StatusIs(kInvalid, "body.MessageSid"));
  EXPECT_THAT(ReadTwilioForm(std::string(1200, '&') + "a=", kNow), StatusIs(kInvalid, "body.MessageSid"));
  std::string many;
  for (int i = 0; i < 513; ++i) many.append("a&");
  EXPECT_THAT(ReadTwilioForm(many, kNow), StatusIs(kInvalid, "more than 512 fields"));
}

class StandardWebhookTest : public ::testing::Test {
 protected:
  v1::RecordReceiptsRequest Signed(const std::string& content_type, const std::string& body) const {
    v1::RecordReceiptsRequest request;
    request.set_body(body);
    const std::pair<const char*, std::string> headers[] = {
        {"webhook-id", "msg_1"},
        {"webhook-timestamp", absl::StrCat(absl::ToUnixSeconds(kNow))},
        {"webhook-signature", SignWebhook(source_.keys, "msg_1", kNow, body)},
        {"Content-Type", content_type}};
    for (const auto& [name, value] : headers) {
      v1::Fact& header = *request.add_headers();
      header.set_name(name);
      header.set_value(value);
    }
    return request;
  }

  const CallbackSource source_{CallbackSource::Kind::kStandardWebhooks, {std::string(32, 'k')}, v1::CHANNEL_EMAIL};
  const std::string event_ = R"({"type":"opened","data":{"message_id":"m"}})";
};

TEST_F(StandardWebhookTest, ReadsByContentType) {
  for (const char* type : {"", "application/json", "Application/JSON; charset=utf-8"}) {
    const auto callback = ReadCallback(source_, Signed(type, event_), kNow);
    ASSERT_OK(callback);
    EXPECT_EQ(callback->events.at(0).provider_message_id, "m") << type;
  }
  const auto callback =
      ReadCallback(source_,
                   Signed("message/rfc822",
                          "Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/delivery-status"
                          "\n\nReporting-MTA: dns; x\n\nAction: failed\nStatus: 5.1.1\n--x--\n"),
                   kNow);
  ASSERT_OK(callback);
  EXPECT_EQ(callback->events.at(0).kind, v1::FEEDBACK_KIND_HARD_BOUNCE);
  EXPECT_EQ(callback->events.at(0).event_id, "msg_1#0");
  EXPECT_THAT(ReadCallback(source_, Signed("text/plain", event_), kNow),
              StatusIs(absl::StatusCode::kInvalidArgument, "headers.content-type: text/plain is neither"));
}

TEST_F(StandardWebhookTest, SignatureComesFirst) {
  v1::RecordReceiptsRequest request = Signed("application/json", event_);
  request.set_body("{");
  EXPECT_THAT(ReadCallback(source_, request, kNow), StatusIs(absl::StatusCode::kUnauthenticated, "does not fit"));
  request = Signed("application/json", event_);
  CallbackSource twilio = source_;
  twilio.kind = CallbackSource::Kind::kTwilio;
  EXPECT_THAT(ReadCallback(twilio, request, kNow), StatusIs(absl::StatusCode::kUnauthenticated, "X-Twilio-Signature"));
}

TEST(CleanText, IsUtf8WithoutControlCharacters) {
  EXPECT_EQ(CleanText(std::string("a\0b\tc\r\nd\x7f\xc2\x85", 11), 100), "ab\tc\nd");
  EXPECT_EQ(CleanText("\xf0\x9f\x98", 100), "\xEF\xBF\xBD");
  EXPECT_EQ(CleanText("\xc0\xaf", 100), "\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(CleanText("aü", 2), "a");
  EXPECT_EQ(CleanText("aü", 3), "aü");
  EXPECT_EQ(CleanText("\xff", 2), "");
}

TEST(CleanName, IsWholeOrNothing) {
  EXPECT_EQ(CleanName("ann@example.com", 15), "ann@example.com");
  EXPECT_EQ(CleanName("ann@example.com", 14), "");
  for (const char* text : {"", "a b", "a\n", "a\x01", "a\xff"}) EXPECT_EQ(CleanName(text, 100), "") << text;
}

TEST(IdempotencyKey, FindsItsWayBack) {
  for (const v1::Channel channel : {v1::CHANNEL_EMAIL, v1::CHANNEL_SMS, v1::CHANNEL_PUSH, v1::CHANNEL_CHAT}) {
    const auto dispatched = ParseIdempotencyKey(IdempotencyKey("r1-0", channel));
    ASSERT_TRUE(dispatched.has_value());
    EXPECT_EQ(dispatched->customer_run_id, "r1-0");
    EXPECT_EQ(dispatched->channel, channel);
  }
  for (const char* key : {"", ".", "r1", "r1.", ".email", "r1.fax", "r1.none", "a b.email", "a.b.email"}) {
    EXPECT_FALSE(ParseIdempotencyKey(key).has_value()) << key;
  }
  EXPECT_FALSE(ParseIdempotencyKey(IdempotencyKey("not plain", v1::CHANNEL_SMS)).has_value());
}

}  // namespace
}  // namespace campaign::delivery
