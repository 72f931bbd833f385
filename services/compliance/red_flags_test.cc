#include "services/compliance/red_flags.h"

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "common/testing/testing.h"
#include "services/compliance/folded_text.h"
#include "services/compliance/standard_red_flags.h"

namespace campaign::compliance {
namespace {

using ::campaign::testing::ParseProto;
using ::campaign::testing::StatusIs;

// A configuration's red flags with all that they look at.
struct Flags {
  PhraseFinder phrases;
  CompiledRedFlags red_flags;
  CompiledOverrides overrides;
};

absl::StatusOr<Flags> Compile(absl::string_view config) {
  const auto parsed = ParseProto<v1::ComplianceConfig>(config);
  Flags flags;
  ASSIGN_OR_RETURN(flags.red_flags, CompiledRedFlags::Compile(parsed, "config", flags.phrases));
  const auto is_code = [&](absl::string_view code) { return flags.red_flags.IsCode(code); };
  ASSIGN_OR_RETURN(flags.overrides, CompiledOverrides::Compile(parsed.overrides(), "config.overrides", is_code));
  return flags;
}

Findings Check(absl::string_view config, absl::string_view item) {
  auto flags = Compile(config);
  EXPECT_OK(flags);
  Findings findings;
  const auto parsed = ParseProto<v1::CheckItem>(item);
  FoldedMessage folded;
  folded.Reset(parsed.message());
  flags->red_flags.Check(parsed, flags->phrases.Find(parsed, folded), flags->overrides.For(parsed), findings);
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
  EXPECT_EQ(findings.list[0].reason.text(),
            "Complains: complains in a recent ticket or chat: \"I am not happy with my boots\"");
  EXPECT_THAT(findings.red_flags, ::testing::ElementsAre("COMPLAINT"));
  EXPECT_EQ(check("Das Paket ist nicht angekommen").list.size(), 1u);
  EXPECT_EQ(check("Not bad, no problem so far").list.size(), 0u);
}

TEST(RedFlags, LookIntoEveryPartOfTheMessage) {
  constexpr char kConfig[] = "red_flags { code: 'PROMISE' words: 'guaranteed' }";
  for (const char* part : {"text", "subject", "title", "html", "preheader", "plain_text"}) {
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

TEST(RedFlags, GiveWordPlaceAndSentenceAsFacts) {
  const Findings findings = Check(
      "red_flags { code: 'LEGAL_THREAT' words: 'lawyer' }",
      R"pb(profile { recent_texts { source: TEXT_SOURCE_TICKET text: "It broke. I will call my Lawyer! Bye." } })pb");
  ASSERT_EQ(findings.list.size(), 1u);
  const v1::Reason& reason = findings.list[0].reason;
  ASSERT_EQ(reason.facts_size(), 3);
  EXPECT_EQ(reason.facts(0).value(), "lawyer");
  EXPECT_EQ(reason.facts(1).value(), "a recent ticket");
  EXPECT_EQ(reason.facts(2).name(), "sentence");
  EXPECT_EQ(reason.facts(2).value(), "I will call my Lawyer");
}

TEST(RedFlags, OfAComplaintGiveTheSentenceThatComplains) {
  const Findings findings = Check("standard_red_flags: 'sensitive_complaint'",
                                  R"pb(profile {
                                         recent_texts { source: TEXT_SOURCE_CHAT text: "Thanks, all good." }
                                         recent_texts {
                                           source: TEXT_SOURCE_TICKET
                                           text: "I ordered boots. They are broken and I am very unhappy! Bye."
                                         }
                                       })pb");
  ASSERT_EQ(findings.list.size(), 1u);
  const v1::Reason& reason = findings.list[0].reason;
  ASSERT_EQ(reason.facts_size(), 2);
  EXPECT_EQ(reason.facts(0).value(), "a recent ticket");
  EXPECT_EQ(reason.facts(1).value(), "They are broken and I am very unhappy!");
}

struct StandardCase {
  const char* name;
  const char* flag;
  const char* item;
  const char* code;  // Empty: not raised.
};

class StandardRedFlags : public ::testing::TestWithParam<StandardCase> {};

TEST_P(StandardRedFlags, AreRaisedByWhatTheyAreAbout) {
  const StandardCase& c = GetParam();
  const Findings findings = Check(absl::StrCat("standard_red_flags: '", c.flag, "'"), c.item);
  if (absl::string_view(c.code).empty()) {
    EXPECT_TRUE(findings.list.empty()) << findings.list[0].reason.DebugString();
  } else {
    ASSERT_EQ(findings.list.size(), 1u);
    EXPECT_EQ(findings.list[0].verdict, v1::VERDICT_REVIEW);
    EXPECT_EQ(findings.list[0].reason.code(), c.code);
    EXPECT_THAT(findings.red_flags, ::testing::ElementsAre(c.code));
  }
}

#define CHAT(text) "profile { recent_texts { source: TEXT_SOURCE_CHAT text: '" text "' } }"

INSTANTIATE_TEST_SUITE_P(
    Table, StandardRedFlags,
    ::testing::Values(
        StandardCase{"VipBySpend", "vip", "profile { spend_365d_minor: 500000 customer { currency_code: 'EUR' } }",
                     "VIP_CUSTOMER"},
        StandardCase{"NoVip", "vip", "profile { spend_365d_minor: 499999 customer { currency_code: 'EUR' } }", ""},
        StandardCase{"VipByTag", "vip", "profile { customer { tags: 'vip' } }", "VIP_CUSTOMER"},
        StandardCase{"HighValueBySpend", "high_value",
                     "profile { spend_total_minor: 1000000 customer { currency_code: 'EUR' } }", "HIGH_VALUE"},
        StandardCase{"HighValueByOrder", "high_value",
                     "profile { average_order_minor: 100000 customer { currency_code: 'EUR' } }", "HIGH_VALUE"},
        StandardCase{"HighValueByLifetime", "high_value",
                     "profile { customer { currency_code: 'EUR' } } segment { expected_lifetime_value_minor: 500000 }",
                     "HIGH_VALUE"},
        StandardCase{"NoHighValue", "high_value",
                     "profile { spend_total_minor: 999999 customer { currency_code: 'EUR' } }", ""},
        StandardCase{"LegalThreat", "legal_threat", CHAT("My LAWYER will write to you"), "LEGAL_THREAT"},
        StandardCase{"LegalThreatInGerman", "legal_threat", CHAT("Ich werde rechtliche Schritte einleiten."),
                     "LEGAL_THREAT"},
        StandardCase{"SueIsAName", "legal_threat", "message { text: 'Hi Sue, das Gericht ist fertig' }", ""},
        StandardCase{"SensitiveTicket", "sensitive_complaint", "profile { open_tickets { sensitive: true } }",
                     "SENSITIVE_COMPLAINT"},
        StandardCase{"Complaint", "sensitive_complaint", CHAT("This is a terrible product, I am very angry"),
                     "SENSITIVE_COMPLAINT"},
        StandardCase{"SensitiveWord", "sensitive_complaint", CHAT("Es gab eine allergische Reaktion"),
                     "SENSITIVE_COMPLAINT"},
        StandardCase{"NoComplaint", "sensitive_complaint", CHAT("Not bad, no problem so far"), ""},
        StandardCase{"Bereavement", "bereavement", CHAT("My father passed away in May"), "BEREAVEMENT"},
        StandardCase{"BereavementInGerman", "bereavement", CHAT("Mein Mann ist verstorben"), "BEREAVEMENT"},
        StandardCase{"ABatteryThatDied", "bereavement", CHAT("The battery died"), ""},
        StandardCase{"MinorByAge", "minor", "profile { customer { attributes { name: 'age' value: '17' } } }", "MINOR"},
        StandardCase{"OfAge", "minor", "profile { customer { attributes { name: 'age' value: '18' } } }", ""},
        StandardCase{"MinorByBand", "minor", "profile { customer { attributes { name: 'age_band' value: '13-17' } } }",
                     "MINOR"},
        StandardCase{"MinorByWords", "minor", CHAT("I am 15 years old"), "MINOR"},
        StandardCase{"MinorByWordsInGerman", "minor", CHAT("Ich bin erst 14"), "MINOR"},
        StandardCase{"FifteenMinutes", "minor", CHAT("I am 15 minutes late"), ""},
        StandardCase{"Chargeback", "chargeback", CHAT("I will dispute the charge with my bank"), "CHARGEBACK"},
        StandardCase{"ChargebackInGerman", "chargeback", CHAT("Ich lasse das Geld zurückbuchen"), "CHARGEBACK"},
        StandardCase{"ChargebackTicket", "chargeback", "profile { open_tickets { topic: 'chargeback' } }",
                     "CHARGEBACK"},
        StandardCase{"NoChargeback", "chargeback", CHAT("How do I charge it?"), ""},
        StandardCase{"BillingTicket", "open_billing_ticket", "profile { open_tickets { topic: 'billing' } }",
                     "OPEN_BILLING_TICKET"},
        StandardCase{"AnotherTicket", "open_billing_ticket", "profile { open_tickets { topic: 'shipping' } }", ""}),
    [](const auto& info) { return info.param.name; });

TEST(StandardRedFlags, ThatDoNotShipOrComeTwiceAreRefused) {
  EXPECT_THAT(Compile("standard_red_flags: 'vip' standard_red_flags: 'vipp'"),
              StatusIs(absl::StatusCode::kInvalidArgument, "config.standard_red_flags[1]: \"vipp\" is none of vip, "));
  EXPECT_THAT(Compile("standard_red_flags: 'vip' standard_red_flags: 'vip'"),
              StatusIs(absl::StatusCode::kInvalidArgument, "config.standard_red_flags[1]: \"vip\" is there already"));
}

TEST(StandardRedFlags, CompileAllTogether) {
  std::string config;
  for (const std::string& name : StandardRedFlagNames()) absl::StrAppend(&config, "standard_red_flags: '", name, "' ");
  EXPECT_EQ(StandardRedFlagNames().size(), 8u);
  EXPECT_OK(Compile(config));
}

TEST(ModelText, IsReviewedUntilItIsTrustedOrAccepted) {
  const char kItem[] = "message { text: 'Hi' model: 'tiny-1' } ";
  const Findings findings = Check("", kItem);
  ASSERT_EQ(findings.list.size(), 1u);
  EXPECT_EQ(findings.list[0].verdict, v1::VERDICT_REVIEW);
  EXPECT_EQ(findings.list[0].reason.text(), "Written by the language model tiny-1");
  EXPECT_THAT(findings.red_flags, ::testing::ElementsAre("MODEL_TEXT"));
  EXPECT_TRUE(Check("trust_text_model: true", kItem).list.empty());
  EXPECT_TRUE(Check("", absl::StrCat(kItem, "accepted_red_flags: 'MODEL_TEXT'")).list.empty());
  EXPECT_TRUE(Check("", "message { text: 'Hi' }").list.empty());
}

constexpr char kIsVip[] = "when { compare { feature: 'tags' operator: OPERATOR_IN texts: 'vip' } } ";
constexpr char kIsGold[] = "when { compare { feature: 'tags' operator: OPERATOR_IN texts: 'gold' } } ";
constexpr char kVip[] = "profile { customer { tags: 'vip' } } message { text: 'sue' } ";
constexpr char kVipAndGold[] = "profile { customer { tags: 'vip' tags: 'gold' } } message { text: 'sue' } ";
constexpr char kSueFlag[] = "red_flags { code: 'LEGAL' words: 'sue' } ";

TEST(VipOverride, HasAPersonSeeEveryMessageUntilItIsAccepted) {
  const std::string config = absl::StrCat("overrides { ", kIsVip, "review_always: true }");
  EXPECT_THAT(Check(config, kVip).red_flags, ::testing::ElementsAre("REVIEW_ALWAYS"));
  EXPECT_TRUE(Check(config, absl::StrCat(kVip, "accepted_red_flags: 'REVIEW_ALWAYS'")).list.empty());
  EXPECT_TRUE(Check(config, "profile { customer { tags: 'gold' } }").list.empty());
}

TEST(VipOverride, WaivesRedFlagsOfThoseItHoldsFor) {
  const std::string config = absl::StrCat(kSueFlag, "overrides { ", kIsVip, "waived_red_flags: 'LEGAL' }");
  EXPECT_TRUE(Check(config, kVip).list.empty());
  EXPECT_THAT(Check(config, "message { text: 'sue' }").red_flags, ::testing::ElementsAre("LEGAL"));
}

TEST(VipOverride, OfSeveralTheStrictestOfEachCounts) {
  const std::string waive = absl::StrCat("overrides { ", kIsVip, "waived_red_flags: 'LEGAL' max_messages: 5 } ");
  const std::string config = absl::StrCat(kSueFlag, waive, "overrides { ", kIsGold, "review_always: true }");
  EXPECT_TRUE(Check(config, kVip).list.empty());
  EXPECT_THAT(Check(config, kVipAndGold).red_flags, ::testing::ElementsAre("REVIEW_ALWAYS", "LEGAL"))
      << "the other keeps the flag";
  EXPECT_TRUE(Check(absl::StrCat(kSueFlag, waive, "overrides { ", kIsGold, "waived_red_flags: 'LEGAL' }"), kVipAndGold)
                  .list.empty());
}

TEST(VipOverride, MakesCapsNarrowerOrWider) {
  const auto most = [](absl::string_view overrides, absl::string_view item, int cap) {
    auto flags = Compile(overrides);
    EXPECT_OK(flags);
    const auto parsed = ParseProto<v1::CheckItem>(item);
    return flags->overrides.For(parsed).MostMessages(cap);
  };
  const std::string five = absl::StrCat("overrides { ", kIsVip, "max_messages: 5 } ");
  EXPECT_EQ(most(five, kVip, 2), 5) << "wider";
  EXPECT_EQ(most(five, kVip, 9), 5) << "narrower";
  EXPECT_EQ(most(five, "", 2), 2) << "does not hold";
  EXPECT_EQ(most(absl::StrCat("overrides { ", kIsVip, "review_always: true }"), kVip, 2), 2) << "says nothing";
  EXPECT_EQ(most(absl::StrCat("overrides { ", kIsVip, "max_messages: 0 }"), kVip, 2), 0);
  EXPECT_EQ(most(absl::StrCat(five, "overrides { ", kIsGold, "max_messages: 3 }"), kVipAndGold, 2), 3);
  EXPECT_EQ(most(absl::StrCat(five, "overrides { ", kIsGold, "max_messages: -1 }"), kVipAndGold, 2), 2)
      << "as the cap says is the stricter";
}

TEST(VipOverride, ThatDoesNotCompileNamesItsField) {
  EXPECT_THAT(Compile("overrides { waived_red_flags: 'NOBODY' }"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "config.overrides[0].waived_red_flags[0]: \"NOBODY\" is no red flag's code"));
  EXPECT_THAT(Compile("overrides { when { compare { feature: 'nonsense' operator: OPERATOR_EXISTS } } }"),
              StatusIs(absl::StatusCode::kInvalidArgument, "config.overrides[0].when"));
  EXPECT_OK(Compile("standard_red_flags: 'vip' overrides { waived_red_flags: 'VIP_CUSTOMER' }"));
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
