#include "common/text/phrases.h"

#include <fstream>

#include "common/testing/testing.h"

namespace campaign::text {
namespace {

using ::campaign::testing::StatusIs;

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

TEST(PhraseTable, ReadsQuotesCommasAndLineBreaksInFields) {
  ASSERT_OK_AND_ASSIGN(const std::vector<LabelledPhrase> phrases,
                       ParsePhraseTable("\xEF\xBB\xBFid,Text,category\r\n"
                                        "1,where is my card,card_arrival\r\n"
                                        "2,\"it says \"\"failed\"\", why?\",Failed payment?\r\n"
                                        "\r\n"
                                        "3,\"\"\"two\nlines\"\"\",card_arrival"));
  ASSERT_EQ(phrases.size(), 3);
  EXPECT_EQ(phrases[0].phrase, "where is my card");
  EXPECT_EQ(phrases[0].intent, "card_arrival");
  EXPECT_EQ(phrases[1].phrase, "it says \"failed\", why?");
  EXPECT_EQ(phrases[1].intent, "failed_payment");
  EXPECT_EQ(phrases[2].phrase, "\"two\nlines\"");
  EXPECT_EQ(IntentCount(phrases), 2);
}

TEST(PhraseTable, MistakesAreNamedWithTheirLine) {
  const auto error = [](absl::string_view table) { return ParsePhraseTable(table).status(); };
  EXPECT_THAT(error(""), StatusIs(kInvalid, "line 1: text is not among the columns"));
  EXPECT_THAT(error("text,meaning\n"), StatusIs(kInvalid, "line 1: intent is not among the columns"));
  EXPECT_THAT(error("text,intent,label\n"), StatusIs(kInvalid, "line 1: intent is there twice"));
  EXPECT_THAT(error("text,intent\na,x\n\"b\nc\",y\nd\n"), StatusIs(kInvalid, "line 5: 1 columns are not the 2"));
  EXPECT_THAT(error("text,intent\n\"a,x\n"), StatusIs(kInvalid, "line 2: a quote is not closed"));
  EXPECT_THAT(error("text,intent\n?!,x\n"), StatusIs(kInvalid, "line 2: ?! has no letter"));
  EXPECT_THAT(error("text,intent\nhello,42\n"), StatusIs(kInvalid, "line 2: 42 is not [a-z]"));
  EXPECT_THAT(error("text,intent\nhello,greeting\n"), StatusIs(kInvalid, "fewer than two intents"));
  EXPECT_THAT(error("text,intent\rhello,greeting"), StatusIs(kInvalid, "line 1"));
}

TEST(Phrases, TheFilesNameSaysWhichFormItHas) {
  const testing::TempDir dir;
  const std::string table = dir.File("phrases.CSV");
  const std::string sections = dir.File("phrases.txt");
  std::ofstream(table) << "text,intent\nhello,greeting\nbye,farewell\n";
  std::ofstream(sections) << "[greeting]\nhello\n[farewell]\nbye\n";
  for (const std::string& path : {table, sections}) {
    ASSERT_OK_AND_ASSIGN(const std::vector<LabelledPhrase> phrases, ReadPhrases(path));
    ASSERT_EQ(phrases.size(), 2) << path;
    EXPECT_EQ(phrases[1].intent, "farewell");
  }
  EXPECT_THAT(ReadPhrases(dir.path()), StatusIs(absl::StatusCode::kNotFound, "cannot be read"));
  std::ofstream(table) << "hello";
  EXPECT_THAT(ReadPhrases(table), StatusIs(kInvalid, table + ": line 1: text is not among the columns"));
}

}  // namespace
}  // namespace campaign::text
