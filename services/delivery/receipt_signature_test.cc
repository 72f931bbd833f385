#include "services/delivery/receipt_signature.h"

#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/testing/testing.h"
#include "services/delivery/form_body.h"
#include "services/delivery/webhook_sender.h"

namespace campaign::delivery {
namespace {

using ::campaign::testing::StatusIs;
using ::campaign::testing::Utc;
using ::testing::ElementsAre;
using ::testing::Pair;

constexpr absl::StatusCode kUnauthenticated = absl::StatusCode::kUnauthenticated;

void AddHeader(const std::string& name, const std::string& value, v1::RecordReceiptsRequest& request) {
  v1::Fact& header = *request.add_headers();
  header.set_name(name);
  header.set_value(value);
}

// The example of Twilio's documentation, "Validating requests".
class TwilioCallbackSignatureTest : public ::testing::Test {
 protected:
  static v1::RecordReceiptsRequest Example(const std::string& signature) {
    v1::RecordReceiptsRequest request;
    request.set_url("https://mycompany.com/myapp.php?foo=1&bar=2");
    request.set_body(
        "To=%2B18005551212&CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309");
    if (!signature.empty()) AddHeader("x-twilio-signature", signature, request);
    return request;
  }

  const std::string right_ = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";
  const CallbackSource source_{CallbackSource::Kind::kTwilio, {"12345"}, v1::CHANNEL_SMS};
  const absl::Time now_ = Utc("2026-06-15 12:00:00");
};

TEST_F(TwilioCallbackSignatureTest, PublishedExamplePasses) {
  EXPECT_OK(VerifySignature(source_, Example(right_), now_));
}

TEST_F(TwilioCallbackSignatureTest, SecondPublishedExamplePasses) {
  v1::RecordReceiptsRequest request = Example("GvWf1cFY/Q7PnoempGyD5oXAezc=");
  request.set_body("CallSid=CA1234567890ABCDE&Caller=%2B14158675310&Digits=1234&From=%2b14158675310&To=%2B18005551212");
  EXPECT_OK(VerifySignature(source_, request, now_));
}

TEST_F(TwilioCallbackSignatureTest, MissingOrWrongSignatureIsRefused) {
  EXPECT_THAT(VerifySignature(source_, Example(""), now_), StatusIs(kUnauthenticated, "no header X-Twilio-Signature"));
  for (const char* wrong : {"RSOYDt4T1cUTdK1PDd93/VVr8B9=", "RSOYDt4T1cUTdK1PDd93/VVr8B8", "=", "AAAA"}) {
    EXPECT_THAT(VerifySignature(source_, Example(wrong), now_), StatusIs(kUnauthenticated, "does not fit")) << wrong;
  }
}

TEST_F(TwilioCallbackSignatureTest, EveryFieldAndTheUrlAreSigned) {
  v1::RecordReceiptsRequest request = Example(right_);
  request.set_url("https://mycompany.com/myapp.php?foo=1&bar=3");
  EXPECT_THAT(VerifySignature(source_, request, now_), StatusIs(kUnauthenticated, "does not fit"));
  request = Example(right_);
  request.mutable_body()->append("&Extra=1");
  EXPECT_THAT(VerifySignature(source_, request, now_), StatusIs(kUnauthenticated, "does not fit"));
  request = Example(right_);
  request.clear_body();
  EXPECT_THAT(VerifySignature(source_, request, now_), StatusIs(kUnauthenticated, "does not fit"));
}

TEST_F(TwilioCallbackSignatureTest, EachOfTwoTokensPassesWhileOneIsChanged) {
  CallbackSource source = source_;
  source.keys = {"a new one", "12345"};
  EXPECT_OK(VerifySignature(source, Example(right_), now_));
  source.keys = {"a new one"};
  EXPECT_THAT(VerifySignature(source, Example(right_), now_), StatusIs(kUnauthenticated, "does not fit"));
}

TEST_F(TwilioCallbackSignatureTest, WithoutATokenNothingPasses) {
  CallbackSource source = source_;
  source.keys.clear();
  EXPECT_THAT(VerifySignature(source, Example(right_), now_), StatusIs(kUnauthenticated, "does not fit"));
  // What anybody can compute: HMAC with an empty key.
  source.keys = {""};
  EXPECT_THAT(VerifySignature(source, Example("aXngMTP07D4c4hkO+r0Kb5Oe528="), now_),
              StatusIs(kUnauthenticated, "does not fit"));
}

TEST_F(TwilioCallbackSignatureTest, FormOfTooManyFieldsIsRefused) {
  v1::RecordReceiptsRequest request = Example(right_);
  for (int i = 0; i < 600; ++i) request.mutable_body()->append("&a=");
  EXPECT_THAT(VerifySignature(source_, request, now_), StatusIs(kUnauthenticated, "does not fit"));
}

TEST(FormBodyTest, DecodesAsBrowsersDo) {
  EXPECT_THAT(ReadForm("a=1&b=x+y%20z&c&=d&%41=%2&e=%zz&&f=%ff%00").value(),
              ElementsAre(Pair("a", "1"), Pair("b", "x y z"), Pair("c", ""), Pair("", "d"), Pair("A", "%2"),
                          Pair("e", "%zz"), Pair("f", std::string("\xff\0", 2))));
  EXPECT_TRUE(ReadForm("")->empty());
  EXPECT_EQ(FindField(ReadForm("a=1&a=2").value(), "a"), "1");
}

// The example of a published library's documentation.
class WebhookCallbackSignatureTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(source_.keys, ParseWebhookSecrets("secret", "whsec_plJ3nmyCDGBKInavdOK15jslABCDEFGHIJKL"));
  }

