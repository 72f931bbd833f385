#include "services/compliance/frequency_cap.h"

#include "absl/strings/str_cat.h"
#include "common/testing/testing.h"

namespace campaign::compliance {
namespace {

using ::campaign::testing::ParseProto;
using ::campaign::testing::StatusIs;
using ::campaign::testing::Utc;

constexpr v1::MessageClass kMarketing = v1::MESSAGE_CLASS_MARKETING;
constexpr v1::MessageClass kTransactional = v1::MESSAGE_CLASS_TRANSACTIONAL;

absl::Time Now() { return Utc("2026-06-15 12:00:00"); }

CompiledCap Cap(absl::string_view text) {
  auto cap = CompiledCap::Compile(ParseProto<v1::FrequencyCap>(text), "config.frequency_caps[0]");
  EXPECT_OK(cap);
  return *cap;
}

Contact At(absl::Duration ago, v1::Channel channel = v1::CHANNEL_EMAIL, v1::MessageClass message_class = kMarketing,
           int64_t campaign = 1) {
  return {.campaign_id = campaign, .channel = channel, .message_class = message_class, .time = Now() - ago};
}

Findings Check(const CompiledCap& cap, const std::vector<Contact>& contacts, const Contact& next) {
  Findings findings;
  CheckFrequencyCaps(absl::MakeConstSpan(&cap, 1), contacts, next, Now(), findings);
  return findings;
}

bool Blocked(const CompiledCap& cap, const std::vector<Contact>& contacts, const Contact& next = At({})) {
  return WorstVerdict(Check(cap, contacts, next)) == v1::VERDICT_BLOCK;
}

TEST(FrequencyCap, BlocksOnceItsCountIsReached) {
  const CompiledCap cap = Cap("max_messages: 2 window { seconds: 604800 }");
  EXPECT_FALSE(Blocked(cap, {}));
  EXPECT_FALSE(Blocked(cap, {At(absl::Hours(1))}));
  EXPECT_TRUE(Blocked(cap, {At(absl::Hours(1)), At(absl::Hours(2))}));
}

TEST(FrequencyCap, NamesCapCountAndWindow) {
  const Findings findings = Check(Cap("channel: CHANNEL_EMAIL message_class: MESSAGE_CLASS_MARKETING max_messages: 1 "
                                      "window { seconds: 604800 }"),
                                  {At(absl::Hours(1))}, At({}));
  ASSERT_EQ(findings.list.size(), 1u);
  const v1::Reason& reason = findings.list[0].reason;
  EXPECT_EQ(reason.code(), "FREQUENCY_CAP_REACHED");
  EXPECT_EQ(reason.text(), "At most 1 marketing message by email in 7 days; the customer has had 1 or has them coming");
  EXPECT_EQ(reason.facts(1).value(), "1");
  EXPECT_EQ(reason.facts(2).value(), "7 days");
}

TEST(FrequencyCap, WindowRolls) {
  const CompiledCap cap = Cap("max_messages: 1 window { seconds: 3600 }");
  EXPECT_TRUE(Blocked(cap, {At(absl::Hours(1) - absl::Microseconds(1))}));
  EXPECT_FALSE(Blocked(cap, {At(absl::Hours(1))}));
}

TEST(FrequencyCap, OfAChannelCountsAndStopsThatChannelAlone) {
  const CompiledCap cap = Cap("channel: CHANNEL_SMS max_messages: 1 window { seconds: 3600 }");
  EXPECT_FALSE(Blocked(cap, {At(absl::Minutes(1), v1::CHANNEL_EMAIL)}, At({}, v1::CHANNEL_SMS)));
  EXPECT_TRUE(Blocked(cap, {At(absl::Minutes(1), v1::CHANNEL_SMS)}, At({}, v1::CHANNEL_SMS)));
  EXPECT_FALSE(Blocked(cap, {At(absl::Minutes(1), v1::CHANNEL_SMS)}, At({}, v1::CHANNEL_EMAIL)));
}

TEST(FrequencyCap, OfMarketingLeavesTransactionalAlone) {
  const CompiledCap marketing = Cap("message_class: MESSAGE_CLASS_MARKETING max_messages: 1 window { seconds: 3600 }");
  const Contact transactional = At({}, v1::CHANNEL_EMAIL, kTransactional);
  EXPECT_FALSE(Blocked(marketing, {At(absl::Minutes(1))}, transactional));
  EXPECT_FALSE(Blocked(marketing, {transactional}, At({})));
  const CompiledCap any = Cap("max_messages: 1 window { seconds: 3600 }");
  EXPECT_TRUE(Blocked(any, {At(absl::Minutes(1))}, transactional));
  EXPECT_TRUE(Blocked(any, {transactional}, At({})));
  const CompiledCap own = Cap("message_class: MESSAGE_CLASS_TRANSACTIONAL max_messages: 1 window { seconds: 3600 }");
  EXPECT_TRUE(Blocked(own, {transactional}, transactional));
}

TEST(FrequencyCap, OfThisCampaignDoesNotCountOthers) {
  const CompiledCap cap = Cap("this_campaign_only: true max_messages: 1 window { seconds: 3600 }");
  EXPECT_FALSE(Blocked(cap, {At(absl::Minutes(1), v1::CHANNEL_EMAIL, kMarketing, 2)}));
  EXPECT_TRUE(Blocked(cap, {At(absl::Minutes(1), v1::CHANNEL_EMAIL, kMarketing, 1)}));
}

TEST(FrequencyCap, OfNoneAllowsNone) { EXPECT_TRUE(Blocked(Cap("window { seconds: 60 }"), {})); }

TEST(FrequencyCap, RefusesAWindowOutOfBounds) {
  for (const char* window : {"", "window {}", "window { seconds: -1 }", "window { seconds: 31708800 }"}) {
    EXPECT_THAT(CompiledCap::Compile(ParseProto<v1::FrequencyCap>(absl::StrCat("max_messages: 1 ", window)),
                                     "config.frequency_caps[3]"),
                StatusIs(absl::StatusCode::kInvalidArgument, "config.frequency_caps[3].window: "))
        << window;
  }
}

}  // namespace
}  // namespace campaign::compliance
