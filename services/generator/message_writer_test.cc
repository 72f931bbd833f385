#include "services/generator/message_writer.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/testing/testing.h"
#include "services/generator/testing_messages.h"

namespace campaign::generator {
namespace {

using ::campaign::testing::ParseProto;
using ::campaign::testing::StatusIs;
using testing::AddFact;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Item;
using testing::TextConfig;
using testing::Write;

TEST(MessageWriter, WritesAnEmail) {
  const auto config = ParseProto<v1::GenerationConfig>(R"pb(
    templates {
      template_id: "bundle"
      channel: CHANNEL_EMAIL
      subject: "{{first_name}}, {{discount_percent}} % off {{top_category}}"
      text: "Hi {{first_name}}"
      html: "<p>Hi {{first_name}}</p>"
    })pb");
  v1::GenerateItem item = Item();
  item.mutable_profile()->mutable_customer()->set_first_name("<b>Ann & Bob");
  const v1::Message message = Write(config, item).message();
  EXPECT_EQ(message.channel(), v1::CHANNEL_EMAIL);
  EXPECT_EQ(message.address(), "ann@example.com");
  EXPECT_EQ(message.subject(), "<b>Ann & Bob, 20 % off shoes");
  EXPECT_EQ(message.text(), "Hi <b>Ann & Bob");
  EXPECT_EQ(message.html(), "<p>Hi &lt;b&gt;Ann &amp; Bob</p>");
  EXPECT_EQ(message.locale(), "de-AT") << "the customer's, where the template has none";
  EXPECT_EQ(message.message_class(), v1::MESSAGE_CLASS_MARKETING);
  EXPECT_EQ(message.template_id(), "bundle");
  EXPECT_THAT(message.fallbacks_used(), IsEmpty());
}

TEST(MessageWriter, WritesAPushMessageWithTitleAndLink) {
  const auto config = ParseProto<v1::GenerationConfig>(R"pb(
    templates {
      template_id: "bundle"
      channel: CHANNEL_PUSH
      title: "Hi {{first_name}}"
      text: "See {{top_category}} & more"
      deep_link: "app://category/{{top_category}}?from={{segment}}"
    })pb");
  v1::GenerateItem item = Item();
  item.mutable_decision()->set_channel(v1::CHANNEL_PUSH);
  item.mutable_decision()->set_message_class(v1::MESSAGE_CLASS_TRANSACTIONAL);
  item.mutable_profile()->mutable_customer()->set_first_name("A\nB");
  const v1::Message message = Write(config, item).message();
  EXPECT_EQ(message.address(), "token-1");
  EXPECT_EQ(message.title(), "Hi A B");
  EXPECT_EQ(message.text(), "See shoes & more");
  EXPECT_EQ(message.deep_link(), "app://category/shoes?from=at_risk");
  EXPECT_EQ(message.message_class(), v1::MESSAGE_CLASS_TRANSACTIONAL);
}

TEST(MessageWriter, AValueCannotAddAHeader) {
  v1::GenerationConfig config = TextConfig("x");
  config.mutable_templates(0)->set_subject("For {{first_name}}");
  v1::GenerateItem item = Item();
  item.mutable_profile()->mutable_customer()->set_first_name("Ann\r\nBcc: everyone@example.com");
  const v1::ItemError error = Write(config, item).error();
  EXPECT_EQ(error.code(), 9);
  EXPECT_EQ(error.reason(), "HEADER_INJECTION");
  EXPECT_EQ(error.message(), "variable first_name of template bundle has a line break or control character");
  config.mutable_templates(0)->set_subject("S");
  config.mutable_templates(0)->set_preheader("{{first_name}}");
  EXPECT_EQ(Write(config, item).error().reason(), "HEADER_INJECTION");
  item = Item();
  item.mutable_profile()->mutable_customer()->mutable_contact_points(0)->set_address("a@b.c\r\nBcc: d@e.f");
  EXPECT_EQ(Write(TextConfig("x"), item).error().reason(), "HEADER_INJECTION");
}

TEST(MessageWriter, LocaleFallsBackFromExactToLanguageToNone) {
  v1::GenerationConfig config;
  for (const char* locale : {"de-AT", "de", "zh-Hant", ""}) {
    v1::Template& source = *config.add_templates();
    source.set_template_id("bundle");
    source.set_channel(v1::CHANNEL_EMAIL);
    source.set_locale(locale);
    source.set_subject("S");
    source.set_text(absl::StrCat("<", locale, ">"));
  }
  const auto text_for = [&](const std::string& locale) {
    v1::GenerateItem item = Item();
    item.mutable_profile()->mutable_customer()->set_locale(locale);
    const v1::Message message = Write(config, item).message();
    return absl::StrCat(message.text(), message.locale());
  };
  EXPECT_EQ(text_for("de-AT"), "<de-AT>de-AT");
  EXPECT_EQ(text_for("DE-at"), "<de-AT>de-AT");
  EXPECT_EQ(text_for("de-CH"), "<de>de");
  EXPECT_EQ(text_for("de"), "<de>de");
  EXPECT_EQ(text_for("zh-Hant-TW"), "<zh-Hant>zh-Hant");
  EXPECT_EQ(text_for("den"), "<>den");
  EXPECT_EQ(text_for("fr-FR"), "<>fr-FR");
  EXPECT_EQ(text_for("de-x-bavaria"), "<de>de");
  EXPECT_EQ(text_for(""), "<>");
}

TEST(MessageWriter, NamesTheTemplateThatIsMissing) {
  v1::GenerationConfig config = TextConfig("x");
  config.mutable_templates(0)->set_locale("en");
  const v1::ItemError error = Write(config, Item()).error();
  EXPECT_EQ(error.code(), 5);
  EXPECT_EQ(error.reason(), "TEMPLATE_MISSING");
  EXPECT_EQ(error.message(), "no template bundle for e-mail in locale \"de-AT\"");
}

TEST(MessageWriter, NamesTheVariableThatIsMissing) {
  const v1::ItemError error = Write(TextConfig("See {{viewed_product}}"), Item()).error();
  EXPECT_EQ(error.code(), 9);
  EXPECT_EQ(error.reason(), "VARIABLE_MISSING");
  EXPECT_EQ(error.message(), "variable viewed_product of template bundle has no value and no fallback");
}

TEST(MessageWriter, AnEmptyValueIsAMissingOne) {
  v1::GenerateItem item = Item();
  item.mutable_profile()->mutable_customer()->clear_first_name();
  EXPECT_EQ(Write(TextConfig("Hi {{first_name}}"), item).error().reason(), "VARIABLE_MISSING");
  v1::GenerationConfig config = TextConfig("Hi {{first_name}}");
  AddFact(config.mutable_fallbacks(), "first_name", "");
  EXPECT_EQ(Write(config, item).error().reason(), "VARIABLE_MISSING");
}

TEST(MessageWriter, FillsFromAFallbackAndSaysSo) {
  v1::GenerationConfig config = TextConfig("Hi {{first_name}} {{last_name}}");
  AddFact(config.mutable_fallbacks(), "first_name", "there");
  AddFact(config.mutable_fallbacks(), "last_name", "unused");
  v1::GenerateItem item = Item();
  item.mutable_profile()->mutable_customer()->clear_first_name();
  const v1::Message message = Write(config, item).message();
  EXPECT_EQ(message.text(), "Hi there Lee");
  EXPECT_THAT(message.fallbacks_used(), ElementsAre("first_name"));
}

TEST(MessageWriter, AFallbackInASkippedSectionWasNotUsed) {
  v1::GenerationConfig config = TextConfig("{{#viewed_product}}Dear {{title}}{{/viewed_product}}Bye");
  AddFact(config.mutable_fallbacks(), "title", "friend");
  EXPECT_THAT(Write(config, Item()).message().fallbacks_used(), IsEmpty());
}

TEST(MessageWriter, LaterSourcesWinOverEarlierOnes) {
  v1::GenerationConfig config = TextConfig("{{segment}}");
  const auto text = [&](const v1::GenerateItem& item) { return Write(config, item).message().text(); };
  v1::GenerateItem item = Item();
  item.clear_segment();
  AddFact(config.mutable_fallbacks(), "segment", "fallback");
  EXPECT_EQ(text(item), "fallback");
  AddFact(config.mutable_variables(), "segment", "config");
  EXPECT_EQ(text(item), "config");
  *item.mutable_segment() = Item().segment();
  EXPECT_EQ(text(item), "at_risk");
  AddFact(item.mutable_insights()->mutable_insights(0)->mutable_facts(), "segment", "insight");
  EXPECT_EQ(text(item), "insight");
  AddFact(item.mutable_decision()->mutable_variables(), "segment", "action");
  EXPECT_EQ(text(item), "action");
  AddFact(item.mutable_decision()->mutable_variables(), "segment", "variant");
  EXPECT_EQ(text(item), "variant");
  AddFact(item.mutable_decision()->mutable_variables(), "segment", "");
  EXPECT_EQ(text(item), "variant") << "an empty value is none";
}

TEST(MessageWriter, TheProfileWinsOverTheConfiguration) {
  v1::GenerationConfig config =
      TextConfig("{{customer_id}} {{first_name}} {{last_name}} {{locale}} {{country}} {{email}} {{segment_label}}");
  AddFact(config.mutable_variables(), "first_name", "config");
  EXPECT_EQ(Write(config, Item()).message().text(), "c1 Ann Lee de-AT AT ann@example.com At risk");
}

TEST(MessageWriter, ValuesOfTheConfigurationAreNotTemplates) {
  v1::GenerationConfig config = TextConfig("{{brand_name}}");
  AddFact(config.mutable_variables(), "brand_name", "{{email}}");
  EXPECT_EQ(Write(config, Item()).message().text(), "{{email}}");
}

TEST(MessageWriter, RefusesACustomerWithoutAnAddress) {
  v1::GenerateItem item = Item();
  item.mutable_profile()->mutable_customer()->mutable_contact_points(0)->clear_address();
  const v1::ItemError error = Write(TextConfig("x"), item).error();
  EXPECT_EQ(error.code(), 9);
  EXPECT_EQ(error.reason(), "ADDRESS_MISSING");
  EXPECT_THAT(error.message(), HasSubstr("e-mail"));
}

TEST(MessageWriter, RefusesToWriteForTheControlGroup) {
  v1::GenerateItem item = Item();
  item.mutable_decision()->set_held_out(true);
  EXPECT_EQ(Write(TextConfig("x"), item).error().reason(), "ACTION_MISSING");
  item = Item();
  item.mutable_decision()->set_kind(v1::ACTION_KIND_NONE);
  EXPECT_EQ(Write(TextConfig("x"), item).error().reason(), "ACTION_MISSING");
  item.clear_decision();
  EXPECT_EQ(Write(TextConfig("x"), item).error().reason(), "ACTION_MISSING");
}

TEST(MessageWriter, RefusesAMessageAboveTheApisBound) {
  v1::GenerationConfig config = TextConfig("x");
  config.mutable_templates(0)->set_subject("{{first_name}}");
  v1::GenerateItem item = Item();
  AddFact(item.mutable_decision()->mutable_variables(), "first_name", std::string(1024, 'x'));
  EXPECT_EQ(Write(config, item).message().subject().size(), 1024);
  AddFact(item.mutable_decision()->mutable_variables(), "first_name", std::string(1025, 'x'));
  const v1::ItemError error = Write(config, item).error();
  EXPECT_EQ(error.code(), 9);
  EXPECT_EQ(error.reason(), "MESSAGE_TOO_LONG");
}

TEST(MessageWriter, RefusesTemplatesWithThePathOfTheirFault) {
  const auto refusal = [](const std::string& change) {
    v1::GenerationConfig config = TextConfig("x");
    EXPECT_TRUE(google::protobuf::TextFormat::MergeFromString(change, &config));
    return MessageWriter::Compile(config).status();
  };
  const std::string sms = "template_id: \"s\" channel: CHANNEL_SMS text: \"x\" ";
  EXPECT_OK(refusal("templates {" + sms + "}"));
  EXPECT_THAT(refusal("templates {" + sms + "html: \"x\"}"),
              StatusIs(absl::StatusCode::kInvalidArgument, "config.templates[1].html: 1 bytes"));
  EXPECT_THAT(refusal("templates {" + sms + "subject: \"x\"}"),
              StatusIs(absl::StatusCode::kInvalidArgument, "config.templates[1].subject: "));
  EXPECT_THAT(refusal("templates {" + sms + "title: \"x\"}"),
              StatusIs(absl::StatusCode::kInvalidArgument, "config.templates[1].title: "));
  EXPECT_THAT(refusal("templates {" + sms + "deep_link: \"x\"}"),
              StatusIs(absl::StatusCode::kInvalidArgument, "config.templates[1].deep_link: "));
  EXPECT_THAT(refusal("templates { template_id: \"s\" text: \"x\" }"),
              StatusIs(absl::StatusCode::kInvalidArgument, "config.templates[1].channel: "));
  EXPECT_THAT(refusal("templates { template_id: \"s\" channel: CHANNEL_EMAIL text: \"x\" }"),
              StatusIs(absl::StatusCode::kInvalidArgument, "config.templates[1].subject: "));
  EXPECT_THAT(refusal("templates { template_id: \"s\" channel: CHANNEL_SMS text: \"{{x\" }"),
              StatusIs(absl::StatusCode::kInvalidArgument, "config.templates[1].text: "));
  EXPECT_THAT(refusal("templates { template_id: \"bundle\" channel: CHANNEL_EMAIL subject: \"s\" text: \"x\" }"),
              StatusIs(absl::StatusCode::kInvalidArgument, "config.templates[1].template_id: bundle has an earlier"));
  EXPECT_THAT(refusal("fallbacks { name: \"a\" value: \"1\" } fallbacks { name: \"a\" value: \"2\" }"),
              StatusIs(absl::StatusCode::kInvalidArgument, "config.fallbacks[1].name: a is named twice"));
  EXPECT_THAT(refusal("variables { name: \"a\" value: \"1\" } variables { name: \"a\" value: \"2\" }"),
              StatusIs(absl::StatusCode::kInvalidArgument, "config.variables[1].name: a is named twice"));
}

}  // namespace
}  // namespace campaign::generator
