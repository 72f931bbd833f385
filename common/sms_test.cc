#include "common/sms.h"

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace campaign {
namespace {

std::string Times(int count, absl::string_view text) {
  std::string all;
  for (int i = 0; i < count; ++i) absl::StrAppend(&all, text);
  return all;
}

void ExpectSize(const std::string& text, bool ucs2, int units, int segments) {
  const SmsSize size = MeasureSms(text);
  EXPECT_EQ(size.ucs2, ucs2) << text;
  EXPECT_EQ(size.units, units) << text;
  EXPECT_EQ(size.segments, segments) << text;
}

TEST(Sms, NoTextIsNoSegment) { ExpectSize("", false, 0, 0); }

TEST(Sms, OneSegmentHolds160SeptetsAndSeveral153Each) {
  ExpectSize(Times(160, "a"), false, 160, 1);
  ExpectSize(Times(161, "a"), false, 161, 2);
  ExpectSize(Times(306, "a"), false, 306, 2);
  ExpectSize(Times(307, "a"), false, 307, 3);
}

TEST(Sms, OneUcs2SegmentHolds70UnitsAndSeveral67Each) {
  ExpectSize(Times(70, "я"), true, 70, 1);
  ExpectSize(Times(71, "я"), true, 71, 2);
  ExpectSize(Times(134, "я"), true, 134, 2);
  ExpectSize(Times(135, "я"), true, 135, 3);
}

TEST(Sms, TheEuroSignTakesTwoSeptets) {
  ExpectSize("10 €", false, 5, 1);
  ExpectSize(Times(80, "€"), false, 160, 1);
  ExpectSize(absl::StrCat(Times(80, "€"), "a"), false, 161, 2);
}

TEST(Sms, EveryCharacterOfTheExtensionTableTakesTwoSeptets) {
  for (const char* character : {"^", "{", "}", "\\", "[", "~", "]", "|", "€", "\f"}) {
    ExpectSize(character, false, 2, 1);
  }
}

TEST(Sms, AnExtensionPairIsNotTornApartAtTheEndOfASegment) {
  // 152 septets and a pair leave one septet of the first segment empty: 152, 2 + 151, 2.
  ExpectSize(absl::StrCat(Times(152, "a"), "€", Times(151, "b")), false, 305, 2);
  ExpectSize(absl::StrCat(Times(152, "a"), "€", Times(151, "b"), "c"), false, 306, 3);
}

TEST(Sms, AnEmojiIsNotTornApartAtTheEndOfASegment) {
  ExpectSize("😀", true, 2, 1);
  ExpectSize(absl::StrCat(Times(66, "я"), "😀", Times(65, "я")), true, 133, 2);
  ExpectSize(absl::StrCat(Times(66, "я"), "😀", Times(66, "я")), true, 134, 3);
  // 67 = 33 emoji and a unit that stays empty.
  ExpectSize(Times(35, "😀"), true, 70, 1);
  ExpectSize(Times(36, "😀"), true, 72, 2);
  ExpectSize(Times(67, "😀"), true, 134, 3);
}

TEST(Sms, TheDefaultAlphabetIsThatOf3gppTs23038) {
  const std::string alphabet =
      "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
      "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
  ExpectSize(alphabet, false, 127, 1);  // 128 places, one of which is the escape to the extension table.
}

TEST(Sms, NamesTheFirstCharacterThatForcesUcs2) {
  EXPECT_EQ(MeasureSms("Grüße, 5 €").forcing, "");
  EXPECT_EQ(MeasureSms("It’s “new”").forcing, "’");
  EXPECT_EQ(MeasureSms("ça va").forcing, "ç") << "only the capital is in the alphabet";
  EXPECT_EQ(MeasureSms("a`b").forcing, "`");
  EXPECT_EQ(MeasureSms("a\tb").forcing, "\t");
  EXPECT_EQ(MeasureSms("Hi 🦊!").forcing, "🦊");
  EXPECT_EQ(MeasureSms("e\xCC\x81").forcing, "\xCC\x81") << "a combining accent";
}

TEST(Sms, SaysWhatItWouldTakeWithoutTheCharacter) {
  const SmsSize size = MeasureSms(absl::StrCat(Times(99, "a"), "’"));
  EXPECT_EQ(size.segments, 2);
  EXPECT_EQ(size.segments_without_forcing, 1);
}

TEST(Sms, BytesThatAreNoUtf8CountAsReplacementCharacters) {
  const SmsSize size = MeasureSms("a\xFF\xC3");
  EXPECT_TRUE(size.ucs2);
  EXPECT_EQ(size.units, 3);
  EXPECT_EQ(size.forcing, "\xEF\xBF\xBD");
}

}  // namespace
}  // namespace campaign
