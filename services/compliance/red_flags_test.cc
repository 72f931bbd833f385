#include "services/compliance/red_flags.h"

#include "absl/strings/str_cat.h"
#include "common/testing/testing.h"
#include "services/compliance/folded_text.h"

namespace campaign::compliance {
namespace {

using ::campaign::testing::ParseProto;
using ::campaign::testing::StatusIs;

absl::StatusOr<CompiledRedFlags> Compile(absl::string_view config) {
  return CompiledRedFlags::Compile(ParseProto<v1::ComplianceConfig>(config).red_flags(), "config.red_flags");
}

Findings Check(absl::string_view config, absl::string_view item) {
  auto red_flags = Compile(config);
  EXPECT_OK(red_flags);
  Findings findings;
  const auto parsed = ParseProto<v1::CheckItem>(item);
  FoldedMessage folded;
  folded.Reset(parsed.message());
  red_flags->Check(parsed, folded, findings);
  return findings;
}

// Whether `phrase` is found in a message's text.
bool Finds(const std::string& phrase, const std::string& text) {
  WordSearch search;
  EXPECT_TRUE(search.Add(phrase, 0));
  bool found = false;
  search.Find(FoldedText(text), [&](int, size_t, size_t) { found = true; });
  return found;
}

TEST(RedFlagWords, AreWholeWords) {
  EXPECT_TRUE(Finds("sue", "I will sue you"));
  EXPECT_TRUE(Finds("sue", "sue"));
  EXPECT_TRUE(Finds("sue", "Sue!"));
  EXPECT_TRUE(Finds("sue", "(sue)"));
  EXPECT_TRUE(Finds("sue", "_sue_"));
  EXPECT_FALSE(Finds("sue", "an issue with tissue"));
  EXPECT_FALSE(Finds("sue", "sued"));
  EXPECT_FALSE(Finds("sue", "su e"));
  EXPECT_FALSE(Finds("sue", "suè"));
  EXPECT_TRUE(Finds("sue", "an issue, so I sue")) << "a part of a word does not hide a later whole one";
}

TEST(RedFlagWords, IgnoreCaseBeyondAscii) {
  EXPECT_TRUE(Finds("kündigung", "Meine KÜNDIGUNG liegt bei"));
  EXPECT_TRUE(Finds("Straße", "STRAẞE"));
  EXPECT_TRUE(Finds("СУД", "подам в суд"));
  EXPECT_TRUE(Finds("łódź", "ŁÓDŹ"));
}

TEST(RedFlagWords, AreFoundAmongTypographicMarks) {
  EXPECT_TRUE(Finds("sue", "“sue”"));
  EXPECT_TRUE(Finds("sue", "now—sue—them…"));
  EXPECT_TRUE(Finds("don't", "I don’t agree"));
  EXPECT_TRUE(Finds("sue", "s\xE2\x80\x8Bue")) << "a zero-width space hides nothing";
  EXPECT_TRUE(Finds("sue", "ｓｕｅ")) << "full-width letters";
}

TEST(RedFlagWords, MayBePhrases) {
  EXPECT_TRUE(Finds("legal action", "We take LEGAL\n   action."));
  EXPECT_FALSE(Finds("legal action", "legal actions"));
  EXPECT_FALSE(Finds("legal action", "It is legal. Action!"));
  EXPECT_TRUE(Finds("$100", "for $100 only"));
  EXPECT_FALSE(Finds("$100", "for $1000 only"));
  EXPECT_TRUE(Finds("x", "plan x"));
  EXPECT_FALSE(Finds("x", "box"));
}

TEST(RedFlags, NameTheWordAndTheSentence) {
  const Findings findings = Check(
      "red_flags { code: 'LEGAL_THREAT' text: 'Legal threat' words: 'sue' words: 'lawyer' }",
      R"pb(message { text: "Hello" }
           profile { recent_texts { source: TEXT_SOURCE_TICKET text: "It broke. I will call my Lawyer! Bye." } })pb");
  ASSERT_EQ(findings.list.size(), 1u);
  EXPECT_EQ(findings.list[0].verdict, v1::VERDICT_REVIEW);
  EXPECT_EQ(findings.list[0].reason.code(), "LEGAL_THREAT");
  EXPECT_EQ(findings.list[0].reason.text(), "Legal threat: \"lawyer\" in a recent ticket: \"I will call my Lawyer\"");
  EXPECT_THAT(findings.red_flags, ::testing::ElementsAre("LEGAL_THREAT"));
}

TEST(RedFlags, AComplaintInTheirTextsIsOneThatNegationMakesOrUnmakes) {
  constexpr char kConfig[] =
      "red_flags { code: 'COMPLAINT' text: 'Complains' "
      "            when { compare { feature: 'complaint_in_texts' operator: OPERATOR_EQUAL truth: true } } }";
  const auto check = [&](absl::string_view text) {
    return Check(kConfig, absl::StrCat("message { text: 'Hello' } profile { recent_texts { source: TEXT_SOURCE_CHAT ",
                                       "text: \"", text, "\" } }"));
  };
  const Findings findings = check("I am not happy with my boots");
  ASSERT_EQ(findings.list.size(), 1u);
  EXPECT_EQ(findings.list[0].reason.text(), "Complains: complains in a recent ticket or chat");
  EXPECT_THAT(findings.red_flags, ::testing::ElementsAre("COMPLAINT"));
  EXPECT_EQ(check("Das Paket ist nicht angekommen").list.size(), 1u);
  EXPECT_EQ(check("Not bad, no problem so far").list.size(), 0u);
}

TEST(RedFlags, LookIntoEveryPartOfTheMessage) {
  constexpr char kConfig[] = "red_flags { code: 'PROMISE' words: 'guaranteed' }";
  for (const char* part : {"text", "subject", "title", "html"}) {
    EXPECT_EQ(Check(kConfig, absl::StrCat("message { ", part, ": 'It is <b>Guaranteed</b>' }")).list.size(), 1u)
        << part;
    EXPECT_EQ(Check(kConfig, absl::StrCat("message { ", part, ": 'It is not' }")).list.size(), 0u) << part;
  }
}

TEST(RedFlags, LookIntoHtmlAsItIsRead) {
  constexpr char kConfig[] = "red_flags { code: 'LEGAL' words: 'legal action' words: 'style' }";
  EXPECT_EQ(Check(kConfig, "message { html: '<p>legal</p><p>action</p>' }").list.size(), 1u);
  EXPECT_EQ(Check(kConfig, "message { html: 'leg&#97;l&nbsp;action' }").list.size(), 1u);
  EXPECT_EQ(Check(kConfig, "message { html: '<p style=\"x\">fine</p>' }").list.size(), 0u);
}

TEST(RedFlags, AreRaisedByARuleAboutTheCustomer) {
  constexpr char kConfig[] = R"pb(
    red_flags {
      code: "BIG_SPENDER"
      text: "VIP"
      when { compare { feature: "orders_365d" operator: OPERATOR_GREATER_OR_EQUAL number: 10 } }
    })pb";
  const Findings raised = Check(kConfig, "profile { orders_365d: 12 } message { text: 'Hi' }");
  ASSERT_EQ(raised.list.size(), 1u);
  EXPECT_THAT(raised.list[0].reason.text(), ::testing::StartsWith("VIP: "));
  EXPECT_GT(raised.list[0].reason.text().size(), 5u) << "says which comparison held";
  EXPECT_TRUE(Check(kConfig, "profile { orders_365d: 9 } message { text: 'Hi' }").list.empty());
}

TEST(RedFlags, AreRaisedByRuleOrWords) {
  constexpr char kConfig[] = R"pb(
    red_flags {
      code: "CARE"
      words: "grief"
      when { compare { feature: "sensitive_ticket_open" operator: OPERATOR_EQUAL truth: true } }
    })pb";
  EXPECT_EQ(Check(kConfig, "message { text: 'in your grief' }").list.size(), 1u);
  EXPECT_EQ(Check(kConfig, "profile { open_tickets { sensitive: true } }").list.size(), 1u);
  EXPECT_EQ(Check(kConfig, "profile { open_tickets { sensitive: true } } message { text: 'grief' }").list.size(), 1u);
  EXPECT_EQ(Check(kConfig, "profile { open_tickets { sensitive: false } }").list.size(), 0u);
}

