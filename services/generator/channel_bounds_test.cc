#include "services/generator/channel_bounds.h"

#include "common/testing/testing.h"

namespace campaign::generator {
namespace {

v1::Message Text(const std::string& text) {
  v1::Message message;
  message.set_text(text);
  return message;
}

TEST(CheckSms, AllowsAsManySegmentsAsConfigured) {
  v1::Message message = Text(std::string(459, 'a'));
  EXPECT_FALSE(CheckSms(3, message).has_value());
  EXPECT_EQ(message.notes_size(), 0);
  message = Text(std::string(460, 'a'));
  const auto error = CheckSms(3, message);
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->code(), 9);
  EXPECT_EQ(error->reason(), "SMS_TOO_LONG");
  EXPECT_EQ(error->message(), "the SMS takes 4 segments (460 septets), above 3");
}

TEST(CheckSms, NotesTheCharacterThatForcesUcs2) {
  v1::Message message = Text(std::string(99, 'a') + "’");
  EXPECT_FALSE(CheckSms(3, message).has_value());
  ASSERT_EQ(message.notes_size(), 1);
  EXPECT_EQ(message.notes(0).code(), "SMS_UCS2");
  EXPECT_EQ(message.notes(0).text(), "\"’\" is not in the GSM alphabet: 2 segments instead of 1");
  EXPECT_EQ(message.notes(0).facts(0).value(), "’");
  message = Text(std::string(202, 'a') + "’");
  EXPECT_EQ(CheckSms(3, message)->message(),
            "the SMS takes 4 segments (203 units of UCS-2), above 3; 2 without \"’\" and the like");
}

TEST(CheckPush, RefusesWhatPushServicesDoNotCarry) {
  v1::Message message = Text(std::string(3999, 'a'));
  message.set_title("b");
  EXPECT_FALSE(CheckPush(message).has_value());
  message.set_text(std::string(4000, 'a'));
  const auto error = CheckPush(message);
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->reason(), "PUSH_TOO_LARGE");
  EXPECT_EQ(error->message(), "the push message is 4097 bytes of JSON, above 4096");
  message.set_text(std::string(2100, '"'));
  EXPECT_TRUE(CheckPush(message).has_value()) << "a quote takes two bytes in JSON";
}

TEST(CheckPush, NotesWhatPhonesCutOff) {
  std::string umlauts;
  for (int i = 0; i < 65; ++i) umlauts += "ü";
  v1::Message message = Text("Short");
  message.set_title(umlauts);
  EXPECT_FALSE(CheckPush(message).has_value());
  EXPECT_EQ(message.notes_size(), 0) << "65 characters of two bytes";
  message.set_title(umlauts + "x");
  message.set_text(std::string(241, 'a'));
  EXPECT_FALSE(CheckPush(message).has_value());
  ASSERT_EQ(message.notes_size(), 2);
  EXPECT_EQ(message.notes(0).code(), "PUSH_CUT");
  EXPECT_EQ(message.notes(0).text(), "the title has 66 characters; phones show about 65");
  EXPECT_EQ(message.notes(1).text(), "the text has 241 characters; phones show about 240");
}

}  // namespace
}  // namespace campaign::generator
