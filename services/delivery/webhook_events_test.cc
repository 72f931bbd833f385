#include "services/delivery/webhook_events.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/testing/testing.h"

namespace campaign::delivery {
namespace {

using ::campaign::testing::StatusIs;
using ::campaign::testing::Utc;
using ::testing::SizeIs;

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;
const absl::Time kNow = Utc("2026-06-15 12:00:00");

absl::StatusOr<Callback> Read(const std::string& body) { return ReadWebhookEvents(body, "msg_1", kNow); }

CallbackEvent ReadOne(const std::string& body) {
  const auto callback = Read(body);
  EXPECT_OK(callback);
  EXPECT_TRUE(!callback.ok() || callback->events.size() == 1u);
  return callback.ok() && !callback->events.empty() ? callback->events[0] : CallbackEvent();
}

TEST(WebhookEvents, ReadsAWholeEvent) {
  const CallbackEvent event = ReadOne(R"({"type": "bounced", "timestamp": "2026-06-15T13:30:00.5+02:00", "data":
      {"id": "evt-1", "message_id": "m-1", "idempotency_key": "r1-0.email", "address": "ann@example.com",
       "text": "550 no such user", "bounce": "hard", "unknown": [1, {"a": null}]}, "other": 1e300})");
  EXPECT_EQ(event.kind, v1::FEEDBACK_KIND_HARD_BOUNCE);
  EXPECT_EQ(event.event_id, "evt-1");
  EXPECT_EQ(event.provider_message_id, "m-1");
  EXPECT_EQ(event.idempotency_key, "r1-0.email");
  EXPECT_EQ(event.address, "ann@example.com");
  EXPECT_EQ(event.text, "550 no such user");
  EXPECT_EQ(event.event_time, Utc("2026-06-15 11:30:00") + absl::Milliseconds(500));
}

TEST(WebhookEvents, KnowsEveryType) {
  const struct {
    const char* type;
    v1::FeedbackKind kind;
  } kRows[] = {
      {"delivered", v1::FEEDBACK_KIND_DELIVERED}, {"complained", v1::FEEDBACK_KIND_COMPLAINT},
      {"opened", v1::FEEDBACK_KIND_OPENED},       {"clicked", v1::FEEDBACK_KIND_CLICKED},
      {"replied", v1::FEEDBACK_KIND_REPLIED},     {"unsubscribed", v1::FEEDBACK_KIND_UNSUBSCRIBED},
  };
  for (const auto& row : kRows) {
    const CallbackEvent event = ReadOne(absl::StrCat(R"({"type":")", row.type, R"(","data":{"message_id":"m"}})"));
    EXPECT_EQ(event.kind, row.kind) << row.type;
    EXPECT_EQ(event.event_id, "msg_1");
    EXPECT_EQ(event.event_time, kNow);
  }
}

TEST(WebhookEvents, BouncesAreHardOrSoftByWordOrByStatus) {
  const struct {
    const char* data;
    v1::FeedbackKind kind;
  } kRows[] = {
      {R"("bounce":"hard")", v1::FEEDBACK_KIND_HARD_BOUNCE},
      {R"("bounce":"soft","status":"5.1.1")", v1::FEEDBACK_KIND_SOFT_BOUNCE},
      {R"("status":"5.1.1")", v1::FEEDBACK_KIND_HARD_BOUNCE},
      {R"("status":"5.2.2")", v1::FEEDBACK_KIND_SOFT_BOUNCE},
      {R"("status":"4.4.7","bounce":null)", v1::FEEDBACK_KIND_SOFT_BOUNCE},
  };
  for (const auto& row : kRows) {
    EXPECT_EQ(ReadOne(absl::StrCat(R"({"type":"bounced","data":{"address":"a@b.c",)", row.data, "}}")).kind, row.kind);
  }
  EXPECT_THAT(Read(R"({"type":"bounced","data":{"address":"a@b.c"}})"), StatusIs(kInvalid, "body.data.bounce"));
  EXPECT_THAT(Read(R"({"type":"bounced","data":{"address":"a@b.c","bounce":"medium","status":"5.1.1"}})"),
              StatusIs(kInvalid, "body.data.bounce: \"medium\" is neither hard nor soft"));
}

TEST(WebhookEvents, AnArraysEventsAreToldApart) {
  const auto callback = Read(R"([{"type":"opened","data":{"message_id":"a"}}, {"type":"rendered"},
      {"type":"opened","data":{"message_id":"b"}}, {"type":"opened","data":{"message_id":"c","id":"evt-9"}}])");
  ASSERT_OK(callback);
  ASSERT_THAT(callback->events, SizeIs(3));
  EXPECT_EQ(callback->events[0].event_id, "msg_1#0");
  EXPECT_EQ(callback->events[1].event_id, "msg_1#2");
  EXPECT_EQ(callback->events[2].event_id, "evt-9");
  EXPECT_EQ(callback->ignored_count, 1);
}

