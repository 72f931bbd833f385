#include "services/generator/phrases.h"

#include <thread>

#include "common/testing/testing.h"

namespace campaign::generator {
namespace {

using ::campaign::testing::ParseProto;
using ::campaign::testing::StatusIs;

std::string Format(const std::string& pattern, const std::string& locale, std::vector<absl::string_view> values,
                   const std::string& time_zone = "UTC") {
  v1::Phrase source;
  source.set_name("p");
  source.set_pattern(pattern);
  const auto phrase = Phrase::Compile(source, "config.phrases[0]");
  EXPECT_OK(phrase);
  if (!phrase.ok()) return "";
  return (*phrase)->Format(locale, time_zone, values).value_or("(none)");
}

absl::Status Refusal(const std::string& config) {
  return Phrases::Compile(ParseProto<v1::GenerationConfig>(config)).status();
}

TEST(Phrase, PluralsFollowTheLanguage) {
  const std::string english = "{days, plural, one {# day} other {# days}}";
  EXPECT_EQ(Format(english, "en-US", {"1"}), "1 day");
  EXPECT_EQ(Format(english, "en-US", {"1200"}), "1,200 days");
  const std::string polish = "{n, plural, one {# plik} few {# pliki} many {# plików} other {# pliku}}";
  EXPECT_EQ(Format(polish, "pl-PL", {"3"}), "3 pliki");
  EXPECT_EQ(Format(polish, "pl-PL", {"5"}), "5 plików");
}

TEST(Phrase, MoneyFollowsTheLocale) {
  const std::string pattern = "{price, number, ::currency/EUR}";
  EXPECT_EQ(Format(pattern, "en-US", {"1026.90"}), "€1,026.90");
  EXPECT_EQ(Format(pattern, "de-DE", {"1026.90"}), "1.026,90\u00A0€");
  EXPECT_EQ(Format(pattern, "de-AT", {"1026.90"}), "€\u00A01.026,90");
  EXPECT_EQ(Format("{price, number, ::currency/USD}", "de", {"78.32"}), "78,32\u00A0$");
  EXPECT_EQ(Format("{price, number, ::currency/JPY}", "ja-JP", {"2997"}), "￥2,997");
}

TEST(Phrase, PercentagesAreGivenAsPercent) {
  EXPECT_EQ(Format("{p, number, ::percent}", "en-US", {"12"}), "12%");
  EXPECT_EQ(Format("{p, number, ::percent}", "de-DE", {"12.5"}), "12,5\u00A0%");
}

TEST(Phrase, DatesAreIso8601AndFollowTheLocale) {
  EXPECT_EQ(Format("{d, date, long}", "en-US", {"2026-12-31"}), "December 31, 2026");
  EXPECT_EQ(Format("{d, date, long}", "de-DE", {"2026-12-31"}), "31. Dezember 2026");
  EXPECT_EQ(Format("{d, date, ::MMMd}", "de-DE", {"2026-12-31T23:30:00"}), "31. Dez.");
}

TEST(Phrase, AnInstantIsShownInTheCustomersTimeZone) {
  EXPECT_EQ(Format("{d, date, long} {d, time, short}", "de-DE", {"2026-12-31T23:30:00Z"}, "Europe/Berlin"),
            "1. Januar 2027 00:30");
  EXPECT_EQ(Format("{d, date, long}", "de-DE", {"2026-12-31T23:30:00Z"}, "no such zone"), "31. Dezember 2026");
  EXPECT_EQ(Format("{n, plural, one {am {d, time, short}} other {-}}", "de-DE", {"1", "2026-07-01T10:00:00Z"},
                   "Europe/Berlin"),
            "am 12:00")
      << "also inside another argument";
}

TEST(Phrase, TextsAreInsertedAsTheyAre) {
  EXPECT_EQ(Format("Code {code} for {who, select, vip {our best} other {all}}", "de", {"0012", "vip"}),
            "Code 0012 for our best");
  EXPECT_EQ(Format("{name}", "en", {"{n, plural} '{'"}), "{n, plural} '{'") << "values are no patterns";
}

TEST(Phrase, AValueThatIsNoNumberOrDateIsNone) {
  for (const char* value : {"", "abc", "12 EUR", "inf", "nan"})
    EXPECT_EQ(Format("{n, number}", "en", {value}), "(none)");
  for (const char* value : {"tomorrow", "2026-13-01", "2026-02-30"}) {
    EXPECT_EQ(Format("{d, date}", "en", {value}), "(none)") << value;
  }
}

TEST(Phrase, AnUnknownLocaleIsReadAsEnglish) {
  EXPECT_EQ(Format("{n, number}", "", {"1234.5"}), "1,234.5");
  EXPECT_EQ(Format("{n, number}", "!!", {"1234.5"}), "1,234.5");
}

TEST(Phrase, ThreadsFormatAtTheSameTime) {
  v1::Phrase source;
  source.set_name("p");
  source.set_pattern("{n, plural, one {# day} other {# days}}, {price, number, ::currency/USD}");
  ASSERT_OK_AND_ASSIGN(const auto phrase, Phrase::Compile(source, "config.phrases[0]"));
  std::vector<std::thread> threads;
  std::vector<int> wrong(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 2; i < 500; ++i) {
        const std::string number = std::to_string(i);
        const auto text = phrase->Format(t % 2 == 0 ? "en" : "de", "UTC", {number, "1.50"});
        wrong[t] += text != number + (t % 2 == 0 ? " days, $1.50" : " days, 1,50\u00A0$");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4));
}

TEST(Phrases, TheNearestLocaleCounts) {
  ASSERT_OK_AND_ASSIGN(const Phrases phrases, Phrases::Compile(ParseProto<v1::GenerationConfig>(R"pb(
                         phrases { name: "p" pattern: "any" }
                         phrases { name: "p" locale: "de" pattern: "deutsch" }
                         phrases { name: "q" locale: "de" pattern: "deutsch" })pb")));
  EXPECT_EQ(phrases.Find("p", "de-AT")->locale(), "de");
  EXPECT_EQ(phrases.Find("p", "fr")->locale(), "");
  EXPECT_EQ(phrases.Find("q", ""), nullptr);
  EXPECT_EQ(phrases.Find("r", ""), nullptr);
}

TEST(Phrases, RefusesPatternsWithThePathOfTheirFault) {
  EXPECT_THAT(Refusal(R"(phrases { name: "p" pattern: "{n, plural, one {x}" })"),
              StatusIs(absl::StatusCode::kInvalidArgument, "config.phrases[0].pattern: "));
  EXPECT_THAT(Refusal(R"(phrases { name: "p" pattern: "{n, plural, one {x}}" })"),
              StatusIs(absl::StatusCode::kInvalidArgument, "does not parse: U_DEFAULT_KEYWORD_MISSING"));
  EXPECT_THAT(Refusal(R"(phrases { name: "p" pattern: "{n, number, ::nonsense/x}" })"),
              StatusIs(absl::StatusCode::kInvalidArgument, "has a style that ICU does not know"));
  EXPECT_THAT(Refusal(R"(phrases { name: "p" pattern: "{n, nonsense}" })"),
              StatusIs(absl::StatusCode::kInvalidArgument, "config.phrases[0].pattern: "));
  EXPECT_THAT(Refusal(R"(phrases { name: "p" pattern: "{0}" })"),
              StatusIs(absl::StatusCode::kInvalidArgument, "{0} is a number; arguments are variables by name"));
  EXPECT_THAT(Refusal(R"(phrases { name: "p" pattern: "{größe}" })"),
              StatusIs(absl::StatusCode::kInvalidArgument, "{größe} names no variable"));
  EXPECT_THAT(Refusal(R"(phrases { name: "p" pattern: "{d, date} {d, number}" })"),
              StatusIs(absl::StatusCode::kInvalidArgument, "{d} is used as two of a number, a date and a choice"));
}

TEST(Phrases, RefusesNamesThatAreTaken) {
  EXPECT_THAT(Refusal(R"(phrases { name: "p" pattern: "a" } phrases { name: "p" pattern: "b" })"),
              StatusIs(absl::StatusCode::kInvalidArgument, "config.phrases[1].name: p has an earlier phrase"));
  EXPECT_THAT(Refusal(R"(phrases { name: "p" pattern: "a" } variables { name: "p" value: "b" })"),
              StatusIs(absl::StatusCode::kInvalidArgument, "config.phrases[0].name: p is the name of a variable too"));
  EXPECT_THAT(Refusal(R"(phrases { name: "p" pattern: "{q}" } phrases { name: "q" pattern: "b" })"),
              StatusIs(absl::StatusCode::kInvalidArgument, "config.phrases[0].pattern: {q} is a phrase"));
}

}  // namespace
}  // namespace campaign::generator
