#include "common/text/sentiment.h"

#include "common/testing/testing.h"
#include "common/text/sentence.h"

namespace campaign::text {
namespace {

enum Mood { kComplaint, kUnhappy, kNeutral, kHappy };

struct SentenceCase {
  const char* text;
  Mood mood;
};

void Check(const SentenceCase& sentence) {
  const Sentiment sentiment = SentimentOf(sentence.text);
  SCOPED_TRACE(absl::StrCat(sentence.text, ": ", sentiment.score));
  EXPECT_EQ(sentiment.complaint, sentence.mood == kComplaint);
  EXPECT_GE(sentiment.score, -1);
  EXPECT_LE(sentiment.score, 1);
  switch (sentence.mood) {
    case kComplaint:
      EXPECT_LE(sentiment.score, kComplaintScore);
      break;
    case kUnhappy:
      EXPECT_LT(sentiment.score, 0);
      break;
    case kNeutral:
      EXPECT_EQ(sentiment.score, 0);
      break;
    case kHappy:
      EXPECT_GT(sentiment.score, 0);
  }
}

template <size_t n>
void CheckAll(const SentenceCase (&sentences)[n]) {
  for (const SentenceCase& sentence : sentences) Check(sentence);
}

TEST(SentimentInEnglish, NegationTurnsWhatIsGoodIntoAComplaint) {
  CheckAll({{"I am happy with it", kHappy},
            {"I am not happy with it", kComplaint},
            {"I'm not at all very happy", kComplaint},
            {"I wasn\u2019t really satisfied", kComplaint},
            {"It is not very helpful", kComplaint},
            {"This is not good enough", kComplaint},
            {"I would not recommend this", kComplaint},
            {"far from satisfied", kComplaint},
            {"I don't like it", kComplaint},
            {"dont like it", kComplaint}});
}

TEST(SentimentInEnglish, NegationOfWhatShouldBeSoIsAComplaint) {
  CheckAll({{"The app is working", kNeutral},
            {"The app isn't working", kComplaint},
            {"It is still not working.", kComplaint},
            {"the search no longer works properly", kComplaint},
            {"My parcel has not arrived yet", kComplaint},
            {"Nobody answers my mails", kComplaint},
            {"Why hasn't my card arrived?", kComplaint}});
}

TEST(SentimentInEnglish, NegationOfWhatIsBadIsNoComplaint) {
  CheckAll({{"bad", kComplaint},
            {"not bad", kHappy},
            {"Not bad at all, thanks", kHappy},
            {"I have a problem", kComplaint},
            {"no problem", kHappy},
            {"It's no big problem", kHappy},
            {"It works without any problems", kHappy},
            {"never had any issues", kHappy},
            {"I'm not unhappy", kHappy},
            {"I can't complain", kHappy},
            {"I don't have any complaints", kHappy},
            {"I do not regret buying it", kHappy},
            {"You never let me down", kHappy}});
}

TEST(SentimentInEnglish, NegationEndsWithItsClauseAndItsReach) {
  CheckAll({{"No, it is broken", kComplaint},
            {"not now, it is great", kHappy},
            {"I did not know that your new shop in town was so great", kHappy},
            {"not happy or satisfied", kComplaint},
            {"I am neither happy nor satisfied", kComplaint}});
}

TEST(SentimentInEnglish, SomeNegationsNegateNothing) {
  CheckAll({{"not only late but also broken", kComplaint},
            {"It is not just slow, it is useless", kComplaint},
            {"Nothing but problems with this", kComplaint},
            {"Nothing but praise for your team", kHappy},
            {"Isn't this great?", kHappy},
            {"I can't wait to try it", kHappy},
            {"I couldn't be happier", kHappy},
            {"It could not be better", kHappy},
            {"It could be better", kComplaint},
            {"Thanks for nothing", kComplaint}});
}

TEST(SentimentInEnglish, ButIfAndQuestionsChangeWhatCounts) {
  CheckAll({{"The delivery was quick, but the bag is broken", kComplaint},
            {"I was disappointed at first, but now I am very happy", kHappy},
            {"Thanks, but it is still not working", kComplaint},
            {"What happens if the bag is damaged", kUnhappy},
            {"Is there a problem with my order?", kUnhappy},
            {"Why is there a problem with my order?", kComplaint}});
}

TEST(SentimentInEnglish, PlainRequestsSayNothingEitherWay) {
  CheckAll({{"", kNeutral},
            {"?!", kNeutral},
            {"where is my order", kNeutral},
            {"Please cancel my subscription", kNeutral},
            {"I would like to return the boots", kNeutral},
            {"Kind regards, the default team", kNeutral},
            {"4711", kNeutral}});
}

TEST(SentimentInGerman, NegationBeforeAndBehindIsSeen) {
  CheckAll({{"Ich bin zufrieden", kHappy},
            {"Ich bin nicht zufrieden", kComplaint},
            {"Zufrieden bin ich nicht", kComplaint},
            {"Das gefällt mir", kHappy},
            {"Das gefällt mir überhaupt nicht", kComplaint},
            {"Die App funktioniert leider immer noch nicht", kComplaint},
            {"Mein Paket ist noch nicht angekommen", kComplaint},
            {"Das Paket kam nie an", kComplaint},
            {"Ich bin weder zufrieden noch begeistert", kComplaint},
            {"Nicht besonders hilfreich", kComplaint},
            {"Ich kann das nicht empfehlen", kComplaint},
            {"alles andere als zufrieden", kComplaint},
            {"Warum kommt mein Paket nicht an?", kComplaint}});
}

TEST(SentimentInGerman, NegationOfWhatIsBadIsNoComplaint) {
  CheckAll({{"Nicht schlecht, gefällt mir", kHappy},
            {"Kein Problem, danke!", kHappy},
            {"Es funktioniert ohne Probleme", kHappy},
            {"Ich bin nicht unzufrieden", kHappy},
            {"Ich kann mich nicht beschweren", kHappy},
            {"Nicht nur zu spät, sondern auch kaputt", kComplaint},
            {"Danke für nichts", kComplaint}});
}

TEST(SentimentInGerman, ShoutingAndUmlautsAreUnderstood) {
  CheckAll({{"DAS IST EINE UNVERSCHÄMTHEIT", kComplaint},
            {"ENTTÄUSCHT", kComplaint},
            {"enttaeuscht", kComplaint},
            {"Liebe Grüße aus Berlin", kNeutral},
            {"Mit freundlichen Grüßen", kNeutral},
            {"Was ist, wenn die Tasche beschädigt ist?", kUnhappy}});
}

TEST(SentimentScore, GrowsWithWhatIsSaidAndHowStrongly) {
  const auto score = [](absl::string_view text) { return SentimentOf(text).score; };
  EXPECT_LT(score("I am very disappointed"), score("I am disappointed"));
  EXPECT_GT(score("a bit disappointed"), score("disappointed"));
  EXPECT_LT(score("It is late. It is broken."), score("It is broken."));
  // Hutto & Gilbert's normalization of the lexicon's -3: -3 / sqrt(9 + 15).
  EXPECT_NEAR(score("disappointed"), -0.6124, 0.0001);
}

TEST(SentimentScore, OfHugeAndBrokenTextsIsStillAScore) {
  std::string text;
  for (int i = 0; i < 1000; ++i) absl::StrAppend(&text, "not happy and ");
  EXPECT_TRUE(SentimentOf(text).complaint);
  EXPECT_GE(SentimentOf(text).score, -1);
  EXPECT_EQ(SentimentOf(std::string(5000, 'x')).score, 0);
  for (absl::string_view broken :
       {"\xC3", "\xE2", "\xE2\x80", "a\xE2\x80\x99", "\xFF\xFE'", "'", "n't", ",,,", "not"}) {
    EXPECT_EQ(SentimentOf(broken).score, 0) << broken;
  }
}

TEST(Sentences, AreFoldedWordsWithTheirClauses) {
  std::string seen;
  ForEachSentence("Größe, isn\u2019t it?\n\n'Well' \u2013 ok!", [&](std::string_view words, bool question) {
    absl::StrAppend(&seen, absl::string_view(words.data(), words.size()), question ? "? " : "| ");
  });
  EXPECT_EQ(seen, "groesse ,isn't it ? well ,ok | ");
}

}  // namespace
}  // namespace campaign::text
