#include "tools/campaignctl/words.h"

#include "campaign/v1/campaigns.pb.h"
#include "campaign/v1/orchestrator.pb.h"
#include "common/testing/testing.h"

namespace campaign::ctl {
namespace {

using testing::StatusIs;

TEST(EnumText, LeavesThePrefixOut) {
  EXPECT_EQ(EnumText(v1::CUSTOMER_RUN_STATE_WAITING_REVIEW), "WAITING_REVIEW");
  EXPECT_EQ(EnumText(v1::VERDICT_ALLOW), "ALLOW");
  EXPECT_EQ(EnumText(*v1::Verdict_descriptor(), 77), "77");
}

TEST(ParseEnum, TakesAnyCaseWithAndWithoutPrefix) {
  EXPECT_EQ(*ParseEnum<v1::CustomerRunState>("no_action"), v1::CUSTOMER_RUN_STATE_NO_ACTION);
  EXPECT_EQ(*ParseEnum<v1::CustomerRunState>("CUSTOMER_RUN_STATE_FAILED"), v1::CUSTOMER_RUN_STATE_FAILED);
  EXPECT_THAT(ParseEnum<v1::Channel>("fax"),
              StatusIs(absl::StatusCode::kInvalidArgument, "'fax' is not known; known: email, sms, push, chat"));
}

TEST(ParseDurationText, AddsUnitsUp) {
  EXPECT_EQ(*ParseDurationText("72h"), absl::Hours(72));
  EXPECT_EQ(*ParseDurationText("1w2d"), absl::Hours(9 * 24));
  EXPECT_EQ(*ParseDurationText("0s"), absl::ZeroDuration());
  EXPECT_EQ(*ParseDurationText("250ms"), absl::Milliseconds(250));
}

TEST(ParseDurationText, RefusesWhatHasNoUnitOrIsNegative) {
  for (const char* text : {"", "5", "h", "-5h", "5 h", "5y", "1..5h", "9e9h"}) {
    EXPECT_THAT(ParseDurationText(text), StatusIs(absl::StatusCode::kInvalidArgument, "is no duration")) << text;
  }
}

TEST(Printable, ShowsControlCharactersInsteadOfObeyingThem) {
  EXPECT_EQ(Printable("plain Grüße ✓\n\tx"), "plain Grüße ✓\n\tx");
  EXPECT_EQ(Printable("a\x1b[2Jb\r"), "a<U+001B>[2Jb<U+000D>");
  // A right-to-left override, the one-byte CSI as UTF-8, and as a stray byte.
  EXPECT_EQ(Printable("\xE2\x80\xAE\xC2\x9B\x9B"), "<U+202E><U+009B><U+009B>");
}

}  // namespace
}  // namespace campaign::ctl
