#include "services/delivery/http_outcome.h"

#include "common/testing/testing.h"
#include "services/delivery/webhook_sender.h"

namespace campaign::delivery {
namespace {

using ::campaign::testing::StatusIs;
using ::campaign::testing::Utc;
using Kind = SendOutcome::Kind;

const absl::Time kNow = Utc("1994-11-06 08:49:37");

HttpResult Answer(int status, const std::string& retry_after = "") {
  HttpResult result;
  result.response.status = status;
  if (!retry_after.empty()) result.response.headers = {{"retry-after", retry_after}};
  return result;
}

TEST(HttpOutcomeTest, StatusesMeanWhatTheirRfcsSay) {
  struct Row {
    int status;
    Kind plain;
    Kind deduplicated;
  };
  for (const Row& row : {Row{200, Kind::kAccepted, Kind::kAccepted}, Row{202, Kind::kAccepted, Kind::kAccepted},
                         Row{204, Kind::kAccepted, Kind::kAccepted}, Row{301, Kind::kRejected, Kind::kRejected},
                         Row{400, Kind::kRejected, Kind::kRejected}, Row{401, Kind::kRetry, Kind::kRetry},
                         Row{403, Kind::kRejected, Kind::kRejected}, Row{404, Kind::kRejected, Kind::kRejected},
                         Row{408, Kind::kRetry, Kind::kRetry},       Row{410, Kind::kRejected, Kind::kRejected},
                         Row{413, Kind::kRejected, Kind::kRejected}, Row{425, Kind::kRetry, Kind::kRetry},
                         Row{429, Kind::kRetry, Kind::kRetry},       Row{500, Kind::kUnknown, Kind::kRetry},
                         Row{501, Kind::kRejected, Kind::kRejected}, Row{502, Kind::kUnknown, Kind::kRetry},
                         Row{503, Kind::kRetry, Kind::kRetry},       Row{504, Kind::kUnknown, Kind::kRetry},
                         Row{505, Kind::kRejected, Kind::kRejected}, Row{599, Kind::kUnknown, Kind::kRetry}}) {
    const SendOutcome plain = OutcomeOf(Answer(row.status), /*deduplicates=*/false, kNow);
    const SendOutcome deduplicated = OutcomeOf(Answer(row.status), /*deduplicates=*/true, kNow);
    EXPECT_EQ(plain.kind, row.plain) << row.status;
    EXPECT_EQ(deduplicated.kind, row.deduplicated) << row.status;
    EXPECT_EQ(deduplicated.may_have_arrived, row.plain == Kind::kUnknown) << row.status;
    EXPECT_EQ(plain.provider_down, row.status == 401 || row.status == 503) << row.status;
    EXPECT_FALSE(deduplicated.may_have_arrived && deduplicated.provider_down);
  }
}

TEST(HttpOutcomeTest, AFailureIsDefiniteOnlyIfNothingWasSent) {
  HttpResult result;
  result.status = absl::UnavailableError("broke");
  SendOutcome outcome = OutcomeOf(result, /*deduplicates=*/false, kNow);
  EXPECT_EQ(outcome.kind, Kind::kRetry);
  EXPECT_TRUE(outcome.provider_down);
  result.request_may_have_arrived = true;
  EXPECT_EQ(OutcomeOf(result, /*deduplicates=*/false, kNow).kind, Kind::kUnknown);
  outcome = OutcomeOf(result, /*deduplicates=*/true, kNow);
  EXPECT_EQ(outcome.kind, Kind::kRetry);
  EXPECT_TRUE(outcome.may_have_arrived);
  result.response.status = 404;
  EXPECT_EQ(OutcomeOf(result, /*deduplicates=*/false, kNow).kind, Kind::kRejected) << "the server has said so";
  result = {};
  result.status = absl::InvalidArgumentError("headers");
  EXPECT_EQ(OutcomeOf(result, /*deduplicates=*/false, kNow).code, "REQUEST_INVALID");
}

TEST(HttpOutcomeTest, RetryAfterIsSecondsOrADate) {
  const auto after = [](const std::string& text) { return RetryAfter(Answer(429, text).response, kNow); };
  EXPECT_EQ(after("120"), absl::Seconds(120));
  // The three forms of one date in RFC 9110, section 5.6.7, from ten seconds before it.
  const auto before = [](const std::string& text) {
    return RetryAfter(Answer(429, text).response, kNow - absl::Seconds(10));
  };
  EXPECT_EQ(before("Sun, 06 Nov 1994 08:49:37 GMT"), absl::Seconds(10));
  EXPECT_EQ(before("Sunday, 06-Nov-94 08:49:37 GMT"), absl::Seconds(10));
  EXPECT_EQ(before("Sun Nov  6 08:49:37 1994"), absl::Seconds(10));
  for (const char* nothing : {"", "soon", "-5", "1.5", "Sun, 06 Nov 1994 08:00:00 GMT"}) {
    EXPECT_EQ(after(nothing), absl::ZeroDuration()) << nothing;
  }
  EXPECT_EQ(after("99999999"), absl::Hours(24));
  EXPECT_EQ(after("Fri, 31 Dec 9999 23:59:59 GMT"), absl::Hours(24));
}

TEST(HttpOutcomeTest, PlainHttpIsForThisMachine) {
  for (const char* url : {"https://a.example/x", "http://127.0.0.1:8080/x", "http://[::1]:8080", "http://localhost"}) {
    EXPECT_OK(CheckUrl("url", url)) << url;
  }
  for (const char* url : {"", "a.example", "https://", "ftp://a", "http://a.example", "http://127.0.0.1.evil.example/",
                          "http://localhost@evil.example/", "http://localhost:x@evil.example/"}) {
    EXPECT_THAT(CheckUrl("url", url), StatusIs(absl::StatusCode::kInvalidArgument, "url: ")) << url;
  }
}

// The vector that the libraries of Standard Webhooks and of Svix, which it comes from, are tested with.
TEST(WebhookSignatureTest, IsThatOfStandardWebhooks) {
  ASSERT_OK_AND_ASSIGN(const auto keys, ParseWebhookSecrets("secret_file", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
  EXPECT_EQ(
      SignWebhook(keys, "msg_p5jXN8AQM9LWM0D4loKWxJek", absl::FromUnixSeconds(1614265330), R"({"test": 2432232314})"),
      "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

}  // namespace
}  // namespace campaign::delivery
