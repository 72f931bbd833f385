#include "services/generator/model_writing.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "common/testing/fake_clock.h"
#include "services/generator/testing_messages.h"
#include "services/generator/testing_model.h"

namespace campaign::generator {
namespace {

using ::campaign::testing::ParseProto;
using testing::Failure;
using ::testing::HasSubstr;
using testing::Item;
using testing::RefusalOf;
using testing::ScriptedModel;
using testing::Texts;

constexpr char kModel[] = "text_model { model: 'small' budget_micros: 1000 } ";
constexpr char kEmail[] = R"(
  templates {
    template_id: 'bundle' channel: CHANNEL_EMAIL subject: '20 % off' preheader: 'For {{first_name}}'
    text: '{{#model_text}}{{model_text}}{{/model_text}}{{^model_text}}Hi {{first_name}}.{{/model_text}}\nhttps://a.b/u'
    html: '<html><body><p>{{#model_text}}{{model_text}}{{/model_text}}{{^model_text}}Hi {{first_name}}.{{/model_text}}</p><a href="https://a.b/u">u</a></body></html>'
  })";

class ModelWritingTest : public ::testing::Test {
 protected:
  void Start(ScriptedModel::Script script, int max_parallel = 4, int64_t bound = 10) {
    auto model = std::make_unique<ScriptedModel>(std::move(script), bound);
    model_ = model.get();
    writing_ = std::make_unique<ModelWriting>(std::move(model), "small", max_parallel, clock_);
  }
  v1::GenerateRequest Request(const std::string& config, int items = 1, int64_t budget = 1000) {
    v1::GenerateRequest request;
    *request.mutable_config() = ParseProto<v1::GenerationConfig>(absl::StrCat(kModel, config));
    request.set_text_model_budget_micros(budget);
    for (int i = 0; i < items; ++i) *request.add_items() = Item();
    return request;
  }
  v1::GenerateResponse Rewrite(const v1::GenerateRequest& request, absl::Duration patience = absl::Seconds(60)) {
    v1::GenerateResponse response;
    auto compiled = MessageWriter::Compile(request.config());
    EXPECT_OK(compiled);
    if (!compiled.ok()) return response;
    const auto writer = std::make_shared<const MessageWriter>(*std::move(compiled));
    for (const v1::GenerateItem& item : request.items()) writer->Write(item, *response.add_results());
    absl::Notification done;
    writing_->Rewrite(request, writer, clock_.Now() + patience, response, [&] { done.Notify(); });
    done.WaitForNotification();
    return response;
  }
  // "CODE CODE ..." of the notes of all messages, "-" for one without.
  static std::string Notes(const v1::GenerateResponse& response) {
    std::string notes;
    for (const v1::GenerateItemResult& result : response.results()) {
      absl::StrAppend(&notes, notes.empty() ? "" : " ",
                      result.message().notes().empty() ? "-" : result.message().notes(0).code());
    }
    return notes;
  }