TEST(WebhookEvents, EventsFromTheFutureAreFromNow) {
  EXPECT_EQ(ReadOne(R"({"type":"opened","timestamp":"2030-01-01T00:00:00Z","data":{"message_id":"a"}})").event_time,
            kNow);
}

TEST(WebhookEvents, LongTextsAreCutBetweenCharacters) {
  std::string text(2047, 'x');
  text.append("ü and more");
  EXPECT_EQ(ReadOne(absl::StrCat(R"({"type":"replied","data":{"address":"a@b.c","text":")", text, R"("}})")).text,
            std::string(2047, 'x'));
}

TEST(WebhookEvents, NamesFieldAndBoundOfWhatIsWrong) {
  const struct {
    const char* body;
    const char* message;
  } kRows[] = {
      {"1", "body: number is no object"},
      {"[1]", "body[0]: number is no object"},
      {"{}", ""},
      {R"({"type":1})", "body.type: number is no string"},
      {R"({"type":"opened"})", "body.data: the event has no object there"},
      {R"([{"type":"opened","data":[]}])", "body[0].data: the event has no object there"},
      {R"({"type":"opened","data":{}})", "names neither message_id nor idempotency_key nor address"},
      {R"({"type":"opened","data":{"message_id":7}})", "body.data.message_id: number is no string"},
      {R"({"type":"opened","data":{"message_id":"a b"}})", "body.data.message_id: a text of 3 bytes is above 256"},
      {R"({"type":"opened","data":{"address":"a\u0000b"}})", "body.data.address: a text of 3 bytes is above 320"},
      {R"({"type":"opened","timestamp":"yesterday","data":{"message_id":"a"}})",
       "body.timestamp: yesterday is no time"},
      {R"({"type":"opened","timestamp":"1900-01-01T00:00:00Z","data":{"message_id":"a"}})", "since 1970"},
  };
  for (const auto& row : kRows) {
    if (*row.message == '\0') {
      EXPECT_EQ(Read(row.body)->ignored_count, 1);
    } else {
      EXPECT_THAT(Read(row.body), StatusIs(kInvalid, row.message)) << row.body;
    }
  }
}

TEST(WebhookEvents, HostileBodiesAreRefused) {
  const std::string long_name =
      absl::StrCat(R"({"type":"opened","data":{"message_id":")", std::string(257, 'x'), "\"}}");
  const struct {
    std::string body;
    const char* message;
  } kRows[] = {
      {"", "are no JSON"},
      {"{", "are no JSON"},
      {R"({"type":"opened"} x)", "are no JSON"},
      {"{\"type\":\"\xff\xfe\"}", "are no JSON"},
      {"{\"type\":\"\xed\xa0\x80\"}", "are no JSON"},
      {R"({"type":"\ud800"})", "are no JSON"},
      {R"({"type":"x","a":1e999999})", "are no JSON"},
      {R"({"type":"x","a":NaN})", "are no JSON"},
      {R"({"type":"opened","type":"clicked"})", "the same name twice"},
      {R"({"type":"opened","data":{"message_id":"a","x":{"b":1},"message_id":"b"}})", "the same name twice"},
      {std::string(200'000, '['), "nested more than 8 deep"},
      {std::string(100'000, '[') + std::string(100'000, ']'), "nested more than 8 deep"},
      {R"({"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":1}}}}}}}}})", "nested more than 8 deep"},
      {long_name, "a text of 257 bytes is above 256"},
  };
  for (const auto& row : kRows) EXPECT_THAT(Read(row.body), StatusIs(kInvalid, row.message)) << row.body.substr(0, 80);
}

TEST(WebhookEvents, AsMuchAsIsTakenAndNoMore) {
  std::string events = "[";
  for (int i = 0; i < 500; ++i) absl::StrAppend(&events, i == 0 ? "" : ",", R"({"type":"x"})");
  EXPECT_EQ(Read(events + "]")->ignored_count, 500);
  EXPECT_THAT(Read(events + R"(,{"type":"x"}])"), StatusIs(kInvalid, "body: 501 events are above 500"));
  // Numbers that no double holds exactly stay of no interest.
  EXPECT_EQ(Read(R"({"type":"x","a":123456789012345678901234567890})")->ignored_count, 1);
  EXPECT_EQ(Read(R"({"a":{"a":{"a":{"a":{"a":{"a":{"a":{}}}}}}}})")->ignored_count, 1);
}

}  // namespace
}  // namespace campaign::delivery
