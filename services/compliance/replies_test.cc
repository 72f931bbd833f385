#include "services/compliance/replies.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/clock.h"
#include "common/testing/testing.h"
#include "services/compliance/compliance_store.h"

namespace campaign::compliance {
namespace {

using ::campaign::testing::IsOk;
using ::campaign::testing::StatusIs;
using ::campaign::testing::TempDir;
using ::campaign::testing::Utc;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr auto kNone = v1::REPLY_EFFECT_NONE;
constexpr auto kSuppressed = v1::REPLY_EFFECT_SUPPRESSED;
constexpr auto kUnsuppressed = v1::REPLY_EFFECT_UNSUPPRESSED;

const absl::Time kNoon = Utc("2026-06-15 12:00:00");

class RepliesTest : public ::testing::Test {
 protected:
  // An SMS from the same number, written `minute` minutes after noon.
  static v1::Reply Sms(absl::string_view id, absl::string_view text, int minute, absl::string_view brand = "") {
    v1::Reply reply;
    reply.set_reply_id(std::string(id));
    reply.set_channel(v1::CHANNEL_SMS);
    reply.set_address("+1 (206) 555-0199");
    reply.set_text(std::string(text));
    reply.set_brand(std::string(brand));
    *reply.mutable_reply_time() = ToTimestamp(kNoon + absl::Minutes(minute));
    return reply;
  }

  absl::StatusOr<v1::RecordRepliesResponse> Record(const std::vector<v1::Reply>& list) {
    v1::RecordRepliesRequest request;
    for (const v1::Reply& reply : list) *request.add_replies() = reply;
    v1::RecordRepliesResponse response;
    const absl::Status status = database_->Write([&](Connection& connection) {
      ReplyStore replies(connection);
      SuppressionStore suppressions(connection, filter_);
      return RecordReplies(request, keywords_, kNoon + absl::Hours(1), replies, suppressions, response);
    });
    if (!status.ok()) return status;
    return response;
  }

  v1::ReplyEffect One(const v1::Reply& reply) {
    const auto response = Record({reply});
    EXPECT_OK(response);
    return response.ok() ? response->effects(0) : v1::REPLY_EFFECT_UNSPECIFIED;
  }

  // "target channel brand reason source" of every entry.
  std::vector<std::string> List() {
    v1::ListSuppressionsResponse response;
    EXPECT_OK(database_->Read([&](Connection& connection) {
      SuppressionStore(connection, filter_).List(0, 100, response);
      return absl::OkStatus();
    }));
    std::vector<std::string> list;
    for (const v1::Suppression& e : response.suppressions()) {
      list.push_back(absl::StrCat(e.phone_number(), e.address(), e.device(), " ", static_cast<int>(e.channel()), " ",
                                  e.brand(), " ", e.reason(), " ", e.source()));
    }
    return list;
  }

  void AddByHand(absl::string_view number) {
    v1::Suppression entry;
    entry.set_phone_number(std::string(number));
    entry.set_channel(v1::CHANNEL_SMS);
    entry.set_reason("legal");
    entry.set_source("reply");
    EXPECT_OK(database_->Write([&](Connection& connection) {
      SuppressionStore(connection, filter_).Add(entry, *TargetOf(entry, "entry"), kNoon);
      return absl::OkStatus();
    }));
  }

  const TempDir dir_;
  const ReplyKeywords keywords_ = *ReplyKeywords::Parse("", "START,UNSTOP,YES");
  SuppressionFilter filter_;
  const std::unique_ptr<Database> database_ = *ComplianceStore::Open(dir_.File("compliance.db"));

