// What each channel's messages have that others do not, and sentences formatted for a locale.

#include "absl/strings/str_cat.h"
#include "services/generator/testing_messages.h"

namespace campaign::generator {
namespace {

using testing::AddFact;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Item;
using testing::RefusalOf;
using ::testing::StartsWith;
using testing::Write;

v1::GenerateItem On(v1::Channel channel) {
  v1::GenerateItem item = Item();
  item.mutable_decision()->set_channel(channel);
  auto& point = *item.mutable_profile()->mutable_customer()->add_contact_points();
  point.set_channel(channel);
  point.set_address("there");
  return item;
}

std::string Email(const std::string& more) {
  return "templates { template_id: 'bundle' channel: CHANNEL_EMAIL subject: 's' text: 'x' " + more + "}";
}

TEST(Email, ThePreheaderAlsoStartsTheBodyHidden) {
  const v1::Message message =
      Write(Email(R"(preheader: '{{first_name}} & co' html: '<html><BODY class="{{segment}}"><p>x</p></body></html>')"))
          .message();
  EXPECT_EQ(message.preheader(), "Ann & co");
  EXPECT_THAT(message.html(), StartsWith("<html><BODY class=\"at_risk\"><div style=\"display:none;"));
  EXPECT_THAT(message.html(), HasSubstr("\">Ann &amp; co</div><p>x</p></body>"));
  EXPECT_THAT(Write(Email("preheader: 'a' html: '<p>x</p>'")).message().html(),
              StartsWith("<div style=\"display:none;"));
  EXPECT_EQ(Write(Email("html: '<body><p>x</p></body>'")).message().html(), "<body><p>x</p></body>");
}

TEST(Email, OneClickUnsubscribesAtTheCampaignsAddressOrTheVariable) {
  const std::string variable = "variables { name: 'unsubscribe_url' value: 'https://a.b/u' } ";
  EXPECT_EQ(Write(Email("")).message().unsubscribe_url(), "");
  EXPECT_EQ(Write(Email("") + variable).message().unsubscribe_url(), "https://a.b/u");
  EXPECT_EQ(Write(Email("") + variable + "links { one_click_unsubscribe_url: '{{unsubscribe_url}}?c={{customer_id}}' }")
                .message()
                .unsubscribe_url(),
            "https://a.b/u?c=c1");
}

TEST(Email, OneClickUnsubscribesByHttpsAtAnAllowedHostAlone) {
  EXPECT_EQ(
      Write(Email("") + "variables { name: 'unsubscribe_url' value: 'http://a.b/u' }").message().unsubscribe_url(), "")
      << "good for a link, not for one click";
  EXPECT_THAT(RefusalOf(Email("") + "links { one_click_unsubscribe_url: 'http://a.b/u' }"),
              StartsWith("config.links.one_click_unsubscribe_url: http://a.b/u is not HTTPS"));
  EXPECT_THAT(RefusalOf(Email("") + "links { allowed_hosts: 'c.d' one_click_unsubscribe_url: 'https://a.b/u' }"),
              StartsWith("config.links.one_click_unsubscribe_url: https://a.b/u leads to no host"));
  v1::GenerateItem item = Item();
  const std::string config = Email("") + "links { allowed_hosts: 'c.d' one_click_unsubscribe_url: '{{u}}' }";
  AddFact(item.mutable_decision()->mutable_variables(), "u", "https://a.b/u");
  EXPECT_EQ(Write(config, item).error().reason(), "LINK_NOT_ALLOWED");
  AddFact(item.mutable_decision()->mutable_variables(), "u", "http://c.d/u");
  EXPECT_EQ(Write(config, item).error().reason(), "LINK_NOT_ALLOWED");
  AddFact(item.mutable_decision()->mutable_variables(), "u", "https://c.d/u\r\nBcc: x@y.z");
  EXPECT_EQ(Write(config, item).error().reason(), "HEADER_INJECTION");
  AddFact(item.mutable_decision()->mutable_variables(), "u", "https://c.d/u");
  EXPECT_EQ(Write(config, item).message().unsubscribe_url(), "https://c.d/u");
}

TEST(Sms, IsBoundedInSegments) {
  const std::string text = "templates { template_id: 'bundle' channel: CHANNEL_SMS text: '{{t}}' } ";
  v1::GenerateItem item = On(v1::CHANNEL_SMS);
  AddFact(item.mutable_decision()->mutable_variables(), "t", std::string(460, 'a'));
  EXPECT_EQ(Write(text, item).error().reason(), "SMS_TOO_LONG");
  EXPECT_EQ(Write(text + "sms { max_segments: 4 }", item).message().text().size(), 460);
}

TEST(Sms, ASpaceWithinAnAmountOfMoneyForcesNoUcs2) {
  v1::GenerateItem item = On(v1::CHANNEL_SMS);
  AddFact(item.mutable_decision()->mutable_variables(), "price", "26.97");
  const v1::Message message = Write(
                                  "phrases { name: 'p' pattern: '{price, number, ::currency/EUR}' } templates { "
                                  "template_id: 'bundle' channel: CHANNEL_SMS locale: 'de' text: 'Nur {{p}}' }",
                                  item)
                                  .message();
  EXPECT_EQ(message.text(), "Nur € 26,97");
  EXPECT_EQ(message.notes_size(), 0);
}

TEST(Push, TheCollapseKeyIsBounded) {
  const std::string config =
      "templates { template_id: 'bundle' channel: CHANNEL_PUSH text: 'x' collapse_key: '{{k}}' }";
  v1::GenerateItem item = On(v1::CHANNEL_PUSH);
  AddFact(item.mutable_decision()->mutable_variables(), "k", std::string(64, 'k'));
  EXPECT_EQ(Write(config, item).message().collapse_key().size(), 64);
  AddFact(item.mutable_decision()->mutable_variables(), "k", std::string(65, 'k'));
  EXPECT_EQ(Write(config, item).error().reason(), "MESSAGE_TOO_LONG");
}

TEST(Chat, WhatCustomersWriteIsNoMarkup) {
  const std::string config =
      "templates { template_id: 'bundle' channel: CHANNEL_CHAT text: '**Hi {{n}}**, see "
      "[this](https://a.b/{{segment}}).' }";
  v1::GenerateItem item = On(v1::CHANNEL_CHAT);
  AddFact(item.mutable_decision()->mutable_variables(), "n", "*Ann* [x]");
  const v1::Message message = Write(config, item).message();
  EXPECT_EQ(message.text(), "**Hi \\*Ann\\* \\[x\\]**, see [this](https://a.b/at_risk).");
  EXPECT_EQ(message.plain_text(), "Hi *Ann* [x], see this (https://a.b/at_risk).");
}

TEST(Chat, ThePlainTextIsMadeFromTheMarkdownUnlessThereIsOne) {
  const auto plain = [](const std::string& text, const std::string& more = "") {
    return Write("templates { template_id: 'bundle' channel: CHANNEL_CHAT text: '" + text + "'" + more + " }",
                 On(v1::CHANNEL_CHAT))
        .message()
        .plain_text();
  };
  EXPECT_EQ(plain("# News\\n\\n> _Hi_ ~~there~~ `x`\\n* one\\n- snake_case 2 * 3"),
            "News\n\nHi there x\n* one\n- snake_case 2 * 3");
  EXPECT_EQ(plain("![logo](https://a.b/c.png) 1\\\\. \\\\*"), "logo (https://a.b/c.png) 1. *");
  EXPECT_EQ(plain("_{{first_name}}_ [{{first_name}}](https://a.b)"), "Ann Ann (https://a.b)");
  EXPECT_EQ(plain("*x*", " plain_text: 'own {{first_name}}'"), "own Ann");
}

std::string Phrase(const std::string& pattern, const std::string& text = "{{p}}") {
  return "phrases { name: 'p' pattern: '" + pattern +
         "' } templates { template_id: 'bundle' channel: CHANNEL_EMAIL subject: 's' text: '" + text + "' } ";
}

TEST(Phrases, AreVariablesFormattedForTheCustomersLocale) {
  v1::GenerateItem item = Item();
  AddFact(item.mutable_decision()->mutable_variables(), "price", "1078.32");
  const std::string config = Phrase("{price, number, ::currency/USD}", "Only {{p}}!");
  EXPECT_EQ(Write(config, item).message().text(), "Only $\u00A01.078,32!") << "de-AT";
  item.mutable_profile()->mutable_customer()->set_locale("en-US");
  EXPECT_EQ(Write(config, item).message().text(), "Only $1,078.32!");
}

TEST(Phrases, NameTheArgumentThatIsMissing) {
  EXPECT_EQ(Write(Phrase("{price, number}")).error().message(),
            "variable price of template bundle has no value and no fallback");
  EXPECT_EQ(Write(Phrase("{price, number}", "{{#p}}{{p}}{{/p}}Bye")).message().text(), "Bye");
  v1::GenerateItem item = Item();
  AddFact(item.mutable_decision()->mutable_variables(), "price", "cheap");
  const v1::ItemError error = Write(Phrase("{price, number}"), item).error();
  EXPECT_EQ(error.reason(), "VARIABLE_INVALID");
  EXPECT_EQ(error.message(), "phrase p of template bundle cannot be formatted with price = \"cheap\"");
}

TEST(Phrases, FallBackByArgumentOrAsAWhole) {
  v1::Message message = Write(Phrase("{n}!") + "fallbacks { name: 'n' value: 'you' }").message();
  EXPECT_EQ(message.text(), "you!");
  EXPECT_THAT(message.fallbacks_used(), ElementsAre("n"));
  message = Write(Phrase("{n}!") + "fallbacks { name: 'p' value: 'hello' }").message();
  EXPECT_EQ(message.text(), "hello");
  EXPECT_THAT(message.fallbacks_used(), ElementsAre("p"));
}

TEST(Phrases, AreEscapedLikeOtherValues) {
  v1::GenerateItem item = Item();
  AddFact(item.mutable_decision()->mutable_variables(), "n", "<b>");
  const std::string config =
      "phrases { name: 'p' pattern: '{n}' } templates { template_id: 'bundle' channel: CHANNEL_EMAIL subject: 's' "
      "text: 'x' html: '<p>{{p}}</p>' }";
  EXPECT_EQ(Write(config, item).message().html(), "<p>&lt;b&gt;</p>");
}

TEST(Phrases, RefusesAPhraseThatATemplatesLocaleLacks) {
  EXPECT_THAT(RefusalOf("phrases { name: 'p' locale: 'de' pattern: 'x' } templates { template_id: 't' channel: "
                        "CHANNEL_SMS text: '{{p}}' }"),
              StartsWith("config.templates[0]: {{p}} is a phrase that has no pattern for locale \"\""));
}

}  // namespace
}  // namespace campaign::generator
