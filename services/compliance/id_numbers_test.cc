#include "services/compliance/id_numbers.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/testing/testing.h"
#include "services/compliance/folded_text.h"

namespace campaign::compliance {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> KindsIn(absl::string_view text) {
  const std::string folded = FoldedText(text);
  std::vector<std::string> kinds;
  FindIdNumbers(folded, [&](const IdNumber& number) { kinds.emplace_back(number.kind); });
  return kinds;
}

struct Case {
  const char* name;
  const char* text;
  const char* kind;  // Empty: none.
};

class IdNumbers : public ::testing::TestWithParam<Case> {};

TEST_P(IdNumbers, AreFoundWhereverTheyStand) {
  const Case& c = GetParam();
  for (const auto& [before, after] :
       {std::pair("", ""), std::pair("Ihre Nummer: ", " danke"), std::pair("Bought 3 for (", ").")}) {
    const std::string text = absl::StrCat(before, c.text, after);
    if (absl::string_view(c.kind).empty()) {
      EXPECT_THAT(KindsIn(text), IsEmpty()) << text;
    } else {
      EXPECT_THAT(KindsIn(text), ElementsAre(c.kind)) << text;
    }
  }
}

// Published test numbers of the schemes; others are made to pass.
INSTANTIATE_TEST_SUITE_P(
    Cards, IdNumbers,
    ::testing::Values(
        Case{"Visa", "4111111111111111", "payment card"}, Case{"VisaInGroups", "4111 1111 1111 1111", "payment card"},
        Case{"VisaWithDashes", "4012-8888-8888-1881", "payment card"},
        Case{"VisaWithDots", "4012.8888.8888.1881", "payment card"},
        Case{"VisaBehindAnotherNumber", "12 4111 1111 1111 1111 12/29", "payment card"},
        Case{"VisaWithNoBreakSpaces", "4111\u00a01111\u00a01111\u00a01111", "payment card"},
        Case{"VisaInFullWidth", "４１１１１１１１１１１１１１１１", "payment card"},
        Case{"VisaOf13", "4222222222222", "payment card"}, Case{"Mastercard", "5555 5555 5555 4444", "payment card"},
        Case{"MastercardOf2017", "2223003122003222", "payment card"},
        Case{"AmericanExpress", "3782 822463 10005", "payment card"},
        Case{"Diners", "3056 9309 0259 04", "payment card"}, Case{"Discover", "6011111111111117", "payment card"},
        Case{"Jcb", "3530111333300000", "payment card"}, Case{"WrongChecksum", "4111111111111112", ""},
        Case{"NoIssuer", "1111111111111117", ""}, Case{"TooShort", "411111111111", ""},
        Case{"PartOfALongerNumber", "41111111111111110000000", ""}, Case{"PartOfAWord", "ab4111111111111111", ""},
        Case{"InAUrl", "https://shop.example/o/4111111111111111", ""},
        Case{"InAQuery", "https://shop.example/?o=4111111111111111", ""}, Case{"Telephone", "+4915112345009", ""},
        Case{"Prices", "4.99 5.99 16.99 14.99 20", ""}, Case{"Dates", "24.12.2026 10:00-12:00", ""}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(Accounts, IdNumbers,
                         ::testing::Values(Case{"German", "DE89 3704 0044 0532 0130 00", "IBAN"},
                                           Case{"GermanInOne", "DE89370400440532013000", "IBAN"},
                                           Case{"InLowerCase", "de89370400440532013000", "IBAN"},
                                           Case{"British", "GB29 NWBK 6016 1331 9268 19", "IBAN"},
                                           Case{"French", "FR14 2004 1010 0505 0001 3M02 606", "IBAN"},
                                           Case{"Dutch", "NL91ABNA0417164300", "IBAN"},
                                           Case{"Norwegian", "NO93 8601 1117 947", "IBAN"},
                                           Case{"WrongChecksum", "DE88 3704 0044 0532 0130 00", ""},
                                           Case{"WrongLength", "DE89 3704 0044 0532 0130 0", ""},
                                           Case{"WithinAWord", "XDE89370400440532013000", ""}),
                         [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    NationalIds, IdNumbers,
    ::testing::Values(
        Case{"UsByName", "SSN 123-45-6789", "US Social Security number"},
        Case{"UsByNameInFull", "social security number: 123 45 6789", "US Social Security number"},
        Case{"UsInOne", "your SSN is 123456789", "US Social Security number"},
        Case{"UsWithoutItsName", "123-45-6789", ""}, Case{"UsAreaThatIsNone", "SSN 666-45-6789", ""},
        Case{"UsAreaOf9", "SSN 912-45-6789", ""}, Case{"UsGroupThatIsNone", "SSN 123-00-6789", ""},
        Case{"UsSerialThatIsNone", "SSN 123-45-0000", ""}, Case{"UsGroupedOtherwise", "SSN 1234-5-6789", ""},
        Case{"German", "86095742719", "German tax ID"}, Case{"GermanInGroups", "86 095 742 719", "German tax ID"},
        Case{"GermanWrongDigit", "86095742718", ""}, Case{"GermanWithoutARepeat", "12345678903", ""},
        Case{"Spanish", "12345678Z", "Spanish DNI"}, Case{"SpanishWithDash", "12345678-z", "Spanish DNI"},
        Case{"SpanishWithDots", "12.345.678-Z", "Spanish DNI"}, Case{"SpanishWrongLetter", "12345678A", ""},
        Case{"SpanishOfForeigners", "X1234567L", "Spanish NIE"}, Case{"SpanishWithinAWord", "12345678ZX", ""},
        Case{"French", "1 84 12 76 451 089 46", "French social security number"},
        Case{"FrenchInOne", "184127645108946", "French social security number"},
        Case{"FrenchOf2A", "1 84 12 2A 451 089 33", "French social security number"},
        Case{"FrenchOf2B", "184122B45108960", "French social security number"},
        Case{"FrenchOf2AWithTheKeyOf2B", "184122A45108960", ""}, Case{"FrenchWrongKey", "184127645108947", ""},
        Case{"British", "AB 12 34 56 C", "UK National Insurance number"},
        Case{"BritishInOne", "AB123456C", "UK National Insurance number"},
        Case{"BritishPrefixThatIsNone", "BG123456C", ""}, Case{"BritishSuffixThatIsNone", "AB123456E", ""},
        Case{"BritishFirstLetterThatIsNone", "DA123456C", ""}, Case{"AVoucher", "SAVE-AB123456C", ""},
        Case{"AWordAndADate", "am 202612 a", ""}),
    [](const auto& info) { return info.param.name; });

TEST(IdNumbers, NameTheLastFourOfCardsAlone) {
  const auto last_four = [](absl::string_view text) {
    std::string last = "none";
    FindIdNumbers(text, [&](const IdNumber& number) { last = std::string(number.last_four); });
    return last;
  };
  EXPECT_EQ(last_four("4012 8888 8888 1881"), "1881");
  EXPECT_EQ(last_four("de89370400440532013000"), "");
}

TEST(IdNumbers, AreFoundAtEveryPlaceOfAText) {
  for (size_t before = 0; before < 40; ++before) {
    const std::string filler(before, '!');
    EXPECT_EQ(KindsIn(absl::StrCat(filler, "4111111111111111")).size(), 1u) << before;
    EXPECT_EQ(KindsIn(absl::StrCat(filler, "ab123456c")).size(), 1u) << before;
    EXPECT_EQ(KindsIn(absl::StrCat(filler, "1 2! 4111 1111 1111 1111")).size(), 1u) << before;
  }
}

TEST(IdNumbers, TakeLinearTimeForLongRows) {
  std::string digits;
  for (int i = 0; i < 100'000; ++i) digits += "1 ";
  EXPECT_THAT(KindsIn(digits), IsEmpty());
}

}  // namespace
}  // namespace campaign::compliance