  static constexpr char kEntry[] = "+12065550199 2  replied STOP reply";
};

TEST_F(RepliesTest, StopSuppressesTheNumberAndStartTakesThatAway) {
  EXPECT_EQ(One(Sms("1", "Stop.", 1)), kSuppressed);
  EXPECT_THAT(List(), ElementsAre(kEntry));
  EXPECT_EQ(One(Sms("2", "please don't stop", 2)), kNone);
  EXPECT_EQ(One(Sms("3", "HELP", 3)), kNone);
  EXPECT_THAT(List(), ElementsAre(kEntry));
  EXPECT_EQ(One(Sms("4", "unsubscribe", 4)), kSuppressed) << "once more";
  EXPECT_THAT(List(), ElementsAre(kEntry));
  EXPECT_EQ(One(Sms("5", "start", 5)), kUnsuppressed);
  EXPECT_THAT(List(), IsEmpty());
  EXPECT_EQ(One(Sms("6", "start", 6)), kNone) << "there is nothing to take away";
}

TEST_F(RepliesTest, StopIsForTheChannelThatItCameBy) {
  v1::Reply email = Sms("1", "STOP", 1);
  email.set_channel(v1::CHANNEL_EMAIL);
  email.set_address("Ann@Example.com");
  v1::Reply push = Sms("2", "stop", 1);
  push.set_channel(v1::CHANNEL_PUSH);
  push.set_address("TokenABC");
  v1::Reply chat = Sms("3", "quit", 1);
  chat.set_channel(v1::CHANNEL_CHAT);
  chat.set_address("chat-42");
  ASSERT_OK(Record({email, push, chat}));
  EXPECT_THAT(List(), ElementsAre("ann@example.com 1  replied STOP reply", "TokenABC 3  replied STOP reply",
                                  "chat-42 4  replied STOP reply"));
}

TEST_F(RepliesTest, AReplyThatIsKnownChangesNothingAndSaysWhatItDid) {
  EXPECT_EQ(One(Sms("1", "STOP", 1)), kSuppressed);
  EXPECT_EQ(One(Sms("2", "START", 2)), kUnsuppressed);
  EXPECT_EQ(One(Sms("1", "STOP", 1)), kSuppressed);
  EXPECT_EQ(One(Sms("1", "STOP", 30)), kSuppressed) << "also where the provider says something else of it now";
  EXPECT_THAT(List(), IsEmpty());
  EXPECT_EQ(One(Sms("2", "START", 2)), kUnsuppressed);
  const auto twice = Record({Sms("3", "hello", 3), Sms("3", "STOP", 3)});
  ASSERT_OK(twice);
  EXPECT_THAT(twice->effects(), ElementsAre(kNone, kNone));
}

TEST_F(RepliesTest, TheOneWrittenLaterCountsWhicheverComesFirst) {
  EXPECT_EQ(One(Sms("start", "START", 10)), kNone);
  EXPECT_EQ(One(Sms("old stop", "STOP", 9)), kNone);
  EXPECT_THAT(List(), IsEmpty());
  EXPECT_EQ(One(Sms("new stop", "STOP", 20)), kSuppressed);
  EXPECT_EQ(One(Sms("old start", "START", 15)), kNone);
  EXPECT_THAT(List(), ElementsAre(kEntry));
  EXPECT_EQ(One(Sms("older stop", "STOP", 12)), kNone);
  EXPECT_EQ(One(Sms("start between", "START", 13)), kNone) << "the later of the two STOPs counts";
  EXPECT_THAT(List(), ElementsAre(kEntry));
}

TEST_F(RepliesTest, OfTheSameMomentStopCounts) {
  EXPECT_EQ(One(Sms("1", "START", 10)), kNone);
  EXPECT_EQ(One(Sms("2", "STOP", 10)), kSuppressed);
  EXPECT_EQ(One(Sms("3", "START", 10)), kNone);
  EXPECT_THAT(List(), ElementsAre(kEntry));
}

TEST_F(RepliesTest, StartLeavesAloneWhatSomebodyElseHasAdded) {
  AddByHand("+12065550199");
  EXPECT_EQ(One(Sms("1", "START", 1)), kNone);
  EXPECT_EQ(One(Sms("2", "STOP", 2)), kSuppressed);
  EXPECT_THAT(List(), ElementsAre("+12065550199 2  legal reply", kEntry));
  EXPECT_EQ(One(Sms("3", "START", 3)), kUnsuppressed);
  EXPECT_THAT(List(), ElementsAre("+12065550199 2  legal reply"));
}

TEST_F(RepliesTest, WhatIsAddedAfterAStopOutlivesTheStart) {
  EXPECT_EQ(One(Sms("1", "STOP", 1)), kSuppressed);
  AddByHand("+12065550199");
  EXPECT_EQ(One(Sms("2", "START", 2)), kUnsuppressed);
  EXPECT_THAT(List(), ElementsAre("+12065550199 2  legal reply"));
}

TEST_F(RepliesTest, BrandsAreStoppedEachForItself) {
  EXPECT_EQ(One(Sms("1", "STOP", 1, "Acme")), kSuppressed);
  EXPECT_EQ(One(Sms("2", "STOP", 2, "Other")), kSuppressed);
  EXPECT_EQ(One(Sms("3", "STOP", 3)), kSuppressed);
  EXPECT_EQ(One(Sms("4", "START", 4, "Acme")), kUnsuppressed);
  EXPECT_THAT(List(), ElementsAre("+12065550199 2 Other replied STOP reply", kEntry));
  EXPECT_EQ(One(Sms("5", "STOP", 3, "Acme")), kNone) << "written before that START";
  EXPECT_EQ(One(Sms("6", "START", 5)), kUnsuppressed) << "to all of them";
  EXPECT_THAT(List(), IsEmpty());
  EXPECT_EQ(One(Sms("7", "STOP", 4, "Other")), kNone);
  EXPECT_EQ(One(Sms("8", "STOP", 6, "Other")), kSuppressed);
}

TEST_F(RepliesTest, RefusesWhatSaysNotFromWhomOrWhen) {
  const auto kInvalid = absl::StatusCode::kInvalidArgument;
  v1::Reply reply = Sms("1", "STOP", 1);
  reply.set_address("0151 234567");
  EXPECT_THAT(Record({Sms("0", "STOP", 1), reply}),
              StatusIs(kInvalid, "replies[1].address: \"0151 234567\" is no telephone number with a country code"));
  EXPECT_THAT(List(), IsEmpty()) << "nothing of a refused request stands";
  reply = Sms("1", "STOP", 1);
  reply.clear_channel();
  EXPECT_THAT(Record({reply}), StatusIs(kInvalid, "replies[0].channel"));
  reply = Sms("1", "STOP", 1);
  reply.clear_reply_time();
  EXPECT_THAT(Record({reply}), StatusIs(kInvalid, "replies[0].reply_time: none must be set"));
  EXPECT_THAT(Record({Sms("1", "START", 121)}), StatusIs(kInvalid, "is more than an hour in the future"));
  reply.set_channel(v1::CHANNEL_CHAT);
  reply.set_address(" ");
  *reply.mutable_reply_time() = ToTimestamp(kNoon);
  EXPECT_THAT(Record({reply}), StatusIs(kInvalid, "replies[0].address: \" \" is blank"));
}

}  // namespace
}  // namespace campaign::compliance