  campaign::testing::FakeClock clock_{campaign::testing::Utc("2026-06-15 12:00:00")};
  ScriptedModel* model_ = nullptr;
  std::unique_ptr<ModelWriting> writing_;
};

TEST_F(ModelWritingTest, PutsTheModelsWordsEscapedWhereTheTemplateLeavesThemAPlace) {
  Start([](const auto&, auto) {
    return Texts({.subject = "Für dich", .preheader = "20 % & mehr", .text = "Liebe Ann & \"Co\",\n\na > b, c < d"});
  });
  const v1::GenerateResponse response = Rewrite(Request(kEmail));
  const v1::Message& message = response.results(0).message();
  EXPECT_EQ(message.subject(), "Für dich");
  EXPECT_EQ(message.preheader(), "20 % & mehr");
  EXPECT_EQ(message.text(), "Liebe Ann & \"Co\",\n\na > b, c < d\nhttps://a.b/u");
  EXPECT_THAT(message.html(), HasSubstr("20 % &amp; mehr</div>"));
  EXPECT_THAT(message.html(), HasSubstr("<p>Liebe Ann &amp; &quot;Co&quot;,<br>\n<br>\na &gt; b, c &lt; d</p>"));
  EXPECT_THAT(message.html(), HasSubstr("<a href=\"https://a.b/u\">"));
  EXPECT_EQ(message.model(), "small@v7");
  EXPECT_EQ(message.address(), "ann@example.com");
  EXPECT_EQ(Notes(response), "-");
  EXPECT_EQ(response.text_model_spent_micros(), 1);
}

TEST_F(ModelWritingTest, UsesTheTemplateAndSaysWhyWhereThereAreNoTexts) {
  for (const char* code : {kModelDeadline, kModelRefused, kModelNonsense, kModelUnavailable}) {
    Start([code](const auto&, auto) { return Failure(code, 3); });
    const v1::GenerateResponse response = Rewrite(Request(kEmail));
    const v1::Message& message = response.results(0).message();
    EXPECT_EQ(Notes(response), code);
    EXPECT_THAT(message.notes(0).text(), HasSubstr("written by the template"));
    EXPECT_EQ(message.subject(), "20 % off");
    EXPECT_EQ(message.text(), "Hi Ann.\nhttps://a.b/u");
    EXPECT_FALSE(message.has_model());
    EXPECT_EQ(response.text_model_spent_micros(), 3);
  }
}

TEST_F(ModelWritingTest, WhatDoesNotFitTheChannelIsNonsense) {
  Start([](const auto&, auto) { return Texts({.text = std::string(200, 'x')}); });
  v1::GenerateRequest request = Request(
      "sms { max_segments: 1 } templates { template_id: 'bundle' channel: CHANNEL_SMS text: "
      "'{{#model_text}}{{model_text}}{{/model_text}}{{^model_text}}Hi{{/model_text}} STOP to end' }");
  request.mutable_items(0)->mutable_decision()->set_channel(v1::CHANNEL_SMS);
  v1::ContactPoint& phone = *request.mutable_items(0)->mutable_profile()->mutable_customer()->add_contact_points();
  phone.set_channel(v1::CHANNEL_SMS);
  phone.set_address("+4312345");
  const v1::GenerateResponse response = Rewrite(request);
  EXPECT_EQ(Notes(response), kModelNonsense);
  EXPECT_EQ(response.results(0).message().text(), "Hi STOP to end");
}

TEST_F(ModelWritingTest, AsksOnlyWhereThereIsAMessageAndAPlace) {
  Start([](const auto&, auto) { return Texts({.title = "T"}); });
  v1::GenerateRequest request = Request(
      "templates { template_id: 'bundle' channel: CHANNEL_PUSH title: 'a' text: 'b' } "
      "templates { template_id: 'bundle' channel: CHANNEL_CHAT text: 'c' }",
      3);
  request.mutable_items(0)->mutable_decision()->set_channel(v1::CHANNEL_PUSH);
  request.mutable_items(1)->mutable_decision()->set_template_id("unknown");
  request.mutable_items(2)->mutable_decision()->set_channel(v1::CHANNEL_CHAT);
  v1::ContactPoint& chat = *request.mutable_items(2)->mutable_profile()->mutable_customer()->add_contact_points();
  chat.set_channel(v1::CHANNEL_CHAT);
  chat.set_address("ann");
  const v1::GenerateResponse response = Rewrite(request);
  EXPECT_EQ(model_->prompts().size(), 1u);
  EXPECT_EQ(response.results(0).message().title(), "T");
  EXPECT_EQ(response.results(0).message().text(), "b");
  EXPECT_TRUE(response.results(1).has_error());
  EXPECT_EQ(response.results(2).message().text(), "c");
  EXPECT_EQ(Notes(response), "- - -");
}

TEST_F(ModelWritingTest, KeepsLinesOfAChatAndEscapesItsMarkup) {
  Start([](const auto&, auto) { return Texts({.text = "*Hi*\n\n# you"}); });
  v1::GenerateRequest request = Request(
      "templates { template_id: 'bundle' channel: CHANNEL_CHAT text: "
      "'{{#model_text}}{{model_text}}{{/model_text}}{{^model_text}}own{{/model_text}}' }");
  request.mutable_items(0)->mutable_decision()->set_channel(v1::CHANNEL_CHAT);
  v1::ContactPoint& chat = *request.mutable_items(0)->mutable_profile()->mutable_customer()->add_contact_points();
  chat.set_channel(v1::CHANNEL_CHAT);
  chat.set_address("ann");
  EXPECT_EQ(Rewrite(request).results(0).message().text(), "\\*Hi\\*\n\n\\# you");
}

TEST_F(ModelWritingTest, SpendsNoMoreThanTheBudget) {
  Start([](const auto&, auto) { return Texts({.subject = "S", .preheader = "P", .text = "T"}, 10); }, 4, 10);
  const v1::GenerateResponse response = Rewrite(Request(kEmail, 8, 35));
  EXPECT_EQ(response.text_model_spent_micros(), 30);
  EXPECT_EQ(model_->prompts().size(), 3u);
  int without = 0;
  for (const v1::GenerateItemResult& result : response.results()) {
    if (result.message().has_model()) continue;
    ++without;
    EXPECT_EQ(result.message().notes(0).code(), kModelBudget);
  }
  EXPECT_EQ(without, 5);
}

TEST_F(ModelWritingTest, WhatOneQuestionDidNotSpendTheNextOneMay) {
  // Each may cost ten and costs one: the money is enough for all, however many wait for it at once.
  Start([](const auto&, auto) { return Texts({.subject = "S", .preheader = "P", .text = "T"}, 1); }, 4, 10);
  const v1::GenerateResponse response = Rewrite(Request(kEmail, 8, 17));
  EXPECT_EQ(response.text_model_spent_micros(), 8);
  EXPECT_EQ(Notes(response), "- - - - - - - -");
}

TEST_F(ModelWritingTest, ABudgetOfNothingAsksNobodyEvenForNothing) {
  Start([](const auto&, auto) { return Texts({.subject = "S", .preheader = "P", .text = "T"}, 0); }, 4, 0);
  EXPECT_EQ(Notes(Rewrite(Request(kEmail, 1, 0))), kModelBudget);
  EXPECT_EQ(Notes(Rewrite(Request(kEmail, 1, 1))), "-");
}

TEST_F(ModelWritingTest, LeavesToTheTemplatesWhatTheCallersDeadlineDoesNotAllow) {
  Start(
      [this](const auto&, absl::Duration timeout) {
        clock_.Advance(timeout);
        return Texts({.subject = "S", .preheader = "P", .text = "T"});
      },
      1);
  v1::GenerateRequest request = Request(kEmail, 4);
  request.mutable_config()->mutable_text_model()->mutable_deadline()->set_seconds(2);
  // Two seconds, two seconds, one second, nothing.
  EXPECT_EQ(Notes(Rewrite(request, absl::Seconds(5))), absl::StrCat("- - - ", kModelDeadline));
}

TEST_F(ModelWritingTest, GivesUpOnAModelThatDoesNotAnswer) {
  Start([](const auto&, auto) { return Failure(kModelUnavailable); }, 1);
  const v1::GenerateResponse response = Rewrite(Request(kEmail, kModelGiveUpAfter + 5));
  EXPECT_EQ(model_->prompts().size(), static_cast<size_t>(kModelGiveUpAfter));
  EXPECT_THAT(response.results(kModelGiveUpAfter).message().notes(0).text(), HasSubstr("not asked"));
  // The next request tries again.
  Rewrite(Request(kEmail));
  EXPECT_EQ(model_->prompts().size(), static_cast<size_t>(kModelGiveUpAfter) + 1);
}

TEST_F(ModelWritingTest, AsksNobodyOnceItStops) {
  Start([](const auto&, auto) { return Texts({.subject = "S", .preheader = "P", .text = "T"}); });
  writing_->Stop();
  EXPECT_EQ(Notes(Rewrite(Request(kEmail, 2))), absl::StrCat(kModelUnavailable, " ", kModelUnavailable));
  EXPECT_TRUE(model_->prompts().empty());
}

TEST(ModelText, NeedsWordsThatStandForIt) {
  const auto refusal = [](const std::string& text, const std::string& more = "") {
    return RefusalOf(absl::StrCat(kModel, "templates { template_id: 'b' channel: CHANNEL_EMAIL subject: 's' text: '",
                                  text, "' ", more));
  };
  EXPECT_THAT(refusal("{{model_text}}", "}"), HasSubstr("config.templates[0]"));
  EXPECT_THAT(refusal("{{model_text}}", "}"), HasSubstr("has nothing to stand for it"));
  EXPECT_THAT(refusal("{{^x}}{{model_text}}{{/x}}", "}"), HasSubstr("has nothing to stand for it"));
  EXPECT_EQ(refusal("{{model_text}}", "} fallbacks { name: 'model_text' value: 'own' }"), "");
  EXPECT_EQ(refusal("{{#model_text}}{{model_text}}{{/model_text}}", "}"), "");
  // Where no model writes it is a variable like any other.
  EXPECT_EQ(RefusalOf("templates { template_id: 'b' channel: CHANNEL_EMAIL subject: 's' text: '{{model_text}}' }"), "");
}

TEST(ModelText, IsNoPartOfALinkAHeaderOrAKey) {
  const auto refusal = [](const std::string& texts) {
    return RefusalOf(absl::StrCat(kModel, "fallbacks { name: 'model_text' value: 'own' } templates { template_id: 'b' ",
                                  texts, " }"));
  };
  const std::string email = "channel: CHANNEL_EMAIL subject: 's' ";
  EXPECT_THAT(refusal(email + "text: 'https://a.b/{{model_text}}'"), HasSubstr("is part of a link"));
  EXPECT_THAT(refusal(email + "text: '{{model_text}}' html: '<p>{{model_text}}</p><a href=\"{{model_text}}\">x</a>'"),
              HasSubstr("is part of a tag"));
  EXPECT_THAT(refusal("channel: CHANNEL_EMAIL subject: '{{model_text}}' text: 'x'"), HasSubstr("may not write"));
  EXPECT_THAT(refusal("channel: CHANNEL_PUSH text: 'x' deep_link: 'app://{{model_text}}'"),
              HasSubstr("{{model_text}}"));
  EXPECT_THAT(refusal("channel: CHANNEL_PUSH text: 'x' collapse_key: '{{model_text}}'"), HasSubstr("may not write"));
  EXPECT_THAT(refusal(email + "text: '{{model_text}}' html: '<p>x</p>'"), HasSubstr("only one of text and html"));
  EXPECT_EQ(refusal(email + "text: '{{model_text}}' html: '<p>{{model_text}}</p>'"), "");
}

TEST(ModelText, IsNotWhatAnOfferSays) {
  v1::GenerateItem item = Item();
  testing::AddFact(item.mutable_decision()->mutable_variables(), "model_text", "by an offer");
  EXPECT_EQ(testing::Write(absl::StrCat(kModel, kEmail), item).message().text(), "Hi Ann.\nhttps://a.b/u");
}

}  // namespace
}  // namespace campaign::generator
