// What a template gets from others: the brand's, the campaign's, partials, and what it gives to experiments.

#include "absl/strings/str_cat.h"
#include "services/generator/testing_messages.h"

namespace campaign::generator {
namespace {

using ::testing::HasSubstr;
using testing::Item;
using testing::RefusalOf;
using ::testing::StartsWith;
using testing::Write;

constexpr char kBrand[] = R"pb(
  brand {
    name: "nordlicht"
    variables { name: "brand_name" value: "Nordlicht" }
    templates {
      channel: CHANNEL_EMAIL
      text: "Hi {{first_name}},\n\n{{>body}}\n\n{{>footer}}"
      html: "<h1>{{>title}}</h1><p>{{>body}}</p>{{>footer}}"
    }
    partials { name: "footer" text: "-- {{brand_name}}" html: "<hr>{{brand_name}}" }
    partials { name: "footer" locale: "de" text: "-- Ihr {{brand_name}}" }
    partials { name: "title" text: "News & more" }
  }
)pb";

TEST(Inheritance, ATemplateSaysOnlyWhatIsItsOwn) {
  const v1::Message message = Write(absl::StrCat(kBrand, R"pb(
                                templates {
                                  template_id: "bundle"
                                  channel: CHANNEL_EMAIL
                                  subject: "{{discount_percent}} % off"
                                  partials { name: "body" text: "Take {{top_category}} <now>." }
                                })pb"))
                                  .message();
  EXPECT_EQ(message.subject(), "20 % off");
  EXPECT_EQ(message.text(), "Hi Ann,\n\nTake shoes <now>.\n-- Nordlicht");
  EXPECT_EQ(message.html(), "<h1>News &amp; more</h1><p>Take shoes &lt;now&gt;.</p><hr>Nordlicht");
  EXPECT_EQ(message.brand(), "nordlicht");
}

TEST(Inheritance, GoesTextByTextFromVariantToCampaignToBrand) {
  const std::string config = R"pb(
    brand {
      templates { channel: CHANNEL_PUSH text: "brand" title: "brand" deep_link: "app://brand" collapse_key: "brand" }
      templates {
        template_id: "bundle"
        channel: CHANNEL_PUSH
        text: "brand's bundle"
        title: "brand's bundle"
        deep_link: "app://bundle"
      }
    }
    templates { template_id: "bundle" channel: CHANNEL_PUSH title: "campaign" text: "campaign" }
    templates { template_id: "bundle" channel: CHANNEL_PUSH variant: "e1/b" text: "variant" }
  )pb";
  v1::GenerateItem item = Item();
  item.mutable_decision()->set_channel(v1::CHANNEL_PUSH);
  v1::Message message = Write(config, item).message();
  EXPECT_EQ(message.text(), "campaign");
  auto& assignment = *item.mutable_decision()->add_assignments();
  assignment.set_experiment_id("e1");
  assignment.set_variant_id("a");
  EXPECT_EQ(Write(config, item).message().text(), "campaign") << "another variant";
  assignment.set_variant_id("b");
  message = Write(config, item).message();
  EXPECT_EQ(message.text(), "variant");
  EXPECT_EQ(message.title(), "campaign");
  EXPECT_EQ(message.deep_link(), "app://bundle");
  EXPECT_EQ(message.collapse_key(), "brand");
}

TEST(Inheritance, TheLastAssignmentWithAVariantCounts) {
  const std::string config = R"pb(
    templates { template_id: "bundle" channel: CHANNEL_SMS text: "common" }
    templates { template_id: "bundle" channel: CHANNEL_SMS variant: "e1/b" text: "first" }
    templates { template_id: "bundle" channel: CHANNEL_SMS variant: "e2/b" text: "second" }
  )pb";
  v1::GenerateItem item = Item();
  item.mutable_decision()->set_channel(v1::CHANNEL_SMS);
  auto& point = *item.mutable_profile()->mutable_customer()->add_contact_points();
  point.set_channel(v1::CHANNEL_SMS);
  point.set_address("+4312345");
  for (const char* experiment : {"e1", "e2", "e3"}) {
    auto& assignment = *item.mutable_decision()->add_assignments();
    assignment.set_experiment_id(experiment);
    assignment.set_variant_id("b");
  }
  EXPECT_EQ(Write(config, item).message().text(), "second");
}

