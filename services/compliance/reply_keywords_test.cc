#include "services/compliance/reply_keywords.h"

#include "common/testing/testing.h"

namespace campaign::compliance {
namespace {

using ::campaign::testing::IsOk;
using ::campaign::testing::StatusIs;

ReplyKeyword Of(absl::string_view text) {
  return ReplyKeywords::Parse("arrêt, stop all", "START,UNSTOP,YES")->Of(text);
}

TEST(ReplyKeywords, StopWhateverTheCaseAndThePunctuation) {
  for (const char* text :
       {"STOP", "stop", "Stop.", " Stop! ", "\"STOP\"", "(stop)", "'stop'", "stop\n", "\xE2\x80\x9Cstop\xE2\x80\x9D",
        "ＳＴＯＰ", "UNSUBSCRIBE", "Cancel", "end", "quit.", "ARRÊT", "Stop  All"}) {
    EXPECT_EQ(static_cast<int>(Of(text)), static_cast<int>(ReplyKeyword::kStop)) << text;
  }
}

TEST(ReplyKeywords, StartTakesItBack) {
  for (const char* text : {"START", "unstop", "Yes!", "  start "}) {
    EXPECT_EQ(static_cast<int>(Of(text)), static_cast<int>(ReplyKeyword::kStart)) << text;
  }
}

TEST(ReplyKeywords, AreTheWholeMessageOrNone) {
  for (const char* text : {"", " ", "...", "please don't stop", "don't stop", "stop it", "nonstop", "stopp", "the end",
                           "HELP", "info", "yes please", "STOP START", "s t o p"}) {
    EXPECT_EQ(static_cast<int>(Of(text)), static_cast<int>(ReplyKeyword::kNone)) << text;
  }
}

TEST(ReplyKeywords, MayNotContradictEachOther) {
  EXPECT_OK(ReplyKeywords::Parse("", ""));
  EXPECT_OK(ReplyKeywords::Parse("stop,STOP", "start"));
  EXPECT_THAT(ReplyKeywords::Parse("", "yes, Stop"),
              StatusIs(absl::StatusCode::kInvalidArgument, "--start_words: Stop is a word that stops"));
  EXPECT_THAT(ReplyKeywords::Parse("help", ""),
              StatusIs(absl::StatusCode::kInvalidArgument, "--stop_words: help asks for help"));
  EXPECT_THAT(ReplyKeywords::Parse("", "INFO"),
              StatusIs(absl::StatusCode::kInvalidArgument, "--start_words: INFO asks"));
  EXPECT_THAT(ReplyKeywords::Parse("!", ""),
              StatusIs(absl::StatusCode::kInvalidArgument, "--stop_words: \"!\" has no letter"));
}

}  // namespace
}  // namespace campaign::compliance
