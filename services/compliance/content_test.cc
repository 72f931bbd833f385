#include "services/compliance/content.h"

#include "absl/strings/str_cat.h"
#include "common/testing/testing.h"

namespace campaign::compliance {
namespace {

using ::campaign::testing::ParseProto;
using ::campaign::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> CodesOf(const Findings& findings) {
  std::vector<std::string> codes;
  for (const Finding& finding : findings.list) {
    EXPECT_EQ(finding.verdict, v1::VERDICT_BLOCK);
    codes.push_back(finding.reason.code());
  }
  return codes;
}

std::vector<std::string> Content(absl::string_view message) {
  Findings findings;
  CheckContent(ParseProto<v1::Message>(message), findings);
  return CodesOf(findings);
}

std::vector<std::string> Required(absl::string_view config, absl::string_view message) {
  auto required = CompiledRequiredTexts::Compile(ParseProto<v1::ComplianceConfig>(config).required_texts(),
                                                 "config.required_texts");
  EXPECT_OK(required);
  Findings findings;
  const auto parsed = ParseProto<v1::Message>(message);
  FoldedMessage folded;
  folded.Reset(parsed);
  required->Check(parsed, folded, findings);
  return CodesOf(findings);
}

TEST(Content, OfAnEmptyMessageIsBlocked) {
  EXPECT_THAT(Content("channel: CHANNEL_SMS"), ElementsAre("EMPTY_MESSAGE"));
  EXPECT_THAT(Content("channel: CHANNEL_SMS text: ' \\n '"), ElementsAre("EMPTY_MESSAGE"));
  EXPECT_THAT(Content("channel: CHANNEL_EMAIL html: '<p> </p>'"), ElementsAre("EMPTY_MESSAGE"));
  EXPECT_THAT(Content("channel: CHANNEL_PUSH title: 'Hi'"), ElementsAre("EMPTY_MESSAGE"));
  EXPECT_THAT(Content("channel: CHANNEL_SMS text: 'Hi'"), IsEmpty());
  EXPECT_THAT(Content("channel: CHANNEL_EMAIL html: '<p>Hi</p>'"), IsEmpty());
}

TEST(Content, WithATemplateMarkInAnyPartIsBlocked) {
  for (const char* part : {"text", "subject", "html", "title", "deep_link", "preheader", "plain_text",
                           "unsubscribe_url", "collapse_key"}) {
    for (const char* mark : {"{{first_name}}", "{{", "}}"}) {
      const std::string rest = absl::string_view(part) == "text" ? "" : "text: 'Hi' ";
      EXPECT_THAT(Content(absl::StrCat("channel: CHANNEL_EMAIL ", rest, part, ": 'Hi ", mark, "'")),
                  ElementsAre("UNRENDERED_TEMPLATE"))
          << part << mark;
    }
  }
  EXPECT_THAT(Content("text: 'a {b} c'"), IsEmpty());
}

constexpr char kOptOut[] = R"pb(
  required_texts { channel: CHANNEL_EMAIL code: "OPT_OUT_MISSING" any_of: "unsubscribe" any_of: "opt out" })pb";

TEST(RequiredText, MustBeInTheText) {
  EXPECT_THAT(Required(kOptOut, "channel: CHANNEL_EMAIL text: 'Buy!'"), ElementsAre("OPT_OUT_MISSING"));
  EXPECT_THAT(Required(kOptOut, "channel: CHANNEL_EMAIL text: 'Buy! UNSUBSCRIBE here'"), IsEmpty());
  EXPECT_THAT(Required(kOptOut, "channel: CHANNEL_EMAIL text: 'Opt\\n out'"), IsEmpty());
}

TEST(RequiredText, MustBeInTheHtmlToo) {
  EXPECT_THAT(Required(kOptOut, "channel: CHANNEL_EMAIL text: 'unsubscribe' html: '<p>Buy!</p>'"),
              ElementsAre("OPT_OUT_MISSING"));
  EXPECT_THAT(Required(kOptOut, "channel: CHANNEL_EMAIL text: 'Buy' html: '<p>unsubscribe</p>'"),
              ElementsAre("OPT_OUT_MISSING"));
  EXPECT_THAT(Required(kOptOut, "channel: CHANNEL_EMAIL text: 'unsubscribe' html: '<p>Unsubscribe</p>'"), IsEmpty());
  EXPECT_THAT(Required(kOptOut, "channel: CHANNEL_EMAIL text: 'unsubscribe' html: '<p>Buy!</p><!-- unsubscribe -->'"),
              ElementsAre("OPT_OUT_MISSING"))
      << "nobody reads a comment";
}

TEST(RequiredText, InThePreheaderAloneDoesNotCount) {
  EXPECT_THAT(Required(kOptOut,
                       "channel: CHANNEL_EMAIL text: 'unsubscribe' preheader: 'Unsubscribe any time' "
                       "html: '<div style=\"display:none\">Unsubscribe any time</div><p>Buy!</p>'"),
              ElementsAre("OPT_OUT_MISSING"));
  EXPECT_THAT(Required(kOptOut,
                       "channel: CHANNEL_EMAIL text: 'unsubscribe' preheader: 'Unsubscribe any time' "
                       "html: '<div style=\"display:none\">Unsubscribe any time</div><p>Buy! Unsubscribe</p>'"),
              IsEmpty());
}

TEST(RequiredText, MustBeInThePlainTextOfAChatToo) {
  constexpr char kChat[] = "required_texts { channel: CHANNEL_CHAT code: 'STOP_MISSING' any_of: 'STOP' }";
  EXPECT_THAT(Required(kChat, "channel: CHANNEL_CHAT text: '*Hi* STOP' plain_text: 'Hi'"), ElementsAre("STOP_MISSING"));
  EXPECT_THAT(Required(kChat, "channel: CHANNEL_CHAT text: '*Hi* STOP' plain_text: 'Hi STOP'"), IsEmpty());
  EXPECT_THAT(Required(kChat, "channel: CHANNEL_CHAT text: '*Hi* STOP'"), IsEmpty());
}

TEST(RequiredText, IsFoundThroughEscapesAndInLinks) {
  EXPECT_THAT(Required("required_texts { channel: CHANNEL_EMAIL code: 'ADDRESS' any_of: \"O'Neil & Co, 5 Main St\" }",
                       "channel: CHANNEL_EMAIL text: \"O'Neil & Co, 5 Main St\" "
                       "html: '<p>O&#39;Neil &amp; Co,<br>5 Main St</p>'"),
              IsEmpty());
  EXPECT_THAT(Required("required_texts { channel: CHANNEL_EMAIL code: 'LINK' any_of: 'https://shop.example/off' }",
                       "channel: CHANNEL_EMAIL text: 'https://shop.example/off' "
                       "html: '<a href=\"https://shop.example/off\">bye</a>'"),
              IsEmpty());
}

TEST(RequiredText, IsForItsChannelAndForMarketing) {
  EXPECT_THAT(Required(kOptOut, "channel: CHANNEL_SMS text: 'Buy!'"), IsEmpty());
  EXPECT_THAT(Required(kOptOut, "channel: CHANNEL_EMAIL text: 'Buy!' message_class: MESSAGE_CLASS_TRANSACTIONAL"),
              IsEmpty());
  EXPECT_THAT(Required(kOptOut, "channel: CHANNEL_EMAIL text: 'Buy!' message_class: MESSAGE_CLASS_MARKETING"),
              ElementsAre("OPT_OUT_MISSING"));
  EXPECT_THAT(Required("required_texts { code: 'BRAND' any_of: 'Acme' }", "channel: CHANNEL_CHAT text: 'Buy!'"),
              ElementsAre("BRAND"));
}

TEST(RequiredText, ThatIsBlankIsRefused) {
  EXPECT_THAT(
      CompiledRequiredTexts::Compile(
          ParseProto<v1::ComplianceConfig>("required_texts { code: 'A' any_of: 'x' any_of: ' ' }").required_texts(),
          "config.required_texts"),
      StatusIs(absl::StatusCode::kInvalidArgument, "config.required_texts[0].any_of[1]: \" \" is blank"));
}

}  // namespace
}  // namespace campaign::compliance