TEST(Inheritance, TheLocaleDecidesBeforeTheVariant) {
  const std::string config = R"pb(
    templates { template_id: "bundle" channel: CHANNEL_CHAT text: "English" }
    templates { template_id: "bundle" channel: CHANNEL_CHAT locale: "de" text: "Deutsch" }
    templates { template_id: "bundle" channel: CHANNEL_CHAT variant: "e/b" text: "English b" }
    templates { template_id: "bundle" channel: CHANNEL_CHAT variant: "e/b" locale: "fr" text: "Français b" }
  )pb";
  v1::GenerateItem item = Item();
  item.mutable_decision()->set_channel(v1::CHANNEL_CHAT);
  auto& point = *item.mutable_profile()->mutable_customer()->add_contact_points();
  point.set_channel(v1::CHANNEL_CHAT);
  point.set_address("chat");
  auto& assignment = *item.mutable_decision()->add_assignments();
  assignment.set_experiment_id("e");
  assignment.set_variant_id("b");
  const auto text_for = [&](const std::string& locale) {
    item.mutable_profile()->mutable_customer()->set_locale(locale);
    return Write(config, item).message().text();
  };
  EXPECT_EQ(text_for("de-AT"), "Deutsch") << "nobody is written to in English because an experiment lacks German";
  EXPECT_EQ(text_for("en-GB"), "English b");
  EXPECT_EQ(text_for("fr-FR"), "Français b");
  item.mutable_decision()->clear_assignments();
  EXPECT_EQ(text_for("fr-FR"), "English");
}

TEST(Inheritance, TakesTheNearestLocaleOfEachLevel) {
  v1::GenerateItem item = Item();
  const std::string config = absl::StrCat(kBrand, R"pb(
    templates {
      template_id: "bundle"
      channel: CHANNEL_EMAIL
      locale: "de"
      subject: "Neues"
      partials { name: "body" text: "Hallo" }
    })pb");
  EXPECT_THAT(Write(config, item).message().text(), HasSubstr("-- Ihr Nordlicht"));
}

TEST(Inheritance, TheBrandsTemplateOfAnIdIsOneOfTheCampaigns) {
  const std::string config = R"pb(
    brand { templates { template_id: "bundle" channel: CHANNEL_EMAIL subject: "Brand" text: "Brand" } }
  )pb";
  EXPECT_EQ(Write(config).message().subject(), "Brand");
}

TEST(Inheritance, ThePartialNearestToTheTemplateCounts) {
  const auto text = [](const std::string& more) {
    return Write(absl::StrCat(R"pb(
                                brand {
                                  name: "b"
                                  partials { name: "p" text: "brand" }
                                }
                                templates { template_id: "bundle" channel: CHANNEL_EMAIL subject: "s" text: "{{>p}}"
                                            locale: "de")pb",
                              more))
        .message()
        .text();
  };
  EXPECT_EQ(text("}"), "brand");
  EXPECT_EQ(text("} partials { name: 'p' text: 'campaign' }"), "campaign");
  EXPECT_EQ(text("} partials { name: 'p' text: 'campaign' } partials { name: 'p' locale: 'de' text: 'deutsch' }"),
            "deutsch");
  EXPECT_EQ(
      text("} partials { name: 'p' text: 'campaign' } partials { name: 'p' channel: CHANNEL_EMAIL text: 'mail' }"),
      "mail");
  EXPECT_EQ(
      text("} partials { name: 'p' locale: 'fr' text: 'x' } partials { name: 'p' channel: CHANNEL_SMS text: 'x' }"),
      "brand");
  EXPECT_EQ(text("partials { name: 'p' text: 'own' } } partials { name: 'p' locale: 'de' text: 'deutsch' }"), "own");
}