  v1::RecordReceiptsRequest Signed(absl::Time time) const {
    v1::RecordReceiptsRequest request;
    request.set_body(R"({"event_type":"ping","data":{"success":true}})");
    AddHeader("Webhook-Id", "msg_loFOjxBNrRLzqYUf", request);
    AddHeader("Webhook-Timestamp", absl::StrCat(absl::ToUnixSeconds(time)), request);
    AddHeader("Webhook-Signature", SignWebhook(source_.keys, "msg_loFOjxBNrRLzqYUf", time, request.body()), request);
    return request;
  }

  CallbackSource source_;
  const absl::Time now_ = absl::FromUnixSeconds(1731705121);
};

TEST_F(WebhookCallbackSignatureTest, PublishedExamplePasses) {
  // Its key is shorter than those that the settings take.
  const CallbackSource source{CallbackSource::Kind::kStandardWebhooks,
                              {"\xa6\x52\x77\x9e\x6c\x82\x0c\x60\x4a\x22\x76\xaf\x74\xe2\xb5\xe6\x3b\x25"},
                              v1::CHANNEL_EMAIL};
  v1::RecordReceiptsRequest request = Signed(now_);
  request.mutable_headers(2)->set_value("v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=");
  EXPECT_OK(VerifySignature(source, request, now_));
}

TEST_F(WebhookCallbackSignatureTest, TimeIsTakenWithinFiveMinutesEitherWay) {
  for (const int seconds : {-300, -1, 0, 1, 300}) {
    EXPECT_OK(VerifySignature(source_, Signed(now_ + absl::Seconds(seconds)), now_)) << seconds;
  }
  EXPECT_THAT(VerifySignature(source_, Signed(now_ - absl::Seconds(301)), now_),
              StatusIs(kUnauthenticated, "5 minutes old"));
  EXPECT_THAT(VerifySignature(source_, Signed(now_ + absl::Seconds(301)), now_),
              StatusIs(kUnauthenticated, "5 minutes in the future"));
}

TEST_F(WebhookCallbackSignatureTest, OneOfSeveralSignaturesIsEnough) {
  v1::RecordReceiptsRequest request = Signed(now_);
  const std::string right = request.headers(2).value();
  request.mutable_headers(2)->set_value(absl::StrCat("v1a,abc  v1,AAAA ", right, " v2,x"));
  EXPECT_OK(VerifySignature(source_, request, now_));
  // The version is part of it.
  request.mutable_headers(2)->set_value(right.substr(3));
  EXPECT_THAT(VerifySignature(source_, request, now_), StatusIs(kUnauthenticated, "does not fit"));
}

TEST_F(WebhookCallbackSignatureTest, IdTimeAndBodyAreSigned) {
  v1::RecordReceiptsRequest request = Signed(now_);
  request.mutable_headers(0)->set_value("msg_other");
  EXPECT_THAT(VerifySignature(source_, request, now_), StatusIs(kUnauthenticated, "does not fit"));
  request = Signed(now_);
  request.mutable_headers(1)->set_value(absl::StrCat(absl::ToUnixSeconds(now_) + 1));
  EXPECT_THAT(VerifySignature(source_, request, now_), StatusIs(kUnauthenticated, "does not fit"));
  request = Signed(now_);
  request.mutable_body()->append(" ");
  EXPECT_THAT(VerifySignature(source_, request, now_), StatusIs(kUnauthenticated, "does not fit"));
}

TEST_F(WebhookCallbackSignatureTest, MissingHeadersAreNamed) {
  for (int i = 0; i < 3; ++i) {
    v1::RecordReceiptsRequest request = Signed(now_);
    const std::string name = absl::AsciiStrToLower(request.headers(i).name());
    request.mutable_headers()->DeleteSubrange(i, 1);
    EXPECT_THAT(VerifySignature(source_, request, now_), StatusIs(kUnauthenticated, "no header " + name));
  }
}

TEST_F(WebhookCallbackSignatureTest, HostileTimesAreRefused) {
  for (const char* time :
       {"soon", "99999999999999999999", "9223372036854775807", "-9223372036854775808", "1.5", "1e9"}) {
    v1::RecordReceiptsRequest request = Signed(now_);
    request.mutable_headers(1)->set_value(time);
    EXPECT_EQ(VerifySignature(source_, request, now_).code(), kUnauthenticated) << time;
  }
}

TEST_F(WebhookCallbackSignatureTest, WithoutAKeyNothingPasses) {
  v1::RecordReceiptsRequest request = Signed(now_);
  source_.keys.clear();
  EXPECT_THAT(VerifySignature(source_, request, now_), StatusIs(kUnauthenticated, "does not fit"));
  request.mutable_headers(2)->set_value(" ");
  EXPECT_EQ(VerifySignature(source_, request, now_).code(), kUnauthenticated);
}

}  // namespace
}  // namespace campaign::delivery
