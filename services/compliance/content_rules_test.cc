#include "services/compliance/content_rules.h"

#include "absl/strings/str_cat.h"
#include "common/testing/testing.h"
#include "services/compliance/compiled_compliance.h"

namespace campaign::compliance {
namespace {

using ::campaign::testing::ParseProto;
using ::campaign::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Jurisdictions& Table() {
  static const auto& table = *new Jurisdictions(*Jurisdictions::ReadFromFile(JURISDICTIONS));
  return table;
}

const ZoneDatabase& Zones() {
  static const auto& zones = *new ZoneDatabase(ZoneDatabase::SystemDirectory());
  return zones;
}

std::vector<std::string> CodesOf(const Findings& findings) {
  std::vector<std::string> codes;
  for (const Finding& finding : findings.list) {
    EXPECT_EQ(finding.verdict, v1::VERDICT_BLOCK);
    codes.push_back(finding.reason.code());
  }
  return codes;
}

Findings Check(absl::string_view config, absl::string_view message) {
  const auto parsed = ParseProto<v1::Message>(message);
  FoldedMessage folded;
  folded.Reset(parsed);
  Findings findings;
  CompiledContentRules(ParseProto<v1::ContentRules>(config)).Check(parsed, folded, findings);
  return findings;
}

std::vector<std::string> Codes(absl::string_view config, absl::string_view message) {
  return CodesOf(Check(config, message));
}

constexpr char kHosts[] = "allowed_hosts: 'shop.example.com' allowed_hosts: '*.cdn.example.com'";

TEST(Links, MustLeadToAllowedHosts) {
  const auto with = [](absl::string_view text) {
    return Codes(kHosts, absl::StrCat("channel: CHANNEL_CHAT text: '", text, "'"));
  };
  EXPECT_THAT(with("See https://shop.example.com/x and https://a.cdn.example.com."), IsEmpty());
  EXPECT_THAT(with("See https://evil.example/x"), ElementsAre("LINK_NOT_ALLOWED"));
  EXPECT_THAT(with("See https://shop.example.com@evil.example/"), ElementsAre("LINK_NOT_ALLOWED"));
  EXPECT_THAT(with("See https://cdn.example.com/"), ElementsAre("LINK_NOT_ALLOWED"));
  EXPECT_THAT(with("Or bit.ly/abc"), ElementsAre("LINK_NOT_ALLOWED"));
  EXPECT_THAT(with("No link at all"), IsEmpty());
}

TEST(Links, AreLookedForInEveryPart) {
  for (const char* part :
       {"text", "html", "subject", "preheader", "title", "plain_text", "deep_link", "unsubscribe_url"}) {
    EXPECT_THAT(Codes(kHosts, absl::StrCat("channel: CHANNEL_CHAT ", part, ": 'https://evil.example/'")),
                ElementsAre("LINK_NOT_ALLOWED"))
        << part;
    EXPECT_THAT(Codes(kHosts, absl::StrCat("channel: CHANNEL_CHAT ", part, ": 'https://shop.example.com/'")), IsEmpty())
        << part;
  }
  EXPECT_THAT(Codes(kHosts, "channel: CHANNEL_PUSH text: 'x' deep_link: 'nordlicht://orders/1'"), IsEmpty());
  EXPECT_THAT(Codes(kHosts, "channel: CHANNEL_PUSH text: 'x' deep_link: 'javascript:alert(1)'"),
              ElementsAre("LINK_NOT_ALLOWED"));
}

TEST(Links, NameEachHostOnce) {
  const Findings findings = Check(kHosts,
                                  "channel: CHANNEL_CHAT text: 'https://evil.example/ https://EVIL.example/2' "
                                  "plain_text: 'https://bad.example'");
  ASSERT_EQ(findings.list.size(), 2u);
  EXPECT_EQ(findings.list[0].reason.text(), "The text links to evil.example, which is not allowed");
  EXPECT_EQ(findings.list[1].reason.facts(1).value(), "bad.example");
}

TEST(Links, MayLeadAnywhereWhereNoHostsAreNamed) {
  EXPECT_THAT(Codes("", "channel: CHANNEL_CHAT text: 'https://evil.example/'"), IsEmpty());
}

std::vector<std::string> OfSubject(absl::string_view subject, absl::string_view config = "") {
  return Codes(config, absl::StrCat("channel: CHANNEL_EMAIL text: 'Hi' subject: '", subject, "'"));
}

TEST(Subject, InCapitalsIsBlocked) {
  EXPECT_THAT(OfSubject("BUY NOW"), ElementsAre("SUBJECT_IN_CAPITALS"));
  EXPECT_THAT(OfSubject("NUR HEUTE: 20 % AUF ÄPFEL"), ElementsAre("SUBJECT_IN_CAPITALS"));
  EXPECT_THAT(OfSubject("СКИДКИ СЕГОДНЯ"), ElementsAre("SUBJECT_IN_CAPITALS"));
  EXPECT_THAT(OfSubject("BUY NOW", "allow_capitals: true"), IsEmpty());
  EXPECT_THAT(OfSubject("Buy NOW"), IsEmpty());
  EXPECT_THAT(OfSubject("SALE 20%"), IsEmpty()) << "too short to tell";
  EXPECT_THAT(OfSubject("今日限定セール"), IsEmpty()) << "a script without capitals";
}

TEST(Subject, TooLongIsBlockedByCharacters) {
  EXPECT_THAT(OfSubject(std::string(150, 'a')), IsEmpty());
  EXPECT_THAT(OfSubject(std::string(151, 'a')), ElementsAre("SUBJECT_TOO_LONG"));
  EXPECT_THAT(OfSubject("äöüäö", "max_subject_characters: 5"), IsEmpty());
  EXPECT_THAT(OfSubject("äöüäöü", "max_subject_characters: 5"), ElementsAre("SUBJECT_TOO_LONG"));
}

TEST(Subject, IsNeededByEmailsAlone) {
  EXPECT_THAT(OfSubject(" "), ElementsAre("SUBJECT_MISSING"));
  EXPECT_THAT(Codes("", "channel: CHANNEL_SMS text: 'Hi'"), IsEmpty());
}

TEST(Sms, OfTooManySegmentsIsBlocked) {
  const auto sms = [](const std::string& text, absl::string_view config = "") {
    return Codes(config, absl::StrCat("channel: CHANNEL_SMS text: '", text, "'"));
  };
  EXPECT_THAT(sms(std::string(3 * 153, 'a')), IsEmpty());
  EXPECT_THAT(sms(std::string(3 * 153 + 1, 'a')), ElementsAre("SMS_TOO_LONG"));
  EXPECT_THAT(sms(std::string(161, 'a'), "max_sms_segments: 1"), ElementsAre("SMS_TOO_LONG"));
  EXPECT_THAT(sms(std::string(70, 'a') + "ő", "max_sms_segments: 1"), ElementsAre("SMS_TOO_LONG"));
  EXPECT_THAT(Codes("", absl::StrCat("channel: CHANNEL_CHAT text: '", std::string(900, 'a'), "'")), IsEmpty());
}

TEST(EmptyVariable, LeavesATrace) {
  for (const char* text : {"Hello , welcome", "Your order () is here", "Your order ( ) is here"}) {
    EXPECT_THAT(Codes("", absl::StrCat("channel: CHANNEL_CHAT text: '", text, "'")), ElementsAre("EMPTY_VARIABLE"))
        << text;
  }
  for (const char* text : {"Hello Ann, welcome", "Bonjour !", "a (b) c, d"}) {
    EXPECT_THAT(Codes("", absl::StrCat("channel: CHANNEL_CHAT text: '", text, "'")), IsEmpty()) << text;
  }
}

TEST(IdNumbersOfMessages, AreFoundInEveryPartAndNotRepeated) {
  for (const char* part : {"text", "subject", "html", "title", "preheader", "plain_text"}) {
    const auto message = ParseProto<v1::Message>(absl::StrCat(part, ": 'Card 4111 1111 1111 1111'"));
    FoldedMessage folded;
    folded.Reset(message);
    Findings findings;
    CheckIdNumbers(message, folded, findings);
    ASSERT_THAT(CodesOf(findings), ElementsAre("CARD_NUMBER")) << part;
    EXPECT_EQ(findings.list[0].reason.DebugString().find("1111 1111"), std::string::npos);
    EXPECT_THAT(findings.list[0].reason.text(), ::testing::EndsWith("payment card that ends in 1111"));
  }
}

TEST(IdNumbersOfMessages, AreFoundThroughMarkup) {
  const auto message = ParseProto<v1::Message>("html: '4111<!-- -->1111&#49;11&#x31; <b>1111</b>'");
  FoldedMessage folded;
  folded.Reset(message);
  Findings findings;
  CheckIdNumbers(message, folded, findings);
  EXPECT_THAT(CodesOf(findings), ElementsAre("CARD_NUMBER"));
}

// Which claims are found in a message to a customer of `country`.
std::vector<std::string> Claims(absl::string_view claims, absl::string_view country, absl::string_view text) {
  auto compiled = CompiledCompliance::Compile(ParseProto<v1::ComplianceConfig>(absl::StrCat(
                                                  "red_flags { code: 'FLAG' words: 'flag' } content { ", claims, "}")),
                                              "config", Zones(), Table());
  EXPECT_OK(compiled);
  const auto item = ParseProto<v1::CheckItem>(absl::StrCat(
      "profile { recent_texts { text: 'It cures all' } } message { text: 'Hello' subject: '", text, "' }"));
  FoldedMessage folded;
  folded.Reset(item.message());
  Findings findings;
  compiled->forbidden_claims.Check(country, compiled->phrases.Find(item, folded), findings);
  return CodesOf(findings);
}

TEST(ForbiddenClaims, AreForbiddenByJurisdiction) {
  constexpr char kClaim[] =
      "forbidden_claims { code: 'HEALTH_CLAIM' jurisdictions: 'EU' jurisdictions: 'jp' words: "
      "'cures' words: 'risk free' } ";
  EXPECT_THAT(Claims(kClaim, "DE", "This Cures you"), ElementsAre("HEALTH_CLAIM"));
  EXPECT_THAT(Claims(kClaim, "de", "RISK  free!"), ElementsAre("HEALTH_CLAIM"));
  EXPECT_THAT(Claims(kClaim, "JP", "This cures you"), ElementsAre("HEALTH_CLAIM"));
  EXPECT_THAT(Claims(kClaim, "US", "This cures you"), IsEmpty());
  EXPECT_THAT(Claims(kClaim, "", "This cures you"), ElementsAre("HEALTH_CLAIM")) << "it may be anywhere";
  EXPECT_THAT(Claims(kClaim, "DE", "This procures you"), IsEmpty());
  EXPECT_THAT(Claims(kClaim, "DE", "What the customer says is no claim of ours"), IsEmpty());
  EXPECT_THAT(Claims("forbidden_claims { code: 'BEST' words: 'cheapest' } ", "US", "The cheapest"), ElementsAre("BEST"))
      << "everywhere";
}

TEST(ForbiddenClaims, ThatDoNotCompileNameTheirField) {
  const auto compile = [](absl::string_view claim) {
    return CompiledCompliance::Compile(
        ParseProto<v1::ComplianceConfig>(absl::StrCat("content { forbidden_claims { ", claim, " } }")), "config",
        Zones(), Table());
  };
  const auto kInvalid = absl::StatusCode::kInvalidArgument;
  EXPECT_THAT(compile("code: 'A' words: 'x' jurisdictions: 'EU' jurisdictions: 'EUX'"),
              StatusIs(kInvalid, "config.content.forbidden_claims[0].jurisdictions[1]: \"EUX\" is neither"));
  EXPECT_THAT(compile("code: 'a' words: 'x'"), StatusIs(kInvalid, "config.content.forbidden_claims[0].code"));
  EXPECT_THAT(compile("code: 'A' words: 'x' words: ' '"),
              StatusIs(kInvalid, "config.content.forbidden_claims[0].words[1]"));
}

}  // namespace
}  // namespace campaign::compliance
