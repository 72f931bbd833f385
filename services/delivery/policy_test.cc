#include <string>

#include "common/testing/fake_clock.h"
#include "common/testing/testing.h"
#include "services/delivery/counting_sender.h"
#include "services/delivery/idempotency_key.h"
#include "services/delivery/retry_policy.h"
#include "services/delivery/sender_options.h"

namespace campaign::delivery {
namespace {

using ::campaign::testing::FakeClock;
using ::campaign::testing::StatusIs;
using ::campaign::testing::Utc;

TEST(RetryDelay, DoublesUpToTheCapWithFullJitter) {
  const RetryPolicy policy{.max_attempts = 8, .base = absl::Seconds(30), .cap = absl::Minutes(5)};
  const auto delay = [&](int attempt, double uniform) { return RetryDelay(policy, attempt, {}, uniform); };
  EXPECT_EQ(delay(1, 0.5), absl::Seconds(15));
  EXPECT_EQ(delay(2, 0.5), absl::Seconds(30));
  EXPECT_EQ(delay(3, 0.5), absl::Minutes(1));
  EXPECT_EQ(delay(5, 0.5), absl::Seconds(150));
  EXPECT_EQ(delay(1000, 0.5), absl::Seconds(150));
  EXPECT_EQ(delay(3, 0), absl::ZeroDuration());
}

TEST(RetryDelay, IsNotLessThanTheProviderAsksForAndNotTheSameForAll) {
  EXPECT_EQ(RetryDelay({}, 1, absl::Minutes(2), 0), absl::Minutes(2));
  EXPECT_EQ(RetryDelay({}, 1, absl::Minutes(2), 0.5), absl::Minutes(2) + absl::Seconds(15));
  EXPECT_EQ(RetryDelay({}, 7, absl::Seconds(1), 0.5), absl::Minutes(16) + absl::Seconds(1));
}

TEST(RetryDelay, DoesNotBelieveEverythingThatAProviderAsksFor) {
  EXPECT_EQ(RetryDelay({}, 1, absl::Hours(24 * 365), 0), absl::Hours(24));
  EXPECT_EQ(RetryDelay({}, 1, absl::InfiniteDuration(), 0), absl::Hours(24));
  EXPECT_EQ(RetryDelay({}, 1, -absl::Hours(1), 0), absl::ZeroDuration());
}

TEST(IdempotencyKey, ReadsLikeTheRunWhereItCan) {
  EXPECT_EQ(IdempotencyKey("run-1_a", v1::CHANNEL_EMAIL), "run-1_a.email");
  EXPECT_EQ(IdempotencyKey("run-1_a", v1::CHANNEL_SMS), "run-1_a.sms");
}

TEST(IdempotencyKey, IsSafeWhateverTheRunIsCalled) {
  EXPECT_EQ(IdempotencyKey("abc/../d", v1::CHANNEL_PUSH),
            "ba774d59f8428edf088a439df1c8ba36ce5e2859319a6d7df63f9ef384c09160.sha256.push")
      << "must never change: it is how a message sent once is known again";
  for (const char* id : {"../../etc/passwd", "a b", "a@b", "a.email", "\r\nBcc: x", "ö", "x.sha256"}) {
    const std::string key = IdempotencyKey(id, v1::CHANNEL_EMAIL);
    EXPECT_EQ(key.find_first_not_of("abcdef0123456789.shmil"), std::string::npos) << key;
    EXPECT_LE(key.size(), 128);
  }
  EXPECT_NE(IdempotencyKey("a/b", v1::CHANNEL_EMAIL), IdempotencyKey("a:b", v1::CHANNEL_EMAIL));
}

TEST(CountingSender, CountsAndAccepts) {
  CountingSender sender;
  const v1::Message message;
  const std::vector<OutgoingMessage> messages(3, {&message, "k", absl::UnixEpoch()});
  EXPECT_EQ(sender.Send(messages).size(), 3);
  sender.Send(messages);
  EXPECT_EQ(sender.count(), 6);
  EXPECT_FALSE(sender.deduplicates());
}

TEST(Refusal, NamesWhatNoSenderCanSend) {
  v1::Message message;
  EXPECT_EQ(Refusal(message)->code, "CHANNEL_UNSUPPORTED");
  message.set_channel(v1::CHANNEL_CHAT);
  EXPECT_EQ(Refusal(message)->code, "ADDRESS_MISSING");
  message.set_address("chat-1");
  EXPECT_EQ(Refusal(message)->code, "MESSAGE_EMPTY");
  message.set_text("Hi");
  EXPECT_FALSE(Refusal(message).has_value());
}

TEST(OneProvider, NamesTheFlagThatIsMissing) {
  EXPECT_THAT(OneProvider("", {}), StatusIs(absl::StatusCode::kInvalidArgument, "--provider: "));
  EXPECT_THAT(OneProvider("smoke", {}), StatusIs(absl::StatusCode::kInvalidArgument, "smoke is neither"));
  EXPECT_THAT(OneProvider("spool", {}), StatusIs(absl::StatusCode::kInvalidArgument, "--spool is required"));
  EXPECT_THAT(OneProvider("spool", {"x", ""}),
              StatusIs(absl::StatusCode::kInvalidArgument, "--sender_address is required"));
}

TEST(OneProvider, IsForAllChannelsUnderItsKindsName) {
  const FakeClock clock(Utc("2026-06-15 12:00:00"));
  ASSERT_OK_AND_ASSIGN(const ProvidersConfig config, OneProvider("count", {}));
  ASSERT_OK_AND_ASSIGN(const ProviderRouter router, MakeRouter(config, clock));
  for (const v1::Channel channel : {v1::CHANNEL_EMAIL, v1::CHANNEL_SMS, v1::CHANNEL_PUSH, v1::CHANNEL_CHAT}) {
    EXPECT_EQ(router.PreferredName(channel, "k"), "count");
  }
}

}  // namespace
}  // namespace campaign::delivery