TEST(Inheritance, RefusesWhatIsNotCompleteWithAllThatItInherits) {
  EXPECT_THAT(RefusalOf("templates { template_id: 't' channel: CHANNEL_EMAIL text: 'x' }"),
              StartsWith("config.templates[0].subject: no subject is set or inherited"));
  EXPECT_THAT(RefusalOf("templates { template_id: 't' channel: CHANNEL_EMAIL subject: 'x' html: 'x' }"),
              StartsWith("config.templates[0].text: no text is set or inherited"));
  EXPECT_THAT(RefusalOf("brand { templates { template_id: 't' channel: CHANNEL_SMS } }"),
              StartsWith("config.brand.templates[0].text: no text is set or inherited"));
  EXPECT_EQ(RefusalOf("brand { templates { channel: CHANNEL_EMAIL html: 'x' } }"), "")
      << "nobody is written to with it";
}

TEST(Inheritance, RefusesWithThePathOfWhereTheTextStands) {
  const std::string sms = "templates { template_id: 't' channel: CHANNEL_SMS ";
  EXPECT_THAT(RefusalOf("brand { templates { channel: CHANNEL_SMS text: '{{x' } } " + sms + "}"),
              StartsWith("config.brand.templates[0].text: template does not parse"));
  EXPECT_THAT(RefusalOf("partials { name: 'p' text: '{{x' } " + sms + "text: '{{>p}}' }"),
              StartsWith("config.partials[0].text: template does not parse"));
  EXPECT_THAT(RefusalOf("partials { name: 'p' text: '{{>q}}' } partials { name: 'q' text: '{{>p}}' } " + sms +
                        "text: '{{>p}}' }"),
              StartsWith("config.partials[1].text: {{>p}} includes itself: p → q → p"));
  EXPECT_THAT(RefusalOf("partials { name: 'p' text: 'a' } partials { name: 'p' text: 'b' }"),
              StartsWith("config.partials[1].name: p has an earlier partial"));
  EXPECT_THAT(RefusalOf(sms + "text: 'x' variant: 'e' }"),
              StartsWith("config.templates[0].variant: e is not experiment"));
  EXPECT_THAT(RefusalOf("brand { templates { template_id: 't' channel: CHANNEL_SMS text: 'x' variant: 'e/b' } }"),
              StartsWith("config.brand.templates[0].variant: e/b is on a template of the brand"));
  EXPECT_THAT(RefusalOf("templates { channel: CHANNEL_SMS text: 'x' }"),
              StartsWith("config.templates[0].template_id: "));
  EXPECT_THAT(RefusalOf(sms + "text: 'x' preheader: 'y' }"), StartsWith("config.templates[0].preheader: 1 bytes"));
  EXPECT_THAT(RefusalOf(sms + "text: 'x' collapse_key: 'y' }"),
              StartsWith("config.templates[0].collapse_key: 1 bytes"));
  EXPECT_THAT(RefusalOf(sms + "text: 'x' plain_text: 'y' }"), StartsWith("config.templates[0].plain_text: 1 bytes"));
}

TEST(Inheritance, TheCampaignsVariablesComeBeforeTheBrands) {
  const std::string config = R"pb(
    brand {
      variables { name: "a" value: "brand" }
      variables { name: "b" value: "brand" }
    }
    variables { name: "a" value: "campaign" }
    templates { template_id: "bundle" channel: CHANNEL_EMAIL subject: "s" text: "{{a}} {{b}} {{campaign}} {{channel}}" }
  )pb";
  const auto writer = MessageWriter::Compile(testing::ParseProto<v1::GenerationConfig>(config), "win-back");
  ASSERT_OK(writer);
  v1::GenerateItemResult result;
  writer->Write(Item(), result);
  EXPECT_EQ(result.message().text(), "campaign brand win-back email");
}

}  // namespace
}  // namespace campaign::generator