TEST(RedFlags, AcceptedAreNotRaisedAgainButOthersAre) {
  constexpr char kConfig[] = "red_flags { code: 'A' words: 'alpha' } red_flags { code: 'B' words: 'beta' }";
  const Findings findings = Check(kConfig, "message { text: 'alpha beta' } accepted_red_flags: 'A'");
  EXPECT_THAT(findings.red_flags, ::testing::ElementsAre("B"));
  ASSERT_EQ(findings.list.size(), 1u);
  EXPECT_EQ(findings.list[0].reason.code(), "B");
}

TEST(RedFlags, ThatDoNotCompileNameTheirField) {
  const auto expect_error = [](absl::string_view config, absl::string_view path) {
    EXPECT_THAT(Compile(config), StatusIs(absl::StatusCode::kInvalidArgument, path)) << config;
  };
  expect_error("red_flags { code: 'vip' words: 'x' }", "config.red_flags[0].code: \"vip\"");
  expect_error("red_flags { code: 'OK' words: 'x' } red_flags { code: 'VIP' }", "config.red_flags[1]: VIP");
  expect_error("red_flags { code: 'VIP' words: 'x' words: ' ' }", "config.red_flags[0].words[1]: \" \"");
  expect_error("red_flags { code: 'VIP' when { compare { feature: 'nonsense' operator: OPERATOR_EXISTS } } }",
               "config.red_flags[0].when");
}

TEST(FoldedText, TakesLinearTimeForTagsThatNeverClose) {
  std::string html;
  for (int i = 0; i < 60'000; ++i) html += "<a<!--";
  std::vector<uint32_t> sources;
  std::string folded;
  FoldText(html, Markup::kVisible, folded, &sources);
  EXPECT_EQ(folded, html);
  EXPECT_EQ(sources.size(), html.size());
}

TEST(FoldedText, KeepsBytesThatAreNoUtf8) { EXPECT_EQ(FoldedText("a\xFFz\xC3"), "a\xFFz\xC3"); }

TEST(SentenceAround, IsBounded) {
  const std::string text = std::string(500, 'a') + " sue " + std::string(500, 'b');
  const absl::string_view sentence = SentenceAround(text, 501, 3);
  EXPECT_LE(sentence.size(), 203u);
  EXPECT_NE(sentence.find("sue"), absl::string_view::npos);
}

}  // namespace
}  // namespace campaign::compliance
